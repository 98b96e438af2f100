//! Every refusal stands beside the same URL, accepted when nobody touched it.

use devstore::{Credential, Scope};
use presign::{Method, Request, Target, Timestamp};

use super::{KEY, account, get, hmac, keys, put, refused, send, sign, signer, start};
use crate::support::{Answer, NOW, TTL_SECONDS, World};

const MISMATCH: (u16, &str) = (403, "SignatureDoesNotMatch");
const MALFORMED: (u16, &str) = (400, "MalformedSecurityHeader");

/// A world in which `k` is there, and for each kind of key a URL to read it that works.
async fn world() -> (World, [String; 2]) {
    let world = start().await;
    put(&world, &[], b"hello").await.ok();
    let other = Target::Object("other");
    send(&world, Method::Put, other, &[], &[], "other")
        .await
        .ok();
    let request = Request {
        query: &[("X-Goog-Custom-Audit-Grant", "g1")],
        ..Request::new(Method::Get, KEY)
    };
    let urls = keys().map(|key| sign(&signer(&world, key, "vision"), &request));
    for url in &urls {
        assert_eq!(fetch(&world, url).await.ok().body, b"hello");
    }
    (world, urls)
}

async fn fetch(world: &World, url: &str) -> Answer {
    world.fetch("GET", url, &[], Vec::new()).await
}

#[tokio::test]
async fn a_url_that_was_changed_is_refused() {
    let (world, urls) = world().await;
    for url in urls {
        let (head, signature) = url.split_once("X-Goog-Signature=").unwrap();
        let flip = if signature.starts_with('0') { "1" } else { "0" };
        let (algorithm, other_algorithm) = if url.contains("GOOG4-RSA-SHA256") {
            ("GOOG4-RSA-SHA256", "GOOG4-HMAC-SHA256")
        } else {
            ("GOOG4-HMAC-SHA256", "GOOG4-RSA-SHA256")
        };
        let authorizer = if url.contains("GOOG1VISION") {
            "GOOG1VISION"
        } else {
            "test-iam-credentials"
        };
        let changed = [
            (
                format!("{head}X-Goog-Signature={flip}{}", &signature[1..]),
                MISMATCH,
            ),
            (
                format!("{head}X-Goog-Signature={}", &signature[1..]),
                MISMATCH,
            ),
            (url.replace("/vision/k?", "/vision/other?"), MISMATCH),
            (url.replace("/vision/k?", "/vision/%6B?"), MISMATCH),
            (url.replace("/vision/k?", "/language/k?"), MISMATCH),
            (
                url.replace("X-Goog-Expires=600", "X-Goog-Expires=601"),
                MISMATCH,
            ),
            (url.replace("Audit-Grant=g1", "Audit-Grant=g2"), MISMATCH),
            (url.replace("X-Goog-Custom-Audit-Grant=g1&", ""), MISMATCH),
            (format!("{url}&X-Goog-Custom-Audit-More=g"), MISMATCH),
            (format!("{url}&response-content-type=text%2Fhtml"), MISMATCH),
            (format!("{url}&uploadId=1"), MISMATCH),
            (url.replace("%2Fauto%2F", "%2Feu%2F"), MISMATCH),
            (
                url.replace(authorizer, "GOOG1NOBODY"),
                (403, "InvalidAccessKeyId"),
            ),
            (
                url.replace(algorithm, other_algorithm),
                (403, "InvalidAccessKeyId"),
            ),
            (format!("{url}&X-Goog-Custom-Audit-Grant=g1"), MALFORMED),
            (format!("{url}&x-goog-expires=600"), MALFORMED),
            (
                url.replace("X-Goog-Expires=600", "X-Goog-Expires=604801"),
                MALFORMED,
            ),
            (url.replace("&X-Goog-Expires=600", ""), MALFORMED),
            (url.replace("%2Fstorage%2F", "%2Fs3%2F"), MALFORMED),
            (head.trim_end_matches('&').to_owned(), MALFORMED),
        ];
        for (changed, (status, code)) in changed {
            assert_ne!(changed, url);
            refused(&fetch(&world, &changed).await, status, code);
        }
        fetch(&world, &url).await.ok();
    }
}

