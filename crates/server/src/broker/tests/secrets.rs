//! T28, T30: no URL, signature or secret in what is logged, or in any error.

use super::fixture::{Fixture, SECRETS, part_bytes, put_request, request};
use crate::policy::BucketFacts;
use crate::stores::{AddressRules, HttpSettings, SealKeys, Stores, seal, seal_plan};
use parking_lot::Mutex;
use protocol::bucket::{CredentialPlan, StorePlace};
use protocol::transfer::UrlMethod;
use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;

/// Makes a bucket's registration wrong.
type Change = Box<dyn Fn(&mut BucketFacts)>;

/// What must be found nowhere, whatever its case and however it is escaped.
const FORBIDDEN: [&str; 7] = [
    "x-amz-signature",
    "x-amz-credential",
    "x-amz-security-token",
    "signature=",
    "x-grant=",
    "uploadid=",
    "?x-",
];

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn clean(text: &str) {
    let lower = text.to_lowercase().replace(['_', ' '], "-");
    for forbidden in FORBIDDEN {
        assert!(!lower.contains(forbidden), "`{forbidden}` in {text}");
    }
    for secret in SECRETS {
        assert!(!text.contains(secret), "a secret in {text}");
    }
}

/// Everything that an error can show, down to its first cause.
fn shown(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    let shown = causes.map(|cause| format!("{cause} {cause:?} {cause:#?}"));
    shown.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn nothing_that_is_said_gives_a_url_or_a_secret_away() {
    let captured = Captured::default();
    let writer = captured.clone();
    // The store is another program, but for this test: what it logs is its own affair
    let ours = Targets::new()
        .with_default(tracing::Level::TRACE)
        .with_target("s3s", LevelFilter::OFF);
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(move || writer.clone());
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(ours));
    let guard = tracing::subscriber::set_default(subscriber);
    let fixture = Fixture::new().await;
    tracing::info!("the capture works");

    // All that goes well
    assert_eq!(fixture.put("mia", "a", b"a").await.status, 200);
    let urls = fixture
        .urls("mia", request(UrlMethod::Get, "a"))
        .await
        .unwrap();
    clean(&format!("{urls:?} {urls:#?}"));
    let upload = fixture.begin("mia", "large.bin").await.unwrap();
    let signed = fixture.sign("mia", upload.id, &[1]).await.unwrap();
    clean(&format!("{signed:?}"));
    let answer = fixture.send_part(&signed.parts[0], part_bytes(1)).await;
    assert_eq!(answer.status, 200);

    // All that can go wrong
    let mut errors: Vec<Box<dyn Error>> = Vec::new();
    errors.push(Box::new(
        fixture.complete("mia", upload.id).await.unwrap_err(),
    ));
    fixture.store().set_unavailable(true);
    errors.push(Box::new(fixture.begin("mia", "b").await.unwrap_err()));
    errors.push(Box::new(fixture.list("mia", upload.id).await.unwrap_err()));
    fixture.store().set_unavailable(false);
    fixture.ledger.faults().set_unreachable(true);
    errors.push(Box::new(
        fixture
            .urls("mia", put_request("b", b"b"))
            .await
            .unwrap_err(),
    ));
    fixture.ledger.faults().set_unreachable(false);
    let key = format!("{}a", fixture.files(fixture.vision))
        .parse()
        .unwrap();
    let bucket = fixture.bucket(fixture.vision);
    let place = |endpoint: &str, region: &str, container: &str| {
        let place = StorePlace::s3(endpoint, region, container);
        move |bucket: &mut BucketFacts| bucket.place = place.clone()
    };
    let (endpoint, ours) = (bucket.place.endpoint(), bucket.place.container().to_owned());
    let changed: [Change; 5] = [
        Box::new(place("http://127.0.0.1:1", "us-east-1", &ours)),
        Box::new(place("http://user:password@127.0.0.1", "us-east-1", &ours)),
        Box::new(place(&endpoint, "eu-west-9", &ours)),
        Box::new(place(&endpoint, "us-east-1", "language-data")),
        Box::new(|bucket| bucket.sealed_plan = b"\x01\x04test-and-then-not".to_vec().into()),
    ];
    for change in changed {
        let mut bucket = BucketFacts::clone(&bucket);
        change(&mut bucket);
        let outcome = match fixture.stores.control(&Arc::new(bucket)) {
            Ok(control) => control.get(&key, 10).await.map(|_| ()),
            Err(error) => Err(error),
        };
        errors.push(Box::new(outcome.unwrap_err()));
    }
    // Signed with a secret that is not the store's: its answer quotes what was signed
    let mut wrong = BucketFacts::clone(&bucket);
    wrong.credential_revision = 2;
    let plan = CredentialPlan::access_key("AKIAVISION", "another-secret");
    let keys = fixture.stores.seal_keys();
    let sealed = seal_plan(keys, &seal::Place::plan(wrong.id, 2), &plan).unwrap();
    wrong.sealed_plan = sealed.into();
    let control = fixture.stores.control(&Arc::new(wrong)).unwrap();
    let error = control.get(&key, 10).await.unwrap_err();
    assert_eq!(error.code(), Some("SignatureDoesNotMatch"));
    assert!(error.hint().is_some() && error.request_id().is_some());
    errors.push(Box::new(error));
    // A store that never answers
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut bucket = BucketFacts::clone(&bucket);
    let silent = format!("http://{}", silent.local_addr().unwrap());
    bucket.place = bucket.place.at(&silent);
    let settings = HttpSettings {
        addresses: AddressRules::default().with_loopback(),
        request_timeout: Duration::from_millis(20),
        attempts: 1,
        ..HttpSettings::default()
    };
    let keys: SealKeys = fixture.stores.seal_keys().clone();
    let stores = Stores::new(keys, fixture.world.clock.clone(), settings).unwrap();
    let control = stores.control(&Arc::new(bucket.clone())).unwrap();
    errors.push(Box::new(control.get(&key, 10).await.unwrap_err()));

    assert_eq!(errors.len(), 11);
    for error in &errors {
        clean(&shown(error.as_ref()));
    }
    clean(&format!(
        "{:?} {:?} {:?} {bucket:?} {control:?}",
        fixture.broker, fixture.stores, fixture.ledger
    ));
    drop(guard);
    let logged = String::from_utf8(captured.0.lock().clone()).unwrap();
    assert!(logged.contains("the capture works"));
    clean(&logged);
}

#[tokio::test]
async fn the_ledger_keeps_keys_and_grants_but_no_url() {
    let fixture = Fixture::new().await;
    let upload = fixture.begin("mia", "large.bin").await.unwrap();
    fixture.send_parts("mia", upload.id, &[1, 2, 3]).await;
    fixture.complete("mia", upload.id).await.unwrap();
    fixture.urls("mia", put_request("a", b"a")).await.unwrap();
    for action in protocol::audit::Action::ALL {
        for event in fixture.events(*action).await {
            clean(&serde_json::to_string(&event).unwrap());
        }
    }
}
