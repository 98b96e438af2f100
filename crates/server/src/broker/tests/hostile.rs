//! Somebody else's uploads, parts that are not what they were announced as, stores that lie.

use super::fixture::{Fixture, part_bytes, part_digest};
use crate::broker::Error;
use crate::clock::Clock as _;
use crate::db::upload::Phase;
use crate::policy::{AbortUpload, CompleteUpload, Denial, ListParts, Rule, SignParts};
use devstore::Operation;
use protocol::admin::State;
use protocol::audit::Action;
use protocol::transfer::Reach;
use std::time::Duration;

#[tokio::test]
async fn an_upload_is_for_who_began_it() {
    let fixture = Fixture::new().await;
    let upload = fixture.begin("mia", "large.bin").await.unwrap();
    let facts = fixture.facts(upload.id).await;
    let not_yours = Denial::Forbidden(Rule::NotOwner);
    let not_there = Denial::Hidden(Rule::NotAMember);
    // T2: also for a colleague, also for the team's admin
    for (name, expected) in [
        ("max", not_yours),
        ("vera", not_yours),
        ("vic", Denial::Forbidden(Rule::RoleTooLow)),
        ("leo", not_there),
    ] {
        let upload = facts.clone();
        let denial = fixture.permit(name, ListParts { upload }).await;
        assert_eq!(denial.unwrap_err(), expected, "{name} lists");
        let (upload, parts) = (facts.clone(), vec![part_digest(1)]);
        let denial = fixture
            .permit(
                name,
                SignParts {
                    upload,
                    parts,
                    reach: Reach::default(),
                },
            )
            .await;
        assert_eq!(denial.unwrap_err(), expected, "{name} signs");
        let upload = facts.clone();
        let denial = fixture.permit(name, CompleteUpload { upload }).await;
        assert_eq!(denial.unwrap_err(), expected, "{name} completes");
        if name != "vera" {
            let upload = facts.clone();
            let denial = fixture.permit(name, AbortUpload { upload }).await;
            assert_eq!(denial.unwrap_err(), expected, "{name} aborts");
        }
    }
    // A colleague who wants the same content there gets an upload of his own
    let other = fixture.begin("max", "large.bin").await.unwrap();
    assert_ne!(other.id, upload.id);
    fixture.abort("vera", upload.id).await.unwrap();
    assert_eq!(fixture.row(other.id).await.phase, Phase::Open);
}

/// An upload with all parts sent but those left out.
async fn sent(fixture: &Fixture, numbers: &[u32]) -> crate::db::upload::UploadRow {
    let upload = fixture.begin("mia", "large.bin").await.unwrap();
    fixture.sign("mia", upload.id, &[1, 2, 3]).await.unwrap();
    fixture.send_parts("mia", upload.id, numbers).await;
    fixture.row(upload.id).await
}

async fn refused(fixture: &Fixture, row: &crate::db::upload::UploadRow, why: &str) {
    let error = fixture.complete("mia", row.id).await.unwrap_err();
    let Error::ContentMismatch(text) = &error else {
        panic!("{why}: {error:?}");
    };
    assert!(text.contains(why), "{text}");
    assert_eq!(fixture.row(row.id).await.phase, Phase::Open);
    assert_eq!(fixture.store().requests().of(Operation::CompleteUpload), 0);
    assert!(fixture.events(Action::UploadComplete).await.is_empty());
}

#[tokio::test]
async fn a_missing_part_is_found_and_may_still_be_sent() {
    let fixture = Fixture::new().await;
    let row = sent(&fixture, &[1, 3]).await;
    refused(&fixture, &row, "part 2 first").await;
    fixture.send_parts("mia", row.id, &[2]).await;
    fixture.complete("mia", row.id).await.unwrap();
}

#[tokio::test]
async fn an_altered_part_is_found() {
    let fixture = Fixture::new().await;
    let row = sent(&fixture, &[1, 2, 3]).await;
    let mut other = part_bytes(2);
    other[5] ^= 1;
    fixture.put_part_as_admin(&row, 2, other).await;
    refused(&fixture, &row, "part 2 is not what was announced").await;
    // And is not called landed
    let listed = fixture.list("mia", row.id).await.unwrap();
    assert_eq!(listed.parts, [part_digest(1), part_digest(3)]);
}

#[tokio::test]
async fn a_part_of_another_size_is_found() {
    let fixture = Fixture::new().await;
    let row = sent(&fixture, &[1, 2]).await;
    fixture.put_part_as_admin(&row, 3, vec![3; 17]).await;
    refused(&fixture, &row, "part 3 has 17 bytes").await;
}

#[tokio::test]
async fn a_part_that_nobody_announced_is_found() {
    let fixture = Fixture::new().await;
    let row = sent(&fixture, &[1, 2, 3]).await;
    fixture.put_part_as_admin(&row, 4, vec![4; 17]).await;
    refused(&fixture, &row, "part 4, which was not announced").await;
}

