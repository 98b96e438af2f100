//! What is asked of Cloud Storage's XML API, in its words.
//!
//! It knows no SHA-256 checksums of objects; what binds the bytes is the payload's hash, which is a part
//! of the [canonical request]. The live check tries out whether the store refuses other bytes.
//!
//! [canonical request]: https://cloud.google.com/storage/docs/authentication/canonical-requests

use super::{Words, xml};
use crate::stores::act::Act;
use protocol::Sha256Digest;

/// The signed parameter that Cloud Storage writes into its audit log.
pub(super) const GRANT_PARAMETER: &str = "X-Goog-Custom-Audit-Grant";

pub(super) fn words<'a>(act: &Act<'a>) -> Words<'a> {
    let mut words = Words::default();
    match act {
        Act::Look | Act::Delete => {}
        Act::Read { disposition } => {
            words.query = xml::read(disposition);
        }
        Act::Write {
            size_bytes,
            sha256,
            only_new,
        } => {
            words.bound = exactly(*size_bytes, *sha256);
            words.bound.push((
                "x-goog-content-length-range",
                format!("{size_bytes},{size_bytes}"),
            ));
            if *only_new {
                words
                    .bound
                    .push(("x-goog-if-generation-match", "0".to_owned()));
            }
        }
        Act::WritePart {
            store_upload_id,
            number,
            size_bytes,
            sha256,
        } => {
            words.bound = exactly(*size_bytes, *sha256);
            words.query = xml::part(store_upload_id, *number);
        }
    }
    words
}

fn exactly(size_bytes: u64, sha256: Sha256Digest) -> Vec<(&'static str, String)> {
    vec![
        ("content-length", size_bytes.to_string()),
        ("x-goog-content-sha256", sha256.to_hex()),
    ]
}
