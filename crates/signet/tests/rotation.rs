//! Transfers that take longer than the credential lives that their URLs are signed with (T17): it is
//! minted anew ahead of its end, and each URL is signed with one that is good.
//!
//! Sessions of roles and Azure's delegated keys are such credentials. What Google's URLs are signed with
//! is the account's key, which does not end.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

#[path = "support/azurite.rs"]
mod azurite;
#[path = "support/sts.rs"]
mod sts;
#[path = "support/line.rs"]
mod support;

use azurite::{Azurite, Delegating};
use client::{Api, GetOptions, NoProgress, Parallelism, PutOptions};
use devstore::{BucketSettings, Credential, DevStore, Scope};
use presign::{Method, Request, Target, Ttl, Window, s3};
use protocol::bucket::{NewBucket, StorePlace};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use sts::{Key, SeaweedFs, Sts};
use support::world::{SIGNET, install_crypto, join, noise, write};
use support::{Sizes, assert_same, tell, write_noise};
use testkit::process::{ADMIN_TOKEN, Broker};
use testkit::proxy::Proxy;

/// Life of every URL, in seconds.
const WINDOW: &str = "5";
/// Life that is said of each credential.
const LIFE: Duration = Duration::from_secs(10);
/// Life of credentials that are used after their end.
const SHORT_LIFE: Duration = Duration::from_secs(6);
/// How long the large file takes at least: longer than two credentials live.
const LARGE_FILE_SECONDS: u64 = 2 * LIFE.as_secs() + 1;
const SMALL_FILES: u64 = 24;
const CONTAINER: &str = "team-vision";
const REGION: &str = "us-east-1";

/// A broker before a store behind a slow line, and a member of the team that has the bucket.
struct Scene {
    proxy: Proxy,
    _broker: Broker,
    api: Api,
}

impl Scene {
    async fn begin(
        store: SocketAddr,
        place: impl Fn(SocketAddr) -> StorePlace,
        plan: Value,
        delegating: Option<&Delegating>,
    ) -> Self {
        install_crypto();
        let proxy = Proxy::before(store).unwrap();
        let mut broker = Broker::new(SIGNET, None).unwrap();
        for kind in ["DOWNLOAD", "PART", "UPLOAD"] {
            broker = broker.with(&format!("SIGNET_URLS__{kind}_SECONDS"), WINDOW);
        }
        for (name, value) in delegating.iter().flat_map(|it| it.environment()) {
            broker = broker.with(name, &value);
        }
        broker.start().unwrap();
        let plan = serde_json::from_value(plan).unwrap();
        let mut bucket = NewBucket::new("vision".parse().unwrap(), place(proxy.address()), plan);
        // Keys of a test open more than one team's root, which the check would find
        bucket.verify = false;
        let token = join(&broker, &bucket, "ada").await;
        let api = match delegating {
            None => broker.api(&token).unwrap(),
            Some(delegating) => delegating.trusted_by(&broker, &token),
        };
        Self {
            proxy,
            _broker: broker,
            api,
        }
    }

    async fn before_s3(store: SocketAddr, container: &str, plan: Value) -> Self {
        let place = |at| StorePlace::s3(format!("http://{at}"), REGION, container);
        Self::begin(store, place, plan, None).await
    }

    async fn before_azurite(delegating: &Delegating) -> Self {
        let place = |at| delegating.place(at);
        let plan = Delegating::plan();
        Self::begin(delegating.address, place, plan, Some(delegating)).await
    }
}

/// Puts and gets for longer than two credentials live. What told the credentials apart that signed what
/// the client asked the store for, by putting and by getting.
async fn moved(scene: &Scene, take_used: impl Fn() -> BTreeSet<String>) -> [BTreeSet<String>; 2] {
    let Scene { proxy, api, .. } = scene;

    let data = tempfile::tempdir().unwrap();
    let large_bytes = Sizes::of_environment().rotated_bytes;
    write_noise(&data.path().join("large.bin"), 1, large_bytes);
    for number in 0..SMALL_FILES {
        let small = noise(10 + number, 1 << 20);
        write(data.path(), &number.to_string(), &small);
    }
    proxy.slow_down(large_bytes / LARGE_FILE_SECONDS);
    let parallelism = Parallelism { parts: 2, files: 4 };
    let artifact: protocol::name::ArtifactRef = "vision/p/c".parse().unwrap();
    take_used();
    let mut put = PutOptions::new(data.path(), artifact.clone());
    put.parallelism = parallelism;
    let begun = Instant::now();
    client::put(api, put, &NoProgress).await.unwrap();
    assert!(begun.elapsed() > 2 * LIFE, "it was no slow line");
    let putting = take_used();

    let copy = tempfile::tempdir().unwrap();
    let mut get = GetOptions::new(artifact, copy.path());
    get.parallelism = parallelism;
    client::get(api, get, &NoProgress).await.unwrap();
    assert_eq!(assert_same(data.path(), copy.path()), SMALL_FILES + 1);
    [putting, take_used()]
}

