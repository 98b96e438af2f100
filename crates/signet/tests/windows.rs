//! Transfers that take longer than their URLs live: they ask for others, and go on (T17).
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

#[path = "support/line.rs"]
mod support;

use client::{GetOptions, NoProgress, Parallelism, PutOptions, collect_pages};
use std::time::{Duration, Instant};
use support::world::{noise, write};
use support::{Line, assert_same, on_each_store, write_noise};
use testkit::process::ADMIN_TOKEN;
use testkit::store::Kind;

/// Life of every URL, in seconds.
const WINDOW: &str = "5";
const BYTES_PER_SECOND: u64 = 8 << 20;
const SMALL_FILES: u64 = 32;

on_each_store! {
    a_transfer_outlives_its_urls
}

/// How many grants there are: those for single PUTs, for parts, and for downloads.
async fn grants(line: &Line) -> [usize; 3] {
    let admin = line.broker.api(ADMIN_TOKEN).unwrap();
    let told = collect_pages(async |after: Option<String>| {
        let filter = client::api::GrantFilter {
            after,
            ..client::api::GrantFilter::default()
        };
        admin.list_grants(&filter).await
    });
    let mut counts = [0; 3];
    for record in told.await.unwrap() {
        let grant = record.grant;
        let which = match (grant.method.as_str(), grant.parts.is_empty()) {
            ("PUT", true) => 0,
            ("PUT", false) => 1,
            _ => 2,
        };
        counts[which] += 1;
        let span = grant.expires_at.since(grant.signed_at);
        assert!(span <= Duration::from_secs(5), "a URL lives {span:?}");
    }
    counts
}

async fn a_transfer_outlives_its_urls(kind: Kind) {
    let settings = [
        ("SIGNET_URLS__DOWNLOAD_SECONDS", WINDOW),
        ("SIGNET_URLS__PART_SECONDS", WINDOW),
        ("SIGNET_URLS__UPLOAD_SECONDS", WINDOW),
    ];
    let Some(line) = Line::begin(kind, &settings).await else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    write_noise(&data.path().join("large.bin"), 1, 80 << 20);
    for number in 0..SMALL_FILES {
        write(
            data.path(),
            &number.to_string(),
            &noise(10 + number, 1 << 20),
        );
    }
    let api = line.api();
    let parallelism = Parallelism { parts: 2, files: 4 };
    line.proxy.slow_down(BYTES_PER_SECOND);
    let artifact: protocol::name::ArtifactRef = "vision/p/c".parse().unwrap();
    let mut put = PutOptions::new(data.path(), artifact.clone());
    put.parallelism = parallelism;
    let begun = Instant::now();
    client::put(&api, put, &NoProgress).await.unwrap();
    assert!(
        begun.elapsed() > Duration::from_secs(10),
        "it was no slow line"
    );
    let [single, parts, _] = grants(&line).await;
    assert!(single >= 2 && parts >= 2, "{single} and {parts} grants");

    let copy = tempfile::tempdir().unwrap();
    let mut get = GetOptions::new(artifact, copy.path());
    get.parallelism = parallelism;
    client::get(&api, get, &NoProgress).await.unwrap();
    assert_eq!(assert_same(data.path(), copy.path()), SMALL_FILES + 1);
    let [_, _, downloads] = grants(&line).await;
    assert!(downloads >= 2, "{downloads} grants");
}
