//! Putting when the store, the server or the source misbehaves.

use crate::fake::{Fake, Fault, Hit};
use crate::put::{MIB, failed_put, options, pattern};
use client::{Error, NoProgress};
use http::Method;
use std::collections::HashMap;
use std::fs;
use std::time::Duration;
use tokio::time::Instant;

fn is_put(hit: &Hit) -> bool {
    hit.is_store() && hit.method == Method::PUT
}

fn one_file(content: &[u8]) -> tempfile::TempDir {
    let source = tempfile::tempdir().unwrap();
    fs::write(source.path().join("file"), content).unwrap();
    source
}

/// How often each signed URL was used after it was refused.
fn reused_after_refusal(fake: &Fake) -> usize {
    let mut denied = HashMap::new();
    let mut reused = 0;
    for hit in &fake.world().log {
        let Some(signature) = hit.signature else {
            continue;
        };
        reused += denied.get(&signature).copied().unwrap_or(0);
        if hit.status == 403 {
            denied.insert(signature, 1);
        }
    }
    reused
}

#[tokio::test(start_paused = true)]
async fn a_refused_url_is_replaced_and_never_used_again() {
    let fake = Fake::start();
    fake.world()
        .fault(2, Fault::Status(403, "AccessDenied"), is_put);
    let source = one_file(b"1");
    client::put(&fake.api(), options(source.path()), &NoProgress)
        .await
        .unwrap();
    assert_eq!(fake.world().stored(&Method::PUT).len(), 3);
    assert_eq!(reused_after_refusal(&fake), 0);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_always_refuses_is_believed() {
    let fake = Fake::start();
    fake.world()
        .fault(100, Fault::Status(403, "AccessDenied"), is_put);
    for content in [b"1".to_vec(), pattern(1, 33 * MIB)] {
        fake.world().log.clear();
        let source = one_file(&content);
        let error = failed_put(&fake, source.path()).await;
        let Error::Store(told) = &error else {
            panic!("{error}");
        };
        assert_eq!(told.code.as_deref(), Some("AccessDenied"));
        assert_eq!(told.request_id.as_deref(), Some("STORE1"));
        assert_eq!((told.status, told.path.as_str()), (403, "file"));
        let text = format!("{error} {error:?}");
        assert!(
            !text.contains("signature") && !text.contains("http://"),
            "{text}"
        );
        // Three URLs for a file or part, of which there are at most three
        assert!(fake.world().stored(&Method::PUT).len() <= 9);
        assert_eq!(reused_after_refusal(&fake), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn urls_that_ran_out_together_are_replaced_together() {
    let fake = Fake::start();
    fake.world().expired.extend(1..=200);
    let source = tempfile::tempdir().unwrap();
    for n in 0..200 {
        fs::write(source.path().join(format!("{n}")), pattern(n, 10)).unwrap();
    }
    let mut put = options(source.path());
    put.parallelism.files = 32;
    client::put(&fake.api(), put, &NoProgress).await.unwrap();
    let refused = fake
        .world()
        .log
        .iter()
        .filter(|hit| hit.status == 403)
        .count();
    assert!(
        (1..=32).contains(&refused),
        "{refused} URLs were tried in vain"
    );
    let asked = fake
        .world()
        .log
        .iter()
        .filter(|hit| hit.path.ends_with("/entries"))
        .count();
    assert!(asked <= 34, "asked {asked} times");
    assert_eq!(reused_after_refusal(&fake), 0);
}

#[tokio::test(start_paused = true)]
async fn part_urls_that_ran_out_are_signed_again() {
    let fake = Fake::start();
    fake.world().expired.extend(1..=3);
    let source = one_file(&pattern(1, 40 * MIB));
    let outcome = client::put(&fake.api(), options(source.path()), &NoProgress)
        .await
        .unwrap();
    assert_eq!(outcome.uploaded_bytes, 40 * MIB as u64);
    assert_eq!(reused_after_refusal(&fake), 0);
    assert_eq!(fake.world().taken_bytes(), 40 * MIB as u64);
}

#[tokio::test(start_paused = true)]
async fn a_busy_store_is_given_the_time_it_asks_for() {
    let fake = Fake::start();
    fake.world().fault(1, Fault::Later(503, 7), is_put);
    let source = one_file(b"1");
    let begun = Instant::now();
    client::put(&fake.api(), options(source.path()), &NoProgress)
        .await
        .unwrap();
    let waited = begun.elapsed();
    assert!(
        waited >= Duration::from_secs(7),
        "came back after {waited:?}"
    );
    assert!(
        waited < Duration::from_secs(8),
        "came back after {waited:?}"
    );
    let puts = fake.world().stored(&Method::PUT);
    // What was not refused may be used again
    assert_eq!(puts[0].signature, puts[1].signature);
}

#[tokio::test(start_paused = true)]
async fn a_broken_store_is_tried_a_bounded_number_of_times() {
    let fake = Fake::start();
    fake.world()
        .fault(100, Fault::Status(500, "InternalError"), is_put);
    let source = one_file(b"1");
    let error = failed_put(&fake, source.path()).await;
    assert!(error.is_retryable());
    assert_eq!(fake.world().stored(&Method::PUT).len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_changes_after_it_was_hashed_is_noticed() {
    for size in [10, 33 * MIB] {
        let fake = Fake::start();
        let source = one_file(&pattern(1, size));
        let path = source.path().join("file");
        fake.world().on_register = Some(Box::new(move || {
            fs::write(path, pattern(2, size)).unwrap();
        }));
        let error = failed_put(&fake, source.path()).await;
        assert!(
            matches!(&error, Error::SourceChanged { path } if path == "file"),
            "{error}"
        );
        assert!(fake.world().versions.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_that_shrinks_or_grows_after_it_was_hashed_is_noticed() {
    for size in [5, 15] {
        let fake = Fake::start();
        let source = one_file(&pattern(1, 10));
        let path = source.path().join("file");
        fake.world().on_register = Some(Box::new(move || {
            fs::write(path, pattern(1, size)).unwrap();
        }));
        let error = failed_put(&fake, source.path()).await;
        assert!(matches!(error, Error::SourceChanged { .. }), "{error}");
        assert!(fake.world().stored(&Method::PUT).is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_that_were_spoiled_on_the_way_are_sent_again() {
    let fake = Fake::start();
    fake.world()
        .fault(1, Fault::Status(400, "BadDigest"), is_put);
    let source = one_file(b"1");
    client::put(&fake.api(), options(source.path()), &NoProgress)
        .await
        .unwrap();
    assert_eq!(fake.world().stored(&Method::PUT).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_the_bucket_lost_is_sent_again() {
    let fake = Fake::start();
    fake.world().lossy_landing = 2;
    fake.world().lossy_commit = 1;
    fake.world().slow_commit = 3;
    let source = tempfile::tempdir().unwrap();
    for n in 0..20 {
        fs::write(source.path().join(format!("{n}")), pattern(n, 10)).unwrap();
    }
    let outcome = client::put(&fake.api(), options(source.path()), &NoProgress)
        .await
        .unwrap();
    assert_eq!(outcome.version.entry_count, 20);
    assert_eq!(fake.world().stored(&Method::PUT).len(), 23);
    let world = fake.world();
    for (_, digest, _) in world.versions[0].1.values() {
        let object = world.index[digest];
        assert!(world.contents.contains_key(&format!("objects/{object}")));
    }
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_loses_everything_is_given_up() {
    let fake = Fake::start();
    fake.world().lossy_landing = 100;
    let source = one_file(b"1");
    let error = failed_put(&fake, source.path()).await;
    assert!(matches!(error, Error::Incomplete { missing: 1 }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_the_server_gave_up_is_begun_anew() {
    let fake = Fake::start();
    fake.world()
        .fault(1, Fault::Status(404, "NoSuchUpload"), is_put);
    let source = one_file(&pattern(1, 33 * MIB));
    let outcome = client::put(&fake.api(), options(source.path()), &NoProgress)
        .await
        .unwrap();
    assert_eq!(outcome.version.index, Some(0));
}
