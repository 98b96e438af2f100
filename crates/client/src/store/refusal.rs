//! What a store's answer means that is no success: its code, its id of the request, what to do next.

use crate::error::{Error, StoreError};
use http::HeaderMap;

/// What an error of the store means for what to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The URL is not accepted (any more): ask for another.
    Refused,
    /// A passing trouble: the same request may succeed later.
    Passing,
    /// The bytes are not those that the URL is bound to.
    Corrupt,
    /// There is something under this key already.
    Exists,
    /// The upload or object is not there.
    Gone,
    /// Nothing helps.
    Final,
}

impl StoreError {
    /// Whether the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        self.verdict() == Verdict::Passing
    }

    fn verdict(&self) -> Verdict {
        match (self.status, self.code.as_deref()) {
            // Azure's to a URL that may only create, and to one for a blob that is never to change
            (403, Some("UnauthorizedBlobOverwrite"))
            | (409, Some("BlobAlreadyExists" | "BlobImmutableDueToPolicy"))
            | (412, _) => Verdict::Exists,
            // A credential that ran out is a 400 at S3, an expired URL a 403; at Cloud Storage an
            // expired URL is a 400 too
            (400, Some("ExpiredToken" | "InvalidToken" | "TokenRefreshRequired"))
            | (401 | 403, _) => Verdict::Refused,
            (
                400,
                Some(
                    "BadDigest"
                    | "Crc64Mismatch"
                    | "Md5Mismatch"
                    | "XAmzContentChecksumMismatch"
                    | "XAmzContentSHA256Mismatch",
                ),
            ) => Verdict::Corrupt,
            (400, Some("RequestTimeout" | "IncompleteBody"))
            | (409, Some("ConditionalRequestConflict" | "OperationAborted"))
            | (408 | 429 | 500 | 502..=599, _) => Verdict::Passing,
            (404, _) => Verdict::Gone,
            _ => Verdict::Final,
        }
    }
}

/// What an error of a transfer means for what to do next.
pub(crate) fn verdict(error: &Error) -> Verdict {
    match error {
        Error::Store(error) => error.verdict(),
        Error::Network { .. } | Error::Stalled { .. } | Error::Truncated { .. } => Verdict::Passing,
        _ => Verdict::Final,
    }
}

/// The code of an error and the store's id of the request, as far as they are told.
pub(super) fn named(headers: &HeaderMap, body: &[u8]) -> (Option<String>, Option<String>) {
    let (code, body_id) = error_document(body);
    // The answer to a HEAD has no body, so Azure says it in a header too
    let code = code.or_else(|| word_in(headers, &["x-ms-error-code"]));
    (code, word_in(headers, &REQUEST_IDS).or(body_id))
}

/// Headers that stores name their requests in: S3, Cloud Storage, Azure.
const REQUEST_IDS: [&str; 3] = [
    "x-amz-request-id",
    "x-guploader-uploadid",
    "x-ms-request-id",
];

/// The first of these headers that is one harmless word.
fn word_in(headers: &HeaderMap, names: &[&str]) -> Option<String> {
    names
        .iter()
        .find_map(|name| word(headers.get(*name)?.to_str().ok()?))
}

/// The code and the request id of a store's XML; nothing else in it is fit to be shown.
fn error_document(body: &[u8]) -> (Option<String>, Option<String>) {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Document {
        code: Option<String>,
        request_id: Option<String>,
    }
    let document = std::str::from_utf8(body)
        .ok()
        // Azure begins with a byte order mark
        .map(|text| text.trim_start_matches('\u{feff}'))
        .and_then(|text| quick_xml::de::from_str::<Document>(text).ok());
    match document {
        Some(found) => (
            found.code.as_deref().and_then(word),
            found.request_id.as_deref().and_then(word),
        ),
        None => (None, None),
    }
}

