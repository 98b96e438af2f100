//! The XML that S3 speaks.

use crate::stores::PartToComplete;
use protocol::{Sha256Digest, Timestamp};
use serde::{Deserialize, Serialize};

/// What an error body says, as far as it is safe to show.
#[derive(Debug, Default)]
pub(in crate::stores) struct Said {
    pub(in crate::stores) code: Option<Box<str>>,
    pub(in crate::stores) request_id: Option<Box<str>>,
}

/// Reads an error body. Its message is not read: stores put signatures and keys into it.
pub(in crate::stores) fn error(body: &[u8]) -> Said {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Body {
        code: Option<String>,
        request_id: Option<String>,
    }
    std::str::from_utf8(body)
        .ok()
        // Azure begins with a byte order mark
        .map(|text| text.trim_start_matches('\u{feff}'))
        .and_then(|text| quick_xml::de::from_str::<Body>(text).ok())
        .map(|body| Said {
            code: body.code.as_deref().and_then(word),
            request_id: body.request_id.as_deref().and_then(word),
        })
        .unwrap_or_default()
}

/// A word of a store that may be shown and logged: short, and of characters that mean nothing.
pub(in crate::stores) fn word(text: &str) -> Option<Box<str>> {
    let harmless = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let fits = (1..=128).contains(&text.len()) && text.bytes().all(harmless);
    fits.then(|| text.into())
}

/// Whether the body is an error, whatever the status: stores that take long say 200 first.
pub(super) fn is_error(text: &str) -> bool {
    has_root(text, "Error")
}

/// Whether the outermost element is called so.
fn has_root(text: &str, name: &str) -> bool {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(text);
    loop {
        match reader.read_event() {
            Ok(Event::Start(start) | Event::Empty(start)) => {
                return start.local_name().as_ref() == name;
            }
            Ok(Event::Eof) | Err(_) => return false,
            Ok(_) => {}
        }
    }
}

