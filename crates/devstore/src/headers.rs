//! The headers that the operations get: S3's own checked against what the store can do, those that
//! a signer moved into the query put back.

use http::header::{AUTHORIZATION, CONTENT_LENGTH, EXPECT, HOST, RANGE};
use http::{HeaderMap, HeaderName, HeaderValue};
use presign::s3::Payload;

use crate::operation::Operation;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::s3::Extra;

/// The largest object or part that one request may bring, as in S3: 5 GiB.
const MAX_BODY_BYTES: u64 = 5 * 1024 * 1024 * 1024;

/// What the operations read.
const READ: [&str; 9] = [
    "x-amz-checksum-algorithm",
    "x-amz-checksum-crc32",
    "x-amz-checksum-crc32c",
    "x-amz-checksum-crc64nvme",
    "x-amz-checksum-mode",
    "x-amz-checksum-sha1",
    "x-amz-checksum-sha256",
    "x-amz-checksum-type",
    "x-amz-mp-object-size",
];
/// What the verifier has read, or nobody does.
const SPENT: [&str; 4] = [
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-user-agent",
];
/// What asks for no more than every object here has.
const HARMLESS: [(&str, &str); 4] = [
    ("x-amz-acl", "private"),
    ("x-amz-acl", "bucket-owner-full-control"),
    ("x-amz-server-side-encryption", "AES256"),
    ("x-amz-storage-class", "STANDARD"),
];

/// Makes the headers for the operations, and what they take besides.
pub(crate) fn forward(
    received: &HeaderMap,
    query: &Query,
    operation: Operation,
    payload: Payload,
) -> Result<(HeaderMap, Extra), Refusal> {
    let mut headers = received.clone();
    for (name, value) in query.moved_headers() {
        let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(value),
        ) else {
            return Err(invalid("A query parameter cannot stand for a header"));
        };
        if headers.contains_key(&name) {
            return Err(invalid("A value is given as a header and in the query"));
        }
        headers.insert(name, value);
    }
    settle(&mut headers);
    let mut extra = Extra::default();
    if let Payload::Sha256(digest) = payload {
        extra.payload_sha256 = Some(digest);
    }
    let own: Vec<HeaderName> = headers
        .keys()
        .filter(|name| name.as_str().starts_with("x-amz-"))
        .cloned()
        .collect();
    for name in own {
        if headers.get_all(&name).iter().count() > 1 {
            return Err(invalid("A header may be given only once"));
        }
        let value = headers.get(&name).and_then(|value| value.to_str().ok());
        let text = value.unwrap_or_default();
        match name.as_str() {
            known if READ.contains(&known) || known.starts_with("x-amz-meta-") => continue,
            "x-amz-sdk-checksum-algorithm" => extra.declared_algorithm = Some(text.to_owned()),
            known if SPENT.contains(&known) || HARMLESS.contains(&(known, text)) => {}
            other => return Err(not_implemented(other)),
        }
        headers.remove(&name);
    }
    if operation.takes_bytes() && declared_length(&headers)?.is_none() {
        return Err(missing_length());
    }
    Ok((headers, extra))
}

/// Takes out what is settled before the operations, and a range that cannot be read: the answer
/// is the whole object then.
pub(crate) fn settle(headers: &mut HeaderMap) {
    for name in [AUTHORIZATION, EXPECT, HOST] {
        headers.remove(name);
    }
    let range = headers
        .get(RANGE)
        .map(|value| value.to_str().unwrap_or_default());
    if range.is_some_and(|text| s3s::dto::Range::parse(text).is_err()) {
        headers.remove(RANGE);
    }
}

pub(crate) fn not_implemented(header: &str) -> Refusal {
    Refusal::new(
        501,
        "NotImplemented",
        "A header you provided implies functionality that is not implemented",
    )
    .with("Header", header)
}

fn invalid(message: &'static str) -> Refusal {
    Refusal::new(400, "InvalidArgument", message)
}

/// The length that the headers announce, when it is one that the store takes.
pub(crate) fn declared_length(headers: &HeaderMap) -> Result<Option<u64>, Refusal> {
    let length_bytes = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length_bytes.is_some_and(|bytes| bytes > MAX_BODY_BYTES) {
        return Err(Refusal::new(
            400,
            "EntityTooLarge",
            "Your proposed upload exceeds the maximum allowed object size.",
        ));
    }
    Ok(length_bytes)
}

pub(crate) fn missing_length() -> Refusal {
    Refusal::new(
        411,
        "MissingContentLength",
        "You must provide the Content-Length HTTP header.",
    )
}