#[tokio::test]
async fn a_url_is_good_for_its_method_alone() {
    let (world, urls) = world().await;
    for url in urls {
        for method in ["PUT", "DELETE", "POST"] {
            let answer = world.fetch(method, &url, &[], b"new".to_vec()).await;
            refused(&answer, 403, "SignatureDoesNotMatch");
        }
        assert_eq!(world.fetch("HEAD", &url, &[], Vec::new()).await.status, 403);
        assert_eq!(fetch(&world, &url).await.ok().body, b"hello");
    }
}

#[tokio::test]
async fn a_url_works_from_its_first_second_to_its_last() {
    let (world, urls) = world().await;
    let end = NOW + i64::from(TTL_SECONDS);
    for url in urls {
        // A signer's clock may be 15 minutes ahead
        for (time, refusal) in [
            (NOW - 15 * 60, None),
            (NOW - 15 * 60 - 1, Some((403, "AccessDenied"))),
            (end - 1, None),
            (end, Some((400, "ExpiredToken"))),
            (NOW, None),
        ] {
            world.set_time(time);
            let answer = fetch(&world, &url).await;
            match refusal {
                None => assert_eq!(answer.ok().body, b"hello"),
                Some((status, code)) => refused(&answer, status, code),
            }
        }
    }
}

#[tokio::test]
async fn headers_that_were_signed_must_come_as_they_were_and_none_besides() {
    let world = start().await;
    let headers = [("content-type", "text/csv"), ("x-goog-meta-run", "7")];
    let url = super::url(&world, Method::Put, KEY, &headers, &[]);
    let put =
        async |headers: &[(&str, &str)]| world.fetch("PUT", &url, headers, b"hello".to_vec()).await;
    put(&headers).await.ok();
    for changed in [
        [("content-type", "text/html"), headers[1]],
        [headers[0], ("x-goog-meta-run", "8")],
    ] {
        refused(&put(&changed).await, 403, "SignatureDoesNotMatch");
    }
    refused(&put(&headers[1..]).await, 400, "MalformedSecurityHeader");
    refused(&put(&headers[..1]).await, 400, "MalformedSecurityHeader");
    for unsigned in [
        ("x-goog-acl", "public-read"),
        ("x-goog-meta-more", "1"),
        ("x-goog-if-generation-match", "0"),
        ("x-goog-storage-class", "STANDARD"),
        ("x-amz-meta-more", "1"),
    ] {
        let answer = put(&[headers[0], headers[1], unsigned]).await;
        refused(&answer, 400, "MalformedSecurityHeader");
    }
    // The payload's digest has a line of its own in what is signed
    let digest = super::sha256(b"hello");
    let answer = put(&[headers[0], headers[1], ("x-goog-content-sha256", &digest)]).await;
    refused(&answer, 403, "SignatureDoesNotMatch");
    let answer = get(&world).await.ok();
    assert_eq!(answer.header("content-type"), Some("text/csv"));
    assert_eq!(answer.header("x-goog-meta-run"), Some("7"));
    assert_eq!(answer.header("x-goog-meta-more"), None);
}

#[tokio::test]
async fn the_host_that_was_signed_must_be_asked() {
    let (world, urls) = world().await;
    for url in urls {
        let other = [("host", "other.example.org")];
        let answer = world.fetch("GET", &url, &other, Vec::new()).await;
        refused(&answer, 403, "SignatureDoesNotMatch");
        let header = [("authorization", "Bearer x")];
        let answer = world.fetch("GET", &url, &header, Vec::new()).await;
        refused(&answer, 400, "InvalidArgument");
        fetch(&world, &url).await.ok();
    }
}