/// An answer of S3, by its outermost element.
pub(super) trait Document: serde::de::DeserializeOwned {
    /// The element's name.
    const ROOT: &'static str;
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct InitiateMultipartUploadResult {
    pub(super) upload_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListPartsResult {
    #[serde(default)]
    pub(super) is_truncated: bool,
    pub(super) next_part_number_marker: Option<String>,
    #[serde(default, rename = "Part")]
    pub(super) parts: Vec<ListedPart>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListedPart {
    pub(super) part_number: u32,
    #[serde(rename = "ETag")]
    pub(super) etag: String,
    pub(super) size: u64,
    #[serde(rename = "ChecksumSHA256")]
    pub(super) sha256: Option<String>,
    last_modified: Option<String>,
}

impl ListedPart {
    /// When it was written, where the store tells.
    pub(super) fn modified_at(&self) -> Option<Timestamp> {
        self.last_modified.as_deref()?.parse().ok()
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct CompleteMultipartUploadResult {
    #[serde(rename = "ETag")]
    pub(super) etag: String,
}

/// A page of the uploads that are open in a bucket.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListMultipartUploadsResult {
    #[serde(default)]
    pub(super) is_truncated: bool,
    pub(super) next_key_marker: Option<String>,
    pub(super) next_upload_id_marker: Option<String>,
    /// `url` when the keys are encoded.
    pub(super) encoding_type: Option<String>,
    #[serde(default, rename = "Upload")]
    pub(super) uploads: Vec<ListedUpload>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListedUpload {
    pub(super) key: String,
    pub(super) upload_id: String,
    pub(super) initiated: String,
}

impl ListMultipartUploadsResult {
    /// A key of the page as it is in the bucket; `None` when it cannot be one.
    pub(super) fn decoded(&self, key: &str) -> Option<String> {
        decoded(self.encoding_type.as_deref(), key)
    }
}

/// A page of a bucket's objects.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListBucketResult {
    #[serde(default)]
    pub(super) is_truncated: bool,
    /// `url` when the keys are encoded.
    pub(super) encoding_type: Option<String>,
    #[serde(default)]
    pub(super) contents: Vec<ListedContent>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListedContent {
    pub(super) key: String,
    #[serde(rename = "ETag")]
    pub(super) etag: String,
    pub(super) size: u64,
}

impl ListBucketResult {
    /// A key of the page as it is in the bucket; `None` when it cannot be one.
    pub(super) fn decoded(&self, key: &str) -> Option<String> {
        decoded(self.encoding_type.as_deref(), key)
    }
}

/// A listed key as it is in the bucket.
fn decoded(encoding_type: Option<&str>, key: &str) -> Option<String> {
    // SeaweedFS says `url` and encodes nothing: what no encoder leaves gives that away
    let is_encoded = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~*/%+".contains(&byte);
    if encoding_type != Some("url") || !key.bytes().all(is_encoded) {
        return Some(key.to_owned());
    }
    // S3 writes a space as `+`, and a plus as `%2B`
    let spaced = key.replace('+', " ");
    let decoded = percent_encoding::percent_decode_str(&spaced).decode_utf8();
    decoded.ok().map(std::borrow::Cow::into_owned)
}

impl Document for ListBucketResult {
    const ROOT: &'static str = "ListBucketResult";
}
impl Document for ListMultipartUploadsResult {
    const ROOT: &'static str = "ListMultipartUploadsResult";
}
impl Document for InitiateMultipartUploadResult {
    const ROOT: &'static str = "InitiateMultipartUploadResult";
}
impl Document for ListPartsResult {
    const ROOT: &'static str = "ListPartsResult";
}
impl Document for CompleteMultipartUploadResult {
    const ROOT: &'static str = "CompleteMultipartUploadResult";
}

/// Reads an answer of this form.
pub(super) fn read<T: Document>(body: &[u8]) -> Option<T> {
    let text = std::str::from_utf8(body).ok()?;
    has_root(text, T::ROOT)
        .then(|| quick_xml::de::from_str(text).ok())
        .flatten()
}

/// The body that completes an upload.
pub(super) fn complete(parts: &[PartToComplete], with_sha256: bool) -> Option<String> {
    #[derive(Serialize)]
    #[serde(rename = "CompleteMultipartUpload")]
    struct Body<'a> {
        #[serde(rename = "@xmlns")]
        namespace: &'static str,
        #[serde(rename = "Part")]
        parts: Vec<Part<'a>>,
    }
    #[derive(Serialize)]
    struct Part<'a> {
        #[serde(rename = "PartNumber")]
        number: u32,
        #[serde(rename = "ETag")]
        etag: &'a str,
        #[serde(rename = "ChecksumSHA256", skip_serializing_if = "Option::is_none")]
        sha256: Option<String>,
    }
    let parts = parts
        .iter()
        .map(|part| Part {
            number: part.number,
            etag: &part.etag,
            sha256: with_sha256.then(|| part.sha256.to_base64()),
        })
        .collect();
    quick_xml::se::to_string(&Body {
        namespace: "http://s3.amazonaws.com/doc/2006-03-01/",
        parts,
    })
    .ok()
}

/// A checksum of a part.
pub(in crate::stores) fn sha256(text: &str) -> Option<Sha256Digest> {
    Sha256Digest::from_base64(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_body_gives_its_code_and_request_id_alone() {
        let said = error(
            b"<?xml version=\"1.0\"?><Error><Code>SignatureDoesNotMatch</Code>\
              <Message>no</Message><SignatureProvided>5eC2e7</SignatureProvided>\
              <RequestId>4442587FB7D0A2F9</RequestId></Error>",
        );
        assert_eq!(said.code.as_deref(), Some("SignatureDoesNotMatch"));
        assert_eq!(said.request_id.as_deref(), Some("4442587FB7D0A2F9"));
        assert!(!format!("{said:?}").contains("5eC2e7"));
    }

    #[test]
    fn a_code_that_is_not_a_word_is_not_shown() {
        for bad in [
            "https://store/?X-Amz-Signature=00",
            "line\nbreak",
            "",
            &"A".repeat(129),
        ] {
            let body = format!("<Error><Code>{bad}</Code></Error>");
            assert_eq!(error(body.as_bytes()).code, None, "{bad}");
        }
        assert_eq!(
            error("\u{feff}<Error><Code>BlobNotFound</Code></Error>".as_bytes())
                .code
                .as_deref(),
            Some("BlobNotFound")
        );
        assert!(error(b"<html>no</html>").code.is_none());
        assert!(error(&[0xff, 0xfe]).code.is_none());
    }

    #[test]
    fn an_error_is_told_from_a_result_by_its_root() {
        assert!(is_error(
            "<?xml version='1.0'?>\n <Error><Code>X</Code></Error>"
        ));
        assert!(!is_error(
            "<CompleteMultipartUploadResult><ETag>Error</ETag></CompleteMultipartUploadResult>"
        ));
        assert!(!is_error(""));
    }

    #[test]
    fn parts_are_read_with_and_without_checksums() {
        let list: ListPartsResult = read(
            br#"<?xml version="1.0" encoding="UTF-8"?>
            <ListPartsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
              <Bucket>b</Bucket><IsTruncated>true</IsTruncated><NextPartNumberMarker>2</NextPartNumberMarker>
              <Part><PartNumber>1</PartNumber><ETag>&quot;aa&quot;</ETag><Size>5</Size></Part>
              <Part><PartNumber>2</PartNumber><ETag>"bb"</ETag><Size>6</Size>
                <ChecksumSHA256>47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=</ChecksumSHA256></Part>
            </ListPartsResult>"#,
        )
        .unwrap();
        assert!(list.is_truncated);
        assert_eq!(list.next_part_number_marker.as_deref(), Some("2"));
        assert_eq!(list.parts[0].etag, "\"aa\"");
        assert_eq!(list.parts[0].sha256, None);
        let digest = list.parts[1].sha256.as_deref().and_then(sha256).unwrap();
        assert!(digest.to_hex().starts_with("e3b0c442"));
        let empty: ListPartsResult =
            read(b"<ListPartsResult><IsTruncated>false</IsTruncated></ListPartsResult>").unwrap();
        assert!(empty.parts.is_empty());
    }

    #[test]
    fn open_uploads_are_read_with_their_keys_decoded() {
        let page: ListMultipartUploadsResult = read(
            br#"<?xml version="1.0" encoding="UTF-8"?>
            <ListMultipartUploadsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
              <Bucket>b</Bucket><KeyMarker></KeyMarker><UploadIdMarker></UploadIdMarker>
              <NextKeyMarker>a%2Bb+c%C3%A9</NextKeyMarker><NextUploadIdMarker>u1</NextUploadIdMarker>
              <EncodingType>url</EncodingType><MaxUploads>1</MaxUploads><IsTruncated>true</IsTruncated>
              <Upload><Key>a%2Bb+c%C3%A9</Key><UploadId>u1</UploadId>
                <Owner><ID>o</ID></Owner><Initiated>2026-11-27T06:00:00.000Z</Initiated></Upload>
            </ListMultipartUploadsResult>"#,
        )
        .unwrap();
        assert!(page.is_truncated);
        assert_eq!(page.decoded(&page.uploads[0].key).unwrap(), "a+b cé");
        assert_eq!(page.uploads[0].upload_id, "u1");
        assert_eq!(page.decoded("a b+%20").unwrap(), "a b+%20");
        assert_eq!(page.decoded("a%FF"), None);
        let plain: ListMultipartUploadsResult =
            read(b"<ListMultipartUploadsResult></ListMultipartUploadsResult>").unwrap();
        assert!(plain.uploads.is_empty());
        assert_eq!(plain.decoded("a+b%20").unwrap(), "a+b%20");
    }

    #[test]
    fn the_body_that_completes_an_upload_escapes_etags() {
        let parts = [PartToComplete {
            number: 1,
            etag: "\"a<&b\"".into(),
            sha256: Sha256Digest::from_bytes([0; 32]),
        }];
        let body = complete(&parts, true).unwrap();
        assert!(body.contains("<PartNumber>1</PartNumber>"), "{body}");
        assert!(body.contains("a&lt;&amp;b"), "{body}");
        assert!(body.contains("<ChecksumSHA256>AAAA"), "{body}");
        let body = complete(&parts, false).unwrap();
        assert!(!body.contains("Checksum"), "{body}");
    }
}
