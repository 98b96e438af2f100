//! Uploads in parts: resumed, completed, given up.

use super::fixture::{Fixture, LARGE_BYTES, large_digest, part_bytes, part_digest};
use crate::broker::{Error, Swept};
use crate::clock::Clock as _;
use crate::db::testing::for_each_database;
use crate::db::upload::Phase;
use crate::policy::{BeginUpload, Denial, Rule, SignParts};
use devstore::Operation;
use protocol::audit::Action;
use protocol::transfer::{BoundBy, NewUpload, Reach, UploadState, UrlMethod, VerifiedBy};
use protocol::{Digest, Sha256Digest};
use std::time::Duration;

/// Begun, interrupted, resumed and completed, on whichever store.
async fn resumed(fixture: &Fixture) {
    let upload = fixture.begin("mia", "large.bin").await.unwrap();
    assert_eq!((upload.part_count, upload.part_size_bytes), (3, 16 << 20));
    assert_eq!(upload.state, UploadState::Open);
    fixture.send_parts("mia", upload.id, &[2]).await;
    // The client is killed and begins again
    let again = fixture.begin("mia", "large.bin").await.unwrap();
    assert_eq!(again, upload);
    let listed = fixture.list("mia", upload.id).await.unwrap();
    assert_eq!(listed.parts, [part_digest(2)]);
    fixture.send_parts("mia", upload.id, &[1, 3]).await;
    let object = fixture.complete("mia", upload.id).await.unwrap();
    assert_eq!(
        (object.size_bytes, object.digest),
        (LARGE_BYTES, large_digest())
    );
    assert_eq!(object.verified_by, VerifiedBy::PartChecksums);
    let (url, _) = fixture.url("vic", UrlMethod::Get, "large.bin").await;
    let answer = fixture.send("GET", &url, &[], "").await;
    let whole: Vec<u8> = (1..=3).flat_map(part_bytes).collect();
    assert!(answer.body == whole, "{} other bytes", answer.body.len());
    // Completing is idempotent; giving up comes too late
    assert_eq!(fixture.complete("mia", upload.id).await.unwrap(), object);
    let listed = fixture.list("mia", upload.id).await.unwrap();
    assert_eq!(listed.upload.state, UploadState::Completed);
    assert_eq!(listed.parts.len(), 3);
    let error = fixture.broker.find_upload(upload.id, |_| None).await;
    assert!(error.unwrap().is_none(), "a team that is gone owns nothing");
}

#[tokio::test]
async fn an_upload_goes_on_where_it_was_left() {
    for_each_database(|db| async move {
        let fixture = Fixture::on(db).await;
        resumed(&fixture).await;
        let requests = fixture.store().requests();
        assert_eq!(requests.of(Operation::CreateUpload), 1);
        assert_eq!(requests.of(Operation::UploadPart), 3);
        assert_eq!(requests.of(Operation::CompleteUpload), 1);
        assert_eq!(fixture.events(Action::UploadBegin).await.len(), 1);
        assert_eq!(fixture.events(Action::UploadComplete).await.len(), 1);
    })
    .await;
    if let Some(fixture) = Fixture::external().await {
        resumed(&fixture).await;
    }
}

/// A URL for a part writes that part alone, as announced, on whichever store.
async fn writes_its_part_alone(fixture: &Fixture) {
    let upload = fixture.begin("mia", "large.bin").await.unwrap();
    let signed = fixture.sign("mia", upload.id, &[1]).await.unwrap();
    let part = &signed.parts[0];
    let mut other = part_bytes(1);
    other[0] ^= 1;
    let answer = fixture.send_part(part, other).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    let url = part.url.expose();
    let second = url.replace("partNumber=1", "partNumber=2");
    let elsewhere = url.replace("large.bin", "other.bin");
    for tampered in [second, elsewhere] {
        assert_ne!(tampered, url);
        let answer = fixture
            .send("PUT", &tampered, &part.headers, part_bytes(1))
            .await;
        assert_eq!(answer.status, 403, "{answer:?}");
    }
    assert!(
        fixture
            .list("mia", upload.id)
            .await
            .unwrap()
            .parts
            .is_empty()
    );
    assert_eq!(fixture.send_part(part, part_bytes(1)).await.status, 200);
    fixture.abort("mia", upload.id).await.unwrap();
}

#[tokio::test]
async fn a_part_url_writes_its_part_alone_and_as_announced() {
    writes_its_part_alone(&Fixture::new().await).await;
    if let Some(fixture) = Fixture::external().await {
        writes_its_part_alone(&fixture).await;
    }
}

