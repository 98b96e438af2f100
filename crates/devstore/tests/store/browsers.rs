//! Cross-origin requests: preflights and real ones.

use presign::{Method, Target};

use crate::support::{Answer, ORIGIN, World};

const KEY: Target<'_> = Target::Object("k");

async fn preflight(
    world: &World,
    bucket: &str,
    origin: &str,
    method: &str,
    headers: &str,
) -> Answer {
    let url = format!(
        "{}/{bucket}/k?X-Amz-Signature=unread",
        world.store.endpoint()
    );
    let headers = [
        ("origin", origin),
        ("access-control-request-method", method),
        ("access-control-request-headers", headers),
    ];
    world.fetch("OPTIONS", &url, &headers, Vec::new()).await
}

#[tokio::test]
async fn a_preflight_is_answered_by_the_buckets_rules() {
    let world = World::start().await;
    let asked = "Content-Type, x-amz-checksum-sha256";
    for origin in [ORIGIN, "https://pr-7.preview.example.org"] {
        let answer = preflight(&world, "vision", origin, "PUT", asked).await.ok();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        assert_eq!(
            answer.header("access-control-allow-methods"),
            Some("GET, PUT")
        );
        assert_eq!(
            answer.header("access-control-allow-headers"),
            Some("content-type, x-amz-checksum-sha256")
        );
        assert_eq!(answer.header("access-control-expose-headers"), Some("ETag"));
        assert_eq!(answer.header("access-control-max-age"), Some("300"));
        assert!(answer.header("vary").unwrap().contains("Origin"));
    }
    for (bucket, origin, method, headers) in [
        ("vision", "https://evil.example.org", "PUT", asked),
        ("vision", "http://console.example.org", "PUT", asked),
        ("vision", ORIGIN, "DELETE", asked),
        ("vision", ORIGIN, "PUT", "authorization"),
        ("language", ORIGIN, "PUT", asked),
        ("nobodys", ORIGIN, "PUT", asked),
    ] {
        let answer = preflight(&world, bucket, origin, method, headers).await;
        answer.refused(403, "AccessForbidden");
        assert!(answer.header("access-control-allow-origin").is_none());
    }
}

#[tokio::test]
async fn real_answers_carry_what_the_rules_say() {
    let world = World::start().await;
    world.put("k", &[], b"hello").await.ok();
    let url = world.url(Method::Get, KEY, &[], &[]);
    let get = async |url: &str, origin: &str| {
        world
            .fetch("GET", url, &[("origin", origin)], Vec::new())
            .await
    };
    let answer = get(&url, ORIGIN).await.ok();
    assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN));
    assert_eq!(answer.header("access-control-expose-headers"), Some("ETag"));
    assert!(answer.header("vary").unwrap().contains("Origin"));
    // So that a script can read why it was refused
    let refused = get(
        &url.replace("X-Amz-Expires=600", "X-Amz-Expires=601"),
        ORIGIN,
    )
    .await;
    refused.refused(403, "SignatureDoesNotMatch");
    assert_eq!(refused.header("access-control-allow-origin"), Some(ORIGIN));
    // The bytes go out, and the browser keeps them from the script
    let other = get(&url, "https://evil.example.org").await.ok();
    assert!(other.header("access-control-allow-origin").is_none());
}
