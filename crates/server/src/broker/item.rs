//! One URL to be released, and what a grant says of it.

use crate::stores::Act;
use protocol::id::ObjectId;
use protocol::{ObjectKey, Sha256Digest};

/// One URL to be released.
#[derive(Debug)]
pub struct Item<'a> {
    pub(super) key: &'a ObjectKey,
    pub(super) act: Act<'a>,
    object: Option<ObjectId>,
}

impl<'a> Item<'a> {
    /// A URL to do this with an object.
    pub fn new(key: &'a ObjectKey, object: Option<ObjectId>, act: Act<'a>) -> Self {
        Self { key, act, object }
    }

    /// A URL to read an object.
    pub fn read(key: &'a ObjectKey, object: Option<ObjectId>) -> Self {
        Self::new(key, object, Act::read())
    }

    /// A URL that writes exactly these bytes, where nothing is yet.
    pub fn write_new(
        key: &'a ObjectKey,
        object: ObjectId,
        size_bytes: u64,
        sha256: Sha256Digest,
    ) -> Self {
        let act = Act::Write {
            size_bytes,
            sha256,
            only_new: true,
        };
        Self::new(key, Some(object), act)
    }
}

/// The keys of a grant: one for all parts of an upload.
pub(super) fn keys(items: &[Item<'_>]) -> Vec<String> {
    let keys = distinct(items).iter().map(|item| item.key.as_str());
    keys.map(str::to_owned).collect()
}

/// The objects that the keys are.
pub(super) fn objects(items: &[Item<'_>]) -> Vec<ObjectId> {
    distinct(items)
        .iter()
        .filter_map(|item| item.object)
        .collect()
}

/// One item for each key.
fn distinct<'i, 'a>(items: &'i [Item<'a>]) -> &'i [Item<'a>] {
    let of_parts = items.iter().all(|item| item.act.part().is_some());
    items.get(..1).filter(|_| of_parts).unwrap_or(items)
}
