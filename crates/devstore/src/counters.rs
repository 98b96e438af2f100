//! What arrived, counted for tests and benchmarks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::Operation;

/// What one count is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestKind {
    /// The HTTP method.
    pub method: String,
    /// The bucket; empty when the request named none.
    pub bucket: String,
    /// What was asked for.
    pub operation: Operation,
}

/// Requests and bytes since the start of the store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requests {
    /// How many requests came, refused ones included.
    pub counts: BTreeMap<RequestKind, u64>,
    /// Bytes of bodies that were read for authorized requests, by bucket and key. What a client
    /// sent before it broke off counts.
    pub received_bytes: BTreeMap<(String, String), u64>,
}

impl Requests {
    /// All requests.
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    /// The requests for one operation, on all buckets.
    pub fn of(&self, operation: Operation) -> u64 {
        self.counts
            .iter()
            .filter(|(kind, _)| kind.operation == operation)
            .map(|(_, count)| count)
            .sum()
    }

    /// The bytes received for one key.
    pub fn received(&self, bucket: &str, key: &str) -> u64 {
        let place = (bucket.to_owned(), key.to_owned());
        self.received_bytes.get(&place).copied().unwrap_or(0)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    counts: Mutex<BTreeMap<RequestKind, u64>>,
    received: Mutex<BTreeMap<(String, String), Arc<AtomicU64>>>,
}

impl Counters {
    pub(crate) fn count(&self, kind: RequestKind) {
        *self.counts.lock().entry(kind).or_default() += 1;
    }

    pub(crate) fn received(&self, bucket: &str, key: &str) -> Arc<AtomicU64> {
        let place = (bucket.to_owned(), key.to_owned());
        Arc::clone(self.received.lock().entry(place).or_default())
    }

    pub(crate) fn snapshot(&self) -> Requests {
        let received_bytes = self
            .received
            .lock()
            .iter()
            .map(|(place, bytes)| (place.clone(), bytes.load(Ordering::Relaxed)))
            .collect();
        Requests {
            counts: self.counts.lock().clone(),
            received_bytes,
        }
    }
}
