//! The words of Google's requests, and what they mean here.
//!
//! Source: [HTTP headers and query string parameters for XML API].
//!
//! [HTTP headers and query string parameters for XML API]: https://cloud.google.com/storage/docs/xml-api/reference-headers

use http::header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE};
use http::{HeaderName, HeaderValue};

use crate::operation::Operation;
use crate::query::Query;
use crate::refusal::Refusal;

/// What a header asks for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Meaning {
    /// Nothing more: the verifier has read it, or it is for logs and bills.
    Nothing,
    /// What every object here has, with one of these values.
    Given(&'static [&'static str]),
    /// The body's digests, `crc32c=` and `md5=` in base64.
    Digests,
    /// The least and the most bytes that the body may have.
    LengthRange,
    /// The generation that must be there; 0 for none.
    GenerationMatch,
    /// To be stored and shown.
    Metadata,
}

/// All that begin with `x-goog-`; one that ends in `-` stands for all that begin with it.
const HEADERS: [(&str, Meaning); 11] = [
    (
        "x-goog-acl",
        Meaning::Given(&["bucket-owner-full-control", "private", "project-private"]),
    ),
    ("x-goog-api-version", Meaning::Nothing),
    ("x-goog-content-length-range", Meaning::LengthRange),
    ("x-goog-content-sha256", Meaning::Nothing),
    ("x-goog-custom-audit-", Meaning::Nothing),
    ("x-goog-date", Meaning::Nothing),
    ("x-goog-hash", Meaning::Digests),
    ("x-goog-if-generation-match", Meaning::GenerationMatch),
    (METADATA, Meaning::Metadata),
    ("x-goog-storage-class", Meaning::Given(&["STANDARD"])),
    ("x-goog-user-project", Meaning::Nothing),
];

pub(super) const METADATA: &str = "x-goog-meta-";
pub(super) const AMAZONS_METADATA: &str = "x-amz-meta-";
pub(super) const AMAZONS_CRC32C: HeaderName = HeaderName::from_static("x-amz-checksum-crc32c");
pub(super) const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");

/// What an upload is begun with, so that its object has a CRC32C over all bytes.
pub(super) const CHECKSUM_PLAN: [(&str, &str); 2] = [
    ("x-amz-checksum-algorithm", "CRC32C"),
    ("x-amz-checksum-type", "FULL_OBJECT"),
];

/// The type of an object that came without one.
pub(super) const DEFAULT_TYPE: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// Conditions in HTTP's own words, which Google documents for reads.
pub(super) const CONDITIONS: [HeaderName; 4] = [
    IF_MATCH,
    IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
    IF_UNMODIFIED_SINCE,
];

/// What a query parameter may begin with, of those that begin as headers do.
const AUDIT_PARAMETER: &str = "x-goog-custom-audit-";

/// Parameters that make another operation of a request, beside those that S3 has too.
const SUBRESOURCES: [&str; 10] = [
    "billing",
    "compose",
    "customPlacementConfig",
    "defaultObjectAcl",
    "encryptionConfig",
    "generation",
    "ipFilter",
    "storageClass",
    "upload_id",
    "websiteConfig",
];

/// The operation, `Unknown` for what Google knows and this store does not.
pub(crate) fn operation(read: Operation, query: &Query) -> Operation {
    if SUBRESOURCES.iter().any(|name| query.has(name)) {
        return Operation::Unknown;
    }
    read
}

/// What this header asks for; `None` for one that is not to be had here.
pub(super) fn meaning(header: &str) -> Option<Meaning> {
    HEADERS
        .iter()
        .find(|(known, _)| *known == header || known.ends_with('-') && header.starts_with(known))
        .map(|(_, meaning)| *meaning)
}

/// Refuses the payload's digest where the verifier does not look for it. It belongs to the
/// signature: what was verified does not have it any more.
pub(crate) fn check_payload_parameter(query: &Query) -> Result<(), Refusal> {
    if query.has_in_any_case("X-Goog-Content-Sha256") {
        return Err(invalid("The payload's digest is taken as a header alone"));
    }
    Ok(())
}

/// Refuses parameters of which a signer may think that they stand for headers.
pub(super) fn check_parameters(query: &Query) -> Result<(), Refusal> {
    for name in query.names() {
        let lower_case = name.to_ascii_lowercase();
        let is_header = lower_case.starts_with("x-goog-") || lower_case.starts_with("x-amz-");
        if is_header && !lower_case.starts_with(AUDIT_PARAMETER) {
            let refusal = invalid("A query parameter cannot stand for this header");
            return Err(refusal.with("ParameterName", name));
        }
    }
    Ok(())
}

pub(super) fn invalid(message: &'static str) -> Refusal {
    Refusal::new(400, "InvalidArgument", message)
}
