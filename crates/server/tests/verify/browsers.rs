//! Buckets that browsers cannot use.

use crate::between::Between;
use crate::support::{Embedded, ORIGIN, assert_found, check, cors, probe, s3_at, stores, verify};
use devstore::CorsRule;
use protocol::bucket::{Verdict, VerifyReport};
use server::clock::SystemClock;
use std::sync::Arc;

async fn with(change: impl FnOnce(&mut CorsRule)) -> VerifyReport {
    let mut rule = cors();
    change(&mut rule);
    let store = Embedded::with(vec![rule]).await;
    verify(s3_at(store.endpoint())).await
}

#[tokio::test]
async fn a_bucket_without_rules_is_named() {
    let store = Embedded::with(Vec::new()).await;
    let report = verify(s3_at(store.endpoint())).await;
    for name in ["cors.get", "cors.head", "cors.put"] {
        assert_found(&report, name, Verdict::Failed, ORIGIN);
        assert!(probe(&report, name).evidence.contains("OPTIONS 403"));
    }
    assert_found(
        &report,
        "cors.put",
        Verdict::Failed,
        "x-amz-checksum-sha256",
    );
    assert_found(&report, "cors.etag", Verdict::Failed, "allow the origin");
    assert_eq!(report.verdict, Verdict::Failed);
    // Others than browsers can use it
    assert!(report.capabilities.is_some());
}

#[tokio::test]
async fn rules_for_another_origin_are_named() {
    let report = with(|rule| rule.allowed_origins = vec!["https://other.example".into()]).await;
    assert_found(&report, "cors.get", Verdict::Failed, ORIGIN);
}

#[tokio::test]
async fn rules_without_put_are_named() {
    let report = with(|rule| rule.allowed_methods = vec!["GET".into(), "HEAD".into()]).await;
    assert_found(&report, "cors.put", Verdict::Failed, "`PUT`");
    assert_eq!(probe(&report, "cors.get").verdict, Verdict::Ok);
}

#[tokio::test]
async fn rules_without_the_signed_headers_are_named() {
    let report = with(|rule| rule.allowed_headers = vec!["content-type".into()]).await;
    assert_found(
        &report,
        "cors.put",
        Verdict::Failed,
        "the headers `if-none-match,x-amz-checksum-sha256`",
    );
}

#[tokio::test]
async fn an_etag_that_is_not_exposed_is_named() {
    let report = with(|rule| rule.expose_headers.clear()).await;
    assert_found(
        &report,
        "cors.etag",
        Verdict::Failed,
        "add `ETag` to its `ExposeHeaders`",
    );
    assert_found(
        &report,
        "cors.checksum",
        Verdict::Warning,
        "`ExposeHeaders`",
    );
    assert_eq!(probe(&report, "cors.put").verdict, Verdict::Ok);
}

#[tokio::test]
async fn every_origin_is_asked_for_and_the_one_at_fault_is_told() {
    let store = Embedded::start().await;
    let bucket = Arc::new(s3_at(store.endpoint()));
    let origins = check(&[ORIGIN, "https://second.example"]);
    let report = stores(Arc::new(SystemClock)).check(&bucket, origins).await;
    let probe = probe(&report, "cors.put");
    assert_eq!(probe.verdict, Verdict::Failed);
    assert!(probe.evidence.starts_with("https://second.example: "));
}

#[tokio::test]
async fn a_store_that_has_pages_shown_is_named() {
    let store = Embedded::start().await;
    let between = Between::answering(store.endpoint(), |_, mut answer| {
        answer.headers_mut().remove("content-disposition");
        answer
    })
    .await;
    let report = verify(s3_at(&between.endpoint)).await;
    assert_found(
        &report,
        "saved",
        Verdict::Warning,
        "let that host serve nothing else",
    );
}

#[tokio::test]
async fn a_store_that_strips_etags_is_named() {
    let store = Embedded::start().await;
    let between = Between::answering(store.endpoint(), |_, mut answer| {
        answer.headers_mut().remove("etag");
        answer
    })
    .await;
    let report = verify(s3_at(&between.endpoint)).await;
    assert_found(
        &report,
        "etag",
        Verdict::Failed,
        "let nothing between strip the header",
    );
}
