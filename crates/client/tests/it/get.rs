//! Getting artifacts: broken connections, URLs that run out, content that is not what was put.

use crate::fake::{Content, Fake, Fault, Hit};
use crate::put::{MIB, get_options, make_tree, options, pattern, tree};
use client::{Api, Error, NoProgress};
use http::Method;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

fn is_get(hit: &Hit) -> bool {
    hit.is_store() && hit.method == Method::GET
}

async fn stored(fake: &Fake, content: &[u8]) -> Api {
    let api = fake.api();
    let source = tempfile::tempdir().unwrap();
    fs::write(source.path().join("file"), content).unwrap();
    client::put(&api, options(source.path()), &NoProgress)
        .await
        .unwrap();
    fake.world().log.clear();
    api
}

fn left_in(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test(start_paused = true)]
async fn a_broken_download_goes_on_where_it_stopped() {
    let fake = Fake::start();
    let content = pattern(1, 3 * MIB);
    let api = stored(&fake, &content).await;
    fake.world().fault(1, Fault::Cut(MIB), is_get);
    let target = tempfile::tempdir().unwrap();
    let got = client::get(&api, get_options(target.path()), &NoProgress)
        .await
        .unwrap();
    assert_eq!(fs::read(target.path().join("file")).unwrap(), content);
    assert_eq!(got.downloaded_bytes, content.len() as u64);
    let gets = fake.world().stored(&Method::GET);
    assert_eq!(gets.len(), 2);
    assert_eq!(gets[0].header("range"), None);
    let (from, _) = gets[1].header("range").unwrap()["bytes=".len()..]
        .split_once('-')
        .unwrap();
    let from: usize = from.parse().unwrap();
    assert!(from > 0 && from <= MIB, "went on at {from}");
    assert_eq!(left_in(target.path()), ["file"]);
}

#[tokio::test(start_paused = true)]
async fn a_url_that_runs_out_in_the_middle_is_replaced_and_the_download_goes_on() {
    let fake = Fake::start();
    let content = pattern(1, 3 * MIB);
    let api = stored(&fake, &content).await;
    fake.world().fault(1, Fault::Cut(MIB), is_get);
    // The second request, by the same URL, is refused
    fake.world()
        .fault(1, Fault::Status(403, "AccessDenied"), |hit| {
            is_get(hit) && hit.header("range").is_some()
        });
    let target = tempfile::tempdir().unwrap();
    client::get(&api, get_options(target.path()), &NoProgress)
        .await
        .unwrap();
    assert_eq!(fs::read(target.path().join("file")).unwrap(), content);
    let gets = fake.world().stored(&Method::GET);
    let statuses: Vec<_> = gets.iter().map(|hit| hit.status).collect();
    assert_eq!(statuses, [200, 403, 206]);
    assert_ne!(gets[1].signature, gets[2].signature);
    assert_eq!(gets[1].header("range"), gets[2].header("range"));
}

