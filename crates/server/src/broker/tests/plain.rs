//! URLs for plain objects: what they do, and what they do not.

use super::fixture::{Fixture, put_request, request};
use crate::broker::Error;
use crate::clock::Clock as _;
use crate::db::limit::{LimitRow, LimitTarget};
use protocol::admin::LimitRule;
use protocol::audit::{Action, Event};
use protocol::bucket::{Attribution, Capabilities, Isolation, NetworkControl};
use protocol::transfer::{BoundBy, UrlMethod, UrlsRequest};
use std::sync::Arc;
use std::time::Duration;

/// What a client puts comes back, on whichever store.
async fn round_trip(fixture: &Fixture) {
    let body = b"weights";
    let answer = fixture.put("mia", "runs/7/weights.bin", body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let (url, headers) = fixture
        .url("vic", UrlMethod::Get, "runs/7/weights.bin")
        .await;
    assert!(headers.is_empty());
    let answer = fixture.send("GET", &url, &headers, "").await;
    assert_eq!((answer.status, answer.body.as_slice()), (200, &body[..]));
    let (url, headers) = fixture
        .url("vic", UrlMethod::Head, "runs/7/weights.bin")
        .await;
    assert_eq!(fixture.send("HEAD", &url, &headers, "").await.status, 200);
    let (url, headers) = fixture
        .url("vera", UrlMethod::Delete, "runs/7/weights.bin")
        .await;
    let answer = fixture.send("DELETE", &url, &headers, "").await;
    assert_eq!(answer.status, 204);
    let (url, _) = fixture
        .url("vic", UrlMethod::Get, "runs/7/weights.bin")
        .await;
    assert_eq!(fixture.send("GET", &url, &[], "").await.status, 404);
}

/// A URL that writes can write only what was announced, on whichever store.
async fn writes_only_what_was_announced(fixture: &Fixture) {
    let urls = fixture
        .urls("mia", put_request("a.bin", b"announced"))
        .await
        .unwrap();
    let (url, headers) = (urls.urls[0].url.expose(), &urls.urls[0].headers);
    // Other bytes under the announced checksum: the store computes and refuses
    let answer = fixture.send("PUT", url, headers, "altered!!").await;
    assert_eq!(answer.status, 400, "{answer:?}");
    // The checksum of other bytes, no checksum, another length: not what was signed
    let other = put_request("a.bin", b"altered!!");
    let other = other.objects[0].sha256.unwrap().to_base64();
    let with = |name: &str, value: &str| {
        let mut headers = headers.clone();
        headers.retain(|(held, _)| held != name);
        headers.push((name.to_owned(), value.to_owned()));
        headers
    };
    let lying = with("x-amz-checksum-sha256", &other);
    let answer = fixture.send("PUT", url, &lying, "altered!!").await;
    assert_eq!(answer.status, 403, "{answer:?}");
    let none: Vec<_> = headers
        .iter()
        .filter(|(name, _)| name == "content-length")
        .cloned()
        .collect();
    let answer = fixture.send("PUT", url, &none, "announced").await;
    assert_eq!(answer.status, 403, "{answer:?}");
    let longer = with("content-length", "10");
    let answer = fixture.send("PUT", url, &longer, "announced!").await;
    assert_eq!(answer.status, 403, "{answer:?}");
    let (get, _) = fixture.url("vic", UrlMethod::Get, "a.bin").await;
    assert_eq!(fixture.send("GET", &get, &[], "").await.status, 404);
    // And the announced bytes go through
    let answer = fixture.send("PUT", url, headers, "announced").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    // T7: a URL that writes does nothing else, nor does one that reads
    for method in ["GET", "HEAD", "DELETE", "POST"] {
        let status = fixture.send(method, url, &[], "").await.status;
        assert!(matches!(status, 403 | 405), "{method}: {status}");
    }
    for method in ["PUT", "HEAD", "DELETE", "POST"] {
        let status = fixture.send(method, &get, &[], "").await.status;
        assert!(matches!(status, 403 | 405), "{method}: {status}");
    }
}

#[tokio::test]
async fn what_is_put_comes_back() {
    round_trip(&Fixture::new().await).await;
    if let Some(fixture) = Fixture::external().await {
        round_trip(&fixture).await;
    }
}

#[tokio::test]
async fn a_url_that_writes_can_write_only_what_was_announced() {
    writes_only_what_was_announced(&Fixture::new().await).await;
    if let Some(fixture) = Fixture::external().await {
        writes_only_what_was_announced(&fixture).await;
    }
}

#[tokio::test]
async fn an_empty_object_can_be_put() {
    let fixture = Fixture::new().await;
    assert_eq!(fixture.put("mia", "empty", b"").await.status, 200);
    let (url, _) = fixture.url("mia", UrlMethod::Get, "empty").await;
    assert!(fixture.send("GET", &url, &[], "").await.body.is_empty());
}

#[tokio::test]
async fn a_url_opens_nothing_of_another_team() {
    let fixture = Fixture::new().await;
    assert_eq!(fixture.put("leo", "private", b"theirs").await.status, 200);
    let (url, _) = fixture.url("mia", UrlMethod::Get, "private").await;
    let (ours, theirs) = (
        fixture.bucket(fixture.vision),
        fixture.bucket(fixture.language),
    );
    // Another key, another bucket, both: the signature is for one path
    for tampered in [
        url.replace(
            &fixture.files(fixture.vision),
            &fixture.files(fixture.language),
        ),
        url.replace(ours.place.container(), theirs.place.container()),
        url.replace(ours.place.container(), theirs.place.container())
            .replace(
                &fixture.files(fixture.vision),
                &fixture.files(fixture.language),
            ),
    ] {
        assert_ne!(tampered, url);
        let answer = fixture.send("GET", &tampered, &[], "").await;
        assert_eq!(answer.status, 403);
        assert_eq!(answer.code(), "SignatureDoesNotMatch");
    }
    // Even signed anew with the team's own credential, the store refuses the other bucket
    let mut wrong = crate::policy::BucketFacts::clone(&ours);
    wrong.place = theirs.place.clone();
    let key = format!("{}private", fixture.files(fixture.language));
    let control = fixture.stores.control(&Arc::new(wrong)).unwrap();
    let error = control.get(&key.parse().unwrap(), 10).await.unwrap_err();
    assert_eq!(error.code(), Some("AccessDenied"));
}

#[tokio::test]
async fn every_url_carries_its_grant_into_the_stores_log() {
    let fixture = Fixture::new().await;
    assert_eq!(fixture.put("mia", "a", b"a").await.status, 200);
    let urls = fixture
        .urls("vic", request(UrlMethod::Get, "a"))
        .await
        .unwrap();
    let grant = urls.grant_id.to_string();
    let url = urls.urls[0].url.expose();
    assert!(url.contains(&format!("x-grant={grant}")));
    assert_eq!(fixture.send("GET", url, &[], "").await.status, 200);
    let line = fixture.access_log().pop().unwrap();
    assert!(line.contains(&format!("x-grant={grant}")), "{line}");
    // It cannot be put onto somebody else, left out or given twice
    let other = url.replace(
        &grant,
        &fixture.world.ids.make::<protocol::id::Grant>().to_string(),
    );
    for tampered in [
        other,
        url.replace(&format!("&x-grant={grant}"), ""),
        format!("{url}&x-grant={grant}"),
    ] {
        assert_ne!(tampered, url);
        let answer = fixture.send("GET", &tampered, &[], "").await;
        assert!((400..=403).contains(&answer.status), "{answer:?}");
    }
    let events = fixture.events(Action::UrlIssue).await;
    let is_ours = |event: &&Event| event.grant.as_ref().map(|g| g.id) == Some(urls.grant_id);
    let event = events.iter().find(is_ours).unwrap();
    let grant = event.grant.as_ref().unwrap();
    assert_eq!(grant.keys, [format!("{}a", fixture.files(fixture.vision))]);
    assert_eq!(
        (grant.method.as_str(), grant.bound_by),
        ("GET", BoundBy::Operation)
    );
    assert_eq!(grant.expires_at, urls.expires_at);
    let actor = event.actor.as_ref().unwrap();
    assert_eq!(actor.principal_id, fixture.principal("vic"));
    assert_eq!(event.network.as_deref(), Some("192.0.2.7"));
}

#[tokio::test]
async fn after_its_end_a_url_is_refused() {
    let fixture = Fixture::new().await;
    assert_eq!(fixture.put("mia", "a", b"a").await.status, 200);
    let asked = UrlsRequest {
        ttl_seconds: Some(60),
        ..request(UrlMethod::Get, "a")
    };
    let urls = fixture.urls("mia", asked).await.unwrap();
    assert_eq!(urls.bound_by, BoundBy::Request);
    let url = urls.urls[0].url.expose();
    assert_eq!(fixture.send("GET", url, &[], "").await.status, 200);
    fixture.world.clock.advance(Duration::from_secs(61));
    let answer = fixture.send("GET", url, &[], "").await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (403, "AccessDenied")
    );
}

