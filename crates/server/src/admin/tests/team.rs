//! Teams, memberships and limits.

use super::{House, assert_conflict, assert_invalid};
use crate::admin::Error;
use crate::db::testing::for_each_database;
use crate::ledger;
use crate::policy::{
    ChangeTeam, Denial, ReadLimits, ReadRegistry, RemoveLimit, RemoveMembership, Rule, SetLimit,
    SetMembership,
};
use protocol::Role;
use protocol::admin::{LimitRule, LimitSubject, NewLimit, State, TeamChange};
use protocol::audit::Action;
use std::collections::BTreeSet;

fn moved(house: &House, team: &str, change: TeamChange) -> ChangeTeam {
    ChangeTeam {
        team: house.team(team),
        change,
    }
}

fn to_bucket(name: &str) -> TeamChange {
    TeamChange {
        bucket: Some(name.parse().unwrap()),
        ..TeamChange::default()
    }
}

fn to_state(state: State) -> TeamChange {
    TeamChange {
        state: Some(state),
        ..TeamChange::default()
    }
}

#[tokio::test]
async fn a_teams_bucket_moves_only_while_the_team_has_nothing_in_it() {
    for_each_database(|database| async move {
        let house = House::on(&database).await;
        let shared = house.world.bucket("shared", true).await;
        let own = house.world.bucket("own", false).await;
        house.create_team("vision", None).await.unwrap();
        house.create_team("language", Some("own")).await.unwrap();
        assert_eq!(house.team("language").own_bucket, Some(own));
        assert_invalid(house.create_team("audio", Some("nowhere")).await, "bucket");

        let change = |team: &str, change| {
            house
                .admin
                .change_team(house.root(moved(&house, team, change)))
        };
        let told = change("vision", to_bucket("own")).await.unwrap();
        assert_eq!(told.bucket.unwrap().as_str(), "own");
        change("vision", to_bucket("shared")).await.unwrap();
        let root = house.standing("root").id;
        database
            .add_object(house.team("vision").id, shared, root)
            .await;
        assert_conflict(change("vision", to_bucket("own")).await, "has objects");
        assert_conflict(
            change("vision", to_state(State::Removed)).await,
            "has objects",
        );
        // Where it is already
        change("vision", to_bucket("shared")).await.unwrap();

        let told = change("vision", to_state(State::Suspended)).await.unwrap();
        assert_eq!(told.state, State::Suspended);
        let read = house.ask(
            "root",
            ReadRegistry {
                team: house.team("vision"),
            },
        );
        assert_eq!(read.unwrap_err(), Denial::Forbidden(Rule::TeamSuspended));
        change("vision", to_state(State::Active)).await.unwrap();
        change("language", to_state(State::Removed)).await.unwrap();
        assert_conflict(change("language", to_state(State::Active)).await, "removed");
        assert_conflict(house.create_robot("language", "robot").await, "removed");
        assert_conflict(
            house.set_role("language", "root", Role::Admin).await,
            "removed",
        );
        assert_eq!(house.events(Action::TeamUpdate).await.len(), 5);
    })
    .await;
}

