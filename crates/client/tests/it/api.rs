//! The typed API: what is sent, what errors say, what is tried again.

use crate::fake::{Fake, Fault};
use client::{Error, RetryPolicy};
use protocol::ErrorCode;
use protocol::admin::NewUser;
use protocol::transfer::{UrlMethod, UrlsObject, UrlsRequest};
use std::time::Duration;
use tokio::time::Instant;

fn new_user() -> NewUser {
    NewUser {
        name: "alice".parse().unwrap(),
        instance_admin: false,
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_done_twice_is_not_tried_twice() {
    let fake = Fake::start();
    fake.world().fault(1, Fault::Status(500, ""), |_| true);
    let error = fake.api().create_user(&new_user()).await.unwrap_err();
    assert_eq!(error.status(), Some(500));
    assert!(error.is_retryable());
    assert_eq!(fake.world().log.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_to_wait_is_obeyed() {
    let fake = Fake::start();
    fake.world().fault(1, Fault::Later(429, 7), |_| true);
    let begun = Instant::now();
    let error = fake.api().create_user(&new_user()).await.unwrap_err();
    // The second attempt gets the 404 of a server that has no such route
    assert_eq!(error.code(), Some(ErrorCode::NotFound));
    assert_eq!(fake.world().log.len(), 2);
    let waited = begun.elapsed();
    assert!(
        waited >= Duration::from_secs(7),
        "came back after {waited:?}"
    );
    assert!(
        waited < Duration::from_secs(8),
        "came back after {waited:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn attempts_are_bounded() {
    let fake = Fake::start();
    fake.world().fault(100, Fault::Status(503, ""), |_| true);
    let error = fake.api().me().await.unwrap_err();
    assert_eq!(error.status(), Some(503));
    assert_eq!(fake.world().log.len(), 6);

    fake.world().log.clear();
    fake.world().fault(100, Fault::Later(503, 3_600), |_| true);
    let policy = RetryPolicy {
        attempts: 2,
        ..RetryPolicy::default()
    };
    let api = fake.builder().retry(policy).build().unwrap();
    assert!(api.me().await.is_err());
    assert_eq!(fake.world().log.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_an_hour() {
    let fake = Fake::start();
    fake.world().fault(100, Fault::Later(503, 3_600), |_| true);
    let error = fake.api().me().await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_hours(1)));
    assert_eq!(fake.world().log.len(), 1);
}

#[tokio::test]
async fn an_error_carries_what_the_server_said() {
    let fake = Fake::start();
    let error = fake.api().me().await.unwrap_err();
    let Error::Api(told) = &error else {
        panic!("{error}");
    };
    assert_eq!(told.detail, "as the test wishes");
    assert_eq!(told.request_id.as_deref(), Some("req_fake"));
    assert!(!error.is_retryable());
    let world = fake.world();
    let agent = world.log[0].header("user-agent").unwrap();
    assert_eq!(agent, concat!("signet/", env!("CARGO_PKG_VERSION")));
}

#[tokio::test(start_paused = true)]
async fn no_connection_is_a_network_error_without_the_address_of_the_request() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/secret-path", closed.local_addr().unwrap());
    drop(closed);
    let api = client::Api::builder(base)
        .system_proxy(false)
        .connect_timeout(None)
        .idle_timeout(None)
        .build()
        .unwrap();
    let error = api.health().await.unwrap_err();
    assert!(matches!(error, Error::Network { .. }), "{error}");
    assert!(!format!("{error:?}").contains("secret-path"));
    // A call that was never sent may be made again
    let begun = Instant::now();
    let error = api.create_user(&new_user()).await.unwrap_err();
    assert!(error.is_retryable());
    assert!(begun.elapsed() > Duration::ZERO);
}

#[tokio::test]
async fn names_and_bodies_arrive_as_they_were_given() {
    let fake = Fake::start();
    let api = fake.api();
    let body = UrlsRequest {
        method: UrlMethod::Get,
        objects: vec![UrlsObject {
            key: "a b/%2F+ü#?".parse().unwrap(),
            sha256: None,
            size_bytes: None,
        }],
        ttl_seconds: None,
        save_as: None,
        audience: None,
        network: None,
    };
    let urls = api
        .create_urls(&"vision".parse().unwrap(), &body)
        .await
        .unwrap();
    assert_eq!(urls.urls[0].key.as_str(), "a b/%2F+ü#?");
    assert!(!format!("{urls:?}").contains("signature="));
}
