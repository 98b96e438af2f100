//! Stores that are as they should be.

use crate::support::{
    CONTAINER, Embedded, SERVICE_ACCOUNT, bucket, check, faults, gcs_at, probe, s3_at, shown,
    skipped, stores, verify,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use protocol::SecretText;
use protocol::bucket::{
    Addressing, Attribution, Audience, CredentialPlan, Isolation, NetworkControl, StorePlace,
    Verdict,
};
use server::clock::SystemClock;
use std::sync::Arc;

#[tokio::test]
async fn a_good_s3_bucket_passes_and_proves_what_it_can() {
    let store = Embedded::start().await;
    let report = verify(s3_at(store.endpoint())).await;
    // The embedded store speaks plain HTTP
    assert_eq!(faults(&report), ["tls"], "{}", shown(&report));
    assert_eq!(
        skipped(&report),
        ["isolation", "network", "bucket-policy", "addresses"]
    );
    assert_eq!(report.verdict, Verdict::Warning);
    let proven = report.capabilities.unwrap();
    assert_eq!(proven.checked_at, report.checked_at);
    assert_eq!(proven.isolation, Isolation::BrokerOnly);
    assert_eq!(proven.attribution, Attribution::SignedParameter);
    assert_eq!(proven.network, NetworkControl::BrokerOnly);
    assert!(proven.binds_sha256 && proven.binds_part_sha256 && proven.binds_length);
    assert!(proven.writes_once && proven.multipart);
    assert_eq!(proven.longest_upload_url_seconds, 604_800);
}

#[tokio::test]
async fn a_good_gcs_bucket_passes_with_an_hmac_key_and_with_a_service_account() {
    let store = Embedded::start().await;
    let report = verify(gcs_at(store.endpoint())).await;
    assert_eq!(faults(&report), ["tls"], "{}", shown(&report));
    let proven = report.capabilities.unwrap();
    assert_eq!(proven.attribution, Attribution::AuditParameter);
    assert!(proven.binds_sha256 && proven.binds_length && proven.writes_once && proven.multipart);

    let file = include_str!("../../../devstore/tests/data/google_service_account.json");
    let file: serde_json::Value = serde_json::from_str(file).unwrap();
    let der = file.get("pkcs8_der_base64").unwrap().as_str().unwrap();
    let der = STANDARD.encode(STANDARD.decode(der).unwrap());
    let plan = CredentialPlan::ServiceAccountKey {
        client_email: SERVICE_ACCOUNT.to_owned(),
        private_key: SecretText::new(format!(
            "-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n"
        )),
    };
    let place = StorePlace::Gcs {
        endpoint: store.endpoint().to_owned(),
        container: CONTAINER.to_owned(),
        addressing: Addressing::Path,
    };
    let report = verify(bucket(place, &plan)).await;
    assert_eq!(faults(&report), ["tls"], "{}", shown(&report));
    assert_eq!(
        probe(&report, "refuses.other-secret").verdict,
        Verdict::Skipped
    );
    assert_eq!(
        probe(&report, "refuses.changed-signature").verdict,
        Verdict::Ok
    );
}

#[tokio::test]
async fn evidence_names_status_code_and_the_stores_request_id() {
    let store = Embedded::start().await;
    let report = verify(s3_at(store.endpoint())).await;
    let evidence = &probe(&report, "refuses.changed-signature").evidence;
    let id = evidence.strip_prefix("GET 403 SignatureDoesNotMatch, request id `");
    assert_eq!(id.unwrap().trim_end_matches('`').len(), 16, "{evidence}");
}

#[tokio::test]
async fn without_an_origin_browsers_are_not_asked_for() {
    let store = Embedded::with(Vec::new()).await;
    let bucket = Arc::new(s3_at(store.endpoint()));
    let report = stores(Arc::new(SystemClock))
        .check(&bucket, check(&[]))
        .await;
    for name in ["cors.get", "cors.head", "cors.put", "cors.etag"] {
        let probe = probe(&report, name);
        assert_eq!(probe.verdict, Verdict::Skipped);
        assert!(probe.evidence.contains("server.browser_origins"));
    }
    assert!(report.capabilities.is_some());
}

#[tokio::test]
async fn an_address_of_another_audience_is_tried_too() {
    let store = Embedded::start().await;
    let mut bucket = s3_at(store.endpoint());
    let by_name = store.endpoint().replace("127.0.0.1", "localhost");
    bucket.endpoints.insert(Audience::Browser, by_name);
    let report = verify(bucket).await;
    let probe = probe(&report, "addresses");
    assert_eq!(probe.verdict, Verdict::Ok, "{probe:?}");
    assert!(probe.evidence.starts_with("browser: GET 200"));
}
