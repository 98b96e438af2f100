//! A clock that is moved, on the server or against the store's: what is asked for is refused, or lives
//! as long as it is said to, never longer.

use super::fixture::{Fixture, put_request, request, told};
use crate::broker::Error;
use crate::clock::Clock as _;
use crate::db::testing::for_each_database;
use crate::db::upload::Phase;
use crate::directory::testing::token_row;
use crate::policy::{AbortUpload, CompleteUpload, Denial, ListParts, PlainUrls, Rule, SignParts};
use devstore::Operation;
use protocol::Timestamp;
use protocol::audit::{Action, Grant};
use protocol::transfer::{Reach, UrlMethod, Urls, UrlsRequest};
use std::time::Duration;

const LIFE: Duration = Duration::from_mins(1);

/// A request for a URL that lives a minute.
fn for_a_minute() -> UrlsRequest {
    UrlsRequest {
        ttl_seconds: Some(60),
        ..request(UrlMethod::Get, "a")
    }
}

/// First and last moment of the signature in a URL, as a store reads them.
fn window(url: &str) -> (Timestamp, Timestamp) {
    let parameter = |name: &str| {
        let (_, rest) = url.split_once(&format!("{name}=")).unwrap();
        rest.split('&').next().unwrap()
    };
    let from = presign::Timestamp::from_basic_iso8601(parameter("X-Amz-Date")).unwrap();
    let from = Timestamp::from_unix_seconds(from.unix_seconds());
    let ttl = parameter("X-Amz-Expires").parse().unwrap();
    (from, from.plus(Duration::from_secs(ttl)))
}

/// What was said, what was recorded and what was signed are the same life. Gives it back.
async fn told_recorded_and_signed(fixture: &Fixture, urls: &Urls) -> (Timestamp, Timestamp) {
    let events = fixture.events(Action::UrlIssue).await;
    let ours = |grant: &Grant| grant.id == urls.grant_id;
    let grant = events
        .into_iter()
        .filter_map(|event| event.grant)
        .find(ours);
    let grant = grant.unwrap();
    let signed = window(urls.urls[0].url.expose());
    assert_eq!(signed, (grant.signed_at, grant.expires_at));
    assert_eq!(signed.1, urls.expires_at);
    signed
}

#[tokio::test]
async fn a_clock_that_is_wrong_gives_a_url_no_longer_life_than_is_said() {
    let fixture = Fixture::new().await;
    assert_eq!(fixture.put("mia", "a", b"a").await.status, 200);
    let clock = &fixture.world.clock;
    let truth = clock.now();
    let hour = Duration::from_hours(1);
    for wrong in [truth.plus(hour), truth.minus(hour)] {
        clock.set(wrong);
        let urls = fixture.urls("vic", for_a_minute()).await.unwrap();
        let life = told_recorded_and_signed(&fixture, &urls).await;
        assert_eq!(life, (wrong, wrong.plus(LIFE)));
        // The store's clock is right: for it the URL is not valid yet, or not any more
        let url = urls.urls[0].url.expose();
        for (at, status) in [
            (truth, 403),
            (truth.plus(LIFE), 403),
            (wrong.plus(LIFE), 403),
            (wrong.plus(LIFE / 2), 200),
        ] {
            clock.set(at);
            let answer = fixture.send("GET", url, &[], "").await;
            assert_eq!(answer.status, status, "{at}, by a clock at {wrong}");
        }
    }
}

#[tokio::test]
async fn a_clock_that_moves_between_decision_and_signature_adds_nothing() {
    let fixture = Fixture::new().await;
    let clock = &fixture.world.clock;
    for moved in [-120_i64, -1, 1, 59, 120] {
        let decided_at = clock.now();
        let op = PlainUrls {
            team: fixture.team(fixture.vision),
            request: for_a_minute(),
        };
        let permit = fixture.permit("vic", op).await.unwrap();
        let by = Duration::from_secs(moved.unsigned_abs());
        clock.set(if moved < 0 {
            decided_at.minus(by)
        } else {
            decided_at.plus(by)
        });
        let urls = told(fixture.broker.urls(permit).await.unwrap());
        let (from, end) = told_recorded_and_signed(&fixture, &urls).await;
        assert!(from <= decided_at && from <= clock.now(), "{moved}");
        assert!(end <= decided_at.plus(LIFE), "{moved}: {end}");
    }
    // And a permit from before a real jump signs nothing
    for jump in [Duration::from_secs(121), Duration::from_hours(24 * 365)] {
        for back in [true, false] {
            let op = PlainUrls {
                team: fixture.team(fixture.vision),
                request: for_a_minute(),
            };
            let permit = fixture.permit("vic", op).await.unwrap();
            let now = clock.now();
            clock.set(if back {
                now.minus(jump)
            } else {
                now.plus(jump)
            });
            let error = fixture.broker.urls(permit).await.unwrap_err();
            assert!(matches!(error, Error::Outdated), "{error:?}");
        }
    }
    assert_eq!(fixture.events(Action::UrlIssue).await.len(), 5);
}

