//! Parameters that S3 and Cloud Storage's XML API have alike.

type Query = Vec<(&'static str, String)>;

/// Reads an object, and what a browser does with it.
pub(super) fn read(disposition: &str) -> Query {
    vec![("response-content-disposition", disposition.to_owned())]
}

/// Writes a part of an upload.
pub(super) fn part(store_upload_id: &str, number: u32) -> Query {
    vec![
        ("partNumber", number.to_string()),
        ("uploadId", store_upload_id.to_owned()),
    ]
}
