//! Every refusal stands beside the same URL, accepted when nobody touched it.

use std::net::{IpAddr, Ipv4Addr};

use devstore::{Credential, Scope};
use presign::s3;
use presign::{Method, Request, Target, Timestamp};

use crate::support::{NOW, TTL_SECONDS, World, client, key, read, sign, sign_at};

const KEY: Target<'_> = Target::Object("k");

/// A world in which `k` is there, and a URL to read it that works.
async fn world() -> (World, String) {
    let world = World::start().await;
    world.put("k", &[], b"hello").await.ok();
    world.put("other", &[], b"other").await.ok();
    let url = world.url(Method::Get, KEY, &[], &[("x-grant", "g1")]);
    assert_eq!(get(&world, &url).await.ok().body, b"hello");
    (world, url)
}

async fn get(world: &World, url: &str) -> crate::support::Answer {
    world.fetch("GET", url, &[], Vec::new()).await
}

#[tokio::test]
async fn a_url_that_was_changed_is_refused() {
    let (world, url) = world().await;
    let (head, signature) = url.split_once("X-Amz-Signature=").unwrap();
    let flip = if signature.starts_with('0') { "1" } else { "0" };
    let mismatch = (403, "SignatureDoesNotMatch");
    let malformed = (400, "AuthorizationQueryParametersError");
    let changed = [
        (
            format!("{head}X-Amz-Signature={flip}{}", &signature[1..]),
            mismatch,
        ),
        (
            format!("{head}X-Amz-Signature={}", &signature[1..]),
            mismatch,
        ),
        (url.replace("/vision/k?", "/vision/other?"), mismatch),
        (url.replace("/vision/k?", "/vision/%6B/?"), mismatch),
        (url.replace("/vision/k?", "/language/k?"), mismatch),
        (
            url.replace("X-Amz-Expires=600", "X-Amz-Expires=601"),
            mismatch,
        ),
        (url.replace("x-grant=g1", "x-grant=g2"), mismatch),
        (url.replace("x-grant=g1", ""), mismatch),
        (format!("{url}&response-content-type=text%2Fhtml"), mismatch),
        (url.replace("AKIAVISION", "AKIAALL"), mismatch),
        (
            url.replace("AKIAVISION", "AKIANOBODY"),
            (403, "InvalidAccessKeyId"),
        ),
        (format!("{url}&x-grant=g1"), malformed),
        (format!("{url}&X-Amz-Expires=600"), malformed),
        (url.replace("us-east-1", "eu-west-1"), malformed),
        (
            url.replace("X-Amz-Expires=600", "X-Amz-Expires=604801"),
            malformed,
        ),
        (
            url.replace("X-Amz-Expires=600", "X-Amz-Expires=0"),
            malformed,
        ),
        (url.replace("&X-Amz-Expires=600", ""), malformed),
        (head.trim_end_matches('&').to_owned(), malformed),
    ];
    for (changed, (status, code)) in changed {
        assert_ne!(changed, url);
        get(&world, &changed).await.refused(status, code);
    }
    get(&world, &url).await.ok();
}

#[tokio::test]
async fn a_mismatch_shows_what_was_signed_and_no_signature() {
    let (world, url) = world().await;
    let answer = get(&world, &url.replace("x-grant=g1", "x-grant=g2")).await;
    let signature = url.split_once("X-Amz-Signature=").unwrap().1;
    assert!(
        answer
            .element("CanonicalRequest")
            .unwrap()
            .starts_with("GET\n/vision/k\n")
    );
    assert!(
        answer
            .element("StringToSign")
            .unwrap()
            .starts_with("AWS4-HMAC-SHA256\n")
    );
    assert!(!answer.text().contains(signature));
}

#[tokio::test]
async fn a_url_is_good_for_its_method_alone() {
    let (world, url) = world().await;
    for method in ["PUT", "DELETE", "POST"] {
        let answer = world.fetch(method, &url, &[], b"new".to_vec()).await;
        answer.refused(403, "SignatureDoesNotMatch");
    }
    assert_eq!(world.fetch("HEAD", &url, &[], Vec::new()).await.status, 403);
    assert_eq!(get(&world, &url).await.ok().body, b"hello");
}

#[tokio::test]
async fn a_url_works_from_its_first_second_to_its_last() {
    let (world, url) = world().await;
    let end = NOW + i64::from(TTL_SECONDS);
    // A signer's clock may be 15 minutes ahead
    for (time, works) in [
        (NOW - 15 * 60, true),
        (NOW - 15 * 60 - 1, false),
        (end - 1, true),
        (end, false),
        (NOW, true),
    ] {
        world.set_time(time);
        let answer = get(&world, &url).await;
        if works {
            answer.ok();
        } else {
            answer.refused(403, "AccessDenied");
        }
    }
}

#[tokio::test]
async fn headers_that_were_signed_must_come_as_they_were() {
    let world = World::start().await;
    let headers = [("content-type", "text/csv"), ("x-amz-meta-run", "7")];
    let url = world.url(Method::Put, KEY, &headers, &[]);
    let put =
        async |headers: &[(&str, &str)]| world.fetch("PUT", &url, headers, b"hello".to_vec()).await;
    put(&headers).await.ok();
    let mismatch = "SignatureDoesNotMatch";
    put(&[("content-type", "text/html"), headers[1]])
        .await
        .refused(403, mismatch);
    put(&[headers[0], ("x-amz-meta-run", "8")])
        .await
        .refused(403, mismatch);
    put(&headers[1..]).await.refused(403, mismatch);
    put(&headers[..1]).await.refused(403, mismatch);
    for unsigned in [
        ("x-amz-acl", "private"),
        ("x-amz-meta-more", "1"),
        ("x-amz-tagging", "a=b"),
    ] {
        put(&[headers[0], headers[1], unsigned])
            .await
            .refused(403, "AccessDenied");
    }
    let answer = world.get("k").await.ok();
    assert_eq!(answer.header("content-type"), Some("text/csv"));
    assert_eq!(answer.header("x-amz-meta-run"), Some("7"));
}

