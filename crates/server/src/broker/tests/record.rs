//! No record, no URL.

use super::fixture::{Fixture, request};
use crate::broker::Error;
use crate::db::upload::Phase;
use crate::policy::{PlainUrls, Rule};
use devstore::Operation;
use protocol::Role;
use protocol::admin::State;
use protocol::audit::Action;
use protocol::transfer::UrlMethod;

#[tokio::test]
async fn without_a_record_nothing_leaves_and_nothing_is_done() {
    let fixture = Fixture::new().await;
    let open = fixture.begin("mia", "open.bin").await.unwrap();
    fixture.send_parts("mia", open.id, &[1, 2, 3]).await;
    let before = fixture.store().requests();
    let faults = fixture.ledger.faults();
    faults.set_unreachable(true);
    let get = request(UrlMethod::Get, "a");
    let unrecorded = |error: &Error| matches!(error, Error::Audit(_));
    let error = fixture.urls("mia", get.clone()).await.unwrap_err();
    assert!(unrecorded(&error), "{error:?}");
    let error = fixture.begin("mia", "new.bin").await.unwrap_err();
    assert!(unrecorded(&error), "{error:?}");
    let error = fixture.sign("mia", open.id, &[1]).await.unwrap_err();
    assert!(unrecorded(&error), "{error:?}");
    let error = fixture.complete("mia", open.id).await.unwrap_err();
    assert!(unrecorded(&error), "{error:?}");
    let error = fixture.abort("mia", open.id).await.unwrap_err();
    assert!(unrecorded(&error), "{error:?}");
    let after = fixture.store().requests();
    for operation in [
        Operation::CreateUpload,
        Operation::CompleteUpload,
        Operation::AbortUpload,
    ] {
        assert_eq!(after.of(operation), before.of(operation), "{operation:?}");
    }
    assert_eq!(fixture.row(open.id).await.phase, Phase::Open);
    // And it goes on by itself when the ledger does
    faults.set_unreachable(false);
    while fixture.urls("mia", get.clone()).await.is_err() {}
    fixture.complete("mia", open.id).await.unwrap();
    assert_eq!(fixture.events(Action::UploadComplete).await.len(), 1);
    assert_eq!(fixture.events(Action::UploadBegin).await.len(), 1);
}

#[tokio::test]
async fn a_suspension_holds_for_a_request_that_was_allowed_before_it() {
    let fixture = Fixture::new().await;
    let op = PlainUrls {
        team: fixture.team(fixture.vision),
        request: request(UrlMethod::Get, "a"),
    };
    let permit = fixture.permit("mia", op).await.unwrap();
    let mut change = fixture.world.change().await;
    change
        .set_principal_state(fixture.principal("mia"), State::Suspended)
        .await
        .unwrap();
    change.commit().await.unwrap();
    let error = fixture.broker.urls(permit).await.unwrap_err();
    let Error::Denied(denial) = error else {
        panic!("{error:?}");
    };
    assert_eq!(denial.rule(), Rule::PrincipalSuspended);
    assert!(fixture.events(Action::UrlIssue).await.is_empty());
    let denied = fixture.events(Action::UrlDeny).await;
    assert_eq!(denied.len(), 1);
    assert_eq!(denied[0].rule.as_deref(), Some("principal-suspended"));
    assert_eq!(denied[0].operation.as_deref(), Some("url:issue"));
}

/// The network that a request came from is decided again with the rest.
#[tokio::test]
async fn a_list_of_networks_holds_for_a_request_that_was_allowed_before_it() {
    let fixture = Fixture::new().await;
    let op = PlainUrls {
        team: fixture.team(fixture.vision),
        request: request(UrlMethod::Get, "a"),
    };
    let permit = fixture.permit("mia", op).await.unwrap();
    let mut change = fixture.world.change().await;
    let networks = ["203.0.113.0/24".parse().unwrap()];
    change
        .set_team_networks(fixture.vision, &networks)
        .await
        .unwrap();
    change.commit().await.unwrap();
    let error = fixture.broker.urls(permit).await.unwrap_err();
    let Error::Denied(denial) = error else {
        panic!("{error:?}");
    };
    assert_eq!(denial.rule(), Rule::NetworkNotAllowed);
    assert!(fixture.events(Action::UrlIssue).await.is_empty());
    let denied = fixture.events(Action::UrlDeny).await;
    assert_eq!(denied[0].rule.as_deref(), Some("network-not-allowed"));
}

#[tokio::test]
async fn a_change_that_leaves_the_decision_as_it_was_does_not_hold_it_up() {
    let fixture = Fixture::new().await;
    let op = PlainUrls {
        team: fixture.team(fixture.vision),
        request: request(UrlMethod::Get, "a"),
    };
    let permit = fixture.permit("mia", op).await.unwrap();
    let leo = fixture.principal("leo");
    fixture
        .world
        .member(fixture.vision, leo, Role::Viewer)
        .await;
    fixture.broker.urls(permit).await.unwrap();
    assert_eq!(fixture.events(Action::UrlIssue).await.len(), 1);
}

#[tokio::test]
async fn a_store_that_is_down_is_unavailable_and_nothing_is_lost() {
    let fixture = Fixture::new().await;
    let upload = fixture.begin("mia", "large.bin").await.unwrap();
    fixture.send_parts("mia", upload.id, &[1, 2, 3]).await;
    fixture.store().set_unavailable(true);
    let down = |error: &Error| matches!(error, Error::BucketUnavailable { .. });
    let error = fixture.begin("mia", "new.bin").await.unwrap_err();
    assert!(down(&error), "{error:?}");
    let error = fixture.list("mia", upload.id).await.unwrap_err();
    assert!(down(&error), "{error:?}");
    let error = fixture.complete("mia", upload.id).await.unwrap_err();
    assert!(down(&error), "{error:?}");
    // Signing needs no store
    fixture.sign("mia", upload.id, &[1]).await.unwrap();
    let error = fixture.abort("mia", upload.id).await.unwrap_err();
    assert!(down(&error), "{error:?}");
    assert_eq!(fixture.row(upload.id).await.phase, Phase::Aborting);
    fixture.store().set_unavailable(false);
    fixture.abort("mia", upload.id).await.unwrap();
    assert_eq!(fixture.row(upload.id).await.phase, Phase::Aborted);
}
