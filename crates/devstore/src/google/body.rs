//! The bodies that are no object's: held against the payload that was signed before they are read.

use aws_lc_rs::digest::{SHA256, digest};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use presign::gcs::Payload;

use crate::body::Received;
use crate::refusal::Refusal;

/// More than any list of 10,000 parts has.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Google documents the code for other digests, and none for this one.
pub(super) fn mismatch() -> Refusal {
    Refusal::new(
        400,
        "BadDigest",
        "The x-goog-content-sha256 you specified did not match what we received.",
    )
}

/// The body, once it is found to be the one that was signed; as it is, if none was.
pub(crate) async fn check(body: Received, payload: Payload) -> Result<s3s::Body, Refusal> {
    if payload == Payload::Unsigned {
        return Ok(s3s::Body::http_body_unsync(body));
    }
    let bytes = match Limited::new(body, MAX_BYTES).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Err(Refusal::new(
                400,
                "EntityTooLarge",
                "The request's document is larger than any that means something.",
            ));
        }
        Err(_) => {
            return Err(Refusal::new(
                400,
                "IncompleteBody",
                "The body ended before its announced length.",
            ));
        }
    };
    let sha256 = digest(&SHA256, &bytes);
    match sha256.as_ref().try_into() {
        Ok(sha256) if payload.admits(sha256) => Ok(s3s::Body::from(bytes)),
        _ => Err(mismatch()),
    }
}
