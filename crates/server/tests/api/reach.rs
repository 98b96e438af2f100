//! From where URLs are used: at which of its addresses the store is reached, and from which network.

use crate::requests::{CONTENT, Fixture, begin};
use crate::support::{TestApp, Who, sha256, use_url};
use protocol::Problem;
use protocol::artifact::{EntryUrls, RegisteredEntries, RegisteredEntry};
use protocol::transfer::{SignedParts, Urls};
use serde_json::{Value, json};

const URLS: &str = "/v1/teams/vision/urls";
const ENTRIES: &str = "/v1/teams/vision/projects/imagenet/artifacts/train:v0/urls";

/// A server whose team's bucket answers at `127.0.0.1`, and for machines inside at `localhost`.
async fn with_two_addresses() -> TestApp {
    let app = TestApp::start_empty(&[], std::sync::Arc::new(server::clock::SystemClock)).await;
    let mut bucket = app.new_bucket("vision", "vision", "");
    let inside = app.store.endpoint().replace("127.0.0.1", "localhost");
    assert_ne!(inside, app.store.endpoint());
    bucket["endpoints"] = json!({"internal": inside});
    let root = Who::InstanceAdmin;
    app.must(root, "POST", "/v1/buckets", bucket, 201).await;
    let team = json!({"name": "vision", "bucket": "vision"});
    app.must(root, "POST", "/v1/teams", team, 201).await;
    for (who, role) in [(Who::Member, "member"), (Who::Viewer, "viewer")] {
        app.create_user(who.name(), &who.token()).await;
        app.set_role("vision", who.name(), role).await;
    }
    app
}

fn host(url: &str) -> &str {
    let rest = url.split_once("//").unwrap().1;
    rest.split(':').next().unwrap()
}

/// The same URL at the store's other address.
fn elsewhere(url: &str) -> String {
    match host(url) {
        "localhost" => url.replacen("localhost", "127.0.0.1", 1),
        _ => url.replacen("127.0.0.1", "localhost", 1),
    }
}

async fn urls(app: &TestApp, who: Who, request: Value) -> Urls {
    app.ask(who, "POST", URLS, request).await.expect(200)
}

/// T15: the host is signed, so each URL is good at the address that it was signed for, and there alone.
#[tokio::test]
async fn a_url_is_good_at_the_address_of_its_audience_alone() {
    let app = with_two_addresses().await;
    for (audience, address) in [(Value::Null, "127.0.0.1"), (json!("internal"), "localhost")] {
        let mut put = json!({"method": "put", "objects": [{
            "key": "a", "sha256": sha256(CONTENT).to_hex(), "size_bytes": CONTENT.len(),
        }]});
        let mut get = json!({"method": "get", "objects": [{"key": "a"}]});
        if !audience.is_null() {
            put["audience"] = audience.clone();
            get["audience"] = audience.clone();
        }
        let told = urls(&app, Who::Member, put).await;
        let (url, headers) = (told.urls[0].url.expose(), &told.urls[0].headers);
        assert_eq!(host(url), address);
        let other = use_url("PUT", &elsewhere(url), headers, CONTENT).await;
        assert_eq!(other, 403, "T15 {address}");
        assert_eq!(use_url("PUT", url, headers, CONTENT).await, 200);
        let told = urls(&app, Who::Viewer, get).await;
        let url = told.urls[0].url.expose();
        assert_eq!(host(url), address);
        assert_eq!(use_url("GET", url, &[], b"").await, 200);
        assert_eq!(
            use_url("GET", &elsewhere(url), &[], b"").await,
            403,
            "T15 {address}"
        );
    }
    app.shutdown().await;
}

