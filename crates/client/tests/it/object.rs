//! Plain objects, up and down.

use crate::fake::{Content, Fake, Fault, Hit};
use crate::put::{MIB, pattern};
use client::{Api, Error, GetObjectOptions, GetObjectOutcome, NoProgress, PutObjectOptions};
use http::Method;
use std::fs;
use std::path::Path;
use std::sync::Arc;

const KEY: &str = "runs/7/step 100 #?%2F+.pt";

async fn put(api: &Api, source: &Path) -> client::Result<client::PutObjectOutcome> {
    let options = PutObjectOptions::new(source, "vision".parse().unwrap(), KEY.parse().unwrap());
    client::put_object(api, options, &NoProgress).await
}

async fn get(api: &Api, target: &Path) -> client::Result<GetObjectOutcome> {
    let options = GetObjectOptions::new("vision".parse().unwrap(), KEY.parse().unwrap(), target);
    client::get_object(api, options, &NoProgress).await
}

fn is_put(hit: &Hit) -> bool {
    hit.is_store() && hit.method == Method::PUT
}

#[tokio::test]
async fn an_object_comes_back_as_it_went() {
    for size in [0, 1, 3 * MIB, 33 * MIB + 1] {
        let fake = Fake::start();
        let api = fake.api();
        let dir = tempfile::tempdir().unwrap();
        let (source, target) = (dir.path().join("source"), dir.path().join("target"));
        fs::write(&source, pattern(1, size)).unwrap();
        let there = put(&api, &source).await.unwrap();
        assert_eq!(there.uploaded_bytes, size as u64);
        assert_eq!(there.object.is_some(), size > 32 * MIB);
        let back = get(&api, &target).await.unwrap();
        assert_eq!(back.size_bytes, size as u64);
        assert!(back.verified);
        assert!(fs::read(&target).unwrap() == fs::read(&source).unwrap());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
        assert!(fake.world().contents.contains_key(&format!("files/{KEY}")));
    }
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_there_is_not_overwritten_unless_it_is_our_own() {
    let fake = Fake::start();
    let api = fake.api();
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    fs::write(&source, b"mine").unwrap();
    put(&api, &source).await.unwrap();
    let error = put(&api, &source).await.unwrap_err();
    assert_eq!(error.status(), Some(412));

    // The answer to a PUT that succeeded was lost: the next attempt finds our own object
    fake.world()
        .fault(1, Fault::Status(500, "InternalError"), is_put);
    put(&api, &source).await.unwrap();

    fs::write(&source, b"other").unwrap();
    fake.world()
        .fault(1, Fault::Status(500, "InternalError"), is_put);
    assert_eq!(put(&api, &source).await.unwrap_err().status(), Some(412));
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_replaced_meanwhile_is_noticed() {
    let fake = Fake::start();
    let api = fake.api();
    let dir = tempfile::tempdir().unwrap();
    let (source, target) = (dir.path().join("source"), dir.path().join("target"));
    fs::write(&source, pattern(1, 2 * MIB)).unwrap();
    put(&api, &source).await.unwrap();
    fake.world()
        .fault(1, Fault::Cut(MIB), |hit| hit.method == Method::GET);
    let progress = crate::put::Stop::after(1);
    let options = GetObjectOptions::new("vision".parse().unwrap(), KEY.parse().unwrap(), &target);
    let getting = client::get_object(&api, options, &progress);
    let replacing = async {
        progress.reached().await;
        let key = format!("files/{KEY}");
        let mut world = fake.world();
        world.etags.insert(key.clone(), 1);
        world
            .contents
            .insert(key, Content::Bytes(Arc::new(pattern(2, 2 * MIB))));
    };
    let (got, ()) = tokio::join!(getting, replacing);
    let error = got.unwrap_err();
    assert!(matches!(error, Error::Replaced { .. }), "{error}");
    assert!(!target.exists());
}

#[tokio::test]
async fn the_expected_digest_is_compared() {
    let fake = Fake::start();
    let api = fake.api();
    let dir = tempfile::tempdir().unwrap();
    let (source, target) = (dir.path().join("source"), dir.path().join("target"));
    fs::write(&source, b"1").unwrap();
    put(&api, &source).await.unwrap();
    let mut options =
        GetObjectOptions::new("vision".parse().unwrap(), KEY.parse().unwrap(), &target);
    // MD5 of `1`, and of nothing
    options.expected = Some("md5:c4ca4238a0b923820dcc509a6f75849b".parse().unwrap());
    let got = client::get_object(&api, options.clone(), &NoProgress)
        .await
        .unwrap();
    assert!(got.verified);
    fs::remove_file(&target).unwrap();
    options.expected = Some("md5:d41d8cd98f00b204e9800998ecf8427e".parse().unwrap());
    let error = client::get_object(&api, options, &NoProgress)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::DigestMismatch { .. }), "{error}");
    assert!(!target.exists());
}

#[tokio::test(start_paused = true)]
async fn a_refused_url_is_replaced_here_too() {
    let fake = Fake::start();
    let api = fake.api();
    fake.world().expired.insert(1);
    fake.world().expired.insert(3);
    let dir = tempfile::tempdir().unwrap();
    let (source, target) = (dir.path().join("source"), dir.path().join("target"));
    fs::write(&source, b"1").unwrap();
    put(&api, &source).await.unwrap();
    get(&api, &target).await.unwrap();
    let used: Vec<_> = fake
        .world()
        .log
        .iter()
        .filter_map(|hit| hit.signature)
        .collect();
    assert_eq!(used, [1, 2, 3, 4]);
}