#[tokio::test]
async fn parts_of_another_digest_than_the_uploads_are_found() {
    let fixture = Fixture::new().await;
    let upload = fixture.begin("mia", "large.bin").await.unwrap();
    // Announced and sent truthfully, but the whole is not what the upload was begun for
    let lie = vec![9; part_bytes(1).len()];
    let op = SignParts {
        upload: fixture.facts(upload.id).await,
        parts: vec![protocol::transfer::PartDigest {
            number: 1,
            sha256: super::fixture::sha256(&lie),
        }],
        reach: Reach::default(),
    };
    let permit = fixture.permit("mia", op).await.unwrap();
    let signed = fixture.broker.sign_parts(permit).await.unwrap();
    assert_eq!(fixture.send_part(&signed.parts[0], lie).await.status, 200);
    fixture.send_parts("mia", upload.id, &[2, 3]).await;
    let row = fixture.row(upload.id).await;
    refused(&fixture, &row, "not those of the digest announced").await;
}

#[tokio::test]
async fn a_stopped_principal_completes_nothing() {
    let fixture = Fixture::new().await;
    let row = sent(&fixture, &[1, 2, 3]).await;
    let other = fixture.begin("max", "large.bin").await.unwrap();
    let upload = fixture.facts(row.id).await;
    // Allowed a moment before; stopped while the request is under way
    let permit = fixture.permit("mia", CompleteUpload { upload }).await;
    let mia = fixture.principal("mia");
    let mut change = fixture.world.change().await;
    change
        .set_principal_state(mia, State::Suspended)
        .await
        .unwrap();
    change.commit().await.unwrap();
    let error = fixture.broker.complete_upload(permit.unwrap()).await;
    let Err(Error::Denied(denial)) = error else {
        panic!("{error:?}");
    };
    assert_eq!(denial.rule(), Rule::PrincipalSuspended);
    assert_eq!(fixture.store().requests().of(Operation::CompleteUpload), 0);
    // And its uploads are given up, nobody else's
    let bucket = |id| fixture.world.directory.bucket(id);
    let swept = fixture.broker.abort_uploads_of(mia, bucket).await.unwrap();
    assert_eq!((swept.aborted, swept.unfinished), (1, 0));
    assert_eq!(fixture.row(row.id).await.phase, Phase::Aborted);
    assert_eq!(fixture.row(other.id).await.phase, Phase::Open);
    let control = fixture.admin_control(fixture.vision);
    let gone = control.list_parts(&row.key, &row.store_upload_id).await;
    assert!(gone.unwrap_err().is_no_such_upload());
}

#[tokio::test]
async fn a_permit_is_not_good_after_the_clock_moved() {
    let fixture = Fixture::new().await;
    for move_clock in [
        |fixture: &Fixture| fixture.world.clock.advance(Duration::from_secs(121)),
        |fixture: &Fixture| {
            let back = fixture.world.clock.now().minus(Duration::from_secs(121));
            fixture.world.clock.set(back);
        },
    ] {
        let op = crate::policy::PlainUrls {
            team: fixture.team(fixture.vision),
            request: super::fixture::request(protocol::transfer::UrlMethod::Get, "a"),
        };
        let permit = fixture.permit("mia", op).await.unwrap();
        move_clock(&fixture);
        let error = fixture.broker.urls(permit).await.unwrap_err();
        assert!(matches!(error, Error::Outdated), "{error:?}");
    }
    assert!(fixture.events(Action::UrlIssue).await.is_empty());
}

#[tokio::test]
async fn an_operation_without_a_bucket_signs_nothing() {
    let fixture = Fixture::new().await;
    let team = fixture.team(fixture.vision);
    let permit = fixture
        .permit("mia", crate::policy::ReadRegistry { team })
        .await
        .unwrap();
    let error = crate::broker::Mandate::of(&permit).unwrap_err();
    assert!(matches!(error, Error::Denied(_)), "{error:?}");
}

#[tokio::test]
async fn a_key_outside_of_the_teams_root_is_never_signed() {
    use crate::broker::{Item, Mandate, Release};
    let fixture = Fixture::new().await;
    let op = crate::policy::PlainUrls {
        team: fixture.team(fixture.vision),
        request: super::fixture::request(protocol::transfer::UrlMethod::Get, "a"),
    };
    let permit = fixture.permit("mia", op).await.unwrap();
    let mandate = Mandate::of(&permit).unwrap();
    let root = mandate.root();
    let bare = root.trim_end_matches('/').to_owned();
    // T3: the neighbours of a root are not in it
    for key in [
        format!("{}private", fixture.files(fixture.language)),
        bare.clone(),
        format!("{bare}x/files/a"),
        format!("x{root}files/a"),
        "a".to_owned(),
    ] {
        let key = key.parse().unwrap();
        let release = Release::new(
            protocol::transfer::UrlMethod::Get,
            vec![Item::read(&key, None)],
        );
        let error = fixture.broker.release(&mandate, release).await.unwrap_err();
        assert!(matches!(error, Error::NotFound), "{key}: {error:?}");
    }
    assert!(fixture.events(Action::UrlIssue).await.is_empty());
}
