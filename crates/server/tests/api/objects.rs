//! Plain objects: URLs, uploads in parts, and what is refused.

use crate::requests::Fixture;
use crate::support::{TestApp, Who, sha256, use_url};
use http::header;
use protocol::transfer::{UploadedParts, Urls};
use serde_json::{Value, json};

const URLS: &str = "/v1/teams/vision/urls";
const BYTES: &[u8] = b"some bytes";

fn put(key: &str) -> Value {
    json!({"method": "put", "objects": [{
        "key": key, "sha256": sha256(BYTES).to_hex(), "size_bytes": BYTES.len(),
    }]})
}

fn get(key: &str) -> Value {
    json!({"method": "get", "objects": [{"key": key}]})
}

/// The headers that a request by the first URL must carry.
fn headers(urls: &Urls) -> Vec<(String, String)> {
    [urls.headers.clone(), urls.urls[0].headers.clone()].concat()
}

#[tokio::test]
async fn what_a_member_puts_a_viewer_gets() {
    let app = TestApp::start().await;
    let answer = app.ask(Who::Member, "POST", URLS, put("a file")).await;
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    let urls: Urls = answer.expect(200);
    let url = urls.urls[0].url.expose();
    assert!(url.contains(&format!("x-grant={}", urls.grant_id)), "T35");
    assert_eq!(use_url("PUT", url, &headers(&urls), BYTES).await, 200);
    assert_eq!(use_url("GET", url, &[], b"").await, 403, "T7");

    let urls: Urls = app
        .ask(Who::Viewer, "POST", URLS, get("a file"))
        .await
        .expect(200);
    let url = urls.urls[0].url.expose();
    assert_eq!(use_url("GET", url, &[], b"").await, 200);
    assert_eq!(use_url("PUT", url, &[], BYTES).await, 403, "T7");
    assert_eq!(use_url("DELETE", url, &[], b"").await, 403, "T7");
    app.shutdown().await;
}

#[tokio::test]
async fn the_url_of_one_content_writes_no_other() {
    let app = TestApp::start().await;
    let urls: Urls = app
        .ask(Who::Member, "POST", URLS, put("a"))
        .await
        .expect(200);
    let url = urls.urls[0].url.expose();
    let other = use_url("PUT", url, &headers(&urls), b"same bytes").await;
    assert_eq!(
        other, 400,
        "the store compares the digest that the URL is bound to"
    );
    app.shutdown().await;
}

