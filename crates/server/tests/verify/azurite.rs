//! Azurite, where `SIGNET_TEST_AZURITE` describes one.

use crate::support::{
    assert_unfit, bucket, check, described, faults, holds_no_secret, probe, shown, stores,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use protocol::SecretText;
use protocol::bucket::{
    Attribution, CredentialPlan, NetworkControl, StorePlace, Verdict, VerifyReport,
};
use serde::Deserialize;
use server::clock::SystemClock;
use server::policy::BucketFacts;
use std::sync::Arc;

#[derive(Deserialize)]
struct Described {
    http: String,
    https: String,
    account: String,
    key: String,
    containers: Vec<String>,
}

impl Described {
    fn find() -> Option<Self> {
        described("SIGNET_TEST_AZURITE")
    }

    fn bucket(&self, endpoint: &str, container: &str, key: &str) -> BucketFacts {
        let place = StorePlace::Azure {
            account: self.account.clone(),
            container: container.to_owned(),
            endpoint: Some(endpoint.to_owned()),
        };
        let plan = CredentialPlan::AccountKey {
            account_key: SecretText::new(key),
        };
        bucket(place, &plan)
    }
}

async fn verify(bucket: BucketFacts) -> VerifyReport {
    let report = stores(Arc::new(SystemClock))
        .check(&Arc::new(bucket), check(&[]))
        .await;
    holds_no_secret(&report);
    report
}

#[tokio::test]
async fn a_good_container_of_azurite_passes() {
    let Some(store) = Described::find() else {
        return;
    };
    let container = store.containers.first().unwrap();
    let report = verify(store.bucket(&store.http, container, &store.key)).await;
    // It reads `sip`, and takes the URL from everywhere
    assert_eq!(faults(&report), ["tls", "network"], "{}", shown(&report));
    for name in ["binds.sha256", "binds.length", "refuses.added-parameter"] {
        assert_eq!(probe(&report, name).verdict, Verdict::Skipped, "{name}");
    }
    let proven = report.capabilities.unwrap();
    assert_eq!(proven.attribution, Attribution::JoinOnly);
    assert_eq!(proven.network, NetworkControl::BrokerOnly);
    assert!(proven.writes_once && proven.multipart);
    assert!(!proven.binds_sha256 && !proven.binds_part_sha256 && !proven.binds_length);
}

#[tokio::test]
async fn a_wrong_key_of_azurite_is_named() {
    let Some(store) = Described::find() else {
        return;
    };
    let container = store.containers.first().unwrap();
    let key = STANDARD.encode("the key of nobody's account");
    let report = verify(store.bucket(&store.http, container, &key)).await;
    assert_unfit(&report, "credential", "check the account's key");
}

#[tokio::test]
async fn a_missing_container_of_azurite_is_named() {
    let Some(store) = Described::find() else {
        return;
    };
    let report = verify(store.bucket(&store.http, "nowhere", &store.key)).await;
    assert_unfit(&report, "container", "does not exist in the store");
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_named() {
    let Some(store) = Described::find() else {
        return;
    };
    let container = store.containers.first().unwrap();
    let report = verify(store.bucket(&store.https, container, &store.key)).await;
    assert_unfit(&report, "tls", "a certificate for its host");
    let evidence = &probe(&report, "tls").evidence;
    assert!(
        evidence.starts_with("the store's certificate "),
        "{evidence}"
    );
}
