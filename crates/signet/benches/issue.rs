//! `POST /v1/teams/{team}/urls` with one key against a bare handler behind the same listener: rows
//! `issue.throughput` and `issue.p99_gap`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark ends at the first surprise"
)]

#[path = "support/measure.rs"]
mod support;

use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::post;
use server::serve::Listener;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use support::{ROUND, median, member, note, row, runtime, unlimited};
use testkit::load::Load;
use testkit::store::embedded;
use tokio_util::task::TaskTracker;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PATH: &str = "/v1/teams/vision/urls";
const BODY: &str = r#"{"method":"get","objects":[{"key":"checkpoints/run-0001/step-000100/model-00001-of-00008.pt"}]}"#;
const CONNECTIONS: u32 = 256;
const ROUNDS: usize = 5;

fn main() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("bare") {
        return serve_bare(arguments.next().unwrap());
    }
    runtime().block_on(measure());
}

/// Serves a handler that reads the body and answers fixed bytes, until it is killed.
fn serve_bare(answer: String) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let answer = Bytes::from(answer);
        let handler = move |body: Bytes| async move {
            std::hint::black_box(&body);
            ([(header::CONTENT_TYPE, "application/json")], answer)
        };
        let router = Router::new().route(PATH, post(handler));
        let listener = Listener::bind(
            "127.0.0.1:0".parse().unwrap(),
            None,
            Duration::from_secs(15),
        )
        .unwrap();
        let address = listener.address();
        let _handle = listener.serve(router, &TaskTracker::new()).unwrap();
        let mut out = std::io::stdout();
        writeln!(out, "{address}").unwrap();
        out.flush().unwrap();
        std::future::pending::<()>().await;
    });
}

fn start_bare(answer: &str) -> (Child, SocketAddr) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["bare", answer])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line.trim().parse().unwrap();
    (child, address)
}

async fn measure() {
    let folder = tempfile::tempdir().unwrap();
    let (store, containers) = embedded(folder.path(), &["team-vision"]).await.unwrap();
    let mut broker = unlimited();
    broker.start().unwrap();
    let token = member(&broker, &containers[0]).await;
    let url = format!("http://{}{PATH}", broker.address());
    let answer = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = answer
        .post(url)
        .bearer_auth(&token)
        .header("content-type", "application/json")
        .body(BODY);
    let answer = answer.send().await.unwrap().text().await.unwrap();
    let (mut bare, bare_address) = start_bare(&answer);

    let ours = Load::post(broker.address(), PATH, &token, BODY, CONNECTIONS);
    let theirs = Load::post(bare_address, PATH, &token, BODY, CONNECTIONS);
    for load in [&ours, &theirs] {
        load.closed(Duration::from_secs(1)).await.unwrap();
    }
    let (mut rates, mut bare_rates) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        rates.push(ours.closed(ROUND).await.unwrap().rate());
        bare_rates.push(theirs.closed(ROUND).await.unwrap().rate());
    }
    let (rate, bare_rate) = (median(rates), median(bare_rates));
    note(format_args!(
        "{rate:.0} requests/s, bare handler {bare_rate:.0} requests/s"
    ));
    row("issue.throughput", rate / bare_rate);

    let (mut ours_p99s, mut theirs_p99s) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours_p99s.push(ours.open(rate / 2.0, ROUND).await.unwrap().latency_ms(0.99));
        theirs_p99s.push(
            theirs
                .open(rate / 2.0, ROUND)
                .await
                .unwrap()
                .latency_ms(0.99),
        );
    }
    let (ours_p99, theirs_p99) = (median(ours_p99s), median(theirs_p99s));
    note(format_args!(
        "p99 at half of the load {ours_p99:.2} ms, bare handler {theirs_p99:.2} ms"
    ));
    row("issue.p99_gap", ours_p99 - theirs_p99);
    bare.kill().unwrap();
    bare.wait().unwrap();
    broker.kill().unwrap();
    store.shutdown().await;
}
