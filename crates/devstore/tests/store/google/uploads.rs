//! Multipart uploads in Google's words, from their creation to their end.

use presign::Method;
use presign::gcs;
use presign::{Request, Target};

use super::{
    ABSENT, crc32c, googles, hashes, hmac, keys, md5, refused, sha256, sign, signer, start,
};
use crate::support::{Answer, World, bytes, etag};

const KEY: Target<'_> = Target::Object("big file");
const MIB: usize = 1024 * 1024;

/// A client with one key.
struct Client<'a> {
    world: &'a World,
    key: gcs::Credential,
}

impl Client<'_> {
    async fn send(
        &self,
        method: Method,
        headers: &[(&str, &str)],
        query: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let request = Request {
            method,
            target: KEY,
            headers,
            query,
        };
        let url = sign(&signer(self.world, self.key.clone(), "vision"), &request);
        let answer = self.world.fetch(method.as_str(), &url, headers, body).await;
        googles(&answer);
        answer
    }

    async fn create(&self, headers: &[(&str, &str)]) -> String {
        let answer = self
            .send(Method::Post, headers, &[("uploads", "")], "")
            .await;
        answer.ok().element("UploadId").unwrap()
    }

    async fn put(&self, id: &str, number: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let query = [("partNumber", number), ("uploadId", id)];
        self.send(Method::Put, headers, &query, body.to_vec()).await
    }

    async fn list(&self, id: &str) -> Answer {
        self.send(Method::Get, &[], &[("uploadId", id)], "").await
    }

    async fn complete(&self, id: &str, headers: &[(&str, &str)], parts: &str) -> Answer {
        let query = [("uploadId", id)];
        let body = parts.to_owned();
        self.send(Method::Post, headers, &query, body).await
    }
}

fn document(parts: &[(u32, &[u8])]) -> String {
    let parts: Vec<_> = parts
        .iter()
        .map(|(number, body)| {
            let etag = etag(body).replace('"', "&quot;");
            format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>")
        })
        .collect();
    format!(
        "<CompleteMultipartUpload>{}</CompleteMultipartUpload>",
        parts.concat()
    )
}

#[tokio::test]
async fn parts_become_an_object_with_a_crc32c_and_no_md5() {
    for key in keys() {
        let world = start().await;
        let client = Client { world: &world, key };
        let (one, two) = (bytes(5 * MIB, 1), bytes(1000, 2));
        let headers = [("content-type", "text/csv"), ("x-goog-meta-run", "7")];
        let id = client.create(&headers).await;
        for (number, body) in [("1", &one), ("2", &two)] {
            let answer = client.put(&id, number, &[], body).await.ok();
            assert_eq!(answer.header("etag"), Some(&*etag(body)));
            assert_eq!(hashes(&answer), [crc32c(body), md5(body)]);
        }
        let list = client.list(&id).await.ok();
        assert_eq!(list.elements("PartNumber"), ["1", "2"]);
        assert_eq!(list.elements("ETag"), [etag(&one), etag(&two)]);
        assert_eq!(list.elements("Size"), ["5242880", "1000"]);

        let parts = document(&[(1, &one), (2, &two)]);
        let completed = client.complete(&id, &[], &parts).await.ok();
        let whole = [one, two].concat();
        let tag = completed.element("ETag").unwrap();
        for method in [Method::Head, Method::Get] {
            let answer = client.send(method, &[], &[], "").await.ok();
            assert_eq!(answer.header("etag"), Some(tag.as_str()));
            assert_eq!(hashes(&answer), [crc32c(&whole)]);
            let length = whole.len().to_string();
            assert_eq!(
                answer.header("x-goog-stored-content-length"),
                Some(length.as_str())
            );
            for (name, value) in headers {
                assert_eq!(answer.header(name), Some(value));
            }
            if method == Method::Get {
                assert_eq!(answer.body, whole);
            }
        }
        // Nothing in it that a client could take for the parts' digests, as it can with S3
        assert!(!tag.contains('-'), "{tag}");
        refused(&client.list(&id).await, 404, "NoSuchUpload");
    }
}