#[tokio::test]
async fn a_role_that_is_too_low_is_told_and_an_outsider_is_told_nothing() {
    let app = TestApp::start().await;
    let refusal = async |who, body| {
        let answer = app.ask(who, "POST", URLS, body).await;
        let mut problem: Value = answer.json();
        problem["request_id"] = Value::Null;
        problem.to_string()
    };
    insta::assert_snapshot!(refusal(Who::Viewer, put("a")).await, @r#"{"code":"forbidden","detail":"your role in this team does not allow this; ask an admin of the team","request_id":null,"status":403}"#);
    insta::assert_snapshot!(refusal(Who::Outsider, get("a")).await, @r#"{"code":"not-found","detail":"this does not exist, or you may not know of it","request_id":null,"status":404}"#);
    insta::assert_snapshot!(refusal(Who::Suspended, get("a")).await, @r#"{"code":"suspended","detail":"this account is suspended; ask an administrator of the instance","request_id":null,"status":403}"#);
    insta::assert_snapshot!(refusal(Who::Anonymous, get("a")).await, @r#"{"code":"unauthenticated","detail":"no token was sent; send `Authorization: Bearer TOKEN`","request_id":null,"status":401}"#);
    insta::assert_snapshot!(refusal(Who::Removed, get("a")).await, @r#"{"code":"unauthenticated","detail":"the token is not valid; sign in again","request_id":null,"status":401}"#);
    insta::assert_snapshot!(refusal(Who::InstanceAdmin, get("a")).await, @r#"{"code":"forbidden","detail":"you are not a member of this team; ask an admin of the team","request_id":null,"status":403}"#);
    app.shutdown().await;
}

#[tokio::test]
async fn a_key_that_could_mean_two_things_is_refused_by_its_place_in_the_body() {
    let app = TestApp::start().await;
    let long = "x".repeat(1025);
    for key in ["", "/a", "a/", "a//b", ".", "..", "a/../b", "a\0b", &long] {
        let body = json!({"method": "get", "objects": [{"key": "good"}, {"key": key}]});
        let answer = app.ask(Who::Viewer, "POST", URLS, body).await;
        assert_eq!(answer.status, 422, "{key:?}: {}", answer.text);
        let problem: protocol::Problem = answer.json();
        assert_eq!(problem.field.as_deref(), Some("objects[1].key"), "{key:?}");
    }
    app.shutdown().await;
}

#[tokio::test]
async fn a_life_of_no_seconds_is_refused_and_the_true_expiry_is_told() {
    let app = TestApp::start().await;
    let ask = async |ttl: Value| {
        let body = json!({"method": "get", "objects": [{"key": "a"}], "ttl_seconds": ttl});
        app.ask(Who::Viewer, "POST", URLS, body).await
    };
    for bad in [
        json!(0),
        json!(-1),
        json!(4_294_967_296_u64),
        json!(1.5),
        json!("60"),
    ] {
        assert_eq!(ask(bad.clone()).await.status, 422, "T16: {bad}");
    }
    let capped: Urls = ask(json!(90_000)).await.expect(200);
    assert_eq!(capped.bound_by, protocol::transfer::BoundBy::Operation);
    let asked: Urls = ask(json!(60)).await.expect(200);
    assert_eq!(asked.bound_by, protocol::transfer::BoundBy::Request);
    assert!(asked.urls[0].url.expose().contains("X-Amz-Expires=60"));
    app.shutdown().await;
}

#[tokio::test]
async fn a_limit_on_urls_says_when_to_come_again() {
    let app = TestApp::start().await;
    let limit = json!({
        "subject": {"kind": "principal", "name": "viewer"},
        "rule": {"urls_per_minute": 2},
    });
    app.must(Who::InstanceAdmin, "POST", "/v1/limits", limit, 201)
        .await;
    let two = json!({"method": "get", "objects": [{"key": "a"}, {"key": "b"}]});
    assert_eq!(app.ask(Who::Viewer, "POST", URLS, two).await.status, 200);
    let answer = app.ask(Who::Viewer, "POST", URLS, get("a")).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (429, "rate-limited")
    );
    let seconds = answer.headers[header::RETRY_AFTER].to_str().unwrap();
    assert!(
        (1..=60).contains(&seconds.parse::<u32>().unwrap()),
        "{seconds}"
    );
    app.shutdown().await;
}

#[tokio::test]
async fn a_limit_that_forbids_is_no_question_of_roles() {
    let app = TestApp::start().await;
    let limit = json!({
        "subject": {"kind": "team", "name": "vision"},
        "rule": {"read_only": true},
    });
    app.must(Who::InstanceAdmin, "POST", "/v1/limits", limit, 201)
        .await;
    let answer = app.ask(Who::Member, "POST", URLS, put("a")).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "limited"));
    assert_eq!(
        app.ask(Who::Member, "POST", URLS, get("a")).await.status,
        200
    );
    app.shutdown().await;
}

#[tokio::test]
async fn a_principal_that_asks_too_often_waits_and_others_do_not() {
    let app = TestApp::start_with(&[
        ("SIGNET_LIMITS__PRINCIPAL_REQUESTS_PER_SECOND", "1"),
        ("SIGNET_LIMITS__PRINCIPAL_BURST", "40"),
    ])
    .await;
    let mut statuses = Vec::new();
    for _ in 0..60 {
        let answer = app.ask(Who::Viewer, "GET", "/v1/me", Value::Null).await;
        if answer.status == 429 {
            assert_eq!(answer.headers[header::RETRY_AFTER], "1");
        }
        statuses.push(answer.status);
    }
    assert!(statuses.contains(&429) && statuses[..40].iter().all(|&status| status == 200));
    assert_eq!(
        app.ask(Who::Member, "GET", "/v1/me", Value::Null)
            .await
            .status,
        200
    );
    app.shutdown().await;
}

#[tokio::test]
async fn an_upload_is_of_who_began_it() {
    let app = TestApp::start().await;
    let fixture = Fixture::make(&app).await;
    let upload = fixture.upload(&app).await;
    let parts = format!("/v1/uploads/{upload}/parts");
    let listed: UploadedParts = app
        .ask(Who::Member, "GET", &parts, Value::Null)
        .await
        .expect(200);
    assert!(listed.parts.is_empty());
    let one = json!({"parts": [{"number": 1, "sha256": sha256(b"1").to_hex()}]});
    let complete = format!("/v1/uploads/{upload}/complete");
    for (method, path, body) in [
        ("GET", &parts, Value::Null),
        ("POST", &parts, one.clone()),
        ("POST", &complete, Value::Null),
    ] {
        let answer = app.ask(Who::Admin, method, path, body).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (403, "forbidden"),
            "T2"
        );
    }
    let path = format!("/v1/uploads/{upload}");
    for _ in 0..2 {
        app.must(Who::Member, "DELETE", &path, Value::Null, 204)
            .await;
    }
    let closed = app.ask(Who::Member, "POST", &parts, one).await;
    assert_eq!((closed.status, closed.code().as_str()), (409, "conflict"));
    app.shutdown().await;
}

#[tokio::test]
async fn a_store_that_is_overloaded_is_not_our_fault_and_is_named() {
    let app = TestApp::start().await;
    app.store.set_unavailable(true);
    let body = json!({
        "key": "large", "size_bytes": 40 << 20,
        "digest": format!("sha256-composite/16777216:{}", sha256(b"").to_hex()),
    });
    let answer = app
        .ask(Who::Member, "POST", "/v1/teams/vision/uploads", body)
        .await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (503, "bucket-throttled")
    );
    let problem: protocol::Problem = answer.json();
    assert!(
        problem.detail.starts_with("bucket `vision`: "),
        "{}",
        problem.detail
    );
    assert!(!problem.detail.contains("http"), "T28: {}", problem.detail);
    app.shutdown().await;
}