/// The same for whatever else releases URLs: parts, entries of a draft, entries of a version.
#[tokio::test]
async fn every_route_that_releases_urls_takes_an_audience() {
    let app = with_two_addresses().await;
    let fixture = Fixture::make(&app).await;
    let upload = fixture.upload(&app).await;
    let part = json!({
        "parts": [{"number": 1, "sha256": sha256(b"1").to_hex()}], "audience": "internal",
    });
    let path = format!("/v1/uploads/{upload}/parts");
    let signed: SignedParts = app.ask(Who::Member, "POST", &path, part).await.expect(200);
    assert_eq!(host(signed.parts[0].url.expose()), "localhost");

    let draft = begin(&app, "train").await;
    let content = b"for the store's other address";
    let entries = json!({
        "entries": [{
            "path": "c", "size_bytes": content.len(),
            "digest": format!("sha256:{}", sha256(content).to_hex()),
        }],
        "audience": "internal",
    });
    let path = format!("/v1/versions/{draft}/entries");
    let registered: RegisteredEntries = app
        .ask(Who::Member, "POST", &path, entries)
        .await
        .expect(200);
    let RegisteredEntry::Put { request, .. } = &registered.entries[0] else {
        panic!("{registered:?}");
    };
    let url = request.url.expose();
    assert_eq!(host(url), "localhost");
    let other = use_url("PUT", &elsewhere(url), &request.headers, content).await;
    assert_eq!(other, 403, "T15");
    assert_eq!(use_url("PUT", url, &request.headers, content).await, 200);

    for (query, address) in [("", "127.0.0.1"), ("?audience=internal", "localhost")] {
        let path = format!("{ENTRIES}{query}");
        let page: EntryUrls = app
            .ask(Who::Viewer, "GET", &path, Value::Null)
            .await
            .expect(200);
        let url = page.entries[0].url.expose();
        assert_eq!(host(url), address);
        assert_eq!(use_url("GET", url, &[], b"").await, 200);
        assert_eq!(use_url("GET", &elsewhere(url), &[], b"").await, 403, "T15");
    }
    app.shutdown().await;
}

#[tokio::test]
async fn an_audience_without_an_address_is_refused_and_the_others_are_named() {
    let app = with_two_addresses().await;
    Fixture::make(&app).await;
    let get =
        |audience: &str| json!({"method": "get", "objects": [{"key": "a"}], "audience": audience});
    for (method, path, body) in [
        ("POST", URLS.to_owned(), get("vpc")),
        ("GET", format!("{ENTRIES}?audience=vpc"), Value::Null),
    ] {
        let answer = app.ask(Who::Viewer, method, &path, body).await;
        let problem: Problem = answer.expect(422);
        assert_eq!(problem.field.as_deref(), Some("audience"));
        assert!(problem.detail.contains("`vpc`"), "{}", problem.detail);
        assert!(problem.detail.contains("`internal`"), "{}", problem.detail);
        assert!(problem.detail.contains("hint: "), "{}", problem.detail);
    }
    let answer = app.ask(Who::Viewer, "POST", URLS, get("everybody")).await;
    let problem: Problem = answer.expect(422);
    assert_eq!(problem.field.as_deref(), Some("audience"));
    assert!(problem.detail.contains("`browser`"), "{}", problem.detail);
    let path = format!("{ENTRIES}?audience=everybody");
    let answer = app.ask(Who::Viewer, "GET", &path, Value::Null).await;
    let problem: Problem = answer.expect(422);
    assert!(problem.detail.contains("`browser`"), "{}", problem.detail);
    app.shutdown().await;
}