#[tokio::test(start_paused = true)]
async fn urls_of_a_page_that_ran_out_are_asked_for_once() {
    let fake = Fake::start();
    let api = fake.api();
    let source = tempfile::tempdir().unwrap();
    make_tree(source.path());
    client::put(&api, options(source.path()), &NoProgress)
        .await
        .unwrap();
    fake.world().log.clear();
    let issued = fake.world().issued;
    fake.world().expired.extend(issued + 1..=issued + 55);
    let target = tempfile::tempdir().unwrap();
    client::get(&api, get_options(target.path()), &NoProgress)
        .await
        .unwrap();
    assert_eq!(tree(target.path()), tree(source.path()));
    let asked = fake
        .world()
        .log
        .iter()
        .filter(|hit| hit.path.ends_with("/urls"))
        .count();
    assert_eq!(asked, 2);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_always_refuses_is_believed() {
    let fake = Fake::start();
    let api = stored(&fake, b"1").await;
    fake.world()
        .fault(100, Fault::Status(403, "AccessDenied"), is_get);
    let target = tempfile::tempdir().unwrap();
    let error = client::get(&api, get_options(target.path()), &NoProgress)
        .await
        .unwrap_err();
    assert_eq!(error.status(), Some(403));
    let gets = fake.world().stored(&Method::GET);
    let mut urls: Vec<_> = gets.iter().map(|hit| hit.signature).collect();
    urls.dedup();
    assert_eq!((gets.len(), urls.len()), (3, 3));
    assert!(left_in(target.path()).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_large_file_comes_in_ranges() {
    let fake = Fake::start();
    let content = pattern(1, 70 * MIB + 1);
    let api = stored(&fake, &content).await;
    fake.world().fault(2, Fault::Cut(MIB), is_get);
    fake.world().fault(1, Fault::Later(503, 5), is_get);
    let target = tempfile::tempdir().unwrap();
    client::get(&api, get_options(target.path()), &NoProgress)
        .await
        .unwrap();
    assert!(fs::read(target.path().join("file")).unwrap() == content);
    let gets = fake.world().stored(&Method::GET);
    // 5 parts, 3 of them in a second attempt
    assert_eq!(gets.len(), 8);
    assert!(gets.iter().all(|hit| hit.header("range").is_some()));
    assert_eq!(left_in(target.path()), ["file"]);
}

#[tokio::test(start_paused = true)]
async fn content_that_is_not_what_was_put_is_not_kept() {
    for size in [10, 40 * MIB, 70 * MIB] {
        let fake = Fake::start();
        let api = stored(&fake, &pattern(1, size)).await;
        for content in fake.world().contents.values_mut() {
            *content = Content::Bytes(Arc::new(pattern(2, size)));
        }
        let target = tempfile::tempdir().unwrap();
        let error = client::get(&api, get_options(target.path()), &NoProgress)
            .await
            .unwrap_err();
        let named = matches!(&error, Error::DigestMismatch { path, .. } if path == "file");
        assert!(named, "{error}");
        assert!(left_in(target.path()).is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn content_of_another_size_is_not_kept() {
    for (size, other) in [
        (10, 9),
        (10, 11),
        (70 * MIB, 70 * MIB + 1),
        (70 * MIB, 70 * MIB - 1),
    ] {
        let fake = Fake::start();
        let api = stored(&fake, &pattern(1, size)).await;
        for content in fake.world().contents.values_mut() {
            *content = Content::Bytes(Arc::new(pattern(1, other)));
        }
        let target = tempfile::tempdir().unwrap();
        let error = client::get(&api, get_options(target.path()), &NoProgress)
            .await
            .unwrap_err();
        assert!(matches!(error, Error::SizeMismatch { .. }), "{error}");
        assert!(left_in(target.path()).is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn all_pages_are_of_the_version_that_the_name_stood_for_first() {
    let fake = Fake::start();
    let api = fake.api();
    fake.world().page = 10;
    let source = tempfile::tempdir().unwrap();
    make_tree(source.path());
    client::put(&api, options(source.path()), &NoProgress)
        .await
        .unwrap();
    let expected = tree(source.path());
    fake.world().log.clear();
    // The alias moves on while the first version is fetched
    let moved = {
        let world = fake.world();
        let mut next = world.versions[0].clone();
        next.0 = protocol::Id::from_parts(77, [7; 10]);
        next.1.pop_first();
        next
    };
    let target = tempfile::tempdir().unwrap();
    let progress = crate::put::Stop::after(1);
    let get = client::get(&api, get_options(target.path()), &progress);
    let moving = async {
        progress.reached().await;
        fake.world().versions.push(moved);
    };
    let (got, ()) = tokio::join!(get, moving);
    assert_eq!(got.unwrap().index, 0);
    assert_eq!(tree(target.path()), expected);
    let pages: Vec<_> = fake
        .world()
        .log
        .iter()
        .filter(|hit| hit.path.ends_with("/urls"))
        .map(|hit| hit.path.contains("train:v0"))
        .collect();
    assert_eq!(pages, [false, true, true, true, true, true]);
}

#[tokio::test]
async fn a_connection_that_stands_still_is_given_up() {
    // Takes connections and never answers
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let api = Api::builder(format!("http://{}", silent.local_addr().unwrap()))
        .system_proxy(false)
        .idle_timeout(Some(Duration::from_millis(1)))
        .retry(client::RetryPolicy {
            attempts: 2,
            base: Duration::ZERO,
            ..client::RetryPolicy::default()
        })
        .build()
        .unwrap();
    let error = api.me().await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
}