#[tokio::test]
async fn windows_of_parts_live_an_hour_and_never_beyond_the_upload() {
    let fixture = Fixture::new().await;
    let upload = fixture.begin("mia", "large.bin").await.unwrap();
    let now = fixture.world.clock.now();
    assert_eq!(upload.expires_at, now.plus(Duration::from_hours(24)));
    let signed = fixture.sign("mia", upload.id, &[1]).await.unwrap();
    assert_eq!(signed.expires_at, now.plus(Duration::from_hours(1)));
    fixture
        .world
        .clock
        .advance(Duration::from_secs(86_400 - 90));
    let signed = fixture.sign("mia", upload.id, &[1]).await.unwrap();
    assert_eq!(signed.expires_at, upload.expires_at);
    assert_eq!(signed.bound_by, BoundBy::Operation);
    fixture.world.clock.advance(Duration::from_secs(90));
    let sign = SignParts {
        upload: fixture.facts(upload.id).await,
        parts: vec![part_digest(1)],
        reach: Reach::default(),
    };
    let denial = fixture.permit("mia", sign).await.unwrap_err();
    assert_eq!(denial, Denial::Forbidden(Rule::Expired));
    // So close to its end it is not taken up again either
    let anew = fixture.begin("mia", "large.bin").await.unwrap();
    assert_ne!(anew.id, upload.id);
}

#[tokio::test]
async fn the_grant_of_a_window_names_its_parts() {
    let fixture = Fixture::new().await;
    let upload = fixture.begin("mia", "large.bin").await.unwrap();
    let signed = fixture.sign("mia", upload.id, &[3, 1]).await.unwrap();
    assert_eq!(signed.parts[0].number, 3);
    for part in &signed.parts {
        let grant = format!("x-grant={}", signed.grant_id);
        assert!(part.url.expose().contains(&grant));
    }
    let events = fixture.events(Action::UrlIssue).await;
    assert_eq!(events[0].upload_id, Some(upload.id));
    let grant = events[0].grant.as_ref().unwrap();
    assert_eq!(grant.parts, [3, 1]);
    assert_eq!(grant.url_count(), 2);
    assert_eq!(
        grant.keys,
        [format!("{}large.bin", fixture.files(fixture.vision))]
    );
}

#[tokio::test]
async fn parts_that_cannot_be_are_refused() {
    let fixture = Fixture::new().await;
    let upload = fixture.begin("mia", "large.bin").await.unwrap();
    let facts = fixture.facts(upload.id).await;
    let with = |numbers: &[u32]| {
        let part = |number: &u32| protocol::transfer::PartDigest {
            number: *number,
            sha256: Sha256Digest::from_bytes([1; 32]),
        };
        SignParts {
            upload: facts.clone(),
            parts: numbers.iter().map(part).collect(),
            reach: Reach::default(),
        }
    };
    for (numbers, field) in [
        (&[][..], "parts"),
        (&[0], "parts[0].number"),
        (&[1, 4], "parts[1].number"),
        (&[1, 1], "parts[1].number"),
    ] {
        let permit = fixture.permit("mia", with(numbers)).await.unwrap();
        let error = fixture.broker.sign_parts(permit).await.unwrap_err();
        let Error::Invalid { field: named, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!(named, field);
    }
}

#[tokio::test]
async fn a_part_keeps_the_digest_that_it_was_announced_with() {
    for_each_database(|db| async move {
        let fixture = Fixture::on(db).await;
        let upload = fixture.begin("mia", "large.bin").await.unwrap();
        fixture.sign("mia", upload.id, &[1, 2]).await.unwrap();
        fixture.sign("mia", upload.id, &[1]).await.unwrap();
        let other = SignParts {
            upload: fixture.facts(upload.id).await,
            parts: vec![protocol::transfer::PartDigest {
                number: 2,
                sha256: Sha256Digest::from_bytes([9; 32]),
            }],
            reach: Reach::default(),
        };
        let permit = fixture.permit("mia", other).await.unwrap();
        let error = fixture.broker.sign_parts(permit).await.unwrap_err();
        assert!(error.to_string().contains("part 2"), "{error}");
        assert!(matches!(error, Error::Conflict(_)), "{error:?}");
    })
    .await;
}

#[tokio::test]
async fn what_is_no_upload_in_parts_is_not_begun() {
    let fixture = Fixture::new().await;
    let parts_of = |part_size_bytes| Digest::Sha256Composite {
        part_size_bytes,
        composite: Sha256Digest::from_bytes([1; 32]),
    };
    for (size_bytes, digest, field) in [
        (32 << 20, parts_of(16 << 20), "size_bytes"),
        (u64::MAX, parts_of(16 << 20), "size_bytes"),
        (LARGE_BYTES, parts_of(8 << 20), "digest"),
        (
            LARGE_BYTES,
            Digest::Sha256(Sha256Digest::from_bytes([1; 32])),
            "digest",
        ),
    ] {
        let request = NewUpload {
            key: "large.bin".parse().unwrap(),
            size_bytes,
            digest,
        };
        let team = fixture.team(fixture.vision);
        let permit = fixture.permit("mia", BeginUpload { team, request }).await;
        let error = fixture.broker.begin_upload(permit.unwrap()).await;
        let Err(Error::Invalid { field: named, .. }) = error else {
            panic!("{error:?}");
        };
        assert_eq!(named, field);
    }
    assert_eq!(fixture.store().requests().total(), 0);
}

#[tokio::test]
async fn an_upload_that_was_given_up_is_over_and_giving_up_is_idempotent() {
    for_each_database(|db| async move {
        let fixture = Fixture::on(db).await;
        let upload = fixture.begin("mia", "large.bin").await.unwrap();
        let signed = fixture.sign("mia", upload.id, &[1]).await.unwrap();
        fixture.abort("mia", upload.id).await.unwrap();
        fixture.abort("mia", upload.id).await.unwrap();
        assert_eq!(fixture.events(Action::UploadAbort).await.len(), 1);
        assert_eq!(fixture.row(upload.id).await.phase, Phase::Aborted);
        // A URL that is still alive finds nothing
        let answer = fixture.send_part(&signed.parts[0], part_bytes(1)).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (404, "NoSuchUpload")
        );
        let sign = SignParts {
            upload: fixture.facts(upload.id).await,
            parts: vec![part_digest(1)],
            reach: Reach::default(),
        };
        let denial = fixture.permit("mia", sign).await.unwrap_err();
        assert_eq!(denial, Denial::Forbidden(Rule::NotOpen));
    })
    .await;
}

