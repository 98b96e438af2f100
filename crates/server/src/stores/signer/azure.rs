//! What is asked of Azure Blob Storage, in its words.
//!
//! A shared access signature binds no header, so length and digest are checked when the object is
//! verified. What keeps an object from being written twice is its permission: `c` writes only where
//! nothing is yet.

use super::Words;
use crate::stores::act::Act;
use crate::stores::azure::block_id;
use presign::azure::{Permissions, Terms};
use presign::{Timestamp, Ttl, Window};

/// How long before its time a URL is good already, in seconds: the service allows no difference of
/// clocks.
const EARLY_SECONDS: u32 = 300;

pub(super) fn words<'a>(act: &Act<'a>) -> Words<'a> {
    let mut words = Words::default();
    match act {
        Act::Look | Act::Delete => {}
        Act::Read { disposition } => {
            if let Some(value) = disposition {
                words.query.push(("rscd", value.clone()));
            }
        }
        Act::Write { only_new, .. } => {
            words.sent.push(("x-ms-blob-type", "BlockBlob".to_owned()));
            if *only_new {
                words.sent.push(("if-none-match", "*".to_owned()));
            }
        }
        Act::WritePart {
            store_upload_id,
            number,
            ..
        } => {
            words.query = vec![
                ("comp", "block".to_owned()),
                ("blockid", block_id(store_upload_id, *number)),
            ];
        }
    }
    words
}

/// The least permission that suffices.
pub(super) fn terms(act: &Act<'_>) -> Terms {
    match act {
        Act::Write { only_new: true, .. } => Terms::new().with_permissions(Permissions::CREATE),
        // The least that the method needs
        _ => Terms::new(),
    }
}

/// The same window, begun some minutes earlier.
pub(super) fn early(window: Window) -> Window {
    let from = window.from.unix_seconds() - i64::from(EARLY_SECONDS);
    let ttl = Ttl::from_seconds(window.ttl.seconds().saturating_add(EARLY_SECONDS));
    Window {
        from: Timestamp::from_unix_seconds(from),
        // Longer than the longest only for a window that is the longest already
        ttl: ttl.unwrap_or(Ttl::MAX),
    }
}
