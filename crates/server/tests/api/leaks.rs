//! T28: what is logged and what is refused holds no signature, token or secret.

use crate::requests::Fixture;
use crate::support::{SEAL_KEY, STORE_KEY, TestApp, Who};
use serde_json::{Value, json};
use std::io::Write;
use std::sync::Arc;

#[derive(Clone, Default)]
struct Lines(Arc<parking_lot::Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What must not be found, in lower case.
fn forbidden() -> Vec<String> {
    let (_, seal_key) = SEAL_KEY.split_once(':').unwrap();
    let mut forbidden = vec![
        "x-amz-signature".to_owned(),
        "x-amz-credential".to_owned(),
        "signature=".to_owned(),
        "bearer ".to_owned(),
        STORE_KEY.1.to_owned(),
        seal_key.to_owned(),
    ];
    forbidden.extend(Who::ALL.map(Who::token));
    forbidden
}

fn assert_clean(what: &str, text: &str) {
    let lower = text.to_lowercase();
    for bad in forbidden() {
        if let Some(at) = lower.find(&bad) {
            let around = lower.get(at.saturating_sub(200)..).unwrap_or(&lower);
            panic!("{bad:?} in {what}: {around:.400}");
        }
    }
}

#[tokio::test]
async fn nothing_that_opens_anything_is_logged_or_told_in_a_refusal() {
    let lines = Lines::default();
    let writer = lines.clone();
    let environment = [
        ("SIGNET_LOG__LEVEL", "trace"),
        ("SIGNET_SEAL__KEY", SEAL_KEY),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let config = server::config::Config::parse("version = 1", &environment).unwrap();
    let subscriber = server::telemetry::subscriber(&config.log, move || writer.clone());
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let app = TestApp::start_with(&[("SIGNET_METRICS__LISTEN", "127.0.0.1:0")]).await;
    let fixture = Fixture::make(&app).await;
    let upload = fixture.upload(&app).await;
    let parts = format!("/v1/uploads/{upload}/parts");
    let one = json!({"parts": [{"number": 1, "sha256": crate::support::sha256(b"1").to_hex()}]});
    app.must(Who::Member, "POST", &parts, one, 200).await;
    app.store.set_unavailable(true);
    let mut refusals = vec![
        app.ask(Who::Member, "GET", &parts, Value::Null).await,
        app.ask(
            Who::Member,
            "DELETE",
            &format!("/v1/uploads/{upload}"),
            Value::Null,
        )
        .await,
    ];
    app.store.set_unavailable(false);
    app.running.app().ledger.faults().set_unreachable(true);
    let token = Who::Member.token();
    for (path, body) in [
        (
            "/v1/teams/vision/urls",
            json!({"method": "get", "objects": [{"key": "a"}]}),
        ),
        ("/v1/teams/vision/urls", json!({"method": token})),
        (
            "/v1/teams/vision/urls",
            json!({"method": "get", "objects": token}),
        ),
        ("/v1/tokens/import", json!({"secret": 1, "label": token})),
        ("/v1/tokens", json!({"ttl_seconds": token})),
    ] {
        refusals.push(app.ask(Who::Member, "POST", path, body).await);
    }
    let query = format!("/v1/audit?action={token}");
    refusals.push(
        app.ask(Who::InstanceAdmin, "GET", &query, Value::Null)
            .await,
    );
    for refusal in &refusals {
        assert!(refusal.status >= 400, "{}", refusal.text);
        assert_clean("a refusal", &refusal.text);
    }
    app.running.app().ledger.faults().set_unreachable(false);
    let metrics = app.running.metrics_address.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let metrics = client.get(format!("http://{metrics}/metrics")).send().await;
    let metrics = metrics.unwrap().text().await.unwrap();
    assert!(metrics.contains("signet_urls_issued_total"), "{metrics}");
    assert_clean("the metrics", &metrics);
    app.shutdown().await;

    let logged = String::from_utf8(lines.0.lock().clone()).unwrap();
    assert!(
        logged.contains("request failed") && logged.contains("answered"),
        "{logged}"
    );
    assert!(logged.contains("\"http.route\":\"/v1/teams/{team}/urls\""));
    assert_clean("the log", &logged);
}
