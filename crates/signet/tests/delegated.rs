//! What the live check finds out of a container that is signed for with delegated keys: whether the
//! service takes the grant's id as a correlation id, and its log with it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

#[path = "support/azurite.rs"]
mod azurite;
#[path = "support/world.rs"]
mod support;

use azurite::{Azurite, Delegating};
use client::{NoProgress, PutOptions};
use protocol::bucket::{Attribution, NewBucket, Verdict, VerifyBucket};
use support::{SIGNET, install_crypto, join, write};
use testkit::process::{ADMIN_TOKEN, Broker};

/// What the check says of attribution, and whether the URLs of a put carried the grant's id.
async fn found(knows_correlation_ids: bool) -> Option<(Attribution, bool)> {
    let azurite = Azurite::find()?;
    install_crypto();
    let delegating = Delegating::before(&azurite, knows_correlation_ids, None).await;
    let mut broker = Broker::new(SIGNET, None).unwrap();
    for (name, value) in delegating.environment() {
        broker = broker.with(name, &value);
    }
    broker.start().unwrap();
    let plan = serde_json::from_value(Delegating::plan()).unwrap();
    let place = delegating.place(delegating.address);
    let bucket = NewBucket::new("vision".parse().unwrap(), place, plan);
    let token = join(&broker, &bucket, "ada").await;
    let admin = broker.api(ADMIN_TOKEN).unwrap();
    let as_it_is = VerifyBucket::default();
    let report = admin.verify_bucket(&bucket.name, &as_it_is).await.unwrap();
    for probe in &report.probes {
        let is_good = matches!(probe.verdict, Verdict::Ok | Verdict::Skipped);
        // It reads the network of a URL, and takes it from everywhere
        assert!(is_good || probe.name == "network", "{probe:?}");
    }
    delegating.take_key_ends();
    let data = tempfile::tempdir().unwrap();
    write(data.path(), "hello", b"hello");
    let put = PutOptions::new(data.path(), "vision/p/c".parse().unwrap());
    let api = delegating.trusted_by(&broker, &token);
    client::put(&api, put, &NoProgress).await.unwrap();
    let carried = !delegating.take_key_ends().is_empty();
    Some((report.capabilities.unwrap().attribution, carried))
}

#[tokio::test(flavor = "multi_thread")]
async fn grants_are_in_the_log_of_a_service_that_takes_correlation_ids() {
    if let Some(found) = found(true).await {
        assert_eq!(found, (Attribution::CorrelationId, true));
    }
}

/// Azurite as it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_takes_none_is_signed_for_without() {
    if let Some(found) = found(false).await {
        assert_eq!(found, (Attribution::JoinOnly, false));
    }
}