#[tokio::test]
async fn caps_are_one_hour_to_read_and_a_day_to_write() {
    let fixture = Fixture::new().await;
    let now = fixture.world.clock.now();
    for (name, method, hours) in [
        ("vic", UrlMethod::Get, 1),
        ("vic", UrlMethod::Head, 1),
        ("vera", UrlMethod::Delete, 1),
    ] {
        let asked = UrlsRequest {
            ttl_seconds: Some(u32::MAX),
            ..request(method, "a")
        };
        let urls = fixture.urls(name, asked).await.unwrap();
        assert_eq!(urls.bound_by, BoundBy::Operation);
        assert_eq!(urls.expires_at, now.plus(Duration::from_hours(hours)));
    }
    let urls = fixture.urls("mia", put_request("a", b"a")).await.unwrap();
    assert_eq!(urls.expires_at, now.plus(Duration::from_hours(24)));
}

/// T19: what the bucket's policy was found to refuse by its age is not given out.
#[tokio::test]
async fn no_url_outlives_the_age_that_the_buckets_policy_takes() {
    let fixture = Fixture::new().await;
    let bucket = fixture.bucket(fixture.vision);
    let proven = Capabilities {
        checked_at: fixture.world.clock.now(),
        isolation: Isolation::BrokerOnly,
        attribution: Attribution::SignedParameter,
        network: NetworkControl::BucketPolicy,
        binds_sha256: true,
        binds_part_sha256: true,
        binds_length: true,
        writes_once: true,
        multipart: true,
        longest_upload_url_seconds: 600,
        max_signature_age_seconds: Some(600),
    };
    let mut change = fixture.world.change().await;
    change
        .set_capabilities(bucket.id, Some(&proven))
        .await
        .unwrap();
    change.commit().await.unwrap();
    let urls = fixture.urls("mia", put_request("a", b"a")).await.unwrap();
    assert_eq!(urls.bound_by, BoundBy::BucketPolicy);
    let life = urls.expires_at.since(fixture.world.clock.now());
    assert_eq!(life, Duration::from_mins(10));
}

