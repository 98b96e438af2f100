//! The client killed at seeded points of an upload, on every kind of store: putting again finishes it,
//! sends no more than was on its way when it was killed, and every byte comes back.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

#[path = "support/line.rs"]
mod support;

use std::process::Child;
use std::time::{Duration, Instant};
use support::world::{noise, write};
use support::{Line, Sizes, assert_same, on_each_store, tell, write_noise};
use testkit::store::Kind;

const POINTS: u64 = 5;
const SMALL: u64 = 3000;
const SMALL_FILES: u64 = 5;
/// Parts that are on their way at a time, in bytes.
const IN_FLIGHT: u64 = 8 * (16 << 20);
/// Heads of requests and the server's own requests, in bytes: far less than a part.
const HEADS: u64 = 4 << 20;

on_each_store! {
    fault_a_killed_transfer_is_finished_on_every_store
}

/// A number that looks like nothing, the same for the same seed.
fn seeded(seed: u64) -> u64 {
    let bytes = noise(seed, 16);
    let last = bytes.last_chunk().unwrap();
    u64::from_le_bytes(*last)
}

/// Kills the upload when so many bytes have gone to the store. False when it ended before.
async fn kill_at(line: &Line, bytes: u64, put: &mut Child) -> bool {
    let begun = Instant::now();
    while line.proxy.sent_bytes() < bytes {
        if put.try_wait().unwrap().is_some() {
            return false;
        }
        assert!(
            begun.elapsed() < Duration::from_mins(5),
            "the upload stands still"
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    put.kill().unwrap();
    put.wait().unwrap().code().is_none()
}

async fn fault_a_killed_transfer_is_finished_on_every_store(kind: Kind) {
    let Some(line) = Line::begin(kind, &[]).await else {
        return;
    };
    let mut killed = 0;
    for number in 0..POINTS {
        let data = tempfile::tempdir().unwrap();
        let large = Sizes::of_environment().killed_bytes + number;
        write_noise(&data.path().join("large.bin"), 100 + number, large);
        for small in 0..SMALL_FILES {
            let bytes = noise(1000 + number * 10 + small, usize::try_from(SMALL).unwrap());
            write(data.path(), &format!("small/{small}"), &bytes);
        }
        let total = large + SMALL * SMALL_FILES;
        let source = data.path().to_str().unwrap();
        let artifact = format!("vision/p/point-{number}");
        let before = line.proxy.sent_bytes();
        let point = seeded(number) % total;
        let mut put = line.signet(&["put", source, &artifact]).spawn().unwrap();
        killed += u32::from(kill_at(&line, before + point, &mut put).await);
        let begun = Instant::now();
        let again = line.signet(&["put", source, &artifact]).output().unwrap();
        assert!(
            again.status.success(),
            "at {point}: {}",
            String::from_utf8_lossy(&again.stderr)
        );
        let sent = line.proxy.sent_bytes() - before;
        assert!(
            (total..total + IN_FLIGHT + HEADS).contains(&sent),
            "at {point}: {sent} bytes for {total}"
        );
        let copy = tempfile::tempdir().unwrap();
        let get = ["get", &artifact, copy.path().to_str().unwrap()];
        let get = line.signet(&get).output().unwrap();
        assert!(
            get.status.success(),
            "at {point}: {}",
            String::from_utf8_lossy(&get.stderr)
        );
        assert_eq!(assert_same(data.path(), copy.path()), 1 + SMALL_FILES);
        tell(&format!(
            "{kind:?}: killed at {point} of {total} bytes, {sent} sent in all, finished and got in {:.1} s",
            begun.elapsed().as_secs_f64()
        ));
    }
    assert!(killed >= 3, "only {killed} uploads were killed");
}
