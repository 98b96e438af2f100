//! Two schemes over one folder: bytes are shared, keys are not.

use presign::{Method, Request, Target, s3};

use super::{KEY, get, googles, hmac, put, refused, send, sign, signer, start, url};
use crate::support::{ORIGIN, sign as sign_s3};

#[tokio::test]
async fn the_bytes_of_an_object_are_the_same_in_both() {
    let world = start().await;
    put(&world, &[("x-goog-meta-run", "7")], b"googles")
        .await
        .ok();
    let answer = world.get("k").await.ok();
    assert_eq!(answer.body, b"googles");
    assert!(answer.header("x-amz-request-id").is_some());
    assert_eq!(answer.header("x-guploader-uploadid"), None);
    assert_eq!(answer.header("x-goog-hash"), None);
    let sum = crate::support::sha256(b"amazons");
    let sum = [("x-amz-checksum-sha256", sum.as_str())];
    world.put("k", &sum, b"amazons").await.ok();
    let answer = get(&world).await.ok();
    assert_eq!(answer.body, b"amazons");
    googles(&answer);
    // No CRC32C was ever made of it
    assert_eq!(super::hashes(&answer), [super::md5(b"amazons")]);
}

#[tokio::test]
async fn uploads_of_one_scheme_do_not_mix_with_parts_of_the_other() {
    let world = start().await;
    let target = Target::Object("k");
    let created = send(&world, Method::Post, KEY, &[], &[("uploads", "")], "").await;
    let googles_id = created.ok().element("UploadId").unwrap();
    let created = world
        .send(Method::Post, target, &[], &[("uploads", "")], "")
        .await;
    let amazons_id = created.ok().element("UploadId").unwrap();
    let part = |id: &str| [("partNumber", "1".to_owned()), ("uploadId", id.to_owned())];
    let query = part(&googles_id);
    let query = query
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let answer = world.send(Method::Put, target, &[], &query, "x").await;
    answer.refused(400, "InvalidRequest");
    let query = part(&amazons_id);
    let query = query
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let answer = send(&world, Method::Put, KEY, &[], &query, "x").await;
    refused(&answer, 400, "InvalidArgument");
    let list = send(
        &world,
        Method::Get,
        Target::Bucket,
        &[],
        &[("uploads", "")],
        "",
    )
    .await;
    let list = list.ok();
    googles(&list);
    assert_eq!(list.elements("UploadId").len(), 2);
}

#[tokio::test]
async fn a_key_of_one_scheme_signs_nothing_in_the_other() {
    let world = super::World::with(|builder| {
        let key = s3::Credential::new("GOOG1VISION", "another secret").unwrap();
        // Of one name, and of one name and secret
        let both = s3::Credential::new("GOOG1ALL", "secret of GOOG1ALL").unwrap();
        let scope = devstore::Scope::All;
        super::credentials(builder)
            .credential(devstore::Credential::new(key, scope.clone()))
            .credential(devstore::Credential::new(both, scope))
    })
    .await;
    put(&world, &[], b"hello").await.ok();
    let request = Request::new(Method::Get, KEY);
    let fetch = async |url: &str| world.fetch("GET", url, &[], "").await;
    let s3_key = |id: &str| crate::support::key(id);

    // A key that the other scheme knows, or both do under other secrets
    let url = sign_s3(
        &world.signer(s3_key("GOOG1LANGUAGE"), "vision", "us-east-1"),
        &request,
    );
    fetch(&url).await.refused(403, "InvalidAccessKeyId");
    let url = sign_s3(
        &world.signer(s3_key("GOOG1VISION"), "vision", "us-east-1"),
        &request,
    );
    fetch(&url).await.refused(403, "SignatureDoesNotMatch");
    let url = sign(&signer(&world, hmac("AKIAVISION"), "vision"), &request);
    refused(&fetch(&url).await, 403, "InvalidAccessKeyId");

    // One key in both: its URLs in the words of the other scheme
    let amazons = sign_s3(
        &world.signer(s3_key("GOOG1ALL"), "vision", "us-east-1"),
        &request,
    );
    let googles = sign(&signer(&world, hmac("GOOG1ALL"), "vision"), &request);
    fetch(&amazons).await.ok();
    fetch(&googles).await.ok();
    let reworded = amazons
        .replace("X-Amz-", "X-Goog-")
        .replace("AWS4-HMAC-SHA256", "GOOG4-HMAC-SHA256")
        .replace(
            "us-east-1%2Fs3%2Faws4_request",
            "auto%2Fstorage%2Fgoog4_request",
        );
    refused(&fetch(&reworded).await, 403, "SignatureDoesNotMatch");
    let reworded = googles
        .replace("X-Goog-", "X-Amz-")
        .replace("GOOG4-HMAC-SHA256", "AWS4-HMAC-SHA256")
        .replace(
            "auto%2Fstorage%2Fgoog4_request",
            "us-east-1%2Fs3%2Faws4_request",
        );
    fetch(&reworded).await.refused(403, "SignatureDoesNotMatch");
    // Both at once
    let query = googles.split_once('?').unwrap().1;
    fetch(&format!("{amazons}&{query}"))
        .await
        .refused(403, "SignatureDoesNotMatch");
}

#[tokio::test]
async fn credentials_of_one_kind_have_names_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let store = devstore::DevStore::builder(folder.path())
        .credential(devstore::Credential::gcs_hmac(
            hmac("GOOG1"),
            devstore::Scope::All,
        ))
        .credential(devstore::Credential::gcs_hmac(
            hmac("GOOG1"),
            devstore::Scope::All,
        ));
    let error = store.start().await.unwrap_err();
    assert!(matches!(error, devstore::Error::DuplicateCredential(id) if id == "GOOG1"));
}

#[tokio::test]
async fn browsers_get_the_buckets_rules() {
    let world = start().await;
    put(&world, &[], b"hello").await.ok();
    let url = url(&world, Method::Get, KEY, &[], &[]);
    let preflight = [("origin", ORIGIN), ("access-control-request-method", "GET")];
    let answer = world.fetch("OPTIONS", &url, &preflight, "").await.ok();
    assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN));
    let answer = world.fetch("GET", &url, &preflight[..1], "").await.ok();
    assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN));
    assert_eq!(answer.header("access-control-expose-headers"), Some("ETag"));
    let evil = [
        ("origin", "https://evil.example.org"),
        ("access-control-request-method", "GET"),
    ];
    let answer = world.fetch("OPTIONS", &url, &evil, "").await;
    refused(&answer, 403, "AccessDenied");
}