fn assert_minted_anew(store: &str, [putting, getting]: &[BTreeSet<String>; 2]) {
    tell(&format!(
        "{store}: put with {} credentials, got with {}, each for {} s",
        putting.len(),
        getting.len(),
        LIFE.as_secs()
    ));
    assert!(putting.len() >= 3, "{putting:?}");
    assert!(getting.len() >= 3, "{getting:?}");
}

fn plan(sts: &Sts, role_arn: &str, key: &Key) -> Value {
    json!({
        "plan": "assume-role", "role_arn": role_arn, "session_seconds": 900,
        "access_key_id": key.id, "secret_access_key": key.secret,
        "sts_endpoint": sts.endpoint(),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_outlives_its_credentials_on_s3() {
    let keys: Vec<Key> = (0..100).map(Key::numbered).collect();
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("access.log");
    let mut builder = DevStore::builder(folder.path().join("store"))
        .access_log(&log)
        .listen(([127, 0, 0, 1], 0).into())
        .bucket(BucketSettings::new(CONTAINER));
    for key in &keys {
        let scope = Scope::Buckets(vec![CONTAINER.to_owned()]);
        builder = builder.credential(Credential::new(key.session(None), scope));
    }
    let store = builder.start().await.unwrap();
    let sts = Sts::of_keys(keys, LIFE).await;
    let role = "arn:aws:iam::123456789012:role/signet";
    let plan = plan(&sts, role, &Key::numbered(1_000));
    let address = store.endpoint().strip_prefix("http://").unwrap();
    let scene = Scene::before_s3(address.parse().unwrap(), CONTAINER, plan).await;
    let used = moved(&scene, || scene.proxy.take_access_key_ids()).await;
    assert_minted_anew("S3", &used);
    // The store's own log says the same
    let log = std::fs::read_to_string(log).unwrap();
    for id in used.iter().flatten() {
        assert!(
            log.contains(&format!("X-Amz-Credential={id}%2F")),
            "{id} is not in the log"
        );
    }
}

/// SeaweedFS's own sessions, which it takes no longer than the ten seconds.
#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_outlives_its_credentials_on_seaweedfs() {
    let Some(seaweedfs) = SeaweedFs::find().map(Arc::new) else {
        return;
    };
    let sts = Sts::before(&seaweedfs, LIFE).await;
    let plan = plan(&sts, &seaweedfs.role.role_arn, &seaweedfs.admin);
    let address = seaweedfs.endpoint.strip_prefix("http://").unwrap();
    let container = &seaweedfs.buckets[0].name;
    let scene = Scene::before_s3(address.parse().unwrap(), container, plan).await;
    let used = moved(&scene, || scene.proxy.take_access_key_ids()).await;
    assert_minted_anew("SeaweedFS", &used);
}

/// Keys that Azurite delegates for no longer than the ten seconds.
#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_outlives_its_credentials_on_azurite() {
    let Some(azurite) = Azurite::find() else {
        return;
    };
    install_crypto();
    let delegating = Delegating::before(&azurite, true, Some(LIFE)).await;
    let scene = Scene::before_azurite(&delegating).await;
    let used = moved(&scene, || delegating.take_key_ends()).await;
    assert_minted_anew("Azurite", &used);
    let log = std::fs::read_to_string(azurite.log).unwrap();
    for ends in used.iter().flatten() {
        let ends = ends.replace(':', "%3A");
        assert!(
            log.contains(&format!("ske={ends}&")),
            "{ends} is not in the log"
        );
    }
}

/// A URL that outlives its credential is refused when that has ended, and not before.
#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_has_ended_is_refused_by_s3() {
    install_crypto();
    let ends_at = presign::Timestamp::from_unix_seconds(now() + 3);
    let key = Key::numbered(1);
    let folder = tempfile::tempdir().unwrap();
    let scope = Scope::Buckets(vec![CONTAINER.to_owned()]);
    let store = DevStore::builder(folder.path().join("store"))
        .listen(([127, 0, 0, 1], 0).into())
        .bucket(BucketSettings::new(CONTAINER))
        .credential(Credential::new(key.session(Some(ends_at)), scope))
        .start()
        .await
        .unwrap();
    // Signed as by somebody who does not know when it ends
    let url = signed(store.endpoint(), CONTAINER, key.session(None));
    assert_eq!(put(&url).await.0, 200);
    tokio::time::sleep(Duration::from_secs(4)).await;
    let (status, body) = put(&url).await;
    assert!(
        body.contains("<Code>ExpiredToken</Code>"),
        "{status}: {body}"
    );
    assert_eq!(status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_has_ended_is_refused_by_seaweedfs() {
    let Some(seaweedfs) = SeaweedFs::find().map(Arc::new) else {
        return;
    };
    install_crypto();
    let sts = Sts::before(&seaweedfs, SHORT_LIFE).await;
    let mut broker = Broker::new(SIGNET, None).unwrap();
    broker.start().unwrap();
    let container = &seaweedfs.buckets[0].name;
    let place = StorePlace::s3(&seaweedfs.endpoint, REGION, container);
    let plan = plan(&sts, &seaweedfs.role.role_arn, &seaweedfs.admin);
    let plan = serde_json::from_value(plan).unwrap();
    // The check has sessions minted
    let mut bucket = NewBucket::new("vision".parse().unwrap(), place, plan);
    bucket.verify = false;
    let admin = broker.api(ADMIN_TOKEN).unwrap();
    admin.create_bucket(&bucket).await.unwrap();
    let for_nobody = protocol::bucket::VerifyBucket::default();
    admin
        .verify_bucket(&bucket.name, &for_nobody)
        .await
        .unwrap();
    // One is the server's own, and opens the whole bucket
    let urls = sts.minted().into_iter();
    let urls = urls.map(|key| signed(&seaweedfs.endpoint, container, key.credential()));
    let mut taken = Vec::new();
    for url in urls {
        if put(&url).await.0 == 200 {
            taken.push(url);
        }
    }
    assert!(!taken.is_empty(), "no session was good");
    tokio::time::sleep(SHORT_LIFE + Duration::from_secs(1)).await;
    for url in &taken {
        let (status, body) = put(url).await;
        assert_eq!(status, 403, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_has_ended_is_refused_by_azurite() {
    let Some(azurite) = Azurite::find() else {
        return;
    };
    install_crypto();
    let delegating = Delegating::before(&azurite, true, Some(SHORT_LIFE)).await;
    let scene = Scene::before_azurite(&delegating).await;
    let data = tempfile::tempdir().unwrap();
    write(data.path(), "hello", b"hello");
    let put = PutOptions::new(data.path(), "vision/p/c".parse().unwrap());
    client::put(&scene.api, put, &NoProgress).await.unwrap();
    let key = delegating.keys().pop().unwrap();
    let until = jiff::Timestamp::from_second(now() + 600).unwrap();
    let url = delegating.reading(&key, "nothing", until);
    let http = delegating.http();
    let get = async || {
        let answer = http.get(&url).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    // It is let in, and finds that there is no such object
    let (status, body) = get().await;
    assert_eq!(status, 404, "{body}");
    tokio::time::sleep(SHORT_LIFE + Duration::from_secs(1)).await;
    let (status, body) = get().await;
    assert!(body.contains("<Code>AuthorizationFailure</Code>"), "{body}");
    assert_eq!(status, 403);
}

/// A URL of ten minutes that writes.
fn signed(endpoint: &str, container: &str, key: s3::Credential) -> presign::SignedUrl {
    let endpoint = s3::Endpoint::parse(endpoint, s3::Addressing::Path, container, REGION);
    let request = Request::new(Method::Put, Target::Object("ended"));
    let window = Window {
        from: presign::Timestamp::from_unix_seconds(now()),
        ttl: Ttl::from_seconds(600).unwrap(),
    };
    let signer = s3::Signer::new(endpoint.unwrap(), key);
    signer.sign(&request, window).unwrap()
}

async fn put(url: &presign::SignedUrl) -> (u16, String) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.put(url.expose()).body("hello").send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the store's clock is the machine's"
)]
fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}
