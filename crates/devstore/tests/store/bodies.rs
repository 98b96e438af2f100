//! Bodies that are not what they were said to be leave nothing behind.

use presign::{Method, Target};

use crate::support::{World, bytes, etag, md5, sha256};

const KEY: Target<'_> = Target::Object("k");
const CREATE_SHA256: [(&str, &str); 1] = [("x-amz-checksum-algorithm", "SHA256")];

/// The check values of "123456789", big-endian, in base64.
const DIGITS: &[u8] = b"123456789";
const CRC32: &str = "y/Q5Jg==";
const CRC32C: &str = "4waSgw==";
const CRC64NVME: &str = "rosUhgp5mIg=";
const SHA1: &str = "98O8HYCOBHMq32eZZczDTKeuNEE=";

#[tokio::test]
async fn a_single_put_is_compared_with_each_digest() {
    let world = World::start().await;
    let (md5, sha256) = (md5(DIGITS), sha256(DIGITS));
    for (name, value) in [
        ("content-md5", md5.as_str()),
        ("x-amz-checksum-sha256", &sha256),
        ("x-amz-checksum-crc32", CRC32),
        ("x-amz-checksum-crc32c", CRC32C),
        ("x-amz-checksum-crc64nvme", CRC64NVME),
        ("x-amz-checksum-sha1", SHA1),
    ] {
        let key = Target::Object(name);
        let url = world.url(Method::Put, key, &[(name, value)], &[]);
        let put = async |body: &[u8]| {
            world
                .fetch("PUT", &url, &[(name, value)], body.to_vec())
                .await
        };
        for wrong in [&b"12345678"[..], b"", b"123456780", b"1234567890"] {
            put(wrong).await.refused(400, "BadDigest");
            world.get(name).await.refused(404, "NoSuchKey");
        }
        assert!(world.data_files("vision").is_empty());
        let stored = put(DIGITS).await.ok();
        assert_eq!(stored.header("etag"), Some(etag(DIGITS).as_str()));
        // What is there stays when an overwrite fails
        put(b"other").await.refused(400, "BadDigest");
        let mode = [("x-amz-checksum-mode", "ENABLED")];
        for (headers, query) in [(&mode[..], &[][..]), (&[], &mode)] {
            let head = world
                .send(Method::Head, key, headers, query, Vec::new())
                .await
                .ok();
            assert_eq!(head.header("content-length"), Some("9"));
            if name != "content-md5" {
                assert_eq!(stored.header(name), Some(value));
                assert_eq!(head.header(name), Some(value));
                assert_eq!(head.header("x-amz-checksum-type"), Some("FULL_OBJECT"));
            }
        }
        world
            .send(Method::Delete, key, &[], &[], Vec::new())
            .await
            .ok();
    }
}

#[tokio::test]
async fn a_part_is_compared_with_each_digest() {
    let world = World::start().await;
    let (md5, sha256) = (md5(DIGITS), sha256(DIGITS));
    for (algorithm, name, value) in [
        (None, "content-md5", md5.as_str()),
        (Some("SHA256"), "x-amz-checksum-sha256", &sha256),
        (Some("CRC32"), "x-amz-checksum-crc32", CRC32),
        (Some("CRC32C"), "x-amz-checksum-crc32c", CRC32C),
        (Some("CRC64NVME"), "x-amz-checksum-crc64nvme", CRC64NVME),
        (Some("SHA1"), "x-amz-checksum-sha1", SHA1),
    ] {
        let header = algorithm.map(|algorithm| ("x-amz-checksum-algorithm", algorithm));
        let headers: Vec<_> = header.into_iter().collect();
        let created = world
            .send(Method::Post, KEY, &headers, &[("uploads", "")], Vec::new())
            .await
            .ok();
        let id = created.element("UploadId").unwrap();
        let query = [("partNumber", "1"), ("uploadId", id.as_str())];
        let url = world.url(Method::Put, KEY, &[(name, value)], &query);
        let put = async |body: &[u8]| {
            world
                .fetch("PUT", &url, &[(name, value)], body.to_vec())
                .await
        };
        let list = async || {
            let query = [("uploadId", id.as_str())];
            world
                .send(Method::Get, KEY, &[], &query, Vec::new())
                .await
                .ok()
                .elements("ETag")
        };
        put(b"12345678").await.refused(400, "BadDigest");
        assert!(list().await.is_empty());
        put(DIGITS).await.ok();
        put(b"other").await.refused(400, "BadDigest");
        assert_eq!(list().await, [etag(DIGITS)]);
        world
            .send(Method::Delete, KEY, &[], &[("uploadId", &id)], Vec::new())
            .await
            .ok();
    }
    assert!(world.data_files("vision").is_empty());
}

#[tokio::test]
async fn a_part_has_the_algorithm_of_its_upload() {
    let world = World::start().await;
    let sum = sha256(DIGITS);
    let with = [("x-amz-checksum-sha256", sum.as_str())];
    let crc = [("x-amz-checksum-crc32", CRC32)];
    for (create, good, bad) in [
        (&CREATE_SHA256[..], &with[..], [&[][..], &crc[..]]),
        (&[], &[], [&with[..], &crc[..]]),
    ] {
        let created = world
            .send(Method::Post, KEY, create, &[("uploads", "")], Vec::new())
            .await
            .ok();
        let id = created.element("UploadId").unwrap();
        let query = [("partNumber", "1"), ("uploadId", id.as_str())];
        for headers in bad {
            let answer = world.send(Method::Put, KEY, headers, &query, DIGITS).await;
            answer.refused(400, "InvalidRequest");
        }
        world
            .send(Method::Put, KEY, good, &query, DIGITS)
            .await
            .ok();
    }
}

