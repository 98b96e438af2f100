//! Tests of the directory, on both databases.

mod network;

use super::testing::{BEGIN, World, token_sha256};
use super::{ChangeError, Directory, Refusal};
use crate::clock::ManualClock;
use crate::db::limit::{LimitRow, LimitTarget};
use crate::db::team::MembershipRow;
use crate::db::testing::{TestDatabase, for_each_database};
use crate::policy::{
    Denial, Effect, Need, Question, Recheck, Rule, Source, Standing, TeamFacts, Terms,
};
use protocol::Role;
use protocol::admin::{LimitRule, PrincipalKind, State};
use protocol::id::{PrincipalId, TeamId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Everything that a directory answers, in a comparable form.
#[derive(Debug, PartialEq)]
struct Seen {
    revision: u64,
    principals: BTreeMap<String, Arc<Standing>>,
    teams: BTreeMap<String, Arc<TeamFacts>>,
    members: BTreeMap<TeamId, BTreeMap<PrincipalId, Role>>,
    buckets: BTreeMap<String, bool>,
    limits: usize,
}

fn seen(directory: &Directory) -> Seen {
    Seen {
        revision: directory.revision(),
        principals: directory
            .principals()
            .into_iter()
            .map(|standing| (standing.name.to_string(), standing))
            .collect(),
        members: directory
            .teams()
            .iter()
            .map(|team| {
                let members = directory.members(team.id);
                (
                    team.id,
                    members.iter().map(|(s, role)| (s.id, *role)).collect(),
                )
            })
            .collect(),
        teams: directory
            .teams()
            .into_iter()
            .map(|team| (team.name.to_string(), team))
            .collect(),
        buckets: directory
            .buckets()
            .iter()
            .map(|bucket| (bucket.name.to_string(), bucket.default))
            .collect(),
        limits: directory.limits().len(),
    }
}

/// A second server on the same database.
async fn other_server(database: &TestDatabase) -> Arc<Directory> {
    let clock = Arc::new(ManualClock::at(BEGIN));
    Directory::load(database.connect_again().await, clock)
        .await
        .unwrap()
}

fn recheck(directory: &Directory, name: &str, question: Question) -> Recheck {
    let (standing, token, revision) = directory.by_token(&token_sha256(name)).unwrap();
    Recheck {
        principal: standing.id,
        token,
        source: Source::default(),
        terms: Terms::of(&standing.limits, &question),
        question,
        revision,
    }
}

fn download(directory: &Directory, team: TeamId) -> Question {
    let team = directory.team(team).unwrap();
    Question::bucket(Need::Role(Role::Viewer), Effect::Download, &team)
}

/// Changes that were applied one by one give what reading everything gives.
#[tokio::test]
async fn what_was_applied_equals_what_is_loaded() {
    for_each_database(|database| async move {
        let world = World::on(&database).await;
        let here = &world.directory;
        let there = other_server(&database).await;
        let alice = world.user("alice").await;
        let bob = world.user("bob").await;
        let vision = world.team("vision").await;
        let own = world.bucket("own", false).await;
        let language = world.team_in("language", Some(own)).await;
        world
            .principal("robot", PrincipalKind::ServiceAccount, false, Some(vision))
            .await;
        assert_eq!(here.team(vision).unwrap().bucket, None);
        world.bucket("shared", true).await;
        assert!(here.team(vision).unwrap().bucket.as_ref().unwrap().default);
        assert_eq!(
            here.team(language).unwrap().bucket.as_ref().unwrap().id,
            own
        );
        world.member(vision, alice, Role::Viewer).await;
        world.member(vision, alice, Role::Admin).await;
        world.member(language, alice, Role::Member).await;
        world.member(vision, bob, Role::Member).await;

        let mut change = world.change().await;
        change.delete_membership(vision, bob).await.unwrap();
        change
            .set_principal_state(bob, State::Removed)
            .await
            .unwrap();
        assert_eq!(change.revoke_tokens_of(bob).await.unwrap(), 1);
        change
            .update_team(language, State::Suspended, None)
            .await
            .unwrap();
        for seconds in [600, 60] {
            let rule = LimitRule {
                max_ttl_seconds: Some(seconds),
                ..LimitRule::default()
            };
            for target in [LimitTarget::Principal(alice), LimitTarget::Team(vision)] {
                let row = LimitRow {
                    id: world.ids.make(),
                    target,
                    rule: rule.clone(),
                    created_at: BEGIN,
                };
                change.create_limit(&row).await.unwrap();
            }
        }
        let networks = ["10.0.0.0/8".parse().unwrap()];
        change.set_team_networks(vision, &networks).await.unwrap();
        let shared = here.default_bucket().unwrap().id;
        change.set_bucket_networks(shared, &networks).await.unwrap();
        change.remove_bucket(own).await.unwrap();
        change.commit().await.unwrap();

        assert_eq!(
            here.principal(alice).unwrap().limits.max_ttl_seconds,
            Some(60)
        );
        let facts = here.team(vision).unwrap();
        assert_eq!(facts.limits.max_ttl_seconds, Some(60));
        assert_eq!(*facts.allowed_networks, networks);
        assert_eq!(*facts.bucket.as_ref().unwrap().allowed_networks, networks);
        assert_eq!(here.by_token(&token_sha256("bob")), None);
        there.refresh().await.unwrap();
        let fresh = other_server(&database).await;
        assert_eq!(seen(here), seen(&fresh));
        assert_eq!(seen(&there), seen(&fresh));
        for name in ["alice", "bob", "robot"] {
            assert_eq!(
                here.by_token(&token_sha256(name)),
                fresh.by_token(&token_sha256(name))
            );
        }

        let mut change = world.change().await;
        for limit in here.limits() {
            if limit.rule.max_ttl_seconds == Some(60) {
                change.delete_limit(limit.id).await.unwrap();
            }
        }
        change.commit().await.unwrap();
        assert_eq!(
            here.principal(alice).unwrap().limits.max_ttl_seconds,
            Some(600)
        );
    })
    .await;
}

/// A change is there wholly or not at all, whoever looks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_sees_half_a_change() {
    for_each_database(|database| async move {
        let world = World::on(&database).await;
        let alice = world.user("alice").await;
        let teams = [world.team("one").await, world.team("two").await];
        let there = other_server(&database).await;
        let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let looking = std::thread::spawn({
            let (stop, there) = (stop.clone(), there.clone());
            move || {
                let mut looks = 0_u32;
                while !stop.load(std::sync::atomic::Ordering::Relaxed) || looks == 0 {
                    let standing = there.principal(alice).unwrap();
                    let roles = teams.map(|team| standing.role_in(team));
                    assert_eq!(roles[0].is_some(), roles[1].is_some());
                    looks += 1;
                }
            }
        });
        for round in 0..40 {
            let mut change = world.change().await;
            for team_id in teams {
                if round % 2 == 0 {
                    let row = MembershipRow {
                        team_id,
                        principal_id: alice,
                        role: Role::Member,
                    };
                    change.set_membership(&row).await.unwrap();
                } else {
                    change.delete_membership(team_id, alice).await.unwrap();
                }
            }
            change.commit().await.unwrap();
            there.refresh().await.unwrap();
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        looking.join().unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_change_that_is_dropped_leaves_nothing() {
    for_each_database(|database| async move {
        let world = World::on(&database).await;
        let alice = world.user("alice").await;
        let before = seen(&world.directory);
        let mut change = world.change().await;
        change
            .set_principal_state(alice, State::Removed)
            .await
            .unwrap();
        drop(change);
        world.directory.refresh().await.unwrap();
        assert_eq!(seen(&world.directory), before);
        // And the next one takes the same revision
        world.team("vision").await;
        assert_eq!(world.directory.revision(), before.revision + 1);
    })
    .await;
}

#[tokio::test]
async fn changes_of_two_servers_follow_one_another() {
    for_each_database(|database| async move {
        let world = World::on(&database).await;
        let there = World {
            directory: other_server(&database).await,
            ids: Arc::new(crate::ids::IdMaker::seeded(world.clock.clone(), 2)),
            ..world.clone()
        };
        let make = async |world: &World, side: &str| {
            for n in 0..10 {
                world.team(&format!("{side}-{n}")).await;
            }
        };
        tokio::join!(make(&world, "here"), make(&there, "there"));
        world.directory.refresh().await.unwrap();
        there.directory.refresh().await.unwrap();
        assert_eq!(world.directory.revision(), 20);
        assert_eq!(seen(&world.directory).teams.len(), 20);
        assert_eq!(seen(&world.directory), seen(&there.directory));
    })
    .await;
}

/// A server that was away while the log was cut reads everything.
#[tokio::test]
async fn a_cut_log_is_noticed() {
    for_each_database(|database| async move {
        let world = World::on(&database).await;
        let there = other_server(&database).await;
        world.team("vision").await;
        world.team("language").await;
        let mut tx = database.begin().await.unwrap();
        crate::db::directory::forget_changes(&mut tx, 1)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        there.refresh().await.unwrap();
        assert_eq!(seen(&there), seen(&world.directory));
    })
    .await;
}

/// T6: who was removed from a team gets nothing more from it, and keeps what is another team's.
#[tokio::test]
async fn a_removed_member_is_refused_what_was_just_allowed() {
    for_each_database(|database| async move {
        let world = World::on(&database).await;
        let alice = world.user("alice").await;
        world.bucket("shared", true).await;
        let [vision, language] = [world.team("vision").await, world.team("language").await];
        world.member(vision, alice, Role::Member).await;
        world.member(language, alice, Role::Member).await;
        let directory = &world.directory;
        let decided = recheck(directory, "alice", download(directory, vision));
        let elsewhere = recheck(directory, "alice", download(directory, language));
        assert_eq!(directory.recheck(&decided, BEGIN), Ok(decided.revision));

        let mut change = world.change().await;
        change.delete_membership(vision, alice).await.unwrap();
        let revision = change.commit().await.unwrap();
        let refused = Refusal::Denied(Denial::Hidden(Rule::NotAMember));
        assert_eq!(directory.recheck(&decided, BEGIN), Err(refused));
        assert_eq!(directory.recheck(&elsewhere, BEGIN), Ok(revision));
    })
    .await;
}

#[tokio::test]
async fn what_changed_since_it_was_decided_decides() {
    for_each_database(|database| async move {
        let world = World::on(&database).await;
        let alice = world.user("alice").await;
        world.bucket("shared", true).await;
        let other = world.bucket("other", false).await;
        let vision = world.team("vision").await;
        world.member(vision, alice, Role::Member).await;
        let directory = &world.directory;
        let decided = recheck(directory, "alice", download(directory, vision));
        let limit = world.ids.make();
        let row = |max| LimitRow {
            id: limit,
            target: LimitTarget::Team(vision),
            rule: LimitRule {
                max_ttl_seconds: Some(max),
                ..LimitRule::default()
            },
            created_at: BEGIN,
        };

        let mut change = world.change().await;
        change.create_limit(&row(60)).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(directory.recheck(&decided, BEGIN), Err(Refusal::Outdated));
        let narrowed = recheck(directory, "alice", download(directory, vision));
        let mut change = world.change().await;
        change.delete_limit(limit).await.unwrap();
        let revision = change.commit().await.unwrap();
        // Wider than before: what was decided fits in it
        assert_eq!(directory.recheck(&narrowed, BEGIN), Ok(revision));

        let mut change = world.change().await;
        change
            .update_team(vision, State::Active, Some(other))
            .await
            .unwrap();
        change.commit().await.unwrap();
        assert_eq!(directory.recheck(&decided, BEGIN), Err(Refusal::Outdated));

        let decided = recheck(directory, "alice", download(directory, vision));
        let mut change = world.change().await;
        change.revoke_tokens_of(alice).await.unwrap();
        change.commit().await.unwrap();
        let revoked = Refusal::Denied(Denial::Forbidden(Rule::TokenRevoked));
        assert_eq!(directory.recheck(&decided, BEGIN), Err(revoked));
    })
    .await;
}

/// A suspension by one server is not undone by an administrator's own: who was suspended while asking
/// changes nothing.
#[tokio::test]
async fn a_change_is_decided_again_once_it_has_the_head() {
    for_each_database(|database| async move {
        let world = World::on(&database).await;
        let root = world.instance_admin("root").await;
        let there = other_server(&database).await;
        let allowed = recheck(&there, "root", Question::instance(Need::InstanceAdmin));
        let mut change = world.change().await;
        change
            .set_principal_state(root, State::Suspended)
            .await
            .unwrap();
        change.commit().await.unwrap();
        // `there` has not heard of it yet
        assert_eq!(there.principal(root).unwrap().state, State::Active);
        let refused = there.change(Some(&allowed)).await;
        assert!(matches!(
            refused,
            Err(ChangeError::Denied(Denial::Forbidden(
                Rule::PrincipalSuspended
            )))
        ));
    })
    .await;
}