#[tokio::test]
async fn a_part_is_the_one_that_was_signed() {
    let world = start().await;
    let client = Client {
        world: &world,
        key: hmac("GOOG1VISION").into(),
    };
    let id = client.create(&[]).await;
    let (body, digest) = (b"hello", sha256(b"hello"));
    let bound = [
        ("x-goog-content-length-range", "5,5"),
        ("x-goog-content-sha256", digest.as_str()),
    ];
    client.put(&id, "1", &bound, body).await.ok();
    let other = client.put(&id, "1", &bound, b"hellO").await;
    refused(&other, 400, "BadDigest");
    let longer = client.put(&id, "1", &bound, b"hello!").await;
    refused(&longer, 400, "EntityTooLarge");
    let hash = client
        .put(&id, "1", &[("x-goog-hash", &crc32c(b"other"))], body)
        .await;
    refused(&hash, 400, "BadDigest");
    refused(
        &client.put(&id, "0", &[], body).await,
        400,
        "InvalidArgument",
    );
    let list = client.list(&id).await.ok();
    assert_eq!(list.elements("ETag"), [etag(body)]);
    assert_eq!(world.data_files("vision").len(), 1);
}

#[tokio::test]
async fn the_list_of_parts_is_the_one_that_was_signed() {
    let world = start().await;
    let client = Client {
        world: &world,
        key: hmac("GOOG1VISION").into(),
    };
    let id = client.create(&[]).await;
    for (number, body) in [("1", b"one"), ("2", b"two")] {
        client.put(&id, number, &[], body).await.ok();
    }
    let chosen = document(&[(2, b"two")]);
    let digest = sha256(chosen.as_bytes());
    let bound = [("x-goog-content-sha256", digest.as_str())];
    let other = document(&[(1, b"one")]);
    let answer = client.complete(&id, &bound, &other).await;
    refused(&answer, 400, "BadDigest");
    client.complete(&id, &bound, &chosen).await.ok();
    let answer = client.send(Method::Get, &[], &[], "").await;
    assert_eq!(answer.ok().body, b"two");
}

/// Google documents that there are none: whoever relies on one must hear of it here.
#[tokio::test]
async fn multipart_requests_take_no_preconditions() {
    let world = start().await;
    let client = Client {
        world: &world,
        key: hmac("GOOG1VISION").into(),
    };
    let id = client.create(&[]).await;
    client.put(&id, "1", &[], b"one").await.ok();
    let parts = document(&[(1, b"one")]);
    for headers in [[ABSENT], [("x-goog-if-metageneration-match", "1")]] {
        let code = if headers == [ABSENT] {
            (400, "InvalidArgument")
        } else {
            (501, "NotImplemented")
        };
        let created = client
            .send(Method::Post, &headers, &[("uploads", "")], "")
            .await;
        refused(&created, code.0, code.1);
        let put = client.put(&id, "1", &headers, b"one").await;
        refused(&put, code.0, code.1);
        let completed = client.complete(&id, &headers, &parts).await;
        refused(&completed, code.0, code.1);
    }
    client.complete(&id, &[], &parts).await.ok();
}

#[tokio::test]
async fn an_aborted_upload_leaves_nothing() {
    for key in keys() {
        let world = start().await;
        let client = Client { world: &world, key };
        let id = client.create(&[]).await;
        client.put(&id, "1", &[], b"one").await.ok();
        let query = [("uploadId", id.as_str())];
        let aborted = client.send(Method::Delete, &[], &query, "").await;
        assert_eq!(aborted.status, 204);
        assert!(world.data_files("vision").is_empty());
        let again = client.send(Method::Delete, &[], &query, "").await;
        refused(&again, 404, "NoSuchUpload");
        let put = client.put(&id, "1", &[], b"one").await;
        refused(&put, 404, "NoSuchUpload");
        let get = client.send(Method::Get, &[], &[], "").await;
        refused(&get, 404, "NoSuchKey");
    }
}

#[tokio::test]
async fn small_parts_wrong_parts_and_wrong_orders_are_refused() {
    let world = start().await;
    let client = Client {
        world: &world,
        key: hmac("GOOG1VISION").into(),
    };
    let id = client.create(&[]).await;
    for (number, body) in [("1", b"one"), ("2", b"two")] {
        client.put(&id, number, &[], body).await.ok();
    }
    for (parts, code) in [
        (document(&[(1, b"one"), (2, b"two")]), "EntityTooSmall"),
        (document(&[(2, b"two"), (1, b"one")]), "InvalidPartOrder"),
        (document(&[(1, b"two")]), "InvalidPart"),
        (document(&[]), "MalformedXML"),
    ] {
        refused(&client.complete(&id, &[], &parts).await, 400, code);
    }
}
