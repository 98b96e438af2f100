//! The server's own requests to Azure Blob Storage, where `SIGNET_TEST_AZURITE` names an Azurite.

use super::{bucket_at, quick, sha256, stores};
use crate::clock::SystemClock;
use crate::ids::IdMaker;
use crate::stores::{Control, PartToComplete, StoredPart};
use bytes::Bytes;
use protocol::bucket::{CredentialPlan, StorePlace};
use protocol::id::{ObjectId, UploadId};
use protocol::{ObjectKey, SecretText};
use std::sync::Arc;

struct Azurite {
    control: Arc<dyn Control>,
    nowhere: Arc<dyn Control>,
    ids: IdMaker,
}

impl Azurite {
    fn named() -> Option<Self> {
        #[expect(
            clippy::disallowed_methods,
            reason = "a setting of tests, not of the server"
        )]
        let path = std::env::var("SIGNET_TEST_AZURITE").ok()?;
        let text = std::fs::read(path).unwrap();
        let named: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let text = |name: &str| named[name].as_str().unwrap().to_owned();
        let plan = CredentialPlan::AccountKey {
            account_key: SecretText::new(text("key")),
        };
        let control = |container: &str| {
            let place = StorePlace::Azure {
                account: text("account"),
                container: container.to_owned(),
                endpoint: Some(text("http")),
            };
            let bucket = bucket_at(place, 1, &plan);
            stores(quick()).control(&bucket).unwrap()
        };
        Some(Self {
            control: control(named["containers"][0].as_str().unwrap()),
            nowhere: control("nowhere"),
            ids: IdMaker::from_os(Arc::new(SystemClock)).unwrap(),
        })
    }

    /// A key that no other test has.
    fn key(&self) -> ObjectKey {
        let id: ObjectId = self.ids.make();
        format!("t/{id}/é #1").parse().unwrap()
    }

    async fn put_parts(&self, key: &ObjectKey, upload: &str, bodies: &[(u32, &'static [u8])]) {
        for (number, body) in bodies {
            let put =
                self.control
                    .put_part(key, upload, *number, Bytes::from_static(body), sha256(body));
            put.await.unwrap();
        }
    }
}

fn to_complete(stored: &[StoredPart]) -> Vec<PartToComplete> {
    let part = |part: &StoredPart| PartToComplete {
        number: part.number,
        etag: part.etag.clone(),
        sha256: sha256(b""),
    };
    stored.iter().map(part).collect()
}

#[tokio::test]
async fn blobs_are_written_looked_at_read_and_deleted() {
    let Some(azurite) = Azurite::named() else {
        return;
    };
    let (control, key, body) = (&azurite.control, azurite.key(), b"{}");
    assert_eq!(control.head(&key).await.unwrap(), None);
    assert_eq!(control.get(&key, 10).await.unwrap(), None);
    let put = control.put(&key, Bytes::from_static(body), sha256(body), "text/plain");
    let written = put.await.unwrap();
    let head = control.head(&key).await.unwrap().unwrap();
    assert_eq!((head.size_bytes, head.upload), (2, None));
    assert_eq!(head.etag, written.etag);
    assert_eq!(control.get(&key, 2).await.unwrap().unwrap(), &body[..]);
    control.discard(&key, "\"0x1\"").await.unwrap();
    assert!(control.head(&key).await.unwrap().is_some());
    control.discard(&key, &head.etag.unwrap()).await.unwrap();
    assert_eq!(control.head(&key).await.unwrap(), None);
    control.delete(&key).await.unwrap();
    control.discard(&key, "\"0x1\"").await.unwrap();
}

#[tokio::test]
async fn a_container_that_is_not_there_is_an_error_and_no_absent_blob() {
    let Some(azurite) = Azurite::named() else {
        return;
    };
    let (nowhere, key) = (&azurite.nowhere, azurite.key());
    for error in [
        nowhere.head(&key).await.unwrap_err(),
        nowhere.get(&key, 10).await.unwrap_err(),
    ] {
        assert_eq!(error.code(), Some("ContainerNotFound"), "{error}");
        assert!(error.request_id().is_some());
    }
}

#[tokio::test]
async fn blocks_become_a_blob_that_says_whose_it_is() {
    let Some(azurite) = Azurite::named() else {
        return;
    };
    let (control, key) = (&azurite.control, azurite.key());
    let [upload, other]: [UploadId; 2] = [azurite.ids.make(), azurite.ids.make()];
    let id = control.create_multipart(&key, upload).await.unwrap();
    let other = control.create_multipart(&key, other).await.unwrap();
    assert_eq!(control.list_parts(&key, &id).await.unwrap(), []);
    azurite
        .put_parts(&key, &id, &[(2, b"two!"), (1, b"one")])
        .await;
    azurite.put_parts(&key, &other, &[(1, b"another's")]).await;
    let stored = control.list_parts(&key, &id).await.unwrap();
    let told: Vec<_> = stored
        .iter()
        .map(|part| (part.number, part.size_bytes, part.sha256))
        .collect();
    assert_eq!(told, [(1, 3, None), (2, 4, None)]);
    let parts = to_complete(&stored);
    let first = control.complete_multipart(&key, &id, &parts).await.unwrap();
    // The answer was lost: asked again, it is the same blob
    let again = control.complete_multipart(&key, &id, &parts).await.unwrap();
    let head = control.head(&key).await.unwrap().unwrap();
    assert_eq!((head.size_bytes, head.upload), (7, Some(upload)));
    assert!([Some(first.etag), Some(again.etag)].contains(&head.etag));
    assert_eq!(control.get(&key, 7).await.unwrap().unwrap(), "onetwo!");
    let error = control.list_parts(&key, &id).await.unwrap_err();
    assert!(error.is_no_such_upload(), "{error}");
    assert_eq!(control.list_uploads("").await.unwrap(), None);
    let enforced = control.enforces_part_checksums(&key, upload).await;
    assert!(!enforced.unwrap());
}

#[tokio::test]
async fn an_upload_that_is_given_up_leaves_no_block_and_takes_no_blob() {
    let Some(azurite) = Azurite::named() else {
        return;
    };
    let (control, key) = (&azurite.control, azurite.key());
    let upload: UploadId = azurite.ids.make();
    let id = control.create_multipart(&key, upload).await.unwrap();
    control.abort_multipart(&key, &id).await.unwrap();
    azurite.put_parts(&key, &id, &[(1, b"one")]).await;
    control.abort_multipart(&key, &id).await.unwrap();
    assert_eq!(control.list_parts(&key, &id).await.unwrap(), []);
    assert_eq!(control.head(&key).await.unwrap(), None);
    // Where a blob is, it stays as it is
    let body = Bytes::from_static(b"there");
    let put = control.put(&key, body, sha256(b"there"), "text/plain");
    put.await.unwrap();
    azurite.put_parts(&key, &id, &[(1, b"one")]).await;
    control.abort_multipart(&key, &id).await.unwrap();
    assert_eq!(control.get(&key, 9).await.unwrap().unwrap(), "there");
    // What it made itself is not undone
    let parts = to_complete(&control.list_parts(&key, &id).await.unwrap());
    control.complete_multipart(&key, &id, &parts).await.unwrap();
    control.abort_multipart(&key, &id).await.unwrap();
    assert_eq!(control.get(&key, 9).await.unwrap().unwrap(), "one");
}