/// One word of at most 128 letters, digits and marks that ids are made of.
fn word(text: &str) -> Option<String> {
    let fits = (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'));
    fits.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn error(status: u16, code: Option<&str>) -> StoreError {
        StoreError {
            action: "upload",
            path: "a".to_owned(),
            status,
            code: code.map(str::to_owned),
            request_id: None,
            retry_after: None,
        }
    }

    #[test]
    fn answers_of_a_store_are_told_apart() {
        for (status, code, expected) in [
            (403, Some("AccessDenied"), Verdict::Refused),
            (403, None, Verdict::Refused),
            (400, Some("ExpiredToken"), Verdict::Refused),
            (400, Some("BadDigest"), Verdict::Corrupt),
            (400, Some("RequestTimeout"), Verdict::Passing),
            (400, Some("InvalidArgument"), Verdict::Final),
            (404, Some("NoSuchUpload"), Verdict::Gone),
            (409, Some("OperationAborted"), Verdict::Passing),
            (412, Some("PreconditionFailed"), Verdict::Exists),
            (429, None, Verdict::Passing),
            (500, Some("InternalError"), Verdict::Passing),
            (501, Some("NotImplemented"), Verdict::Final),
            (503, Some("SlowDown"), Verdict::Passing),
            (307, None, Verdict::Final),
        ] {
            assert_eq!(error(status, code).verdict(), expected, "{status} {code:?}");
        }
    }

    #[test]
    fn answers_of_cloud_storage_are_told_apart() {
        for (status, code, expected) in [
            (400, Some("ExpiredToken"), Verdict::Refused),
            (403, Some("SignatureDoesNotMatch"), Verdict::Refused),
            (403, Some("AccessDenied"), Verdict::Refused),
            (400, Some("BadDigest"), Verdict::Corrupt),
            (400, Some("MalformedSecurityHeader"), Verdict::Final),
            (400, Some("EntityTooLarge"), Verdict::Final),
            (404, Some("NoSuchUpload"), Verdict::Gone),
            (404, Some("NoSuchKey"), Verdict::Gone),
            (408, Some("RequestTimeout"), Verdict::Passing),
            (412, Some("PreconditionFailed"), Verdict::Exists),
            (429, Some("SlowDown"), Verdict::Passing),
            (500, Some("InternalError"), Verdict::Passing),
            (503, Some("ServiceUnavailable"), Verdict::Passing),
        ] {
            assert_eq!(error(status, code).verdict(), expected, "{status} {code:?}");
        }
    }

    #[test]
    fn answers_of_azure_are_told_apart() {
        for (status, code, expected) in [
            (403, Some("AuthenticationFailed"), Verdict::Refused),
            (
                403,
                Some("AuthorizationPermissionMismatch"),
                Verdict::Refused,
            ),
            (403, Some("UnauthorizedBlobOverwrite"), Verdict::Exists),
            (409, Some("BlobAlreadyExists"), Verdict::Exists),
            (409, Some("BlobImmutableDueToPolicy"), Verdict::Exists),
            (409, Some("LeaseAlreadyPresent"), Verdict::Final),
            (412, Some("ConditionNotMet"), Verdict::Exists),
            (400, Some("Md5Mismatch"), Verdict::Corrupt),
            (400, Some("Crc64Mismatch"), Verdict::Corrupt),
            (400, Some("InvalidBlockId"), Verdict::Final),
            (404, Some("BlobNotFound"), Verdict::Gone),
            (404, Some("ContainerNotFound"), Verdict::Gone),
            (413, Some("RequestBodyTooLarge"), Verdict::Final),
            (500, Some("OperationTimedOut"), Verdict::Passing),
            (500, Some("InternalError"), Verdict::Passing),
            (503, Some("ServerBusy"), Verdict::Passing),
        ] {
            assert_eq!(error(status, code).verdict(), expected, "{status} {code:?}");
        }
    }

    #[test]
    fn each_store_names_its_requests_in_a_header_of_its_own() {
        for name in REQUEST_IDS {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static("ABPtcPo-1_x"));
            let found = word_in(&headers, &REQUEST_IDS);
            assert_eq!(found.as_deref(), Some("ABPtcPo-1_x"), "{name}");
            headers.insert(name, HeaderValue::from_static("https://x/?sig=1"));
            assert_eq!(word_in(&headers, &REQUEST_IDS), None);
        }
    }

    #[test]
    fn of_an_error_document_only_code_and_request_are_kept() {
        let xml = b"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code>\
            <Message>Request has expired</Message><RequestId>4442587FB7D0A2F9</RequestId>\
            <HostId>x</HostId></Error>";
        assert_eq!(
            error_document(xml),
            (
                Some("AccessDenied".to_owned()),
                Some("4442587FB7D0A2F9".to_owned())
            )
        );
        let azure = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error>\
            <Code>AuthenticationFailed</Code><Message>RequestId:8e3a Time:2026</Message></Error>";
        let code = Some("AuthenticationFailed".to_owned());
        assert_eq!(error_document(azure.as_bytes()), (code, None));
        let hostile = b"<Error><Code>https://s3/?X-Amz-Signature=00</Code></Error>";
        assert_eq!(error_document(hostile), (None, None));
        assert_eq!(error_document(b"<html>"), (None, None));
    }
}
