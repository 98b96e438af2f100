//! The server's own requests: against the embedded store, and against stores that misbehave.

mod azurite;
mod google;
mod reach;

use super::{
    AddressRules, Cause, Control, Error, HttpSettings, Purpose, SealKeys, StoredChecksum, Stores,
    seal, seal_plan,
};
use crate::clock::SystemClock;
use crate::db::bucket::BucketRow;
use crate::directory::testing::bucket_row;
use crate::policy::BucketFacts;
use aws_lc_rs::digest;
use bytes::Bytes;
use devstore::{BucketSettings, Credential, DevStore, Operation, Scope};
use presign::s3;
use protocol::bucket::{
    Attribution, Capabilities, CredentialPlan, Isolation, NetworkControl, StorePlace,
};
use protocol::id::{BucketId, UploadId};
use protocol::{ObjectKey, Sha256Digest, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const SECRET: &str = "the-secret";

fn keys() -> SealKeys {
    SealKeys::from_bytes("k", &[1; 32]).unwrap()
}

fn bucket(endpoint: &str) -> Arc<BucketFacts> {
    bucket_with(
        endpoint,
        1,
        &CredentialPlan::access_key("AKIAVISION", SECRET),
    )
}

fn bucket_with(endpoint: &str, revision: i64, plan: &CredentialPlan) -> Arc<BucketFacts> {
    let place = StorePlace::s3(endpoint, "us-east-1", "vision-data");
    bucket_at(place, revision, plan)
}

fn bucket_at(place: StorePlace, revision: i64, plan: &CredentialPlan) -> Arc<BucketFacts> {
    let id = BucketId::from_parts(1, [1; 10]);
    let row = BucketRow {
        place,
        sealed_plan: seal_plan(&keys(), &seal::Place::plan(id, revision), plan).unwrap(),
        credential_revision: revision,
        ..bucket_row(id, "vision", false)
    };
    Arc::new(row.into())
}

fn stores(settings: HttpSettings) -> Stores {
    Stores::new(keys(), Arc::new(SystemClock), settings).unwrap()
}

fn quick() -> HttpSettings {
    HttpSettings {
        addresses: AddressRules::default().with_loopback(),
        attempts: 3,
        first_backoff: Duration::from_millis(1),
        ..HttpSettings::default()
    }
}

struct Embedded {
    store: DevStore,
    control: Arc<dyn Control>,
    _folder: TempDir,
}

async fn embedded(min_part_bytes: u64) -> Embedded {
    let folder = TempDir::new().unwrap();
    let key = s3::Credential::new("AKIAVISION", SECRET).unwrap();
    let store = DevStore::builder(folder.path())
        .bucket(BucketSettings::new("vision-data"))
        .credential(Credential::new(key, Scope::All))
        .min_part_bytes(min_part_bytes)
        .start()
        .await
        .unwrap();
    let control = stores(quick()).control(&bucket(store.endpoint())).unwrap();
    Embedded {
        store,
        control,
        _folder: folder,
    }
}

fn key(text: &str) -> ObjectKey {
    text.parse().unwrap()
}

fn sha256(bytes: &[u8]) -> Sha256Digest {
    let digest = digest::digest(&digest::SHA256, bytes);
    Sha256Digest::from_bytes(digest.as_ref().try_into().unwrap())
}

#[tokio::test]
async fn objects_are_written_looked_at_read_and_deleted() {
    let Embedded { control, .. } = &embedded(1).await;
    let (key, body) = (key("t/manifests/é #1.json"), b"{}");
    assert_eq!(control.head(&key).await.unwrap(), None);
    assert_eq!(control.get(&key, 10).await.unwrap(), None);
    let bytes = Bytes::from_static(body);
    let written = control
        .put(&key, bytes.clone(), sha256(body), "application/json")
        .await
        .unwrap();
    let head = control.head(&key).await.unwrap().unwrap();
    assert_eq!((head.size_bytes, head.upload), (2, None));
    assert_eq!(head.etag, written.etag);
    assert_eq!(head.sha256, Some(StoredChecksum::Whole(sha256(body))));
    assert_eq!(control.get(&key, 2).await.unwrap().unwrap(), &body[..]);
    let error = control.get(&key, 1).await.unwrap_err();
    assert!(matches!(error, Error::Unexpected { .. }), "{error:?}");
    // What is damaged on its way is not taken
    let error = control
        .put(&key, bytes, sha256(b"other"), "application/json")
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::Refused { status: 400, .. }),
        "{error:?}"
    );
    control.delete(&key).await.unwrap();
    control.delete(&key).await.unwrap();
    assert_eq!(control.head(&key).await.unwrap(), None);
}

