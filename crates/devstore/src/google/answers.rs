//! Answers in Google's words: headers, digests, error documents.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::body::mismatch;
use super::words::{AMAZONS_METADATA, METADATA};
use crate::checksum::{Algorithm, Checksum, Kind};
use crate::refusal::{self, Refusal};

/// The id of the request.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-guploader-uploadid");
const HASH: HeaderName = HeaderName::from_static("x-goog-hash");
const STORED_LENGTH: HeaderName = HeaderName::from_static("x-goog-stored-content-length");

/// The answer of Cloud Storage to a request whose signature does not hold.
///
/// Google lists the [codes], and says of none for what it is given. An expired URL is
/// 400 `ExpiredToken` and a wrong signature 403 `SignatureDoesNotMatch` by the reports of its users.
///
/// [codes]: https://cloud.google.com/storage/docs/xml-api/reference-status
impl From<&presign::gcs::Refusal> for Refusal {
    fn from(refusal: &presign::gcs::Refusal) -> Self {
        let answer = Self::new(refusal.status(), refusal.gcs_code(), refusal.to_string());
        match refusal {
            presign::gcs::Refusal::SignatureDoesNotMatch(mismatch) => answer
                .with("StringToSign", &*mismatch.string_to_sign)
                .with("CanonicalRequest", &*mismatch.canonical_request),
            _ => answer,
        }
    }
}

/// Codes of S3's that Google does not document, and its own for the same.
const CODES: [(&str, &str); 2] = [
    ("AccessForbidden", "AccessDenied"),
    ("InvalidRequest", "InvalidArgument"),
];

/// An error document as Google has it: in its own codes, and without S3's ids.
pub(crate) fn document(original: &str) -> String {
    let code = refusal::code(original);
    if code == Some("XAmzContentSHA256Mismatch") {
        return mismatch().document();
    }
    let own = CODES.iter().find(|(amazons, _)| code == Some(amazons));
    let text = own.map(|(amazons, own)| {
        let element = |code: &str| format!("<Code>{code}</Code>");
        original.replacen(&element(amazons), &element(own), 1)
    });
    refusal::with_message(text.as_deref().unwrap_or(original))
}

/// What an answer says of stored bytes: how many there are, and their digests. `md5_hexadecimal`
/// is that of an object or part that came in one request; what was made of parts has none.
pub(crate) fn stored(
    size_bytes: u64,
    checksum: Option<&Checksum>,
    md5_hexadecimal: Option<&str>,
) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(STORED_LENGTH, HeaderValue::from(size_bytes));
    let crc32c = checksum
        .filter(|sum| sum.algorithm == Algorithm::Crc32c && sum.kind == Kind::FullObject)
        .map(|sum| format!("crc32c={}", sum.value));
    let md5 = md5_hexadecimal
        .and_then(|text| hex::decode(text).ok())
        .map(|digest| format!("md5={}", BASE64.encode(digest)));
    for value in crc32c.into_iter().chain(md5) {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.append(HASH, value);
        }
    }
    headers
}

/// Leaves no header of Amazon's; metadata gets Google's name.
pub(crate) fn rename(headers: &mut HeaderMap) {
    let amazons: Vec<HeaderName> = headers
        .keys()
        .filter(|name| name.as_str().starts_with("x-amz-"))
        .cloned()
        .collect();
    for name in amazons {
        let Some(value) = headers.remove(&name) else {
            continue;
        };
        if let Some(rest) = name.as_str().strip_prefix(AMAZONS_METADATA)
            && let Ok(name) = HeaderName::try_from(format!("{METADATA}{rest}"))
        {
            headers.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_have_googles_codes_and_no_ids() {
        let s3 = "<Error><Code>XAmzContentSHA256Mismatch</Code><Message>m</Message></Error>";
        assert_eq!(refusal::code(&document(s3)), Some("BadDigest"));
        let s3 = "<Error><Code>InvalidRequest</Code><Message>m</Message></Error>";
        assert_eq!(
            document(s3),
            "<Error><Code>InvalidArgument</Code><Message>m</Message></Error>"
        );
        let s3 = "<Error><Code>NoSuchKey</Code></Error>";
        let text = document(s3);
        assert_eq!(refusal::code(&text), Some("NoSuchKey"));
        assert!(text.contains("<Message>") && !text.contains("RequestId"));
    }

    #[test]
    fn only_a_crc32c_over_all_bytes_is_shown() {
        let hashes = |algorithm, kind, md5| {
            let value = "AAAAAA==".to_owned();
            let checksum = Checksum {
                algorithm,
                kind,
                value,
            };
            let headers = stored(0, Some(&checksum), md5);
            let values = headers.get_all(HASH).iter();
            values
                .map(|value| value.to_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        let (whole, md5) = (Kind::FullObject, Some("d41d8cd98f00b204e9800998ecf8427e"));
        assert_eq!(
            hashes(Algorithm::Crc32c, whole, md5),
            ["crc32c=AAAAAA==", "md5=1B2M2Y8AsgTpgAmY7PhCfg=="]
        );
        assert_eq!(hashes(Algorithm::Crc32c, Kind::Composite, None), [""; 0]);
        assert_eq!(hashes(Algorithm::Sha256, whole, None), [""; 0]);
    }
}