#[tokio::test]
async fn a_lost_answer_to_complete_is_found_out() {
    let fixture = Fixture::new().await;
    let upload = fixture.begin("mia", "large.bin").await.unwrap();
    fixture.send_parts("mia", upload.id, &[1, 2, 3]).await;
    // The store put them together, but the server never learnt
    let row = fixture.row(upload.id).await;
    let control = fixture.admin_control(fixture.vision);
    let stored = control.list_parts(&row.key, &row.store_upload_id).await;
    let parts: Vec<_> = stored
        .unwrap()
        .into_iter()
        .map(|part| crate::stores::PartToComplete {
            number: part.number,
            etag: part.etag,
            sha256: part_digest(part.number).sha256,
        })
        .collect();
    control
        .complete_multipart(&row.key, &row.store_upload_id, &parts)
        .await
        .unwrap();
    let object = fixture.complete("mia", upload.id).await.unwrap();
    assert_eq!(object.verified_by, VerifiedBy::PartChecksums);
    assert_eq!(object.size_bytes, LARGE_BYTES);
}

#[tokio::test]
async fn an_object_that_another_upload_made_is_not_taken_for_this_one() {
    let fixture = Fixture::new().await;
    let upload = fixture.begin("mia", "large.bin").await.unwrap();
    fixture.sign("mia", upload.id, &[1, 2, 3]).await.unwrap();
    // The same content at the same key, by somebody else; then the store forgets the first upload
    let other = fixture.begin("max", "large.bin").await.unwrap();
    fixture.send_parts("max", other.id, &[1, 2, 3]).await;
    fixture.complete("max", other.id).await.unwrap();
    let row = fixture.row(upload.id).await;
    let control = fixture.admin_control(fixture.vision);
    control
        .abort_multipart(&row.key, &row.store_upload_id)
        .await
        .unwrap();
    let error = fixture.complete("mia", upload.id).await.unwrap_err();
    assert!(matches!(error, Error::ContentMismatch(_)), "{error:?}");
    assert_eq!(fixture.row(upload.id).await.phase, Phase::Open);
}

#[tokio::test]
async fn expired_uploads_are_swept_also_when_the_store_was_down() {
    for_each_database(|db| async move {
        let fixture = Fixture::on(db).await;
        let bucket = |id| fixture.world.directory.bucket(id);
        let upload = fixture.begin("mia", "large.bin").await.unwrap();
        let other = fixture.begin("leo", "large.bin").await.unwrap();
        let none = fixture.broker.sweep(bucket).await.unwrap();
        assert_eq!(none, Swept::default());
        fixture.world.clock.advance(Duration::from_hours(25));
        fixture.store().set_unavailable(true);
        let failed = fixture.broker.sweep(bucket).await.unwrap();
        assert_eq!((failed.aborted, failed.unfinished), (0, 2));
        // Given up all the same: nothing can be signed for it
        assert_eq!(fixture.facts(upload.id).await.state, UploadState::Aborted);
        fixture.store().set_unavailable(false);
        let done = fixture.broker.sweep(bucket).await.unwrap();
        assert_eq!((done.aborted, done.unfinished), (2, 0));
        assert_eq!(
            fixture.broker.sweep(bucket).await.unwrap(),
            Swept::default()
        );
        assert_eq!(fixture.row(other.id).await.phase, Phase::Aborted);
        let events = fixture.events(Action::UploadAbort).await;
        assert_eq!(events.len(), 2);
        assert!(events.iter().all(|event| event.actor.is_none()));
    })
    .await;
}
