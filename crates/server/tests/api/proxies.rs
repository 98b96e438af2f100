//! T42: where a request came from is what trusted proxies say, and nobody else.

use crate::support::{TestApp, Who};
use http::{Request, header};
use protocol::transfer::Urls;
use serde_json::{Value, json};

/// Asks for a URL through whoever wrote this header, and says which address is on the record.
async fn recorded_network(app: &TestApp, forwarded_for: &str) -> Option<String> {
    let request = Request::builder()
        .method("POST")
        .uri("/v1/teams/vision/urls")
        .header(
            header::AUTHORIZATION,
            format!("Bearer {}", Who::Viewer.token()),
        )
        .header("x-forwarded-for", forwarded_for);
    let body = json!({"method": "get", "objects": [{"key": "a"}]});
    let urls: Urls = app.send(request, body).await.expect(200);
    let events = app.events("url:issue").await;
    let event = events
        .into_iter()
        .find(|event| event.grant.as_ref().map(|grant| grant.id) == Some(urls.grant_id));
    event.unwrap().network
}

#[tokio::test]
async fn a_client_cannot_say_where_it_comes_from() {
    let app = TestApp::start().await;
    let network = recorded_network(&app, "198.51.100.1").await;
    assert_eq!(network.as_deref(), Some("192.0.2.7"), "T42");
    app.shutdown().await;
}

#[tokio::test]
async fn a_trusted_proxy_can_and_what_its_client_wrote_is_not_believed() {
    let app = TestApp::start_with(&[("SIGNET_SERVER__TRUSTED_PROXIES", "192.0.2.0/24")]).await;
    let network = recorded_network(&app, "198.51.100.1, 203.0.113.9").await;
    assert_eq!(network.as_deref(), Some("203.0.113.9"), "T42");
    app.shutdown().await;
}

#[tokio::test]
async fn a_limit_of_a_network_is_not_evaded_by_a_header() {
    let app = TestApp::start_with(&[
        ("SIGNET_LIMITS__NETWORK_BURST", "200"),
        ("SIGNET_LIMITS__NETWORK_REQUESTS_PER_SECOND", "1"),
    ])
    .await;
    let mut refused = 0;
    for n in 0..250 {
        let request = Request::builder()
            .uri("/v1/me")
            .header("x-forwarded-for", format!("203.0.{n}.1"));
        refused += u32::from(app.send(request, Value::Null).await.status == 429);
    }
    assert!(refused >= 40, "T42: {refused} were refused");
    app.shutdown().await;
}
