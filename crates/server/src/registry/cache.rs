//! Parsed manifests by the digest they are pinned by, within a bound of memory.

use super::manifest::Manifest;
use parking_lot::Mutex;
use protocol::Sha256Digest;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Keeps the manifests used last. What a digest pins never changes, so nothing is ever invalidated.
#[derive(Debug)]
pub struct ManifestCache {
    max_bytes: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    by_digest: HashMap<Sha256Digest, Slot, foldhash::fast::RandomState>,
    by_use: BTreeMap<u64, Sha256Digest>,
    bytes: usize,
    uses: u64,
}

#[derive(Debug)]
struct Slot {
    manifest: Arc<Manifest>,
    bytes: usize,
    last_use: u64,
}

impl ManifestCache {
    /// A cache that holds manifests of about `max_bytes` together.
    pub fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            held: Mutex::default(),
        }
    }

    /// The manifest pinned by `digest`, if it is held.
    pub fn find(&self, digest: Sha256Digest) -> Option<Arc<Manifest>> {
        let mut held = self.held.lock();
        let held = &mut *held;
        let slot = held.by_digest.get_mut(&digest)?;
        held.uses += 1;
        held.by_use.remove(&slot.last_use);
        slot.last_use = held.uses;
        held.by_use.insert(held.uses, digest);
        Some(Arc::clone(&slot.manifest))
    }

    /// Holds a manifest, at the cost of those not used for longest. One larger than the bound is
    /// not held.
    pub fn insert(&self, digest: Sha256Digest, manifest: &Arc<Manifest>) {
        let bytes = manifest.memory_bytes();
        if bytes > self.max_bytes {
            return;
        }
        let mut held = self.held.lock();
        held.remove(digest);
        while held.bytes + bytes > self.max_bytes {
            let Some((_, oldest)) = held.by_use.first_key_value() else {
                break;
            };
            let oldest = *oldest;
            held.remove(oldest);
        }
        held.uses += 1;
        let last_use = held.uses;
        held.bytes += bytes;
        held.by_use.insert(last_use, digest);
        held.by_digest.insert(
            digest,
            Slot {
                manifest: Arc::clone(manifest),
                bytes,
                last_use,
            },
        );
    }
}

impl Held {
    fn remove(&mut self, digest: Sha256Digest) {
        if let Some(slot) = self.by_digest.remove(&digest) {
            self.by_use.remove(&slot.last_use);
            self.bytes -= slot.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::manifest::ManifestEntry;
    use protocol::id::ObjectId;
    use protocol::transfer::VerifiedBy;

    fn manifest(entries: u8) -> Arc<Manifest> {
        Arc::new(Manifest::new(
            (0..entries)
                .map(|n| ManifestEntry {
                    path: format!("{n:03}").parse().unwrap(),
                    size_bytes: 1,
                    digest: protocol::Digest::Sha256(Sha256Digest::from_bytes([n; 32])),
                    object_id: ObjectId::from_parts(1, [n; 10]),
                    verified_by: VerifiedBy::StoreDigest,
                })
                .collect(),
        ))
    }

    #[test]
    fn the_bound_holds_and_what_was_used_last_stays() {
        let one = manifest(10);
        let cache = ManifestCache::new(one.memory_bytes() * 2);
        let key = |n: u8| Sha256Digest::from_bytes([n; 32]);
        cache.insert(key(1), &one);
        cache.insert(key(2), &one);
        assert!(cache.find(key(1)).is_some());
        cache.insert(key(3), &one);
        assert!(cache.find(key(1)).is_some());
        assert!(cache.find(key(2)).is_none());
        assert!(cache.find(key(3)).is_some());
        cache.insert(key(3), &one);
        assert_eq!(cache.held.lock().bytes, one.memory_bytes() * 2);
        cache.insert(key(4), &manifest(30));
        assert!(cache.find(key(4)).is_none());
        assert!(cache.find(key(1)).is_some());
    }
}
