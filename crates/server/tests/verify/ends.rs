//! However a check ends, what it wrote is gone, and it ends.

use crate::support::{Embedded, check, probe, s3_at, shown, stores, verify};
use protocol::bucket::Verdict;
use server::clock::SystemClock;
use std::sync::Arc;
use std::time::Duration;

#[track_caller]
fn assert_nothing(left: &str) {
    assert!(!left.contains("<Key>"), "T25: {left}");
}

#[tokio::test]
async fn nothing_is_left_behind() {
    let store = Embedded::start().await;
    let report = verify(s3_at(store.endpoint())).await;
    assert_eq!(
        probe(&report, "tidy").verdict,
        Verdict::Ok,
        "{}",
        shown(&report)
    );
    assert_nothing(&store.left().await);
}

/// The caller's connection breaks while the check is in the middle.
#[tokio::test]
async fn a_check_that_nobody_waits_for_cleans_up() {
    let store = Embedded::start().await;
    let stores = stores(Arc::new(SystemClock));
    let bucket = Arc::new(s3_at(store.endpoint()));
    store.store.set_latency(Duration::from_millis(30));
    let given_up =
        tokio::time::timeout(Duration::from_millis(75), stores.check(&bucket, check(&[]))).await;
    assert!(given_up.is_err(), "it was over before it could be given up");
    stores.shutdown().await;
    let requests = store.store.requests();
    assert!(requests.of(devstore::Operation::PutObject) > 0);
    assert!(requests.of(devstore::Operation::DeleteObject) > 0);
    assert_nothing(&store.left().await);
}

#[tokio::test]
async fn a_store_that_answers_nothing_any_more_ends_the_check_too() {
    let store = Embedded::start().await;
    store.store.set_unavailable(true);
    let report = verify(s3_at(store.endpoint())).await;
    let put = probe(&report, "put");
    assert_eq!(put.verdict, Verdict::Failed);
    assert!(put.evidence.starts_with("PUT 503 SlowDown"), "{put:?}");
    assert_eq!(report.capabilities, None);
}