/// A pin is never silent: where the store cannot hold a URL to a network, there is no URL.
#[tokio::test]
async fn a_pin_that_the_store_cannot_keep_releases_nothing() {
    let app = TestApp::start().await;
    let fixture = Fixture::make(&app).await;
    let upload = fixture.upload(&app).await;
    let draft = begin(&app, "train").await;
    let before = app.events("url:issue").await.len();
    let pin = "203.0.113.0/24";
    let parts = json!({
        "parts": [{"number": 1, "sha256": sha256(b"1").to_hex()}], "network": pin,
    });
    let entries = json!({
        "entries": [{
            "path": "c", "size_bytes": 1, "digest": format!("sha256:{}", sha256(b"1").to_hex()),
        }],
        "network": pin,
    });
    for (method, path, body) in [
        (
            "POST",
            URLS.to_owned(),
            json!({"method": "get", "objects": [{"key": "a"}], "network": pin}),
        ),
        ("POST", format!("/v1/uploads/{upload}/parts"), parts),
        ("POST", format!("/v1/versions/{draft}/entries"), entries),
        ("GET", format!("{ENTRIES}?network={pin}"), Value::Null),
    ] {
        let answer = app.ask(Who::Member, method, &path, body).await;
        let problem: Problem = answer.expect(422);
        assert_eq!(problem.field.as_deref(), Some("network"), "{path}");
        assert!(
            problem.detail.contains("to no network"),
            "{}",
            problem.detail
        );
        assert!(problem.detail.contains("hint: "), "{}", problem.detail);
    }
    assert_eq!(app.events("url:issue").await.len(), before);
    app.shutdown().await;
}

/// What a pin may be is policy's, and is on the record before any store is asked.
#[tokio::test]
async fn a_pin_outside_of_the_allowed_networks_is_denied() {
    let app = TestApp::start().await;
    let list = json!({"allowed_networks": ["192.0.2.0/24"]});
    app.must(Who::InstanceAdmin, "PATCH", "/v1/teams/vision", list, 200)
        .await;
    let get = |pin: &str| json!({"method": "get", "objects": [{"key": "a"}], "network": pin});
    let answer = app
        .ask(Who::Member, "POST", URLS, get("198.51.100.0/24"))
        .await;
    let problem: Problem = answer.expect(403);
    assert!(problem.detail.contains("`network`"), "{}", problem.detail);
    let rules: Vec<_> = app
        .events("url:deny")
        .await
        .into_iter()
        .filter_map(|event| event.rule)
        .collect();
    assert!(rules.contains(&"pin-not-allowed".to_owned()), "{rules:?}");
    let answer = app.ask(Who::Member, "POST", URLS, get("192.0.2.7")).await;
    assert_eq!(answer.status, 422, "only the store cannot: {}", answer.text);
    app.shutdown().await;
}

/// On Azure it can; that nothing is sent there shows that signing asks nobody.
#[tokio::test]
async fn a_pin_that_the_store_keeps_is_in_the_url_and_on_the_record() {
    let app = TestApp::start().await;
    let root = Who::InstanceAdmin;
    let bucket = json!({
        "name": "azure",
        "place": {
            "provider": "azure", "account": "teamvision", "container": "models",
            "endpoint": "https://teamvision.blob.example",
        },
        "credential": {"plan": "account-key", "account_key": "c3dvcmRmaXNo"},
        "endpoints": {"vpc": "https://teamvision.private.example"},
        "verify": false,
    });
    app.must(root, "POST", "/v1/buckets", bucket, 201).await;
    let change = json!({"bucket": "azure"});
    app.must(root, "PATCH", "/v1/teams/vision", change, 200)
        .await;
    let request = json!({
        "method": "get", "objects": [{"key": "a"}, {"key": "b"}],
        "network": "203.0.113.0/24", "audience": "vpc",
    });
    let told = urls(&app, Who::Viewer, request.clone()).await;
    for url in &told.urls {
        let url = url.url.expose();
        assert_eq!(
            host(url).split('/').next(),
            Some("teamvision.private.example")
        );
        assert!(url.contains("&sip=203.0.113.0-203.0.113.255&"));
    }
    let grant = async |urls: &Urls| {
        let path = format!("/v1/grants/{}", urls.grant_id);
        let record = app.must(root, "GET", &path, Value::Null, 200).await;
        record["grant"]["pinned_to"].clone()
    };
    assert_eq!(grant(&told).await, "203.0.113.0/24");
    let mut free = request;
    free.as_object_mut().unwrap().remove("network");
    let told = urls(&app, Who::Viewer, free).await;
    assert!(!told.urls[0].url.expose().contains("sip="));
    assert_eq!(grant(&told).await, Value::Null);
    app.shutdown().await;
}
