//! Objects put, read and deleted, and what answers say of them.

use presign::{Method, Request, Target};

use super::{
    KEY, crc32c, get, googles, hashes, keys, md5, put, refused, send, sign, signer, start,
};
use crate::support::etag;

const BODY: &[u8] = b"hello, world";

#[tokio::test]
async fn an_object_lives_with_either_kind_of_key() {
    for key in keys() {
        let world = start().await;
        let signer = signer(&world, key, "vision");
        let target = Target::Object("a b/ü+~");
        let url = |method| sign(&signer, &Request::new(method, target));
        let fetch = async |method: Method, headers: &[(&str, &str)], body: &[u8]| {
            let method_name = method.as_str();
            let answer = world
                .fetch(method_name, &url(method), headers, body.to_vec())
                .await;
            googles(&answer);
            answer
        };
        let put = fetch(Method::Put, &[], BODY).await.ok();
        assert_eq!(put.header("etag"), Some(&*etag(BODY)));
        let get = fetch(Method::Get, &[], b"").await.ok();
        assert_eq!(get.body, BODY);
        let head = fetch(Method::Head, &[], b"").await.ok();
        for answer in [&put, &get, &head] {
            assert_eq!(hashes(answer), [crc32c(BODY), md5(BODY)]);
            assert_eq!(answer.header("x-goog-stored-content-length"), Some("12"));
        }
        for answer in [&get, &head] {
            assert_eq!(
                answer.header("content-type"),
                Some("application/octet-stream")
            );
            assert_eq!(answer.header("content-length"), Some("12"));
        }
        let range = fetch(Method::Get, &[("range", "bytes=7-")], b"").await;
        assert_eq!((range.status, range.body.as_slice()), (206, &b"world"[..]));
        assert_eq!(range.header("content-range"), Some("bytes 7-11/12"));
        // Of the object, whatever part of it is sent
        assert_eq!(hashes(&range), [crc32c(BODY), md5(BODY)]);
        assert_eq!(range.header("x-goog-stored-content-length"), Some("12"));
        let beyond = fetch(Method::Get, &[("range", "bytes=12-")], b"").await;
        refused(&beyond, 416, "InvalidRange");
        assert_eq!(fetch(Method::Delete, &[], b"").await.ok().status, 204);
        refused(&fetch(Method::Get, &[], b"").await, 404, "NoSuchKey");
        assert_eq!(fetch(Method::Head, &[], b"").await.status, 404);
        // Unlike S3
        refused(&fetch(Method::Delete, &[], b"").await, 404, "NoSuchKey");
    }
}

#[tokio::test]
async fn headers_and_metadata_come_back() {
    let world = start().await;
    let headers = [
        ("cache-control", "no-store"),
        ("content-disposition", "inline"),
        ("content-type", "text/csv"),
        ("x-goog-meta-run", "7"),
        ("x-goog-meta-who", "a b"),
    ];
    put(&world, &headers, BODY).await.ok();
    for method in [Method::Get, Method::Head] {
        let answer = send(&world, method, KEY, &[], &[], "").await.ok();
        for (name, value) in headers {
            assert_eq!(answer.header(name), Some(value));
        }
        googles(&answer);
        let query = [
            (
                "response-content-disposition",
                "attachment; filename=\"a.csv\"",
            ),
            ("response-content-type", "text/plain"),
        ];
        let answer = send(&world, method, KEY, &[], &query, "").await.ok();
        assert_eq!(
            ["content-disposition", "content-type"].map(|name| answer.header(name)),
            query.map(|(_, value)| Some(value))
        );
    }
}

#[tokio::test]
async fn conditions_of_reads_hold() {
    let world = start().await;
    put(&world, &[], BODY).await.ok();
    let url = super::url(&world, Method::Get, KEY, &[], &[]);
    let (tag, other) = (etag(BODY), etag(b"other"));
    for (name, value, status) in [
        ("if-match", &tag, 200),
        ("if-match", &other, 412),
        ("if-none-match", &tag, 304),
        ("if-none-match", &other, 200),
    ] {
        let answer = world.fetch("GET", &url, &[(name, value)], "").await;
        assert_eq!(answer.status, status, "{name}: {value}");
        googles(&answer);
    }
}

#[tokio::test]
async fn objects_are_listed_without_checksums() {
    let world = start().await;
    put(&world, &[], BODY).await.ok();
    let query = [("list-type", "2")];
    let list = send(&world, Method::Get, Target::Bucket, &[], &query, "").await;
    let list = list.ok();
    googles(&list);
    let head = send(&world, Method::Head, Target::Bucket, &[], &[], "").await;
    googles(&head.ok());
    assert_eq!(list.elements("Key"), ["k"]);
    assert_eq!(list.elements("ETag"), [etag(BODY)]);
    assert_eq!(get(&world).await.ok().body, BODY);
}

#[tokio::test]
async fn objects_are_the_same_after_a_restart() {
    let world = start().await;
    put(&world, &[("x-goog-meta-run", "7")], BODY).await.ok();
    let before = get(&world).await.ok();
    let world = world.restart_with(super::credentials).await;
    let after = get(&world).await.ok();
    assert_eq!(after.body, BODY);
    assert_eq!(hashes(&after), hashes(&before));
    assert_eq!(after.header("x-goog-meta-run"), Some("7"));
}
