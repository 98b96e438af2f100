//! `POST /v1/teams/{team}/urls` with 5,000 keys, the server on one core and the client on another: rows
//! `batch.urls`, `batch.reply`, `batch.user` and `batch.kernel`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a benchmark ends at the first surprise"
)]

#[path = "support/measure.rs"]
mod support;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::process::Command;
use support::{ROUND, median, member, note, row, runtime, unlimited};
use testkit::load::Load;
use testkit::store::embedded;

const PATH: &str = "/v1/teams/vision/urls";
const KEYS: usize = 5_000;
const KEY_BYTES: usize = 60;
const CONNECTIONS: u32 = 4;
const ROUNDS: usize = 5;

fn main() {
    runtime().block_on(measure());
}

/// The request for random keys of letters and digits in folders.
fn body() -> String {
    let mut random = StdRng::seed_from_u64(1);
    let mut key = || -> String {
        let letters = (0..KEY_BYTES).map(|at| match at {
            11 | 23 => '/',
            _ => char::from(b"abcdefghijklmnopqrstuvwxyz0123456789"[random.random_range(0..36)]),
        });
        letters.collect()
    };
    let objects: Vec<_> = (0..KEYS)
        .map(|_| serde_json::json!({"key": key()}))
        .collect();
    serde_json::json!({"method": "get", "objects": objects}).to_string()
}

/// Keeps a process, with all its threads, on one core. False where there is no way to.
fn pin(pid: u32, core: usize) -> bool {
    let done = Command::new("taskset")
        .args(["-acp", &core.to_string(), &pid.to_string()])
        .output();
    done.is_ok_and(|output| output.status.success())
}

/// Processor time of a process so far, in its own code and in the kernel, in seconds.
fn processor_seconds(pid: u32) -> (f64, f64) {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name in parentheses may hold anything; `utime` and `stime` are fields 14 and 15, in 1/100 s
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    let seconds = |at: usize| fields[at].parse::<f64>().unwrap() / 100.0;
    (seconds(11), seconds(12))
}

async fn measure() {
    let folder = tempfile::tempdir().unwrap();
    let (store, containers) = embedded(folder.path(), &["team-vision"]).await.unwrap();
    let mut broker = unlimited();
    broker.start().unwrap();
    let token = member(&broker, &containers[0]).await;
    let pid = broker.pid().unwrap();
    if !pin(pid, 0) || !pin(std::process::id(), 1) {
        note("the server could not be kept on one core: its figure is for all");
    }
    let body = body();
    let url = format!("http://{}{PATH}", broker.address());
    let answer = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = answer
        .post(url)
        .bearer_auth(&token)
        .header("content-type", "application/json")
        .body(body.clone());
    let reply_bytes = answer.send().await.unwrap().bytes().await.unwrap().len();

    let load = Load::post(broker.address(), PATH, &token, &body, CONNECTIONS);
    load.closed(ROUND).await.unwrap();
    let (user_before, kernel_before) = processor_seconds(pid);
    let (mut rates, mut urls) = (Vec::new(), 0.0);
    for _ in 0..ROUNDS {
        let outcome = load.closed(ROUND).await.unwrap();
        rates.push(outcome.rate() * KEYS as f64);
        urls += outcome.answers as f64 * KEYS as f64;
    }
    let (user, kernel) = processor_seconds(pid);
    let rate = median(rates);
    row("batch.urls", rate / 1e6);
    row("batch.reply", rate * reply_bytes as f64 / KEYS as f64 / 1e6);
    row("batch.user", (user - user_before) / urls * 1e9);
    row("batch.kernel", (kernel - kernel_before) / urls * 1e9);
    broker.kill().unwrap();
    store.shutdown().await;
}
