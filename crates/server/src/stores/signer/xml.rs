//! Parameters that S3 and Cloud Storage's XML API have alike.

type Query = Vec<(&'static str, String)>;

/// Reads an object, by which name a browser saves it.
pub(super) fn read(disposition: Option<&str>) -> Query {
    disposition
        .map(|value| ("response-content-disposition", value.to_owned()))
        .into_iter()
        .collect()
}

/// Writes a part of an upload.
pub(super) fn part(store_upload_id: &str, number: u32) -> Query {
    vec![
        ("partNumber", number.to_string()),
        ("uploadId", store_upload_id.to_owned()),
    ]
}