#[tokio::test]
async fn limits_narrow_life_and_number() {
    let fixture = Fixture::new().await;
    for (target, rule) in [
        (
            LimitTarget::Principal(fixture.principal("mia")),
            LimitRule {
                max_ttl_seconds: Some(30),
                ..LimitRule::default()
            },
        ),
        (
            LimitTarget::Team(fixture.vision),
            LimitRule {
                urls_per_minute: Some(2),
                ..LimitRule::default()
            },
        ),
    ] {
        let mut change = fixture.world.change().await;
        let row = LimitRow {
            id: fixture.world.ids.make(),
            target,
            rule,
            created_at: fixture.world.clock.now(),
        };
        change.create_limit(&row).await.unwrap();
        change.commit().await.unwrap();
    }
    let get = || request(UrlMethod::Get, "a");
    let urls = fixture.urls("mia", get()).await.unwrap();
    assert_eq!(urls.bound_by, BoundBy::Limit);
    let life = urls.expires_at.since(fixture.world.clock.now());
    assert_eq!(life, Duration::from_secs(30));
    fixture.urls("vic", get()).await.unwrap();
    let error = fixture.urls("mia", get()).await.unwrap_err();
    let Error::RateLimited {
        retry_after_seconds,
    } = error
    else {
        panic!("{error:?}");
    };
    fixture
        .world
        .clock
        .advance(Duration::from_secs(u64::from(retry_after_seconds)));
    fixture.urls("mia", get()).await.unwrap();
    let mut three = get();
    for key in ["b", "c"] {
        three
            .objects
            .push(request(UrlMethod::Get, key).objects.remove(0));
    }
    let error = fixture.urls("mia", three).await.unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
}

