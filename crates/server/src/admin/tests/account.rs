//! Users and service accounts.

use super::super::account::is_last_instance_admin;
use super::super::bootstrap;
use super::{House, assert_conflict, assert_invalid};
use crate::auth::AuthError;
use crate::db::testing::for_each_database;
use crate::directory::testing::{BEGIN, World, token_sha256};
use crate::ids::IdMaker;
use crate::ledger;
use crate::policy::{
    Denial, ReadRegistry, ReadTeam, ReinstatePrincipal, RemovePrincipal, Rule, Standing,
    SuspendPrincipal,
};
use proptest::prelude::*;
use protocol::admin::{PrincipalKind, State};
use protocol::audit::{Action, Grant};
use protocol::transfer::BoundBy;
use protocol::{PrincipalName, Role, Sha256Digest, TeamName};
use std::sync::Arc;
use std::time::Duration;

fn suspend(subject: Arc<Standing>) -> SuspendPrincipal {
    SuspendPrincipal {
        subject,
        owner_team: None,
    }
}

#[tokio::test]
async fn a_user_comes_with_a_team_of_its_own() {
    for_each_database(|database| async move {
        let house = House::on(&database).await;
        let alice = house.create_user("alice@example.org").await.unwrap();
        assert_eq!(
            (alice.kind, alice.state),
            (PrincipalKind::User, State::Active)
        );
        let team = house.team("alice-example.org");
        assert!(team.personal);
        let standing = house.standing("alice@example.org");
        assert_eq!(standing.role_in(team.id), Some(Role::Admin));
        let events = house.events(Action::UserCreate).await;
        let event = events.first().unwrap();
        assert_eq!(event.subject.as_deref(), Some("alice@example.org"));
        assert_eq!(event.actor.as_ref().unwrap().name.as_str(), "root");
        assert_eq!(event.operation.as_deref(), Some("user:create"));
        assert_eq!(house.events(Action::TeamCreate).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn names_are_taken_once_whatever_their_case() {
    for_each_database(|database| async move {
        let house = House::on(&database).await;
        house.create_user("alice").await.unwrap();
        house.create_team("vision", None).await.unwrap();
        for taken in ["alice", "Alice", "vision", "VISION", "root"] {
            assert_conflict(house.create_user(taken).await, "taken");
            assert_conflict(house.create_team(taken, None).await, "taken");
            assert_conflict(house.create_robot("vision", taken).await, "taken");
        }
        // Its own team's name would be another user's
        assert_conflict(
            house
                .create_user("a+lice")
                .await
                .and(house.create_user("a-lice").await),
            "taken",
        );
        let long = "a".repeat(65);
        assert_invalid(house.create_user(&long).await, "name");
    })
    .await;
}

#[tokio::test]
async fn a_suspended_principal_is_refused_and_what_it_was_granted_is_told() {
    for_each_database(|database| async move {
        let house = House::on(&database).await;
        let world = &house.world;
        let alice = world.user("alice").await;
        let bucket_id = world.bucket("shared", true).await;
        house.create_team("vision", None).await.unwrap();
        house
            .set_role("vision", "alice", Role::Member)
            .await
            .unwrap();
        let expires_at = BEGIN.plus(Duration::from_mins(5));
        let read = house
            .ask(
                "alice",
                ReadRegistry {
                    team: house.team("vision"),
                },
            )
            .unwrap();
        let event = crate::admin::event(&world.ids, Action::UrlIssue, BEGIN);
        let grant = Grant {
            id: world.ids.make(),
            bucket_id,
            method: "GET".to_owned(),
            access_key_id: "AKIDEXAMPLE".to_owned(),
            signed_at: BEGIN,
            expires_at,
            bound_by: BoundBy::Request,
            keys: vec!["a".to_owned(), "b".to_owned()],
            parts: Vec::new(),
            objects: Vec::new(),
            pinned_to: None,
        };
        let event = protocol::audit::Event {
            actor: Some(read.caller().actor()),
            team_id: Some(house.team("vision").id),
            team: Some("vision".parse().unwrap()),
            grant: Some(grant),
            ..event
        };
        house
            .ledger
            .record(event.clone(), Some(read.recheck()))
            .await
            .unwrap();

        let told = house
            .admin
            .suspend(house.root(suspend(house.standing("alice"))))
            .await
            .unwrap();
        assert_eq!(told.principal.state, State::Suspended);
        assert_eq!((told.live_grants, told.live_urls), (1, 2));
        assert_eq!(told.last_expires_at, Some(expires_at));
        // The next request, and one that was decided before
        let suspended = Denial::Forbidden(Rule::PrincipalSuspended);
        let again = house.ask(
            "alice",
            ReadTeam {
                team: house.team("vision"),
            },
        );
        assert_eq!(again.unwrap_err(), suspended);
        let late = protocol::audit::Event {
            id: world.ids.make(),
            ..event
        };
        let late = house.ledger.record(late, Some(read.recheck())).await;
        assert_eq!(late, Err(ledger::Error::Denied(suspended)));

        // Told again, and less of it as time passes
        world.clock.advance(Duration::from_mins(5));
        world.directory.refresh().await.unwrap();
        let told = house
            .admin
            .suspend(house.root(suspend(house.standing("alice"))))
            .await
            .unwrap();
        assert_eq!((told.live_grants, told.last_expires_at), (0, None));
        assert_eq!(house.events(Action::PrincipalSuspend).await.len(), 1);

        let reinstate = ReinstatePrincipal {
            subject: house.standing("alice"),
            owner_team: None,
        };
        let back = house.admin.reinstate(house.root(reinstate)).await.unwrap();
        assert_eq!((back.id, back.state), (alice, State::Active));
        let _permit = house
            .ask(
                "alice",
                ReadTeam {
                    team: house.team("vision"),
                },
            )
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_removed_principal_does_not_come_back() {
    for_each_database(|database| async move {
        let house = House::on(&database).await;
        house.world.user("alice").await;
        house.create_team("vision", None).await.unwrap();
        house
            .set_role("vision", "alice", Role::Member)
            .await
            .unwrap();
        let remove = || RemovePrincipal {
            subject: house.standing("alice"),
            owner_team: None,
        };
        let told = house.admin.remove(house.root(remove())).await.unwrap();
        assert_eq!(told.principal.state, State::Removed);
        assert_eq!(
            house.authenticate("alice-token").unwrap_err(),
            AuthError::Unknown
        );
        assert_eq!(house.standing("alice").memberships.iter().len(), 0);
        let members = house.world.directory.members(house.team("vision").id);
        assert!(
            members
                .iter()
                .all(|(member, _)| member.name.as_str() == "root")
        );

        house.admin.remove(house.root(remove())).await.unwrap();
        assert_eq!(house.events(Action::PrincipalRemove).await.len(), 1);
        let reinstate = ReinstatePrincipal {
            subject: house.standing("alice"),
            owner_team: None,
        };
        assert_conflict(
            house.admin.reinstate(house.root(reinstate)).await,
            "removed for good",
        );
        assert_conflict(
            house
                .admin
                .suspend(house.root(suspend(house.standing("alice"))))
                .await,
            "removed for good",
        );
        assert_conflict(house.create_user("alice").await, "taken");
        assert!(
            house
                .set_role("vision", "alice", Role::Viewer)
                .await
                .is_err()
        );
    })
    .await;
}

#[tokio::test]
async fn a_team_admin_stops_the_teams_own_service_accounts() {
    for_each_database(|database| async move {
        let house = House::on(&database).await;
        house.world.user("alice").await;
        house.create_team("vision", None).await.unwrap();
        house
            .set_role("vision", "alice", Role::Admin)
            .await
            .unwrap();
        let robot = house.create_robot("vision", "robot").await.unwrap();
        assert_eq!(robot.owner_team.as_ref().unwrap().as_str(), "vision");
        let op = SuspendPrincipal {
            subject: house.standing("robot"),
            owner_team: Some(house.team("vision")),
        };
        let permit = house.ask("alice", op).unwrap();
        let told = house.admin.suspend(permit).await.unwrap();
        assert_eq!(told.principal.state, State::Suspended);
        let events = house.events(Action::PrincipalSuspend).await;
        assert_eq!(
            events.first().unwrap().team_id,
            Some(house.team("vision").id)
        );
        assert!(house.ask("alice", suspend(house.standing("root"))).is_err());
    })
    .await;
}

#[tokio::test]
async fn the_last_instance_admin_is_known() {
    let database = crate::db::testing::TestDatabase::sqlite().await;
    let house = House::on(&database).await;
    house.world.user("alice").await;
    let [root, alice] = [house.standing("root"), house.standing("alice")];
    let last = |subject: &Standing| {
        let all = house.world.directory.principals();
        is_last_instance_admin(subject, all.iter().map(|standing| &**standing))
    };
    assert!(last(&root));
    assert!(!last(&alice));
    house.world.instance_admin("other").await;
    assert!(!last(&root));
    let other = house.standing("other");
    house
        .admin
        .suspend(house.root(suspend(other.clone())))
        .await
        .unwrap();
    assert!(last(&root));
    assert!(!last(&house.standing("other")));
    // Nobody can be the one who does it
    assert_eq!(
        house.ask("root", suspend(root)).unwrap_err(),
        Denial::Forbidden(Rule::NotToYourself)
    );
}

#[tokio::test]
async fn servers_that_start_at_once_make_one_first_admin() {
    for_each_database(|database| async move {
        let world = World::on(&database).await;
        let there = database.connect_again().await;
        let there = World::on(&there).await;
        let name: PrincipalName = "root".parse().unwrap();
        let token = Sha256Digest::from_bytes(token_sha256("root"));
        let ids = IdMaker::seeded(world.clock.clone(), 2);
        let (here, there) = tokio::join!(
            bootstrap(&world.directory, &world.ids, &name, token, true),
            bootstrap(&there.directory, &ids, &name, token, true),
        );
        let made = [here.unwrap(), there.unwrap()];
        assert_eq!(made.iter().flatten().count(), 1);
        world.directory.refresh().await.unwrap();
        let house = House::of(&database, world).await;
        house.create_team("vision", None).await.unwrap();
        let events = house.events(Action::UserCreate).await;
        assert_eq!(events.len(), 1);
        assert_eq!(events.first().unwrap().actor, None);
        assert!(house.team("root").personal);
        let again = bootstrap(&house.world.directory, &house.world.ids, &name, token, true).await;
        assert_eq!(again.unwrap(), None);
    })
    .await;
}

proptest! {
    /// T37 and T12: what parses as a name has nothing in it that a log line, a URL's query, a path or a
    /// bucket's policy would take for its own.
    #[test]
    fn names_cannot_forge(text in prop_oneof![
        ".{0,80}",
        "[a-z]{1,8}[\\n\\r\"'&=%/\\\\#?;<>$*{}\\x00 ][a-z-]{0,8}",
        "[a-z]{1,8}&x-grant=grt_[0-9a-f]{32}",
        "[a-zA-Z0-9._@+-]{1,140}",
    ]) {
        let harmless = |name: &str| {
            name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.@+".contains(&b))
                && !name.starts_with(['-', '_', '.', '@', '+'])
        };
        if let Ok(name) = text.parse::<PrincipalName>() {
            prop_assert!(harmless(name.as_str()));
            // In an event it stays one value of one line
            let mut event = crate::admin::event(
                &IdMaker::seeded(Arc::new(crate::clock::ManualClock::at(BEGIN)), 1),
                Action::UserCreate,
                BEGIN,
            );
            event.subject = Some(name.to_string());
            let line = serde_json::to_string(&event).unwrap();
            prop_assert!(!line.contains('\n'));
            prop_assert_eq!(serde_json::from_str::<protocol::audit::Event>(&line).unwrap(), event);
        }
        if let Ok(name) = text.parse::<TeamName>() {
            prop_assert!(harmless(name.as_str()) && !name.as_str().contains(['@', '+']));
        }
    }
}
