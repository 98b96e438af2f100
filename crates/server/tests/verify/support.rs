//! Buckets, stores to check them on, and what a report must say.

use devstore::{BucketSettings, CorsRule, Credential, DevStore, Scope};
use presign::{Method, Request, Target, Ttl, Window, gcs, s3};
use protocol::admin::State;
use protocol::bucket::{
    AudienceEndpoints, CredentialPlan, Origin, Probe, StorePlace, Verdict, VerifyReport,
};
use protocol::id::BucketId;
use protocol::{SecretText, Timestamp};
use serde::de::DeserializeOwned;
use server::clock::{Clock, SystemClock};
use server::ids::IdMaker;
use server::policy::BucketFacts;
use server::stores::{AddressRules, Check, HttpSettings, SealKeys, Stores, seal, seal_plan};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

pub(crate) const KEY: (&str, &str) = ("AKIAVISION", "the-secret-of-vision");
pub(crate) const GCS_KEY: (&str, &str) = ("GOOG1EVISION", "the-google-secret-of-vision");
pub(crate) const CONTAINER: &str = "vision-data";
pub(crate) const ORIGIN: &str = "https://signet.example.com";

fn keys() -> SealKeys {
    SealKeys::from_bytes("k", &[1; 32]).unwrap()
}

/// How stores are talked to here: at once, and on loopback.
fn settings() -> HttpSettings {
    HttpSettings {
        addresses: AddressRules::default().with_loopback(),
        attempts: 2,
        first_backoff: Duration::from_millis(1),
        request_timeout: Duration::from_secs(5),
        ..HttpSettings::default()
    }
}

pub(crate) fn stores(clock: Arc<dyn Clock>) -> Stores {
    Stores::new(keys(), clock, settings()).unwrap()
}

/// A bucket that is registered nowhere.
pub(crate) fn bucket(place: StorePlace, plan: &CredentialPlan) -> BucketFacts {
    let id = BucketId::from_parts(1, [1; 10]);
    BucketFacts {
        id,
        name: "vision".parse().unwrap(),
        place,
        endpoints: AudienceEndpoints::new(),
        prefix: "signet/".into(),
        state: State::Active,
        default: false,
        plan: plan.kind(),
        identity: plan.identity().into(),
        external_id: None,
        sealed_plan: seal_plan(&keys(), &seal::Place::plan(id, 1), plan)
            .unwrap()
            .into(),
        credential_revision: 1,
        allowed_networks: [].into(),
        capabilities: None,
        created_at: Timestamp::from_unix_seconds(0),
    }
}

/// A bucket of the embedded store, or of what stands before it.
pub(crate) fn s3_at(endpoint: &str) -> BucketFacts {
    s3_by(endpoint, KEY.0, KEY.1)
}

/// The same with another key.
pub(crate) fn s3_by(endpoint: &str, id: &str, secret: &str) -> BucketFacts {
    let place = StorePlace::s3(endpoint, "us-east-1", CONTAINER);
    bucket(place, &CredentialPlan::access_key(id, secret))
}

/// The embedded store's bucket, signed for as Cloud Storage's.
pub(crate) fn gcs_at(endpoint: &str) -> BucketFacts {
    let place = StorePlace::Gcs {
        endpoint: endpoint.to_owned(),
        container: CONTAINER.to_owned(),
        addressing: protocol::bucket::Addressing::Path,
    };
    let plan = CredentialPlan::HmacKey {
        access_id: GCS_KEY.0.to_owned(),
        secret: SecretText::new(GCS_KEY.1),
    };
    bucket(place, &plan)
}

pub(crate) fn check(origins: &[&str]) -> Check {
    let ids = IdMaker::from_os(Arc::new(SystemClock)).unwrap();
    let origins: Vec<Origin> = origins.iter().map(|text| text.parse().unwrap()).collect();
    Check::new(&ids, origins)
}

/// Checks a bucket for pages of [`ORIGIN`].
pub(crate) async fn verify(bucket: BucketFacts) -> VerifyReport {
    verify_at(bucket, Arc::new(SystemClock)).await
}

/// The same by another clock.
pub(crate) async fn verify_at(bucket: BucketFacts, clock: Arc<dyn Clock>) -> VerifyReport {
    let report = stores(clock)
        .check(&Arc::new(bucket), check(&[ORIGIN]))
        .await;
    holds_no_secret(&report);
    report
}

/// T28: neither URLs nor parts of them, nor keys.
pub(crate) fn holds_no_secret(report: &VerifyReport) {
    let text = serde_json::to_string(report).unwrap();
    for secret in [
        "X-Amz-",
        "X-Goog-",
        "sig=",
        "Signature=",
        "x-grant=",
        KEY.1,
        GCS_KEY.1,
    ] {
        assert!(!text.contains(secret), "T28: `{secret}` in {text}");
    }
}

#[track_caller]
pub(crate) fn probe<'r>(report: &'r VerifyReport, name: &str) -> &'r Probe {
    report
        .probes
        .iter()
        .find(|probe| probe.name == name)
        .unwrap_or_else(|| panic!("no probe `{name}`"))
}

