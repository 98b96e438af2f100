//! Listings over HTTP: what the pages' parameters do.

use presign::{Method, Target};

use crate::support::{Answer, World, etag, sha256};

async fn list(world: &World, query: &[(&str, &str)]) -> Answer {
    let query: Vec<_> = [&[("list-type", "2")], query].concat();
    world
        .send(Method::Get, Target::Bucket, &[], &query, Vec::new())
        .await
}

#[tokio::test]
async fn objects_are_listed_in_pages() {
    let world = World::start().await;
    for key in ["a/1", "a/2", "b", "c/x/1", "c/y"] {
        world
            .put(
                key,
                &[("x-amz-checksum-sha256", &sha256(key.as_bytes()))],
                key.as_bytes(),
            )
            .await
            .ok();
    }
    let all = list(&world, &[]).await.ok();
    assert_eq!(all.elements("Key"), ["a/1", "a/2", "b", "c/x/1", "c/y"]);
    assert_eq!(all.elements("Size"), ["3", "3", "1", "5", "3"]);
    assert_eq!(all.elements("ETag")[2], etag(b"b"));
    assert_eq!(all.elements("ChecksumAlgorithm")[2], "SHA256");
    assert_eq!(all.element("KeyCount").as_deref(), Some("5"));
    assert_eq!(all.element("IsTruncated").as_deref(), Some("false"));
    assert_eq!(
        list(&world, &[("prefix", "c/")]).await.ok().elements("Key"),
        ["c/x/1", "c/y"]
    );
    assert_eq!(
        list(&world, &[("start-after", "a/2")])
            .await
            .ok()
            .elements("Key"),
        ["b", "c/x/1", "c/y"]
    );
    let grouped = list(&world, &[("delimiter", "/")]).await.ok();
    assert_eq!(grouped.elements("Key"), ["b"]);
    // The first is the listing's own prefix
    assert_eq!(grouped.elements("Prefix")[1..], ["a/", "c/"]);
    let mut keys = Vec::new();
    let mut token = None;
    loop {
        let mut query = vec![("max-keys", "2")];
        query.extend(token.as_deref().map(|token| ("continuation-token", token)));
        let page = list(&world, &query).await.ok();
        assert!(page.elements("Key").len() <= 2);
        keys.extend(page.elements("Key"));
        let Some(next) = page.element("NextContinuationToken") else {
            break;
        };
        assert_eq!(page.element("IsTruncated").as_deref(), Some("true"));
        token = Some(next);
    }
    assert_eq!(keys, all.elements("Key"));
    list(&world, &[("continuation-token", "???")])
        .await
        .refused(400, "InvalidArgument");
    list(&world, &[("max-keys", "-1")])
        .await
        .refused(400, "InvalidArgument");
    list(&world, &[("encoding-type", "base64")])
        .await
        .refused(400, "InvalidArgument");
}

#[tokio::test]
async fn open_uploads_are_listed_in_pages() {
    let world = World::start().await;
    let mut opened = Vec::new();
    for key in ["a", "a", "b/1", "b/2"] {
        let target = Target::Object(key);
        let answer = world
            .send(Method::Post, target, &[], &[("uploads", "")], Vec::new())
            .await
            .ok();
        opened.push((key.to_owned(), answer.element("UploadId").unwrap()));
    }
    opened.sort();
    let list = async |query: &[(&str, &str)]| {
        let query: Vec<_> = [&[("uploads", "")], query].concat();
        world
            .send(Method::Get, Target::Bucket, &[], &query, Vec::new())
            .await
            .ok()
    };
    let pairs = |page: &Answer| -> Vec<(String, String)> {
        page.elements("Key")
            .into_iter()
            .zip(page.elements("UploadId"))
            .collect()
    };
    assert_eq!(pairs(&list(&[]).await), opened);
    assert_eq!(pairs(&list(&[("prefix", "b/")]).await), opened[2..]);
    assert_eq!(pairs(&list(&[("key-marker", "a")]).await), opened[2..]);
    let first = list(&[("max-uploads", "1")]).await;
    assert_eq!(first.element("IsTruncated").as_deref(), Some("true"));
    let (key, id) = (
        first.element("NextKeyMarker").unwrap(),
        first.element("NextUploadIdMarker").unwrap(),
    );
    let rest = list(&[("key-marker", &key), ("upload-id-marker", &id)]).await;
    assert_eq!(pairs(&rest), opened[1..]);
}

#[tokio::test]
async fn parts_are_listed_in_pages() {
    let world = World::start().await;
    let key = Target::Object("k");
    let answer = world
        .send(Method::Post, key, &[], &[("uploads", "")], Vec::new())
        .await
        .ok();
    let id = answer.element("UploadId").unwrap();
    for number in ["1", "2", "5"] {
        let query = [("partNumber", number), ("uploadId", id.as_str())];
        world
            .send(Method::Put, key, &[], &query, number.to_owned())
            .await
            .ok();
    }
    let query = [("max-parts", "2"), ("uploadId", id.as_str())];
    let page = world
        .send(Method::Get, key, &[], &query, Vec::new())
        .await
        .ok();
    assert_eq!(page.elements("PartNumber"), ["1", "2"]);
    assert_eq!(page.element("IsTruncated").as_deref(), Some("true"));
    let marker = page.element("NextPartNumberMarker").unwrap();
    let query = [
        ("part-number-marker", marker.as_str()),
        ("uploadId", id.as_str()),
    ];
    let page = world
        .send(Method::Get, key, &[], &query, Vec::new())
        .await
        .ok();
    assert_eq!(page.elements("PartNumber"), ["5"]);
    assert_eq!(page.element("IsTruncated").as_deref(), Some("false"));
}

#[tokio::test]
async fn a_bucket_tells_its_region() {
    let world = World::start().await;
    let head = world
        .send(Method::Head, Target::Bucket, &[], &[], Vec::new())
        .await
        .ok();
    assert_eq!(head.header("x-amz-bucket-region"), Some("us-east-1"));
}