#[tokio::test]
async fn digests_that_are_none_are_refused() {
    let world = World::start().await;
    let sum = sha256(DIGITS);
    for (headers, code) in [
        (&[("content-md5", "AAAA")][..], "InvalidDigest"),
        (&[("content-md5", "not base64")], "InvalidDigest"),
        (&[("x-amz-checksum-sha256", "AAAA")], "InvalidRequest"),
        (&[("x-amz-checksum-crc32", "not base64")], "InvalidRequest"),
        (
            &[
                ("x-amz-checksum-crc32", CRC32),
                ("x-amz-checksum-sha256", &sum),
            ],
            "InvalidRequest",
        ),
        (
            &[("x-amz-sdk-checksum-algorithm", "SHA256")],
            "InvalidRequest",
        ),
    ] {
        world.put("k", headers, DIGITS).await.refused(400, code);
    }
    let both = [
        ("x-amz-checksum-sha256", sum.as_str()),
        ("x-amz-sdk-checksum-algorithm", "SHA256"),
    ];
    world.put("k", &both, DIGITS).await.ok();
}

#[tokio::test]
async fn a_digest_in_the_query_counts_like_one_in_a_header() {
    let world = World::start().await;
    let sum = sha256(DIGITS);
    let query = [
        ("x-amz-checksum-sha256", sum.as_str()),
        ("x-amz-meta-run", "7"),
    ];
    world
        .send(Method::Put, KEY, &[], &query, b"other".to_vec())
        .await
        .refused(400, "BadDigest");
    world.send(Method::Put, KEY, &[], &query, DIGITS).await.ok();
    assert_eq!(
        world.get("k").await.ok().header("x-amz-meta-run"),
        Some("7")
    );
    let twice = [("x-amz-checksum-sha256", sum.as_str())];
    world
        .send(Method::Put, KEY, &twice, &query, DIGITS)
        .await
        .refused(400, "InvalidArgument");
}

#[tokio::test]
async fn a_signed_length_is_the_length() {
    let world = World::start().await;
    let url = world.url(Method::Put, KEY, &[("content-length", "9")], &[]);
    let put = async |body: &[u8]| world.fetch("PUT", &url, &[], body.to_vec()).await;
    put(b"1234567890")
        .await
        .refused(403, "SignatureDoesNotMatch");
    put(b"12345678").await.refused(403, "SignatureDoesNotMatch");
    put(DIGITS).await.ok();
    assert_eq!(world.get("k").await.ok().body, DIGITS);
}

#[tokio::test]
async fn a_body_needs_a_length() {
    let world = World::start().await;
    let url = world.url(Method::Put, KEY, &[], &[]);
    let stream = futures::stream::iter([Ok::<_, std::io::Error>(DIGITS)]);
    let answer = world
        .fetch("PUT", &url, &[], reqwest::Body::wrap_stream(stream))
        .await;
    answer.refused(411, "MissingContentLength");
    world.fetch("PUT", &url, &[], DIGITS).await.ok();
}

#[tokio::test]
async fn more_than_s3_takes_in_one_request_is_refused_before_it_is_sent() {
    let world = World::start().await;
    let url = world.url(Method::Put, KEY, &[], &[]);
    let target = url.strip_prefix(world.store.endpoint()).unwrap();
    let head = |length: u64| {
        format!(
            "PUT {target} HTTP/1.1\r\nHost: {}\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n",
            world.store.address()
        )
    };
    let limit = 5 * 1024 * 1024 * 1024;
    let answer = world.raw(&head(limit + 1)).await;
    assert!(
        answer.starts_with("HTTP/1.1 400 ") && answer.contains("EntityTooLarge"),
        "{answer}"
    );
    assert!(!answer.contains("100 Continue"));
    let answer = world.raw(&format!("{}hello", head(5))).await;
    assert!(
        answer.starts_with("HTTP/1.1 100 ") && answer.contains("HTTP/1.1 200 OK"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_body_that_breaks_off_is_forgotten() {
    let world = World::start().await;
    let url = world.url(Method::Put, KEY, &[], &[]);
    let target = url.strip_prefix(world.store.endpoint()).unwrap();
    let request = format!(
        "PUT {target} HTTP/1.1\r\nHost: {}\r\nContent-Length: 1000000\r\n\r\nonly this",
        world.store.address()
    );
    {
        use tokio::io::AsyncWriteExt;
        let mut stream = tokio::net::TcpStream::connect(world.store.address())
            .await
            .unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        while world.store.requests().received("vision", "k") < 9 {
            tokio::task::yield_now().await;
        }
    }
    // Shutdown waits for what is being answered
    let world = world.restart().await;
    assert!(world.log()[0].contains(" HTTP/1.1\" 400 IncompleteBody "));
    world.get("k").await.refused(404, "NoSuchKey");
    assert!(world.data_files("vision").is_empty());
}

#[tokio::test]
async fn a_large_body_streams_both_ways() {
    let world = World::start().await;
    let body = bytes(64 * 1024 * 1024, 4);
    let sum = sha256(&body);
    world
        .put("k", &[("x-amz-checksum-sha256", &sum)], &body)
        .await
        .ok();
    let read = world.get("k").await.ok();
    assert!(read.body == body);
    assert_eq!(
        world.store.requests().received("vision", "k"),
        64 * 1024 * 1024
    );
    // A refused body of that size is answered, not cut off
    let url = world
        .url(Method::Put, KEY, &[], &[])
        .replace("X-Amz-Expires=600", "X-Amz-Expires=601");
    world
        .fetch("PUT", &url, &[], body)
        .await
        .refused(403, "SignatureDoesNotMatch");
}
