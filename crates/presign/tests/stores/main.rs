//! Tests of signed URLs against stores that verify them, with our own verdict beside theirs.
//!
//! They run where `SIGNET_TEST_S3` or `SIGNET_TEST_AZURITE` describes a store,
//! as `scripts/with-seaweedfs.sh` and `scripts/with-azurite.sh` do.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod azurite;
mod http;
mod seaweedfs;
mod sending;
mod table;
#[path = "../shared/wire.rs"]
mod wire;

use std::{
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use presign::{Timestamp, Ttl, Window};
use serde::de::DeserializeOwned;

/// The store that the file named by this variable describes; `None` where none runs.
#[expect(clippy::disallowed_methods, reason = "the tests' one setting")]
fn described<T: DeserializeOwned>(variable: &str) -> Option<T> {
    let path = std::env::var(variable).ok()?;
    let text = std::fs::read_to_string(path).expect("the variable names a file");
    Some(serde_json::from_str(&text).expect("the file describes a store"))
}

#[expect(clippy::disallowed_methods, reason = "a real store has the real time")]
fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_unix_seconds(since_1970.as_secs().try_into().unwrap())
}

/// Waits until the time is certainly past: a real store's clock cannot be set.
fn wait_until_past(time: Timestamp) {
    while now() <= time {
        thread::sleep(Duration::from_millis(50));
    }
}

/// A window that begins so many seconds from now.
fn window(from_seconds: i64, ttl_seconds: u32) -> Window {
    Window {
        from: Timestamp::from_unix_seconds(now().unix_seconds() + from_seconds),
        ttl: Ttl::from_seconds(ttl_seconds).unwrap(),
    }
}