#[tokio::test]
async fn the_host_that_was_signed_must_be_asked() {
    let (world, url) = world().await;
    let other = [("host", "other.example.org")];
    world
        .fetch("GET", &url, &other, Vec::new())
        .await
        .refused(403, "SignatureDoesNotMatch");
    get(&world, &url).await.ok();
}

#[tokio::test]
async fn only_pre_signed_urls_are_taken() {
    let (world, url) = world().await;
    let bare = url.split_once('?').unwrap().0;
    get(&world, bare).await.refused(403, "AccessDenied");
    let header = [(
        "authorization",
        "AWS4-HMAC-SHA256 Credential=AKIAVISION/20270115/us-east-1/s3/aws4_request",
    )];
    world
        .fetch("GET", bare, &header, Vec::new())
        .await
        .refused(403, "AccessDenied");
    world
        .fetch("GET", &url, &header, Vec::new())
        .await
        .refused(400, "InvalidArgument");
    get(&world, &url).await.ok();
}

#[tokio::test]
async fn another_secret_or_region_does_not_sign_for_the_store() {
    let (world, _) = world().await;
    let request = Request::new(Method::Get, KEY);
    let forged = s3::Credential::new("AKIAVISION", "secret of somebody else").unwrap();
    let url = sign(&world.signer(forged, "vision", "us-east-1"), &request);
    get(&world, &url)
        .await
        .refused(403, "SignatureDoesNotMatch");
    let url = sign(
        &world.signer(key("AKIAVISION"), "vision", "eu-west-1"),
        &request,
    );
    get(&world, &url)
        .await
        .refused(400, "AuthorizationQueryParametersError");
    let url = sign(
        &world.signer(key("AKIAVISION"), "vision", "us-east-1"),
        &request,
    );
    get(&world, &url).await.ok();
}

#[tokio::test]
async fn a_team_key_opens_its_own_bucket_alone() {
    let (world, _) = world().await;
    let url = |id: &str, bucket: &str, method| {
        sign(
            &world.signer(key(id), bucket, "us-east-1"),
            &Request::new(method, KEY),
        )
    };
    for method in [Method::Get, Method::Put, Method::Delete] {
        let url = url("AKIALANGUAGE", "vision", method);
        let answer = world.fetch(method.as_str(), &url, &[], b"x".to_vec()).await;
        answer.refused(403, "AccessDenied");
    }
    // Not even that a bucket does not exist
    get(&world, &url("AKIALANGUAGE", "nobodys", Method::Get))
        .await
        .refused(403, "AccessDenied");
    get(&world, &url("AKIAALL", "nobodys", Method::Get))
        .await
        .refused(404, "NoSuchBucket");
    assert_eq!(
        get(&world, &url("AKIAALL", "vision", Method::Get))
            .await
            .ok()
            .body,
        b"hello"
    );
    get(&world, &url("AKIALANGUAGE", "language", Method::Get))
        .await
        .refused(404, "NoSuchKey");
}

#[tokio::test]
async fn a_bucket_answers_the_networks_that_it_welcomes() {
    let world = World::start().await;
    let signer = world.signer(key("AKIALANGUAGE"), "language", "us-east-1");
    let url = sign(&signer, &Request::new(Method::Put, KEY));
    let other = client(Some(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2))));
    let answer = read(other.put(&url).body("x").send().await.unwrap()).await;
    answer.refused(403, "AccessDenied");
    let forwarded = [("x-forwarded-for", "127.0.0.1")];
    let request = other
        .put(&url)
        .body("x")
        .header(forwarded[0].0, forwarded[0].1);
    read(request.send().await.unwrap())
        .await
        .refused(403, "AccessDenied");
    world.fetch("PUT", &url, &[], b"x".to_vec()).await.ok();
    // A bucket without the rule does not care
    let url = world.url(Method::Put, KEY, &[], &[]);
    assert_eq!(
        other.put(&url).body("x").send().await.unwrap().status(),
        200
    );
}

#[tokio::test]
async fn a_temporary_credential_needs_its_token_and_ends() {
    let end = Timestamp::from_unix_seconds(NOW + 100);
    let known = key("ASIAVISION")
        .with_session("the token", Some(end))
        .unwrap();
    let world =
        World::with(|builder| builder.credential(Credential::new(known.clone(), Scope::All))).await;
    let url = |key: s3::Credential| {
        let signer = world.signer(key, "vision", "us-east-1");
        sign_at(&signer, &Request::new(Method::Put, KEY), NOW, 99)
    };
    let put = async |url: String| world.fetch("PUT", &url, &[], b"x".to_vec()).await;
    let endless = key("ASIAVISION").with_session("the token", None).unwrap();
    let other = key("ASIAVISION")
        .with_session("another token", None)
        .unwrap();
    put(url(known.clone())).await.ok();
    put(url(key("ASIAVISION")))
        .await
        .refused(400, "InvalidToken");
    put(url(other)).await.refused(400, "InvalidToken");
    let signer = world.signer(endless, "vision", "us-east-1");
    let longer = sign_at(&signer, &Request::new(Method::Put, KEY), NOW, 200);
    put(longer.clone()).await.ok();
    world.set_time(NOW + 100);
    put(longer).await.refused(400, "ExpiredToken");
}