#[tokio::test]
async fn a_list_of_parts_is_read_to_its_end() {
    let Embedded { control, store, .. } = &embedded(1).await;
    let key = key("t/objects/1");
    let upload = UploadId::from_parts(1, [1; 10]);
    let id = control.create_multipart(&key, upload).await.unwrap();
    assert_eq!(control.list_parts(&key, &id).await.unwrap(), []);
    for number in 1..=1_001_u32 {
        let body = number.to_be_bytes();
        control
            .put_part(
                &key,
                &id,
                number,
                Bytes::copy_from_slice(&body),
                sha256(&body),
            )
            .await
            .unwrap();
    }
    let parts = control.list_parts(&key, &id).await.unwrap();
    let numbers: Vec<u32> = parts.iter().map(|part| part.number).collect();
    assert_eq!(numbers, (1..=1_001).collect::<Vec<_>>());
    let told = parts.iter().all(|part| {
        part.size_bytes == 4 && part.sha256 == Some(sha256(&part.number.to_be_bytes()))
    });
    assert!(told);
    assert_eq!(store.requests().of(Operation::ListParts), 3);
    control.abort_multipart(&key, &id).await.unwrap();
    control.abort_multipart(&key, &id).await.unwrap();
    let error = control.list_parts(&key, &id).await.unwrap_err();
    assert!(error.is_no_such_upload(), "{error:?}");
}

#[tokio::test]
async fn a_store_that_checks_parts_is_found_out_to_and_asked_once() {
    let Embedded { control, store, .. } = &embedded(1).await;
    let (key, upload) = (key("t/probe"), UploadId::from_parts(1, [1; 10]));
    for _ in 0..3 {
        assert!(control.enforces_part_checksums(&key, upload).await.unwrap());
    }
    let requests = store.requests();
    assert_eq!(requests.of(Operation::UploadPart), 1);
    assert_eq!(requests.of(Operation::AbortUpload), 1);
    assert_eq!(control.head(&key).await.unwrap(), None);
}

/// What the live check finds of a store as it should be whose URLs hold to no network.
fn proven(checked_at: Timestamp) -> Capabilities {
    Capabilities {
        checked_at,
        isolation: Isolation::BrokerOnly,
        attribution: Attribution::SignedParameter,
        network: NetworkControl::BrokerOnly,
        binds_sha256: true,
        binds_part_sha256: true,
        binds_length: true,
        writes_once: true,
        multipart: true,
        longest_upload_url_seconds: 604_800,
        max_signature_age_seconds: None,
    }
}

#[tokio::test]
async fn what_the_live_check_found_is_not_tried_out_again() {
    let Embedded { store, .. } = &embedded(1).await;
    let stores = stores(quick());
    for found in [false, true] {
        let mut bucket = BucketFacts::clone(&bucket(store.endpoint()));
        bucket.capabilities = Some(Capabilities {
            binds_sha256: found,
            binds_part_sha256: found,
            ..proven(bucket.created_at)
        });
        let control = stores.control(&Arc::new(bucket)).unwrap();
        let (key, upload) = (key("t/probe"), UploadId::from_parts(1, [1; 10]));
        let enforced = control.enforces_part_checksums(&key, upload).await;
        assert_eq!(enforced.unwrap(), found);
    }
    assert_eq!(store.requests().total(), 0);
}

#[tokio::test]
async fn a_store_that_is_overloaded_is_asked_again_a_bounded_number_of_times() {
    let Embedded { control, store, .. } = &embedded(1).await;
    store.set_unavailable(true);
    let error = control.head(&key("a")).await.unwrap_err();
    let Error::Unavailable {
        cause: Cause::Status { status, .. },
        ..
    } = error
    else {
        panic!("{error:?}");
    };
    assert_eq!(status, 503);
    assert_eq!(store.requests().total(), 3);
    store.set_unavailable(false);
    assert_eq!(control.head(&key("a")).await.unwrap(), None);
}

#[tokio::test]
async fn what_a_store_refuses_is_not_asked_again_and_says_what_to_do() {
    let Embedded { store, .. } = &embedded(1).await;
    let stores = stores(quick());
    let nobody = CredentialPlan::access_key("AKIANOBODY", SECRET);
    let control = stores
        .control(&bucket_with(store.endpoint(), 1, &nobody))
        .unwrap();
    let error = control.list_parts(&key("a"), "x").await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidAccessKeyId"));
    assert!(error.hint().unwrap().contains("credential"));
    assert!(error.request_id().is_some());
    assert_eq!(store.requests().total(), 1);
    let mut wrong = BucketFacts::clone(&bucket(store.endpoint()));
    wrong.place = StorePlace::s3(store.endpoint(), "us-east-1", "nowhere");
    let control = stores.control(&Arc::new(wrong)).unwrap();
    let error = control.list_parts(&key("a"), "x").await.unwrap_err();
    assert_eq!(error.code(), Some("NoSuchBucket"));
}

#[tokio::test]
async fn a_store_that_is_not_there_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let silent = HttpSettings {
        request_timeout: Duration::from_millis(20),
        ..quick()
    };
    let bucket = bucket(&format!("http://{address}"));
    let control = stores(silent).control(&bucket).unwrap();
    let error = control.head(&key("a")).await.unwrap_err();
    let Error::Unavailable { cause, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!(cause, Cause::Timeout);
    drop(listener);
    let control = stores(quick()).control(&bucket).unwrap();
    let error = control.head(&key("a")).await.unwrap_err();
    let Error::Unavailable { cause, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!(cause, Cause::Connect);
}

/// What `ask` says of a store that answers with this, whatever it is asked.
async fn answered<T>(
    answer: &'static str,
    ask: impl AsyncFnOnce(&dyn Control) -> Result<T, Error>,
) -> Result<T, Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let bucket = bucket(&format!("http://{}", listener.local_addr().unwrap()));
    let control = stores(quick()).control(&bucket).unwrap();
    let serve = async {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 8192];
            let _ = stream.read(&mut request).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    };
    tokio::select! {
        done = ask(&*control) => done,
        () = serve => unreachable!("it serves for ever"),
    }
}

