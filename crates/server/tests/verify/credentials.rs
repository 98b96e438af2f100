//! Credentials that are wrong, or may not do enough.

use crate::between::{Between, Fate, Passing};
use crate::support::{
    CONTAINER, Embedded, GCS_KEY, KEY, assert_found, assert_unfit, bucket, gcs_at, probe, s3_at,
    s3_by, shown, verify,
};
use axum::http::Method;
use protocol::SecretText;
use protocol::bucket::{Addressing, CredentialPlan, StorePlace, Verdict};

#[tokio::test]
async fn a_wrong_secret_is_named() {
    let store = Embedded::start().await;
    let report = verify(s3_by(store.endpoint(), KEY.0, "another-secret")).await;
    assert_unfit(&report, "credential", "check the secret");
    assert_unfit(&report, "put", "check the secret");
    assert!(
        probe(&report, "credential")
            .evidence
            .contains("SignatureDoesNotMatch")
    );
    assert_eq!(probe(&report, "get").verdict, Verdict::Skipped);

    let place = StorePlace::Gcs {
        endpoint: store.endpoint().to_owned(),
        container: CONTAINER.to_owned(),
        addressing: Addressing::Path,
    };
    let plan = CredentialPlan::HmacKey {
        access_id: GCS_KEY.0.to_owned(),
        secret: SecretText::new("another-google-secret"),
    };
    assert_unfit(
        &verify(bucket(place, &plan)).await,
        "credential",
        "check the secret",
    );
}

#[tokio::test]
async fn an_unknown_access_key_is_named() {
    let store = Embedded::start().await;
    let report = verify(s3_by(store.endpoint(), "AKIANOBODY", KEY.1)).await;
    assert_unfit(&report, "credential", "does not know the key; check its id");
}

#[tokio::test]
async fn a_credential_that_does_not_open_is_named() {
    let mut bucket = s3_at("http://127.0.0.1:1");
    bucket.credential_revision = 2;
    let report = verify(bucket).await;
    assert_unfit(&report, "credential", "register the bucket again");
}

#[tokio::test]
async fn a_key_that_may_not_write_is_named() {
    let store = Embedded::start().await;
    let between = Between::denying(store.endpoint(), |asked| {
        asked.method == Method::PUT && !asked.is_multipart()
    })
    .await;
    let report = verify(s3_at(&between.endpoint)).await;
    assert_unfit(&report, "put", "`s3:PutObject`");
    let evidence = &probe(&report, "put").evidence;
    assert_eq!(
        evidence,
        "PUT 403 AccessDenied, request id `4442587FB7D0A2F9`"
    );
    assert_eq!(probe(&report, "tidy").verdict, Verdict::Skipped);
    assert_unfit(
        &verify(gcs_at(&between.endpoint)).await,
        "put",
        "`storage.objects.create`",
    );
}

#[tokio::test]
async fn a_key_that_may_not_read_is_named() {
    let store = Embedded::start().await;
    let between = Between::denying(store.endpoint(), |asked| {
        asked.method == Method::GET && !asked.is_multipart()
    })
    .await;
    let report = verify(s3_at(&between.endpoint)).await;
    assert_unfit(&report, "get", "`s3:GetObject`");
    assert_eq!(probe(&report, "put").verdict, Verdict::Ok);
}

#[tokio::test]
async fn a_key_that_may_not_delete_is_named_and_what_is_left_is_told() {
    let store = Embedded::start().await;
    let between = Between::denying(store.endpoint(), |asked| {
        asked.method == Method::DELETE && !asked.is_multipart()
    })
    .await;
    let report = verify(s3_at(&between.endpoint)).await;
    assert_unfit(&report, "delete", "`s3:DeleteObject`");
    let root = "delete what is left beneath `signet/.signet-check/grt_";
    assert_found(&report, "tidy", Verdict::Warning, root);
    assert_eq!(probe(&report, "multipart.abort").verdict, Verdict::Ok);
}

#[tokio::test]
async fn a_key_without_a_right_on_uploads_in_parts_is_named() {
    let store = Embedded::start().await;
    for (denied, probe, fix) in [
        (Method::POST, "multipart.create", "`s3:PutObject`"),
        (Method::PUT, "multipart.part", "`s3:PutObject`"),
        (
            Method::GET,
            "multipart.list",
            "`s3:ListMultipartUploadParts`",
        ),
        (
            Method::DELETE,
            "multipart.abort",
            "`s3:AbortMultipartUpload`",
        ),
    ] {
        let between = Between::denying(store.endpoint(), move |asked| {
            asked.method == denied && asked.is_multipart()
        })
        .await;
        let report = verify(s3_at(&between.endpoint)).await;
        assert_unfit(&report, probe, fix);
    }
}

/// A store tells only those who may list that there is nothing.
#[tokio::test]
async fn a_key_that_may_not_list_is_a_warning() {
    let store = Embedded::start().await;
    let between = Between::stand(
        store.endpoint(),
        |asked: Passing| Fate::Pass(Box::new(asked)),
        |_, answer| match answer.status().as_u16() {
            404 => crate::between::error(403, "AccessDenied"),
            _ => answer,
        },
    )
    .await;
    let report = verify(s3_at(&between.endpoint)).await;
    assert_found(&report, "absent", Verdict::Warning, "`s3:ListBucket`");
    assert!(report.capabilities.is_some(), "{}", shown(&report));
}
