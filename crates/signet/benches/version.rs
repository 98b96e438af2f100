//! Committing a version of 20,000 new files on a store that takes 20 ms for each request: row
//! `commit.version`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark ends at the first surprise"
)]

#[path = "support/measure.rs"]
mod support;

use client::{Progress, PutOptions, Status};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use support::{member, note, row, runtime, unlimited};
use testkit::store::embedded;

const FILES: u32 = 20_000;
const LATENCY: Duration = Duration::from_millis(20);

/// When the last byte went over the network.
#[derive(Default)]
struct LastByte(Mutex<(u64, Option<Instant>)>);

impl Progress for LastByte {
    fn update(&self, status: &Status) {
        let mut last = self.0.lock().unwrap();
        if status.bytes_transferred > last.0 {
            *last = (status.bytes_transferred, Some(Instant::now()));
        }
    }
}

fn main() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let (store, containers) = embedded(folder.path(), &["team-vision"]).await.unwrap();
        let mut broker = unlimited();
        broker.start().unwrap();
        let token = member(&broker, &containers[0]).await;
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        for number in 0..FILES {
            std::fs::write(
                data.join(format!("{number:05}.txt")),
                format!("file {number}\n"),
            )
            .unwrap();
        }
        store.set_latency(LATENCY);
        let api = broker.api(&token).unwrap();
        let last_byte = LastByte::default();
        let begun = Instant::now();
        let put = client::put(
            &api,
            PutOptions::new(data, "vision/p/many".parse().unwrap()),
            &last_byte,
        )
        .await
        .unwrap();
        let ended = Instant::now();
        assert_eq!(put.version.entry_count, u64::from(FILES));
        let last = last_byte.0.lock().unwrap().1.unwrap();
        note(format_args!(
            "{FILES} files in {:.1} s",
            (ended - begun).as_secs_f64()
        ));
        row("commit.version", (ended - last).as_secs_f64());
        store.shutdown().await;
    });
}
