//! The client's memory while it puts and gets one large object: row `client.resident`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark ends at the first surprise"
)]

#[path = "support/measure.rs"]
mod support;

use std::process::Command;
use std::time::Duration;
use support::{SIGNET, member, memory_mib, note, row, runtime, unlimited};
use testkit::store::embedded;

const OBJECT_BYTES: u64 = 3 << 30;

/// The most memory that the command had resident, in MiB.
async fn peak(mut command: Command) -> f64 {
    let mut child = command.spawn().unwrap();
    let mut peak: f64 = 0.0;
    loop {
        if let Some(high) = memory_mib(child.id(), "VmHWM") {
            peak = peak.max(high);
        }
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "the transfer failed");
            return peak;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn main() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let (store, containers) = embedded(folder.path(), &["team-vision"]).await.unwrap();
        let mut broker = unlimited();
        broker.start().unwrap();
        let token = member(&broker, &containers[0]).await;
        let source = folder.path().join("large.bin");
        std::fs::File::create(&source)
            .unwrap()
            .set_len(OBJECT_BYTES)
            .unwrap();
        let signet = |arguments: &[&str]| {
            let mut command = Command::new(SIGNET);
            command
                .args(arguments)
                .env("SIGNET_SERVER", format!("http://{}", broker.address()));
            command
                .env("SIGNET_TOKEN", &token)
                .stdout(std::process::Stdio::null());
            command
        };
        let put = peak(signet(&["put", source.to_str().unwrap(), "vision/p/large"])).await;
        let copy = folder.path().join("copy");
        let get = peak(signet(&["get", "vision/p/large", copy.to_str().unwrap()])).await;
        note(format_args!(
            "object of {} MiB: put {put:.0} MiB, get {get:.0} MiB",
            OBJECT_BYTES >> 20
        ));
        row("client.resident", put.max(get));
        store.shutdown().await;
    });
}
