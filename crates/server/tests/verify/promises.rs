//! Stores that do not keep what their URLs promise.

use crate::between::{Between, Fate, Passing, done, is};
use crate::support::{Embedded, assert_found, assert_unfit, faults, s3_at, shown, verify};
use axum::http::{Method, StatusCode, header};
use protocol::bucket::{Attribution, Verdict};

#[tokio::test]
async fn a_store_that_writes_over_objects_is_named() {
    let store = Embedded::start().await;
    let between = Between::answering(store.endpoint(), |_, answer| {
        if is(&answer, StatusCode::PRECONDITION_FAILED) {
            done()
        } else {
            answer
        }
    })
    .await;
    let report = verify(s3_at(&between.endpoint)).await;
    assert_found(
        &report,
        "writes-once",
        Verdict::Warning,
        "writes over objects",
    );
    assert_eq!(
        faults(&report),
        ["tls", "writes-once"],
        "{}",
        shown(&report)
    );
    assert!(!report.capabilities.unwrap().writes_once);
}

#[tokio::test]
async fn a_store_that_knows_no_conditions_is_named() {
    let store = Embedded::start().await;
    let before = |asked: Passing| {
        if asked.request.headers().contains_key(header::IF_NONE_MATCH) {
            Fate::Answer(crate::between::error(501, "NotImplemented"))
        } else {
            Fate::Pass(Box::new(asked))
        }
    };
    let between = Between::stand(store.endpoint(), before, |_, answer| answer).await;
    let report = verify(s3_at(&between.endpoint)).await;
    assert_unfit(&report, "writes-once", "that knows `If-None-Match`");
}

#[tokio::test]
async fn a_store_that_ignores_checksums_is_named() {
    let store = Embedded::start().await;
    let between = Between::answering(store.endpoint(), |method, answer| {
        if *method == Method::PUT && is(&answer, StatusCode::BAD_REQUEST) {
            done()
        } else {
            answer
        }
    })
    .await;
    let report = verify(s3_at(&between.endpoint)).await;
    for name in ["binds.sha256", "binds.part-sha256"] {
        assert_found(&report, name, Verdict::Warning, "takes other bytes");
    }
    let proven = report.capabilities.unwrap();
    assert!(!proven.binds_sha256 && !proven.binds_part_sha256);
    assert!(proven.binds_length && proven.writes_once);
}

#[tokio::test]
async fn a_bucket_that_everybody_can_read_is_named() {
    let store = Embedded::start().await;
    let before = |asked: Passing| {
        if asked.method == Method::GET && asked.query.is_empty() {
            Fate::Answer(done())
        } else {
            Fate::Pass(Box::new(asked))
        }
    };
    let between = Between::stand(store.endpoint(), before, |_, answer| answer).await;
    let report = verify(s3_at(&between.endpoint)).await;
    assert_unfit(&report, "refuses.unsigned", "take public access away");
    assert_eq!(
        faults(&report),
        ["tls", "refuses.unsigned"],
        "{}",
        shown(&report)
    );
}

#[tokio::test]
async fn a_store_that_takes_a_url_for_longer_is_named() {
    let store = Embedded::start().await;
    let before = |asked: Passing| {
        if asked.method == Method::GET && asked.query.contains("X-Amz-Expires=86400") {
            Fate::Answer(done())
        } else {
            Fate::Pass(Box::new(asked))
        }
    };
    let between = Between::stand(store.endpoint(), before, |_, answer| answer).await;
    let report = verify(s3_at(&between.endpoint)).await;
    assert_unfit(&report, "refuses.longer-life", "does not verify its URLs");
}

#[tokio::test]
async fn an_id_that_can_be_changed_attributes_nothing() {
    let store = Embedded::start().await;
    let before = |asked: Passing| {
        // The ids of grants begin with their kind: turned round they end with it
        if asked.query.contains("_trg&") {
            Fate::Answer(done())
        } else {
            Fate::Pass(Box::new(asked))
        }
    };
    let between = Between::stand(store.endpoint(), before, |_, answer| answer).await;
    let report = verify(s3_at(&between.endpoint)).await;
    assert_unfit(
        &report,
        "refuses.changed-parameter",
        "does not verify its URLs",
    );
    assert_ne!(
        report.capabilities.map(|proven| proven.attribution),
        Some(Attribution::SignedParameter)
    );
}

#[tokio::test]
async fn a_store_that_sends_the_whole_for_a_part_is_a_warning() {
    let store = Embedded::start().await;
    let before = |mut asked: Passing| {
        asked.request.headers_mut().remove(header::RANGE);
        Fate::Pass(Box::new(asked))
    };
    let between = Between::stand(store.endpoint(), before, |_, answer| answer).await;
    let report = verify(s3_at(&between.endpoint)).await;
    assert_found(&report, "range", Verdict::Warning, "`Range` with 206");
}

#[tokio::test]
async fn an_answer_that_is_neither_yes_nor_no_is_a_warning() {
    let store = Embedded::start().await;
    let between = Between::answering(store.endpoint(), |_, answer| {
        if is(&answer, StatusCode::FORBIDDEN) {
            crate::between::error(503, "SlowDown")
        } else {
            answer
        }
    })
    .await;
    let report = verify(s3_at(&between.endpoint)).await;
    assert_found(
        &report,
        "refuses.expired",
        Verdict::Warning,
        "neither yes nor no",
    );
}