/// T6.
#[tokio::test]
async fn who_is_removed_from_a_team_gets_nothing_more_from_it() {
    for_each_database(|database| async move {
        let house = House::on(&database).await;
        house.world.user("alice").await;
        house.world.user("bob").await;
        for team in ["vision", "language"] {
            house.create_team(team, None).await.unwrap();
            house.set_role(team, "alice", Role::Member).await.unwrap();
        }
        let read = |team: &str| {
            house.ask(
                "alice",
                ReadRegistry {
                    team: house.team(team),
                },
            )
        };
        let before = read("vision").unwrap();
        let leave = |subject: &str| RemoveMembership {
            team: house.team("vision"),
            subject: subject.parse().unwrap(),
        };
        house
            .admin
            .remove_membership(house.root(leave("alice")))
            .await
            .unwrap();
        let hidden = Denial::Hidden(Rule::NotAMember);
        assert_eq!(read("vision").unwrap_err(), hidden);
        let _permit = read("language").unwrap();
        let event = crate::admin::event(&house.world.ids, Action::UrlIssue, before.decided_at());
        let late = house.ledger.record(event, Some(before.recheck())).await;
        assert_eq!(late, Err(ledger::Error::Denied(hidden)));

        for absent in ["alice", "bob", "nobody"] {
            let again = house
                .admin
                .remove_membership(house.root(leave(absent)))
                .await;
            assert!(matches!(again, Err(Error::NotFound)), "{absent}: {again:?}");
        }
        assert_eq!(house.events(Action::MembershipRemove).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_member_leaves_by_itself_and_only_team_admins_add_others() {
    for_each_database(|database| async move {
        let house = House::on(&database).await;
        for name in ["alice", "bob"] {
            house.world.user(name).await;
        }
        house.create_team("vision", None).await.unwrap();
        house
            .set_role("vision", "alice", Role::Viewer)
            .await
            .unwrap();
        let add = |subject: &str| SetMembership {
            team: house.team("vision"),
            subject: subject.parse().unwrap(),
            role: Role::Member,
        };
        // The same answer for names that there are and that there are not
        for name in ["bob", "nobody", "alice"] {
            let refused = house.ask("alice", add(name)).unwrap_err();
            assert_eq!(refused, Denial::Forbidden(Rule::RoleTooLow));
            let refused = house.ask("bob", add(name)).unwrap_err();
            assert_eq!(refused, Denial::Hidden(Rule::NotAMember));
        }
        let leave = |subject: &str| RemoveMembership {
            team: house.team("vision"),
            subject: subject.parse().unwrap(),
        };
        let permit = house.ask("alice", leave("alice")).unwrap();
        house.admin.remove_membership(permit).await.unwrap();
        assert_eq!(
            house.standing("alice").role_in(house.team("vision").id),
            None
        );

        house.set_role("vision", "bob", Role::Admin).await.unwrap();
        let permit = house.ask("bob", add("alice")).unwrap();
        let told = house.admin.set_membership(permit).await.unwrap();
        assert_eq!(
            (told.principal.as_str(), told.role),
            ("alice", Role::Member)
        );
        let permit = house.ask("bob", add("nobody")).unwrap();
        assert!(matches!(
            house.admin.set_membership(permit).await,
            Err(Error::NotFound)
        ));
    })
    .await;
}

#[tokio::test]
async fn limits_hold_for_whom_they_name_until_they_are_lifted() {
    for_each_database(|database| async move {
        let house = House::on(&database).await;
        house.world.user("alice").await;
        house.create_team("vision", None).await.unwrap();
        let set = |subject: LimitSubject, rule: LimitRule| {
            let request = NewLimit { subject, rule };
            house.admin.set_limit(house.root(SetLimit { request }))
        };
        let alice = || LimitSubject::Principal("alice".parse().unwrap());
        let read_only = LimitRule {
            read_only: true,
            ..LimitRule::default()
        };
        let limit = set(alice(), read_only.clone()).await.unwrap();
        set(
            LimitSubject::Team("vision".parse().unwrap()),
            read_only.clone(),
        )
        .await
        .unwrap();
        assert!(house.standing("alice").limits.read_only);
        assert!(house.team("vision").limits.read_only);

        assert_invalid(set(alice(), LimitRule::default()).await, "rule");
        let zero = LimitRule {
            max_ttl_seconds: Some(0),
            ..LimitRule::default()
        };
        assert_invalid(set(alice(), zero).await, "rule.max_ttl_seconds");
        for count in [0, 101] {
            let list = LimitRule {
                allowed_networks: Some(vec!["10.0.0.0/8".parse().unwrap(); count]),
                ..LimitRule::default()
            };
            assert_invalid(set(alice(), list).await, "rule.allowed_networks");
        }
        let nobody = LimitSubject::Principal("nobody".parse().unwrap());
        assert_invalid(set(nobody, read_only).await, "subject");

        let lift = || house.root(RemoveLimit { limit: limit.id });
        house.admin.remove_limit(lift()).await.unwrap();
        assert!(!house.standing("alice").limits.read_only);
        assert!(house.team("vision").limits.read_only);
        assert!(matches!(
            house.admin.remove_limit(lift()).await,
            Err(Error::NotFound)
        ));
        assert_eq!(house.events(Action::LimitSet).await.len(), 2);
        assert_eq!(house.events(Action::LimitRemove).await.len(), 1);
        let _permit = house.root(ReadLimits {});
    })
    .await;
}

#[tokio::test]
async fn a_teams_networks_are_set_and_taken_away() {
    for_each_database(|database| async move {
        let house = House::on(&database).await;
        house.create_team("vision", None).await.unwrap();
        let to = |networks: &[&str]| TeamChange {
            allowed_networks: Some(networks.iter().map(|text| text.parse().unwrap()).collect()),
            ..TeamChange::default()
        };
        let set = async |change: TeamChange| {
            let op = moved(&house, "vision", change);
            house.admin.change_team(house.root(op)).await
        };
        let told = set(to(&["10.0.0.0/8", "2001:db8::1"])).await.unwrap();
        assert_eq!(
            *told.allowed_networks,
            *house.team("vision").allowed_networks
        );
        assert_eq!(told.allowed_networks.len(), 2);
        // Neither the same again nor another change touches them
        set(to(&["10.0.0.0/8", "2001:db8::1"])).await.unwrap();
        let told = set(to_state(State::Suspended)).await.unwrap();
        assert_eq!(told.allowed_networks.len(), 2);
        assert_eq!(house.team("vision").allowed_networks.len(), 2);
        assert_invalid(set(to(&["10.0.0.0/8"; 101])).await, "allowed_networks");
        set(to(&[])).await.unwrap();
        assert!(house.team("vision").allowed_networks.is_empty());
        let details: BTreeSet<String> = house
            .events(Action::TeamUpdate)
            .await
            .into_iter()
            .map(|event| event.detail.unwrap())
            .collect();
        assert_eq!(
            details.into_iter().collect::<Vec<_>>(),
            [
                "allowed from 10.0.0.0/8 2001:db8::1",
                "allowed from every network",
                "suspended"
            ]
        );
    })
    .await;
}
