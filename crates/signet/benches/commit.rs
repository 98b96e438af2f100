//! Group commit: rows `commit.lone_p50`, `commit.lone_p99`, `commit.slow_sync` and `commit.batch`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark ends at the first surprise"
)]

#[path = "support/measure.rs"]
mod support;

use client::Api;
use server::clock::SystemClock;
use server::config::Config;
use server::serve::{self, Mode, Running};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use support::{ROUND, median, note, row};
use testkit::load::Load;
use testkit::process::ADMIN_TOKEN;
use testkit::store::embedded;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PATH: &str = "/v1/teams/root/urls";
const BODY: &str =
    r#"{"method":"get","objects":[{"key":"checkpoints/run-0001/step-000100/model.pt"}]}"#;
const CONNECTIONS: u32 = 256;
const ROUNDS: usize = 5;
const SLOW_SYNC: Duration = Duration::from_millis(2);

/// The broker in this process, where faults can be injected; its load comes from a runtime beside it.
async fn broker(folder: &std::path::Path) -> Running {
    let admin_token_sha256 = "ff5121bb6d0489cc91ee8ee16f7e753e838b835d621b021262a957c752cc17fc";
    let text = format!(
        "version = 1\n[server]\nlisten = \"127.0.0.1:0\"\n[log]\nlevel = \"warn\"\n[database]\nurl = \"sqlite:{}\"\n\
         [limits]\nprincipal_requests_per_second = 4000000\nprincipal_burst = 4000000\n\
         network_requests_per_second = 4000000\nnetwork_burst = 4000000\n\
         [stores]\nprivate_networks = [\"127.0.0.0/8\"]\nplain_http_networks = [\"127.0.0.0/8\"]\n\
         [bootstrap]\nadmin = \"root\"\nadmin_token_sha256 = \"{admin_token_sha256}\"\n",
        folder.join("signet.db").display()
    );
    let environment = BTreeMap::from([(
        "SIGNET_SEAL__KEY".to_owned(),
        format!("bench:{}", "5a".repeat(32)),
    )]);
    let config = Config::parse(&text, &environment).unwrap();
    serve::start(&config, Mode::Production, Arc::new(SystemClock))
        .await
        .unwrap()
}

fn main() {
    let load_runtime = support::runtime();
    let server_runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let running = server_runtime.block_on(broker(folder.path()));
    let faults = running.app().ledger.faults();
    load_runtime.block_on(async {
        let (store, containers) = embedded(folder.path(), &["team-default"]).await.unwrap();
        let api = Api::new(
            &format!("http://{}", running.address),
            ADMIN_TOKEN.parse().unwrap(),
        )
        .unwrap();
        let mut bucket = containers[0].registration("default").unwrap();
        bucket.default = true;
        api.create_bucket(&bucket).await.unwrap();

        let lone = Load::post(running.address, PATH, ADMIN_TOKEN, BODY, 1);
        lone.closed(Duration::from_secs(1)).await.unwrap();
        let outcome = lone.closed(ROUND).await.unwrap();
        note(format_args!(
            "a lone request: {:.0} a second",
            outcome.rate()
        ));
        row("commit.lone_p50", outcome.latency_ms(0.5));
        row("commit.lone_p99", outcome.latency_ms(0.99));

        let load = Load::post(running.address, PATH, ADMIN_TOKEN, BODY, CONNECTIONS);
        load.closed(Duration::from_secs(1)).await.unwrap();
        let (mut rates, mut slow_rates) = (Vec::new(), Vec::new());
        let (mut answers, mut commits) = (0, 0);
        // In turns, as what there is to project grows with each
        for _ in 0..ROUNDS {
            let before = running.app().ledger.head().seq;
            let outcome = load.closed(ROUND).await.unwrap();
            commits += running.app().ledger.head().seq - before;
            answers += outcome.answers;
            rates.push(outcome.rate());
            faults.set_sync_delay(SLOW_SYNC);
            slow_rates.push(load.closed(ROUND).await.unwrap().rate());
            faults.set_sync_delay(Duration::ZERO);
        }
        let (rate, slow_rate) = (median(rates), median(slow_rates));
        note(format_args!(
            "{rate:.0} requests/s, {slow_rate:.0} with a sync of 2 ms"
        ));
        row("commit.slow_sync", slow_rate / rate);
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        row("commit.batch", answers as f64 / commits as f64);
        store.shutdown().await;
    });
    server_runtime.block_on(running.shutdown());
}
