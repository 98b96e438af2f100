//! The client killed at seeded points of an upload: putting again finishes it, and no part that the
//! store has is sent twice.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

#[path = "support/world.rs"]
mod support;

use std::collections::HashMap;
use std::time::{Duration, Instant};
use support::{World, noise, write};

const POINTS: u32 = 50;

/// How often the store took each part or object: lines of its log with status 200.
fn taken(log: &str) -> HashMap<String, u32> {
    let mut taken = HashMap::new();
    for line in log.lines() {
        let operation = ["REST.PUT.PART", "REST.PUT.OBJECT"]
            .into_iter()
            .find(|operation| line.contains(operation));
        let Some((operation, rest)) =
            operation.and_then(|operation| Some((operation, line.split_once(operation)?.1)))
        else {
            continue;
        };
        let request = rest.split('"').nth(1).unwrap_or_default();
        let status = rest
            .split('"')
            .nth(2)
            .unwrap_or_default()
            .split_whitespace()
            .next();
        if status == Some("200") {
            let key = rest.split_whitespace().next().unwrap_or_default();
            let part = request
                .split(['?', '&', ' '])
                .find(|field| field.starts_with("partNumber="));
            *taken
                .entry(format!("{operation} {key} {}", part.unwrap_or_default()))
                .or_default() += 1;
        }
    }
    taken
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_a_killed_upload_is_finished_without_sending_a_part_twice() {
    let world = World::begin(None).await;
    for point in 0..POINTS {
        let data = tempfile::tempdir().unwrap();
        write(
            data.path(),
            "large.bin",
            &noise(u64::from(100 + point), (33 << 20) + point as usize),
        );
        for small in 0..5 {
            write(
                data.path(),
                &format!("small/{small}"),
                &noise(u64::from(1000 + point * 10 + small), 3000),
            );
        }
        let source = data.path().to_str().unwrap();
        let artifact = format!("vision/p/point-{point}");
        let before = world.store.requests().total();
        let mut put = world.signet(&["put", source, &artifact]).spawn().unwrap();
        // The point is a number of requests that the store has seen, so that points spread over the upload
        let begun = Instant::now();
        while world.store.requests().total() < before + u64::from(point % 12)
            && put.try_wait().unwrap().is_none()
        {
            assert!(
                begun.elapsed() < Duration::from_mins(1),
                "the upload stands still"
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        put.kill().unwrap();
        put.wait().unwrap();
        let again = world.signet(&["put", source, &artifact]).output().unwrap();
        assert!(
            again.status.success(),
            "point {point}: {}",
            String::from_utf8_lossy(&again.stderr)
        );
    }
    let twice: Vec<_> = taken(&world.access_log())
        .into_iter()
        .filter(|(what, times)| what.contains("PART") && *times > 1)
        .collect();
    assert!(twice.is_empty(), "parts sent twice: {twice:?}");
    let copy = tempfile::tempdir().unwrap();
    let get = world
        .signet(&["get", "vision/p/point-7", copy.path().to_str().unwrap()])
        .output()
        .unwrap();
    assert!(
        get.status.success(),
        "{}",
        String::from_utf8_lossy(&get.stderr)
    );
    assert!(std::fs::read(copy.path().join("large.bin")).unwrap() == noise(107, (33 << 20) + 7));
}