/// Google's conformance vectors sign the host without its port, its clients send it with one.
#[tokio::test]
async fn a_host_signed_without_its_port_is_taken() {
    let (world, _) = world().await;
    let endpoint = presign::gcs::Endpoint::parse(
        world.store.endpoint(),
        presign::gcs::Addressing::Path,
        "vision",
    );
    let endpoint = endpoint.unwrap().with_unsigned_port();
    for key in keys() {
        let signer = presign::gcs::Signer::new(endpoint.clone(), key);
        let url = sign(&signer, &Request::new(Method::Get, KEY));
        assert_eq!(fetch(&world, &url).await.ok().body, b"hello");
    }
}

#[tokio::test]
async fn a_mismatch_shows_what_was_signed_and_no_signature() {
    let (world, urls) = world().await;
    for url in urls {
        let answer = fetch(&world, &url.replace("Grant=g1", "Grant=g2")).await;
        let signature = url.split_once("X-Goog-Signature=").unwrap().1;
        let canonical = answer.element("CanonicalRequest").unwrap();
        assert!(canonical.starts_with("GET\n/vision/k\n"));
        let string_to_sign = answer.element("StringToSign").unwrap();
        assert!(string_to_sign.starts_with("GOOG4-"));
        assert!(!answer.text().contains(signature));
    }
}

#[tokio::test]
async fn another_secret_does_not_sign_for_the_store() {
    let (world, _) = world().await;
    let forged = presign::gcs::HmacKey::new("GOOG1VISION", "secret of somebody else").unwrap();
    let url = sign(
        &signer(&world, forged, "vision"),
        &Request::new(Method::Get, KEY),
    );
    refused(&fetch(&world, &url).await, 403, "SignatureDoesNotMatch");
    // An HMAC key under the service account's name
    let email = account().client_email().to_owned();
    let forged = presign::gcs::HmacKey::new(email, "secret").unwrap();
    let url = sign(
        &signer(&world, forged, "vision"),
        &Request::new(Method::Get, KEY),
    );
    refused(&fetch(&world, &url).await, 403, "InvalidAccessKeyId");
}

#[tokio::test]
async fn a_team_key_opens_its_own_bucket_alone() {
    let (world, _) = world().await;
    let url = |id: &str, bucket: &str, method| {
        let signer = signer(&world, hmac(id), bucket);
        sign(&signer, &Request::new(method, KEY))
    };
    for method in [Method::Get, Method::Put, Method::Delete] {
        let url = url("GOOG1LANGUAGE", "vision", method);
        let answer = world.fetch(method.as_str(), &url, &[], b"x".to_vec()).await;
        refused(&answer, 403, "AccessDenied");
    }
    let account = sign(
        &signer(&world, account(), "language"),
        &Request::new(Method::Get, KEY),
    );
    refused(&fetch(&world, &account).await, 403, "AccessDenied");
    // Not even that a bucket does not exist
    let nobodys = fetch(&world, &url("GOOG1LANGUAGE", "nobodys", Method::Get)).await;
    refused(&nobodys, 403, "AccessDenied");
    let nobodys = fetch(&world, &url("GOOG1ALL", "nobodys", Method::Get)).await;
    refused(&nobodys, 404, "NoSuchBucket");
    let own = fetch(&world, &url("GOOG1ALL", "vision", Method::Get)).await;
    assert_eq!(own.ok().body, b"hello");
    let own = fetch(&world, &url("GOOG1LANGUAGE", "language", Method::Get)).await;
    refused(&own, 404, "NoSuchKey");
}

#[tokio::test]
async fn a_deactivated_key_is_nobodys() {
    let end = Timestamp::from_unix_seconds(NOW + 100);
    let known = hmac("GOOG1ENDS").with_expiry(end);
    let world = World::with(|builder| {
        super::credentials(builder).credential(Credential::gcs_hmac(known, Scope::All))
    })
    .await;
    put(&world, &[], b"hello").await.ok();
    let url = sign(
        &signer(&world, hmac("GOOG1ENDS"), "vision"),
        &Request::new(Method::Get, KEY),
    );
    world.set_time(NOW + 99);
    fetch(&world, &url).await.ok();
    world.set_time(NOW + 100);
    refused(&fetch(&world, &url).await, 403, "InvalidAccessKeyId");
}