#[tokio::test]
async fn a_batch_is_one_grant() {
    let fixture = Fixture::new().await;
    let mut many = request(UrlMethod::Get, "0");
    for n in 1..5_000 {
        let more = request(UrlMethod::Get, &n.to_string());
        many.objects.extend(more.objects);
    }
    let urls = fixture.urls("vic", many.clone()).await.unwrap();
    assert_eq!(urls.urls.len(), 5_000);
    assert_eq!(urls.urls[4_999].key.as_str(), "4999");
    let events = fixture.events(Action::UrlIssue).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].grant.as_ref().unwrap().url_count(), 5_000);
    let more = request(UrlMethod::Get, "one more");
    many.objects.extend(more.objects);
    let error = fixture.urls("vic", many).await.unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
}

#[tokio::test]
async fn requests_that_are_not_of_their_form_name_the_field() {
    let fixture = Fixture::new().await;
    let get = || request(UrlMethod::Get, "a");
    let none = UrlsRequest {
        objects: Vec::new(),
        ..get()
    };
    let mut twice = get();
    twice.objects.extend(get().objects);
    let mut read_with_digest = put_request("a", b"a");
    read_with_digest.method = UrlMethod::Get;
    read_with_digest.objects[0].size_bytes = None;
    let mut read_with_size = get();
    read_with_size.objects[0].size_bytes = Some(1);
    let mut huge = put_request("a", b"a");
    huge.objects[0].size_bytes = Some((5 << 30) + 1);
    let save_as = |name: &str| UrlsRequest {
        save_as: Some(name.to_owned()),
        ..get()
    };
    let mut no_digest = put_request("a", b"a");
    no_digest.objects[0].sha256 = None;
    let mut no_size = put_request("a", b"a");
    no_size.objects[0].size_bytes = None;
    for (request, field) in [
        (none, "objects"),
        (twice, "objects[1].key"),
        (read_with_digest, "objects[0].sha256"),
        (read_with_size, "objects[0].size_bytes"),
        (huge, "objects[0].size_bytes"),
        (no_digest, "objects[0].sha256"),
        (no_size, "objects[0].size_bytes"),
        (save_as("a/b"), "save_as"),
        (save_as("a\r\nSet-Cookie: x"), "save_as"),
        (save_as(""), "save_as"),
        (
            UrlsRequest {
                ttl_seconds: Some(0),
                ..get()
            },
            "ttl_seconds",
        ),
    ] {
        let error = fixture.urls("vera", request).await.unwrap_err();
        let Error::Invalid { field: named, .. } = error else {
            panic!("{field}: {error:?}");
        };
        assert_eq!(named, field);
    }
    assert!(fixture.events(Action::UrlIssue).await.is_empty());
}

#[tokio::test]
async fn a_browser_saves_by_the_name_asked_for() {
    let fixture = Fixture::new().await;
    assert_eq!(fixture.put("mia", "a", b"a").await.status, 200);
    let asked = UrlsRequest {
        save_as: Some("Übung 1.txt".to_owned()),
        ..request(UrlMethod::Get, "a")
    };
    let urls = fixture.urls("mia", asked).await.unwrap();
    let answer = fixture
        .send("GET", urls.urls[0].url.expose(), &[], "")
        .await;
    assert_eq!(
        answer.headers.get("content-disposition").unwrap(),
        "attachment; filename=\"_bung 1.txt\"; filename*=UTF-8''%C3%9Cbung%201.txt"
    );
}