#[tokio::test]
async fn an_upload_past_its_end_goes_no_further_and_a_completed_one_answers_as_before() {
    for_each_database(|db| async move {
        let fixture = Fixture::on(db).await;
        let clock = &fixture.world.clock;
        let done = fixture.begin("mia", "done.bin").await.unwrap();
        fixture.send_parts("mia", done.id, &[1, 2, 3]).await;
        let object = fixture.complete("mia", done.id).await.unwrap();
        let late = fixture.begin("mia", "late.bin").await.unwrap();
        fixture.send_parts("mia", late.id, &[1, 2, 3]).await;
        let completed = fixture.store().requests().of(Operation::CompleteUpload);

        // A millisecond before its end it would still be allowed
        clock.set(late.expires_at.minus(Duration::from_millis(1)));
        let upload = fixture.facts(late.id).await;
        let _permit = fixture
            .permit("mia", CompleteUpload { upload })
            .await
            .unwrap();
        clock.set(late.expires_at);
        let expired = Denial::Forbidden(Rule::Expired);
        let upload = fixture.facts(late.id).await;
        let op = CompleteUpload {
            upload: upload.clone(),
        };
        assert_eq!(fixture.permit("mia", op).await.unwrap_err(), expired);
        let op = SignParts {
            upload: upload.clone(),
            parts: vec![super::fixture::part_digest(1)],
            reach: Reach::default(),
        };
        assert_eq!(fixture.permit("mia", op).await.unwrap_err(), expired);
        let op = ListParts {
            upload: upload.clone(),
        };
        assert_eq!(fixture.permit("mia", op).await.unwrap_err(), expired);
        assert_eq!(
            fixture.store().requests().of(Operation::CompleteUpload),
            completed
        );
        assert_eq!(fixture.complete("mia", done.id).await.unwrap(), object);
        let listed = fixture.list("mia", done.id).await.unwrap();
        assert_eq!(listed.parts.len(), 3);

        // Once it was swept, no clock brings it back
        let bucket = |id| fixture.world.directory.bucket(id);
        assert_eq!(fixture.broker.sweep(bucket).await.unwrap().aborted, 1);
        clock.set(late.expires_at.minus(Duration::from_hours(24)));
        let upload = fixture.facts(late.id).await;
        let denial = fixture.permit("mia", CompleteUpload { upload }).await;
        assert_eq!(denial.unwrap_err(), Denial::Forbidden(Rule::NotOpen));
        assert_eq!(fixture.row(late.id).await.phase, Phase::Aborted);
    })
    .await;
}

#[tokio::test]
async fn an_upload_past_its_end_can_still_be_given_up() {
    let fixture = Fixture::new().await;
    let upload = fixture.begin("mia", "late.bin").await.unwrap();
    fixture.world.clock.set(upload.expires_at);
    let facts = fixture.facts(upload.id).await;
    let permit = fixture.permit("mia", AbortUpload { upload: facts }).await;
    fixture.broker.abort_upload(permit.unwrap()).await.unwrap();
    assert_eq!(fixture.row(upload.id).await.phase, Phase::Aborted);
}

#[tokio::test]
async fn a_clock_that_jumps_ahead_ends_tokens() {
    let fixture = Fixture::new().await;
    let clock = &fixture.world.clock;
    let mut token = token_row(
        fixture.world.ids.make(),
        fixture.principal("mia"),
        "short-lived",
    );
    token.expires_at = Some(clock.now().plus(LIFE));
    let mut change = fixture.world.change().await;
    change.create_token(&token).await.unwrap();
    change.commit().await.unwrap();
    let ask = || PlainUrls {
        team: fixture.team(fixture.vision),
        request: for_a_minute(),
    };
    let _permit = fixture.permit("short-lived", ask()).await.unwrap();
    clock.advance(LIFE);
    let denial = fixture.permit("short-lived", ask()).await.unwrap_err();
    assert_eq!(denial, Denial::Forbidden(Rule::TokenExpired));
}

/// T20, on whichever store: issued 16 minutes ago, more than any store allows for clocks that differ.
async fn dead_after_its_end(fixture: &Fixture) {
    let clock = &fixture.world.clock;
    let body = b"the bytes";
    assert_eq!(fixture.put("mia", "a", body).await.status, 200);
    let now = clock.now();
    clock.set(now.minus(Duration::from_mins(16)));
    let mut issued = Vec::new();
    for (name, method) in [
        ("mia", UrlMethod::Get),
        ("mia", UrlMethod::Head),
        ("mia", UrlMethod::Put),
        ("vera", UrlMethod::Delete),
    ] {
        // One that is over by now and, to show that it is for no other reason, one that is not
        for (ttl_seconds, alive) in [(60, false), (1800, true)] {
            let request = match method {
                UrlMethod::Put => put_request("a", body),
                _ => request(method, "a"),
            };
            let urls = fixture.urls(
                name,
                UrlsRequest {
                    ttl_seconds: Some(ttl_seconds),
                    ..request
                },
            );
            issued.push((method, alive, urls.await.unwrap()));
        }
    }
    clock.set(now);
    for (method, alive, urls) in issued {
        let url = &urls.urls[0];
        let (name, body) = match method {
            UrlMethod::Get => ("GET", &b""[..]),
            UrlMethod::Head => ("HEAD", &b""[..]),
            UrlMethod::Put => ("PUT", &body[..]),
            UrlMethod::Delete => ("DELETE", &b""[..]),
        };
        assert_eq!(urls.expires_at > now, alive, "{name}");
        let answer = fixture
            .send(name, url.url.expose(), &url.headers, body)
            .await;
        let accepted = (200..300).contains(&answer.status);
        assert_eq!(accepted, alive, "{name}: {answer:?}");
        assert!(accepted || answer.status == 403, "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn after_its_end_every_store_refuses_a_url() {
    dead_after_its_end(&Fixture::new().await).await;
    if let Some(fixture) = Fixture::external().await {
        dead_after_its_end(&fixture).await;
    }
}