#[tokio::test]
async fn nobody_is_followed_elsewhere() {
    let answer = "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:9/\r\n\
                  content-length: 0\r\nconnection: close\r\n\r\n";
    let error = answered(answer, async |control| control.head(&key("a")).await)
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::Refused { status: 307, .. }),
        "{error:?}"
    );
    assert!(error.hint().unwrap().contains("endpoint"));
}

#[tokio::test]
async fn an_error_behind_a_status_of_success_is_an_error() {
    let answer = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n\
                  <?xml version=\"1.0\"?>\n<Error><Code>InvalidPart</Code></Error>";
    let error = answered(answer, async |control| {
        control.complete_multipart(&key("a"), "x", &[]).await
    })
    .await
    .unwrap_err();
    assert_eq!(error.code(), Some("InvalidPart"));
}

#[tokio::test]
async fn what_is_not_s3_is_not_taken_for_it() {
    let page = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<html>Welcome</html>";
    let error = answered(page, async |control| {
        let upload = UploadId::from_parts(1, [1; 10]);
        control.create_multipart(&key("a"), upload).await
    })
    .await
    .unwrap_err();
    assert!(matches!(error, Error::Unexpected { .. }), "{error:?}");
    let error = answered(page, async |control| {
        control.list_parts(&key("a"), "x").await
    })
    .await
    .unwrap_err();
    assert!(matches!(error, Error::Unexpected { .. }), "{error:?}");
    let endless = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n<ListPartsResult><IsTruncated>true</IsTruncated></ListPartsResult>";
    let error = answered(endless, async |control| {
        control.list_parts(&key("a"), "x").await
    })
    .await
    .unwrap_err();
    assert!(matches!(error, Error::Unexpected { .. }), "{error:?}");
}

#[tokio::test]
async fn a_credential_is_opened_once_and_again_when_it_changes() {
    let stores = stores(quick());
    let bucket = bucket("http://127.0.0.1:1");
    let first = stores.control(&bucket).unwrap();
    assert!(Arc::ptr_eq(&first, &stores.control(&bucket).unwrap()));
    // Another revision cannot be passed off with the old seal
    let mut moved = BucketFacts::clone(&bucket);
    moved.credential_revision = 2;
    assert!(matches!(
        stores.control(&Arc::new(moved)),
        Err(Error::Sealed(_))
    ));
    let renewed = CredentialPlan::access_key("AKIARENEWED", "renewed");
    let bucket = bucket_with("http://127.0.0.1:1", 2, &renewed);
    let signer = stores.signer(&bucket, Purpose::default()).await.unwrap();
    assert_eq!(signer.access_key_id(), "AKIARENEWED");
    assert!(!Arc::ptr_eq(&first, &stores.control(&bucket).unwrap()));
    let shown = format!("{stores:?} {signer:?} {:?}", stores.control(&bucket));
    assert!(
        !shown.contains("renewed") && !shown.contains(SECRET),
        "{shown}"
    );
}

/// What `ListParts` says of a store that answers with these parts.
async fn listed(parts: &'static str) -> Result<Vec<(u32, String)>, Error> {
    let body = format!("<ListPartsResult>{parts}</ListPartsResult>");
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let listed = answered(answer.leak(), async |control| {
        control.list_parts(&key("a"), "u").await
    });
    let parts = listed.await?.into_iter();
    Ok(parts
        .map(|part| (part.number, part.etag.into_string()))
        .collect())
}

#[tokio::test]
async fn of_a_part_that_is_listed_twice_the_newer_counts() {
    let twice = "<Part><PartNumber>1</PartNumber><ETag>a</ETag><Size>1</Size></Part>\
        <Part><PartNumber>2</PartNumber><LastModified>2026-11-27T06:00:01Z</LastModified><ETag>b</ETag><Size>1</Size></Part>\
        <Part><PartNumber>2</PartNumber><LastModified>2026-11-27T06:00:02Z</LastModified><ETag>c</ETag><Size>1</Size></Part>\
        <Part><PartNumber>2</PartNumber><LastModified>2026-11-27T06:00:00Z</LastModified><ETag>d</ETag><Size>1</Size></Part>";
    let expected = [(1, "a".to_owned()), (2, "c".to_owned())];
    assert_eq!(listed(twice).await.unwrap(), expected);
    let back = "<Part><PartNumber>2</PartNumber><ETag>a</ETag><Size>1</Size></Part>\
        <Part><PartNumber>1</PartNumber><ETag>b</ETag><Size>1</Size></Part>";
    let error = listed(back).await.unwrap_err();
    assert!(matches!(error, Error::Unexpected { .. }), "{error:?}");
}
