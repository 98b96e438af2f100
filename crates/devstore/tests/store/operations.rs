//! What the store does not do, what it counts, and the faults that tests ask it for.

use std::time::{Duration, Instant};

use devstore::{BucketSettings, Credential, DevStore, Error, Operation, Scope};
use presign::{Method, Target};

use crate::support::{World, key};

const KEY: Target<'_> = Target::Object("k");

#[tokio::test]
async fn what_is_not_implemented_is_refused_and_not_taken_for_something_else() {
    let world = World::start().await;
    for name in [
        "acl",
        "tagging",
        "retention",
        "versionId",
        "attributes",
        "partNumber",
    ] {
        for method in [Method::Get, Method::Put, Method::Delete] {
            let answer = world.send(method, KEY, &[], &[(name, "1")], "x").await;
            answer.refused(501, "NotImplemented");
        }
    }
    for name in ["policy", "cors", "versions", "delete"] {
        let answer = world
            .send(Method::Get, Target::Bucket, &[], &[(name, "")], "")
            .await;
        answer.refused(501, "NotImplemented");
    }
    // The first version of the listing, and making or deleting the bucket
    for method in [Method::Get, Method::Put, Method::Delete, Method::Post] {
        let answer = world.send(method, Target::Bucket, &[], &[], "").await;
        answer.refused(501, "NotImplemented");
    }
    for header in [
        ("x-amz-acl", "public-read"),
        ("x-amz-tagging", "a=b"),
        ("x-amz-copy-source", "/language/k"),
        ("x-amz-storage-class", "GLACIER"),
    ] {
        world
            .put("k", &[header], b"x")
            .await
            .refused(501, "NotImplemented");
    }
    world.get("k").await.refused(404, "NoSuchKey");
    // What every object here has may be asked for, and unknown parameters mean nothing
    world.put("k", &[("x-amz-acl", "private")], b"x").await.ok();
    let query = [("versionId", "null"), ("x-grant", "g"), ("anything", "1")];
    world.send(Method::Get, KEY, &[], &query, "").await.ok();
}

#[tokio::test]
async fn requests_and_bytes_are_counted() {
    let world = World::start().await;
    world.put("k", &[], b"hello").await.ok();
    world
        .put("k", &[("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==")], b"more")
        .await
        .refused(400, "BadDigest");
    world.get("k").await.ok();
    world.get("absent").await;
    let requests = world.store.requests();
    assert_eq!(requests.total(), 4);
    assert_eq!(requests.of(Operation::PutObject), 2);
    assert_eq!(requests.of(Operation::GetObject), 2);
    assert_eq!(requests.received("vision", "k"), 9);
    assert_eq!(requests.received("language", "k"), 0);
}

#[tokio::test]
async fn an_unavailable_store_says_slow_down_until_it_is_back() {
    let world = World::start().await;
    let url = world.url(Method::Put, KEY, &[], &[]);
    world.store.set_unavailable(true);
    world
        .fetch("PUT", &url, &[], "x")
        .await
        .refused(503, "SlowDown");
    world.store.set_unavailable(false);
    world.fetch("PUT", &url, &[], "x").await.ok();
}

#[tokio::test]
async fn latency_is_added_to_every_request() {
    let world = World::start().await;
    world.put("k", &[], b"x").await.ok();
    let latency = Duration::from_millis(40);
    world.store.set_latency(latency);
    let started = Instant::now();
    world.get("k").await.ok();
    assert!(started.elapsed() >= latency);
}

#[tokio::test]
async fn settings_that_contradict_each_other_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = || DevStore::builder(folder.path());
    let credential = |scope| Credential::new(key("AKIA"), scope);
    let error = store()
        .bucket(BucketSettings::new("No"))
        .start()
        .await
        .unwrap_err();
    assert!(matches!(error, Error::InvalidBucketName(name) if name == "No"));
    let twice = store()
        .bucket(BucketSettings::new("one"))
        .bucket(BucketSettings::new("one"));
    assert!(matches!(
        twice.start().await.unwrap_err(),
        Error::DuplicateBucket(_)
    ));
    let twice = store()
        .credential(credential(Scope::All))
        .credential(credential(Scope::All));
    assert!(matches!(
        twice.start().await.unwrap_err(),
        Error::DuplicateCredential(_)
    ));
    let unknown = store().credential(credential(Scope::Buckets(vec!["two".to_owned()])));
    assert!(matches!(
        unknown.start().await.unwrap_err(),
        Error::UnknownBucket { .. }
    ));
    let running = store().start().await.unwrap();
    assert!(matches!(
        store().start().await.unwrap_err(),
        Error::FolderInUse(_)
    ));
    let other = tempfile::tempdir().unwrap();
    let taken = DevStore::builder(other.path()).listen(running.address());
    assert!(matches!(
        taken.start().await.unwrap_err(),
        Error::Listen { .. }
    ));
    running.shutdown().await;
}

#[tokio::test]
async fn nothing_shows_a_secret() {
    let credential = Credential::new(key("AKIAVISION"), Scope::All);
    assert!(!format!("{credential:?}").contains("secret of"));
}
