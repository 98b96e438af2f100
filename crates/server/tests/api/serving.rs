//! Listeners: TLS, metrics, readiness, development, and the end.

use crate::support::{SEAL_KEY, TestApp, Who};
use futures::future::Either;
use http::header;
use serde_json::{Value, json};
use server::clock::SystemClock;
use server::config::Config;
use server::serve::{Error, Mode, Running, start};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

const CERTIFICATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tls-cert.pem");
const PRIVATE_KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tls-key.pem");

fn config(folder: &Path, settings: &[(&str, &str)]) -> Config {
    let database = format!("sqlite:{}", folder.join("signet.db").display());
    let mut environment = BTreeMap::from([
        ("SIGNET_SERVER__LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
        ("SIGNET_DATABASE__URL".to_owned(), database),
        ("SIGNET_SEAL__KEY".to_owned(), SEAL_KEY.to_owned()),
    ]);
    for (name, value) in settings {
        environment.insert((*name).to_owned(), (*value).to_owned());
    }
    Config::parse("version = 1", &environment).unwrap()
}

async fn start_in(folder: &Path, mode: Mode, settings: &[(&str, &str)]) -> Result<Running, Error> {
    start(&config(folder, settings), mode, Arc::new(SystemClock)).await
}

async fn text(url: String) -> (u16, String) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = client.get(url).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn tls_is_spoken_with_both_versions_of_http() {
    let folder = tempfile::tempdir().unwrap();
    let tls = [
        ("SIGNET_TLS__CERT_FILE", CERTIFICATE),
        ("SIGNET_TLS__KEY_FILE", PRIVATE_KEY),
    ];
    let running = start_in(folder.path(), Mode::Production, &tls)
        .await
        .unwrap();
    let root = reqwest::Certificate::from_pem(&std::fs::read(CERTIFICATE).unwrap()).unwrap();
    let client = || {
        reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([root.clone()])
    };
    let url = format!("https://localhost:{}/health", running.address.port());
    for (client, version) in [
        (client().build().unwrap(), http::Version::HTTP_2),
        (
            client().http1_only().build().unwrap(),
            http::Version::HTTP_11,
        ),
    ] {
        let response = client.get(&url).send().await.unwrap();
        assert_eq!(response.version(), version);
        assert_eq!(response.text().await.unwrap(), "ok");
    }
    running.shutdown().await;
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let empty = empty.to_str().unwrap();
    for (certificate, key) in [
        (empty, PRIVATE_KEY),
        (CERTIFICATE, empty),
        (CERTIFICATE, "/none"),
    ] {
        let tls = [
            ("SIGNET_TLS__CERT_FILE", certificate),
            ("SIGNET_TLS__KEY_FILE", key),
        ];
        let refused = start_in(folder.path(), Mode::Production, &tls)
            .await
            .unwrap_err();
        assert!(matches!(refused, Error::Tls(_)), "{refused}");
        assert!(refused.to_string().contains("tls."), "{refused}");
    }
}

#[tokio::test]
async fn metrics_are_on_a_listener_of_their_own() {
    let app = TestApp::start_with(&[("SIGNET_METRICS__LISTEN", "127.0.0.1:0")]).await;
    let body = json!({"method": "get", "objects": [{"key": "a"}]});
    app.must(Who::Viewer, "POST", "/v1/teams/vision/urls", body, 200)
        .await;
    let address = app.running.metrics_address.unwrap();
    let (status, metrics) = text(format!("http://{address}/metrics")).await;
    assert_eq!(status, 200);
    for line in [
        "signet_requests_total{operation=\"create_urls\",code=\"ok\"} 1",
        "signet_urls_issued_total{team=\"vision\",action=\"get\"} 1",
        "signet_sign_seconds_count{provider=\"s3\"} 1",
        "signet_audit_head_seq ",
        "signet_database_connections ",
    ] {
        assert!(metrics.contains(line), "{line} is not in {metrics}");
    }
    let (status, _) = text(format!("http://{}/metrics", app.running.address)).await;
    assert_eq!(status, 404);
    app.shutdown().await;
}

#[tokio::test]
async fn a_server_without_its_database_is_alive_but_not_ready() {
    let app = TestApp::start().await;
    app.must(Who::Anonymous, "GET", "/ready", Value::Null, 200)
        .await;
    app.running.app().db.close().await;
    let answer = app.ask(Who::Anonymous, "GET", "/ready", Value::Null).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (503, "unavailable")
    );
    assert_eq!(
        app.ask(Who::Anonymous, "GET", "/health", Value::Null)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn what_is_being_answered_is_answered_before_the_end() {
    let app = TestApp::start().await;
    let ledger = Arc::clone(&app.running.app().ledger);
    let pause = ledger.faults().pause();
    let url = format!("http://{}/v1/teams/vision/urls", app.running.address);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client
        .post(url)
        .bearer_auth(Who::Viewer.token())
        .header(header::CONTENT_TYPE, "application/json")
        .body(json!({"method": "get", "objects": [{"key": "a"}]}).to_string());
    let asking =
        match futures::future::select(Box::pin(request.send()), Box::pin(pause.reached())).await {
            Either::Left((answer, _)) => panic!("answered without a record: {answer:?}"),
            Either::Right(((), asking)) => asking,
        };
    // From its first step on, the end has begun
    let mut end = Box::pin(app.shutdown());
    assert!(futures::poll!(&mut end).is_pending());
    drop(pause);
    let (answer, ()) = futures::join!(asking, end);
    assert_eq!(answer.unwrap().status(), 200);
}

#[tokio::test]
async fn a_development_database_is_never_served() {
    let folder = tempfile::tempdir().unwrap();
    let running = start_in(folder.path(), Mode::Development, &[])
        .await
        .unwrap();
    running.shutdown().await;
    let refused = start_in(folder.path(), Mode::Production, &[])
        .await
        .unwrap_err();
    insta::assert_snapshot!(refused, @"
    the database was made for development
    hint: give this server a database of its own
    ");
    let running = start_in(folder.path(), Mode::Development, &[])
        .await
        .unwrap();
    running.shutdown().await;
    let everywhere = [("SIGNET_SERVER__LISTEN", "0.0.0.0:0")];
    let refused = start_in(folder.path(), Mode::Development, &everywhere)
        .await
        .unwrap_err();
    insta::assert_snapshot!(refused, @"`server.listen` is `0.0.0.0:0`, but a development server listens on loopback alone");
}

#[tokio::test]
async fn a_development_server_answers_to_no_other_host() {
    let folder = tempfile::tempdir().unwrap();
    let running = start_in(folder.path(), Mode::Development, &[])
        .await
        .unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = async |host: &str| {
        let url = format!("http://{}/health", running.address);
        let request = client.get(url).header(header::HOST, host);
        request.send().await.unwrap().status().as_u16()
    };
    for host in ["localhost:80", "127.0.0.1", "[::1]:9"] {
        assert_eq!(ask(host).await, 200, "{host}");
    }
    for host in [
        "attacker.example",
        "localhost.attacker.example",
        "192.0.2.1",
    ] {
        assert_eq!(ask(host).await, 403, "{host}");
    }
    running.shutdown().await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let settings = [("SIGNET_METRICS__LISTEN", address.as_str())];
    let refused = start_in(folder.path(), Mode::Production, &settings)
        .await
        .unwrap_err();
    assert!(
        refused
            .to_string()
            .starts_with("`metrics.listen`: cannot listen on `127.0.0.1:")
    );
}
