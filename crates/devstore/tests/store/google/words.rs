//! What a signer binds is what is done: digests, lengths, absence; and nothing is taken for granted.

use presign::{Method, Target};

use super::{ABSENT, KEY, crc32c, get, md5, put, refused, send, sha256, start, url};

const BODY: &[u8] = b"hello";

#[tokio::test]
async fn a_body_is_the_one_that_was_signed() {
    let world = start().await;
    let digest = sha256(BODY);
    let headers = [("x-goog-content-sha256", digest.as_str())];
    put(&world, &headers, BODY).await.ok();
    for body in [&b"hellO"[..], b"hell", b"hello!", b""] {
        refused(&put(&world, &headers, body).await, 400, "BadDigest");
    }
    // The digest of no body at all
    let headers = [("x-goog-content-sha256", "something")];
    refused(&put(&world, &headers, BODY).await, 400, "BadDigest");
    let headers = [("x-goog-content-sha256", "UNSIGNED-PAYLOAD")];
    put(&world, &headers, BODY).await.ok();
    assert_eq!(get(&world).await.ok().body, BODY);
    assert_eq!(world.data_files("vision").len(), 1);
    // And of those that bring no object's bytes
    let digest = sha256(b"");
    for (value, outcome) in [(digest.as_str(), 200), (headers[0].1, 200)] {
        let headers = [("x-goog-content-sha256", value)];
        let answer = send(&world, Method::Get, KEY, &headers, &[], "").await;
        assert_eq!(answer.status, outcome);
    }
    let headers = [("x-goog-content-sha256", digest.as_str())];
    let answer = send(&world, Method::Delete, KEY, &headers, &[], "x").await;
    refused(&answer, 400, "BadDigest");
    get(&world).await.ok();
}

#[tokio::test]
async fn digests_that_are_sent_are_compared() {
    let world = start().await;
    let hash = |body| format!("{},{}", crc32c(body), md5(body));
    for (good, bad) in [
        (crc32c(BODY), crc32c(b"other")),
        (md5(BODY), md5(b"other")),
        (hash(BODY), hash(b"other")),
    ] {
        put(&world, &[("x-goog-hash", &good)], BODY).await.ok();
        let answer = put(&world, &[("x-goog-hash", &bad)], BODY).await;
        refused(&answer, 400, "BadDigest");
    }
    let (good, bad) = (crate::support::md5(BODY), crate::support::md5(b"other"));
    put(&world, &[("content-md5", &good)], BODY).await.ok();
    let answer = put(&world, &[("content-md5", &bad)], BODY).await;
    refused(&answer, 400, "BadDigest");
    let both = [
        ("content-md5", good.as_str()),
        ("x-goog-hash", &md5(b"other")),
    ];
    refused(&put(&world, &both, BODY).await, 400, "InvalidDigest");
    // Google's have none
    let headers = [("x-amz-checksum-sha256", "")];
    refused(&put(&world, &headers, BODY).await, 400, "InvalidArgument");
}

#[tokio::test]
async fn a_body_is_as_long_as_the_signed_range_allows() {
    let world = start().await;
    let headers = [("x-goog-content-length-range", "2,5")];
    let url = url(&world, Method::Put, KEY, &headers, &[]);
    for (body, refusal) in [
        (&b"h"[..], Some("EntityTooSmall")),
        (b"he", None),
        (b"hello", None),
        (b"hello!", Some("EntityTooLarge")),
    ] {
        // With a length, and in chunks
        for chunked in [false, true] {
            let body = if chunked {
                let chunks: Vec<_> = body
                    .iter()
                    .map(|byte| Ok::<_, std::io::Error>(vec![*byte]))
                    .collect();
                reqwest::Body::wrap(http_body_util::StreamBody::new(futures::stream::iter(
                    chunks.into_iter().map(|chunk| {
                        chunk.map(|bytes| http_body::Frame::data(bytes::Bytes::from(bytes)))
                    }),
                )))
            } else {
                body.to_vec().into()
            };
            let answer = world.fetch("PUT", &url, &headers, body).await;
            match refusal {
                None => assert_eq!(answer.ok().status, 200),
                Some(code) => refused(&answer, 400, code),
            }
        }
    }
    assert_eq!(get(&world).await.ok().body, b"hello");
    assert_eq!(world.data_files("vision").len(), 1);
}

#[tokio::test]
async fn what_is_there_is_not_overwritten_by_who_may_only_create() {
    let world = start().await;
    put(&world, &[ABSENT], BODY).await.ok();
    refused(
        &put(&world, &[ABSENT], b"new").await,
        412,
        "PreconditionFailed",
    );
    assert_eq!(get(&world).await.ok().body, BODY);
    // A generation that no object here has
    let answer = put(&world, &[(ABSENT.0, "1700000000000000")], b"new").await;
    refused(&answer, 501, "NotImplemented");
    put(&world, &[], b"new").await.ok();
    assert_eq!(get(&world).await.ok().body, b"new");
}

#[tokio::test]
async fn what_is_not_implemented_is_refused_and_not_taken_for_something_else() {
    let world = start().await;
    for header in [
        ("x-goog-acl", "public-read"),
        ("x-goog-copy-source", "/language/k"),
        ("x-goog-encryption-algorithm", "AES256"),
        ("x-goog-resumable", "start"),
        ("x-goog-storage-class", "NEARLINE"),
        ("if-none-match", "*"),
    ] {
        refused(&put(&world, &[header], BODY).await, 501, "NotImplemented");
    }
    for name in ["acl", "compose", "generation", "tagging", "upload_id"] {
        for method in [Method::Get, Method::Put, Method::Delete] {
            let answer = send(&world, method, KEY, &[], &[(name, "1")], "x").await;
            refused(&answer, 501, "NotImplemented");
        }
    }
    // A parameter that its signer may take for a header
    for name in [
        "x-goog-if-generation-match",
        "X-Goog-Content-Length-Range",
        "x-goog-meta-run",
        "x-amz-meta-run",
    ] {
        let answer = send(&world, Method::Put, KEY, &[], &[(name, "0")], "x").await;
        refused(&answer, 400, "InvalidArgument");
    }
    let url = url(&world, Method::Put, KEY, &[], &[]);
    let digest = sha256(BODY);
    for name in ["X-Goog-Content-Sha256", "x-goog-content-sha256"] {
        let answer = world
            .fetch("PUT", &format!("{url}&{name}={digest}"), &[], BODY)
            .await;
        refused(&answer, 400, "InvalidArgument");
    }
    refused(&get(&world).await, 404, "NoSuchKey");
    // What every object here has may be asked for, and unknown parameters mean nothing
    let headers = [
        ("x-goog-acl", "private"),
        ("x-goog-custom-audit-run", "7"),
        ("x-goog-user-project", "payer"),
    ];
    put(&world, &headers, BODY).await.ok();
    let query = [("X-User", "u"), ("userProject", "payer")];
    send(&world, Method::Get, KEY, &[], &query, "").await.ok();
    let answer = send(&world, Method::Get, Target::Bucket, &[], &[], "").await;
    refused(&answer, 501, "NotImplemented");
}