/// The probe went so, and the way out says this.
#[track_caller]
pub(crate) fn assert_found(report: &VerifyReport, name: &str, verdict: Verdict, fix: &str) {
    let found = probe(report, name);
    let told = found.fix.as_deref().unwrap_or_default();
    assert!(
        found.verdict == verdict && told.contains(fix),
        "{found:#?}\nof {}",
        shown(report)
    );
}

/// The probe failed, and the way out says this; and the bucket is unfit by that.
#[track_caller]
pub(crate) fn assert_unfit(report: &VerifyReport, name: &str, fix: &str) {
    assert_found(report, name, Verdict::Failed, fix);
    assert_eq!(report.verdict, Verdict::Failed);
    assert_eq!(report.capabilities, None, "what fails proves nothing");
}

/// All that is not as it should be.
pub(crate) fn faults(report: &VerifyReport) -> Vec<&str> {
    report
        .probes
        .iter()
        .filter(|probe| probe.verdict > Verdict::Skipped)
        .map(|probe| probe.name.as_str())
        .collect()
}

/// What was skipped.
pub(crate) fn skipped(report: &VerifyReport) -> Vec<&str> {
    report
        .probes
        .iter()
        .filter(|probe| probe.verdict == Verdict::Skipped)
        .map(|probe| probe.name.as_str())
        .collect()
}

pub(crate) fn shown(report: &VerifyReport) -> String {
    let line = |probe: &Probe| {
        let (name, evidence) = (&probe.name, &probe.evidence);
        format!("{:?} {name}: {evidence} -> {:?}", probe.verdict, probe.fix)
    };
    let lines: Vec<String> = report.probes.iter().map(line).collect();
    lines.join("\n")
}

/// The embedded store.
pub(crate) struct Embedded {
    pub(crate) store: DevStore,
    _folder: TempDir,
}

impl Embedded {
    pub(crate) async fn start() -> Self {
        Self::with(vec![cors()]).await
    }

    pub(crate) async fn with(cors: Vec<CorsRule>) -> Self {
        Self::in_region("us-east-1", cors).await
    }

    pub(crate) async fn in_region(region: &str, cors: Vec<CorsRule>) -> Self {
        let folder = TempDir::new().unwrap();
        let key = s3::Credential::new(KEY.0, KEY.1).unwrap();
        let google = gcs::HmacKey::new(GCS_KEY.0, GCS_KEY.1).unwrap();
        let account =
            include_str!("../../../devstore/tests/data/google_service_account_public.pem");
        let account = gcs::RsaPublicKey::from_pem(account).unwrap();
        let store = DevStore::builder(folder.path())
            .region(region)
            .bucket(BucketSettings {
                cors,
                ..BucketSettings::new(CONTAINER)
            })
            .credential(Credential::new(key, Scope::All))
            .credential(Credential::gcs_hmac(google, Scope::All))
            .credential(Credential::gcs_rsa(SERVICE_ACCOUNT, account, Scope::All))
            .start()
            .await
            .unwrap();
        Self {
            store,
            _folder: folder,
        }
    }

    pub(crate) fn endpoint(&self) -> &str {
        self.store.endpoint()
    }

    /// T25: the keys and open uploads that are in the store, as its own lists tell.
    pub(crate) async fn left(&self) -> String {
        let mut left = String::new();
        for query in [("list-type", "2"), ("uploads", "")] {
            let signer = s3::Signer::new(
                s3::Endpoint::parse(
                    self.endpoint(),
                    s3::Addressing::Path,
                    CONTAINER,
                    "us-east-1",
                )
                .unwrap(),
                s3::Credential::new(KEY.0, KEY.1).unwrap(),
            );
            let request = Request {
                query: &[query],
                ..Request::new(Method::Get, Target::Bucket)
            };
            let window = Window {
                from: presign::Timestamp::from_unix_seconds(SystemClock.now().unix_seconds()),
                ttl: Ttl::from_seconds(60).unwrap(),
            };
            let url = signer.sign(&request, window).unwrap();
            let answer = client().get(url.expose()).send().await.unwrap();
            assert!(answer.status().is_success());
            left += &answer.text().await.unwrap();
        }
        left
    }
}

/// A client that goes nowhere by itself.
pub(crate) fn client() -> reqwest::Client {
    // Fails only when it was done before
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

/// The service account of Google's published vectors.
pub(crate) const SERVICE_ACCOUNT: &str =
    "test-iam-credentials@dummy-project-id.iam.gserviceaccount.com";

/// What pages of [`ORIGIN`] need.
pub(crate) fn cors() -> CorsRule {
    let all = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect();
    CorsRule {
        allowed_origins: all(&[ORIGIN]),
        allowed_methods: all(&["GET", "HEAD", "PUT"]),
        allowed_headers: all(&["*"]),
        expose_headers: all(&["ETag", "x-amz-checksum-sha256"]),
        max_age_seconds: Some(3000),
    }
}

/// The store that the file named by this variable describes; `None` where none runs.
#[expect(clippy::disallowed_methods, reason = "the tests' one setting")]
pub(crate) fn described<T: DeserializeOwned>(variable: &str) -> Option<T> {
    let path = std::env::var(variable).ok()?;
    let text = std::fs::read_to_string(path).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}
