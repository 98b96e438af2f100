//! An idle `signet serve`: rows `serve.ready` and `serve.resident`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark ends at the first surprise"
)]

#[path = "support/measure.rs"]
mod support;

use std::time::{Duration, Instant};
use support::{median, memory_mib, row, runtime, unlimited};
use testkit::process::ADMIN_TOKEN;

fn main() {
    runtime().block_on(async {
        let (mut ready, mut resident) = (Vec::new(), Vec::new());
        for _ in 0..5 {
            let mut broker = unlimited();
            let begun = Instant::now();
            broker.start().unwrap();
            let api = broker.api(ADMIN_TOKEN).unwrap();
            api.ready().await.unwrap();
            ready.push(begun.elapsed().as_secs_f64() * 1000.0);
            // What the start needed for a moment is given back by then
            tokio::time::sleep(Duration::from_secs(2)).await;
            resident.push(memory_mib(broker.pid().unwrap(), "VmRSS").unwrap());
            broker.kill().unwrap();
        }
        row("serve.ready", median(ready));
        row("serve.resident", median(resident));
    });
}
