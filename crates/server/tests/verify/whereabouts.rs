//! Registrations of places where no such bucket is, and clocks that are off.

use crate::between::{Between, Fate};
use crate::support::{
    Embedded, KEY, assert_found, assert_unfit, bucket, cors, probe, s3_at, verify, verify_at,
};
use axum::body::Bytes;
use axum::http::Response;
use protocol::bucket::{Audience, CredentialPlan, StorePlace, Verdict};
use server::clock::{Clock, ManualClock, SystemClock};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

#[tokio::test]
async fn a_wrong_region_is_named() {
    let store = Embedded::in_region("eu-west-1", vec![cors()]).await;
    let report = verify(s3_at(store.endpoint())).await;
    assert_unfit(&report, "region", "region");
    assert_unfit(&report, "put", "region");
    assert_eq!(probe(&report, "credential").verdict, Verdict::Skipped);
}

#[tokio::test]
async fn a_redirect_is_named_with_the_region_that_the_store_tells() {
    let store = Embedded::start().await;
    let between = Between::stand(
        store.endpoint(),
        |_| {
            let answer = Response::builder()
                .status(301)
                .header("location", "http://127.0.0.1:9/")
                .header("x-amz-bucket-region", "eu-central-1");
            Fate::Answer(answer.body(Bytes::new()).unwrap())
        },
        |_, answer| answer,
    )
    .await;
    let report = verify(s3_at(&between.endpoint)).await;
    assert_unfit(&report, "region", "in region `eu-central-1`");
    assert_eq!(store.store.requests().total(), 0, "nobody was followed");
}

#[tokio::test]
async fn a_missing_container_is_named() {
    let store = Embedded::start().await;
    let place = StorePlace::s3(store.endpoint(), "us-east-1", "nowhere-at-all");
    let plan = CredentialPlan::access_key(KEY.0, KEY.1);
    let report = verify(bucket(place, &plan)).await;
    assert_unfit(&report, "container", "does not exist in the store");
    assert!(
        probe(&report, "container")
            .evidence
            .contains("NoSuchBucket")
    );
}

#[tokio::test]
async fn a_store_that_is_not_there_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let report = verify(s3_at(&endpoint)).await;
    assert_unfit(&report, "reach", "check the endpoint");
    assert_eq!(probe(&report, "reach").evidence, "no connection");
    for name in ["put", "get", "cors.put", "refuses.unsigned"] {
        assert_eq!(probe(&report, name).verdict, Verdict::Skipped, "{name}");
    }
}

#[tokio::test]
async fn a_store_that_speaks_no_tls_is_named() {
    let store = Embedded::start().await;
    let endpoint = store.endpoint().replace("http://", "https://");
    let report = verify(s3_at(&endpoint)).await;
    assert_unfit(&report, "tls", "certificate");
    assert_unfit(&report, "reach", "certificate");
}

#[tokio::test]
async fn plain_http_is_a_warning() {
    let store = Embedded::start().await;
    let report = verify(s3_at(store.endpoint())).await;
    assert_found(&report, "tls", Verdict::Warning, "`https` endpoint");
    assert!(report.capabilities.is_some());
}

/// T18: what a URL's time is worth is decided by the store's clock.
#[tokio::test]
async fn clocks_that_differ_are_named_by_the_stores_date() {
    let store = Embedded::start().await;
    let now = SystemClock.now();
    let minutes = Duration::from_mins;
    for (at, way) in [
        (now.plus(minutes(20)), "ahead of"),
        (now.minus(minutes(20)), "behind"),
    ] {
        let clock = Arc::new(ManualClock::at(at));
        let report = verify_at(s3_at(store.endpoint()), clock).await;
        assert_unfit(&report, "clock", "by NTP");
        assert_unfit(&report, "put", "by NTP");
        let evidence = &probe(&report, "clock").evidence;
        assert!(evidence.contains(way), "{evidence}");
        assert!(
            evidence.contains(" 119") || evidence.contains(" 120"),
            "{evidence}"
        );
        assert_eq!(probe(&report, "credential").verdict, Verdict::Skipped);
    }
    let clock = Arc::new(ManualClock::at(now.plus(minutes(2))));
    let report = verify_at(s3_at(store.endpoint()), clock).await;
    assert_found(&report, "clock", Verdict::Warning, "by NTP");
    assert!(report.capabilities.is_some());
}

#[tokio::test]
async fn an_address_that_leads_elsewhere_is_named() {
    let store = Embedded::start().await;
    let other = Embedded::start().await;
    let mut bucket = s3_at(store.endpoint());
    let elsewhere = other.endpoint().to_owned();
    bucket.endpoints.insert(Audience::Browser, elsewhere);
    let report = verify(bucket.clone()).await;
    assert_unfit(&report, "addresses", "must lead to the same bucket");
    // What only others can reach cannot be tried from here
    let nowhere = "http://127.0.0.1:1".to_owned();
    bucket.endpoints = [(Audience::Vpc, nowhere)].into();
    let report = verify(bucket).await;
    assert_found(
        &report,
        "addresses",
        Verdict::Warning,
        "from where it is for",
    );
    assert!(report.capabilities.is_some());
}
