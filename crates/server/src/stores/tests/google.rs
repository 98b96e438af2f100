//! The server's own requests to Cloud Storage, as the embedded store takes them.

use super::{bucket_at, key, quick, sha256, stores};
use crate::stores::{Control, PartToComplete};
use bytes::Bytes;
use devstore::{BucketSettings, Credential, DevStore, Scope};
use presign::gcs::HmacKey;
use protocol::SecretText;
use protocol::bucket::{Addressing, CredentialPlan, StorePlace};
use protocol::id::UploadId;
use std::sync::Arc;
use tempfile::TempDir;

async fn embedded() -> (DevStore, Arc<dyn Control>, TempDir) {
    let folder = TempDir::new().unwrap();
    let store = DevStore::builder(folder.path())
        .bucket(BucketSettings::new("vision-data"))
        .credential(Credential::gcs_hmac(
            HmacKey::new("GOOG1VISION", "the-secret").unwrap(),
            Scope::All,
        ))
        .min_part_bytes(1)
        .start()
        .await
        .unwrap();
    let place = StorePlace::Gcs {
        endpoint: store.endpoint().to_owned(),
        container: "vision-data".to_owned(),
        addressing: Addressing::Path,
    };
    let plan = CredentialPlan::HmacKey {
        access_id: "GOOG1VISION".to_owned(),
        secret: SecretText::new("the-secret"),
    };
    let control = stores(quick())
        .control(&bucket_at(place, 1, &plan))
        .unwrap();
    (store, control, folder)
}

#[tokio::test]
async fn objects_of_google_are_written_looked_at_read_and_deleted() {
    let (_store, control, _folder) = &embedded().await;
    let (key, body) = (key("t/manifests/é #1.json"), b"{}");
    assert_eq!(control.head(&key).await.unwrap(), None);
    let bytes = Bytes::from_static(body);
    let put = |digest| control.put(&key, bytes.clone(), digest, "application/json");
    let error = put(sha256(b"other")).await.unwrap_err();
    assert_eq!(error.code(), Some("BadDigest"), "{error}");
    assert!(error.request_id().is_some());
    put(sha256(body)).await.unwrap();
    let head = control.head(&key).await.unwrap().unwrap();
    // It computes no SHA-256
    assert_eq!((head.size_bytes, head.sha256), (2, None));
    assert_eq!(control.get(&key, 2).await.unwrap().unwrap(), &body[..]);
    control.discard(&key, "\"another\"").await.unwrap();
    assert!(control.head(&key).await.unwrap().is_some());
    control.discard(&key, &head.etag.unwrap()).await.unwrap();
    assert_eq!(control.head(&key).await.unwrap(), None);
    control.delete(&key).await.unwrap();
    control.discard(&key, "\"another\"").await.unwrap();
}

#[tokio::test]
async fn uploads_to_google_are_listed_completed_and_aborted() {
    let (_store, control, _folder) = &embedded().await;
    let key = key("t/files/a b+ü");
    let upload = UploadId::from_parts(1, [1; 10]);
    let id = control.create_multipart(&key, upload).await.unwrap();
    let other = control.create_multipart(&key, upload).await.unwrap();
    let open = control.list_uploads("t/").await.unwrap().unwrap();
    let mut ids: Vec<_> = open.iter().map(|open| &*open.store_upload_id).collect();
    ids.sort_unstable();
    let mut expected = [&*id, &*other];
    expected.sort_unstable();
    assert_eq!(ids, expected);
    assert!(open.iter().all(|open| open.key == key));
    assert_eq!(control.list_uploads("u/").await.unwrap(), Some(Vec::new()));
    control.abort_multipart(&key, &other).await.unwrap();
    control.abort_multipart(&key, &other).await.unwrap();

    for (number, body) in [(1, &b"one"[..]), (2, b"two")] {
        let put = control.put_part(&key, &id, number, body.into(), sha256(body));
        put.await.unwrap();
    }
    let stored = control.list_parts(&key, &id).await.unwrap();
    assert!(stored.iter().all(|part| part.sha256.is_none()));
    let parts: Vec<_> = stored
        .into_iter()
        .map(|part| PartToComplete {
            number: part.number,
            etag: part.etag,
            sha256: sha256(b""),
        })
        .collect();
    control.complete_multipart(&key, &id, &parts).await.unwrap();
    let head = control.head(&key).await.unwrap().unwrap();
    assert_eq!((head.size_bytes, head.upload), (6, Some(upload)));
    assert_eq!(control.list_uploads("").await.unwrap(), Some(Vec::new()));
}

#[tokio::test]
async fn it_is_found_out_that_google_compares_the_bytes() {
    let (_store, control, _folder) = &embedded().await;
    let (key, upload) = (key("t/probe"), UploadId::from_parts(1, [2; 10]));
    let enforced = control.enforces_part_checksums(&key, upload);
    assert!(enforced.await.unwrap());
    assert_eq!(control.list_uploads("").await.unwrap(), Some(Vec::new()));
}
