//! What is asked of S3 and its kin, in their words.

use super::{Words, xml};
use crate::stores::act::Act;
use protocol::Sha256Digest;

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
            if *only_new {
                words.bound.push(("if-none-match", "*".to_owned()));
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
        ("x-amz-checksum-sha256", sha256.to_base64()),
    ]
}
