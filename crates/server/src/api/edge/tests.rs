//! Tests of the layer around all routes, with routes of their own.

use super::super::body::Json;
use super::*;
use crate::clock::SystemClock;
use crate::config::Config;
use axum::Router;
use axum::body::Body;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use http_body_util::BodyExt as _;
use std::collections::BTreeMap;
use tower::ServiceExt as _;

fn router(settings: &[(&str, &str)]) -> Router {
    router_with(settings, Duration::from_mins(1))
}

fn router_with(settings: &[(&str, &str)], request_timeout: Duration) -> Router {
    let environment: BTreeMap<String, String> = settings
        .iter()
        .chain(&[("SIGNET_SEAL__KEY", "k:00")])
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let limits = Config::parse("version = 1", &environment).unwrap().limits;
    let edge_state = Arc::new(Edge {
        ids: Arc::new(IdMaker::seeded(Arc::new(SystemClock), 1)),
        admission: Arc::new(Admission::new(&limits)),
        max_body_bytes: limits.max_body_bytes(),
        request_timeout,
        find_address: Box::new(|_, peer| peer),
        loopback_only: false,
    });
    Router::new()
        .route("/v1/panic", get(panics))
        .route("/v1/never", get(std::future::pending::<()>))
        .route("/v1/ok", get(|| async { Json(1) }))
        .route(
            "/v1/echo",
            post(|Json(text): Json<String>| async { Json(text) }),
        )
        .route("/health", get(|| async { "ok" }))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(from_fn_with_state(edge_state, edge))
}

async fn panics() -> &'static str {
    panic!("X-Amz-Signature=1")
}

async fn ask(router: &Router, method: &str, path: &str, body: &str) -> (Response<()>, String) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_owned()))
        .unwrap();
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    (Response::from_parts(parts, ()), text)
}

/// Status, and code of the problem.
async fn refusal(router: &Router, method: &str, path: &str, body: &str) -> (u16, String) {
    let (response, text) = ask(router, method, path, body).await;
    let problem: protocol::Problem = serde_json::from_str(&text).unwrap();
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "application/problem+json"
    );
    assert_eq!(
        response.headers()["x-request-id"],
        problem.request_id.as_str()
    );
    assert_eq!(problem.status, response.status().as_u16());
    (problem.status, problem.code.as_str().to_owned())
}

#[tokio::test]
async fn every_answer_has_an_id_and_none_under_v1_is_stored() {
    let router = router(&[]);
    for path in ["/v1/ok", "/v1/panic", "/v1/none"] {
        let (response, _) = ask(&router, "GET", path, "").await;
        assert_eq!(
            response.headers()[header::CACHE_CONTROL],
            "no-store",
            "{path}"
        );
        assert_eq!(
            response.headers()[header::REFERRER_POLICY],
            "no-referrer",
            "{path}"
        );
        assert!(
            response.headers()["x-request-id"]
                .to_str()
                .unwrap()
                .starts_with("req_")
        );
    }
    let (response, _) = ask(&router, "GET", "/health", "").await;
    assert!(!response.headers().contains_key(header::CACHE_CONTROL));
}

#[tokio::test]
async fn a_panic_is_answered_counted_and_not_told() {
    telemetry::meter();
    let router = router(&[]);
    assert_eq!(
        refusal(&router, "GET", "/v1/panic", "").await,
        (500, "internal".to_owned())
    );
    let (_, text) = ask(&router, "GET", "/v1/panic", "").await;
    assert!(!text.contains("Signature"));
    assert!(
        telemetry::meter()
            .render()
            .contains("signet_panics_total 2")
    );
}

#[tokio::test]
async fn what_takes_too_long_is_given_up() {
    let router = router_with(&[], Duration::from_millis(1));
    assert_eq!(
        refusal(&router, "GET", "/v1/never", "").await,
        (504, "timeout".to_owned())
    );
}

#[tokio::test]
async fn what_is_not_there_and_what_cannot_be_read_are_problems() {
    let router = router(&[("SIGNET_LIMITS__BODY_BYTES", "16")]);
    assert_eq!(
        refusal(&router, "GET", "/v1/none", "").await,
        (404, "not-found".to_owned())
    );
    assert_eq!(
        refusal(&router, "PUT", "/v1/ok", "").await,
        (405, "not-found".to_owned())
    );
    assert_eq!(
        refusal(&router, "POST", "/v1/echo", "\"").await,
        (400, "malformed".to_owned())
    );
    assert_eq!(
        refusal(&router, "POST", "/v1/echo", "1").await,
        (422, "invalid".to_owned())
    );
    let long = format!("\"{}\"", "x".repeat(15));
    assert_eq!(
        refusal(&router, "POST", "/v1/echo", &long).await,
        (413, "too-large".to_owned())
    );
    let (response, _) = ask(&router, "POST", "/v1/echo", &long[1..]).await;
    assert_eq!(response.status(), 400);
}

#[tokio::test]
async fn too_many_from_one_network_are_told_when_to_come_again() {
    let router = router(&[
        ("SIGNET_LIMITS__NETWORK_BURST", "1"),
        ("SIGNET_LIMITS__NETWORK_REQUESTS_PER_SECOND", "1"),
    ]);
    assert_eq!(ask(&router, "GET", "/v1/ok", "").await.0.status(), 200);
    let (response, _) = ask(&router, "GET", "/v1/ok", "").await;
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()[header::RETRY_AFTER], "1");
    assert_eq!(ask(&router, "GET", "/health", "").await.0.status(), 200);
}

#[tokio::test]
async fn when_all_places_are_taken_the_rest_is_refused_at_once() {
    let router = router(&[("SIGNET_LIMITS__CONCURRENT_REQUESTS", "1")]);
    let first = Box::pin(ask(&router, "GET", "/v1/never", ""));
    let mut first = futures::future::maybe_done(first);
    assert!(futures::poll!(&mut first).is_pending());
    assert_eq!(
        refusal(&router, "GET", "/v1/ok", "").await,
        (503, "unavailable".to_owned())
    );
    assert_eq!(ask(&router, "GET", "/health", "").await.0.status(), 200);
    drop(first);
    assert_eq!(ask(&router, "GET", "/v1/ok", "").await.0.status(), 200);
}
