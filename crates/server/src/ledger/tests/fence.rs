//! A decision is still true when it is recorded.

use super::*;
use crate::db::principal::PrincipalRow;
use crate::db::team::{MembershipRow, TeamRow};
use crate::db::testing::for_each_database;
use crate::db::token::TokenRow;
use crate::directory::Directory;
use crate::ledger::{Error, EventFilter};
use crate::policy::{Denial, Effect, Rule, Source};
use futures::future::join_all;
use protocol::admin::{PrincipalKind, State};
use protocol::{Role, Sha256Digest};
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_util::task::TaskTracker;

const SUSPENDED: Denial = Denial::Forbidden(Rule::PrincipalSuspended);

#[tokio::test]
async fn a_batch_is_judged_one_by_one_when_the_directory_has_moved() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (ledger, directory) = world.open().await;
        let [allowed, denied, narrowed] = [world.ids.make(), world.ids.make(), world.ids.make()];
        {
            let mut state = directory.state.lock();
            state.refusals.insert(denied, Refusal::Denied(SUSPENDED));
            state.refusals.insert(narrowed, Refusal::Outdated);
        }
        let before = directory.revision();
        world.move_directory().await;
        let kept = [world.event(), world.event()];
        let kept_ids = [kept[0].id, kept[1].id];
        let [first, server] = kept;
        let answers = tokio::join!(
            ledger.record(first, Some(world.recheck(allowed, before))),
            ledger.record(world.event(), Some(world.recheck(denied, before))),
            ledger.record(server, None),
            ledger.record(world.event(), Some(world.recheck(narrowed, before))),
        );
        assert_eq!(
            answers,
            (
                Ok(()),
                Err(Error::Denied(SUSPENDED)),
                Ok(()),
                Err(Error::Outdated)
            )
        );
        ledger.caught_up().await.unwrap();
        let recorded = world.recorded().await.ids;
        assert!(kept_ids.iter().all(|id| recorded.contains(id)));
        // And the denial, in place of what was denied
        assert_eq!(recorded.len(), 3);
        ledger.shutdown().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_denied_only_when_it_is_recorded_is_on_the_record_as_denied() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (ledger, directory) = world.open().await;
        let principal = world.ids.make();
        let before = directory.revision();
        let refusal = Refusal::Denied(SUSPENDED);
        directory.state.lock().refusals.insert(principal, refusal);
        world.move_directory().await;
        let grant = world.grant(principal, world.ids.make(), 5000);
        let recheck = world.recheck(principal, before);
        // The database fails once meanwhile: there is still one denial, not two
        ledger.faults().fail_commits(1);
        let answer = ledger.record(grant.clone(), Some(recheck)).await;
        assert_eq!(answer, Err(Error::Denied(SUSPENDED)));
        ledger.caught_up().await.unwrap();
        let events = ledger.events(&EventFilter::default()).await.unwrap().items;
        let [denied] = events.as_slice() else {
            panic!("one event, not {events:?}");
        };
        assert_eq!(denied.action, Action::UrlDeny);
        assert_eq!(denied.rule.as_deref(), Some("principal-suspended"));
        assert_ne!(denied.id, grant.id);
        assert_eq!(denied.grant, None, "nothing was released");
        assert_eq!(
            (&denied.actor, &denied.network, &denied.request_id),
            (&grant.actor, &grant.network, &grant.request_id)
        );
        assert_eq!(
            (&denied.team_id, &denied.team, &denied.operation),
            (&grant.team_id, &grant.team, &grant.operation)
        );
        assert_intact(&ledger).await;
        ledger.shutdown().await;
    })
    .await;
}

/// The fence against a change that commits amid commits of grants.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_amid_load_holds_from_its_commit_on() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (ledger, directory) = world.open().await;
        let principal = world.ids.make();
        let before = directory.revision();
        let changed = Arc::new(AtomicBool::new(false));
        let tracker = TaskTracker::new();
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let (world, ledger) = (world.clone(), Arc::clone(&ledger));
                let changed = Arc::clone(&changed);
                tracker.spawn(async move {
                    let mut granted = 0;
                    loop {
                        let after = changed.load(Ordering::SeqCst);
                        let recheck = world.recheck(principal, before);
                        match ledger.record(world.event(), Some(recheck)).await {
                            Ok(()) => {
                                assert!(!after, "granted after the change was committed");
                                granted += 1;
                            }
                            Err(error) => {
                                assert_eq!(error, Error::Denied(SUSPENDED));
                                if after {
                                    return granted;
                                }
                            }
                        }
                    }
                })
            })
            .collect();
        while ledger.head().seq < 20 {
            ledger.record(world.event(), None).await.unwrap();
        }
        let refusal = Refusal::Denied(SUSPENDED);
        directory.state.lock().refusals.insert(principal, refusal);
        world.move_directory().await;
        changed.store(true, Ordering::SeqCst);
        let granted: usize = join_all(tasks).await.into_iter().map(Result::unwrap).sum();
        assert!(granted > 0);
        assert!(world.recorded().await.ids.len() >= granted);
        assert_intact(&ledger).await;
        ledger.shutdown().await;
    })
    .await;
}

#[tokio::test]
async fn nothing_is_decided_again_while_the_directory_stands_still() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (ledger, directory) = world.open().await;
        let principal = world.ids.make();
        for _ in 0..10 {
            let recheck = world.recheck(principal, directory.revision());
            ledger.record(world.event(), Some(recheck)).await.unwrap();
        }
        assert_eq!(directory.state.lock().rechecked, 0);
        ledger.shutdown().await;
    })
    .await;
}

#[tokio::test]
async fn a_directory_that_cannot_be_refreshed_records_no_decision() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (ledger, directory) = world.open().await;
        let principal = world.ids.make();
        let before = directory.revision();
        directory.state.lock().cut_off = true;
        world.move_directory().await;
        let decided = ledger.record(world.event(), Some(world.recheck(principal, before)));
        // What nobody had to allow is recorded all the same
        let answers = tokio::join!(decided, ledger.record(world.event(), None));
        assert_eq!(answers, (Err(Error::Unavailable), Ok(())));
        directory.state.lock().cut_off = false;
        ledger
            .record(world.event(), Some(world.recheck(principal, before)))
            .await
            .unwrap();
        ledger.shutdown().await;
    })
    .await;
}

/// Rule 5, with two servers: each has its own directory in memory and its own lane.
#[tokio::test]
async fn rule_5_a_suspension_on_one_server_holds_on_the_other_from_its_commit_on() {
    for_each_database(|database| async {
        let world = World::new(database);
        let clock = Arc::clone(&world.clock) as Arc<dyn Clock>;
        let load = || Directory::load(world.database.db.clone(), Arc::clone(&clock));
        let (one, two) = (load().await.unwrap(), load().await.unwrap());
        let (ada, team, token) = (world.ids.make(), world.ids.make(), world.ids.make());
        create_member(&world, &one, ada, team, token).await;
        two.refresh().await.unwrap();
        let open = |directory: &Arc<Directory>| {
            let (directory, clock) = (Arc::clone(directory), Arc::clone(&clock));
            Ledger::open(
                world.database.db.clone(),
                directory,
                clock,
                Arc::clone(&world.ids),
            )
        };
        let (first, second) = (open(&one).await.unwrap(), open(&two).await.unwrap());
        let ask = |directory: &Directory| Recheck {
            principal: ada,
            token: TokenFacts {
                id: token,
                principal: ada,
                expires_at: None,
            },
            source: Source::default(),
            question: Question::team(
                Need::Role(Role::Viewer),
                Effect::Download,
                &directory.team(team).unwrap(),
            ),
            terms: Terms::default(),
            revision: directory.revision(),
        };
        for (ledger, directory) in [(&first, &one), (&second, &two)] {
            let event = world.grant(ada, team, 1);
            ledger.record(event, Some(ask(directory))).await.unwrap();
        }
        let stale = ask(&two);

        // A change of something else: decided again, and still allowed
        let mut change = one.change(None).await.unwrap();
        create_user(&world, &mut change, world.ids.make(), "bob").await;
        change.commit().await.unwrap();
        assert!(two.revision() < one.revision());
        let event = world.grant(ada, team, 1);
        second.record(event, Some(stale.clone())).await.unwrap();
        assert_eq!(two.revision(), one.revision());

        let mut change = one.change(None).await.unwrap();
        change
            .set_principal_state(ada, State::Suspended)
            .await
            .unwrap();
        change.commit().await.unwrap();
        for (ledger, directory) in [(&second, &two), (&first, &one)] {
            let event = world.grant(ada, team, 1);
            assert_eq!(
                ledger.record(event, Some(stale.clone())).await,
                Err(Error::Denied(SUSPENDED))
            );
            assert_eq!(directory.revision(), one.revision());
        }
        // Three grants, and each server's denial
        first.caught_up().await.unwrap();
        second.caught_up().await.unwrap();
        assert_eq!(world.recorded().await.ids.len(), 3 + 2);
        assert_ne!(first.head().lane_id, second.head().lane_id);
        assert_intact(&first).await;
        first.shutdown().await;
        second.shutdown().await;
    })
    .await;
}

async fn create_user(
    world: &World,
    change: &mut crate::directory::Change<'_>,
    id: PrincipalId,
    name: &str,
) {
    change
        .create_principal(&PrincipalRow {
            id,
            kind: PrincipalKind::User,
            name: name.parse().unwrap(),
            state: State::Active,
            instance_admin: false,
            owner_team_id: None,
            created_at: world.clock.now(),
        })
        .await
        .unwrap();
}

async fn create_member(
    world: &World,
    directory: &Directory,
    principal: PrincipalId,
    team: TeamId,
    token: protocol::id::TokenId,
) {
    let mut change = directory.change(None).await.unwrap();
    create_user(world, &mut change, principal, "ada").await;
    change
        .create_team(&TeamRow {
            id: team,
            name: "vision".parse().unwrap(),
            state: State::Active,
            personal: false,
            bucket_id: None,
            allowed_networks: Vec::new(),
            created_at: world.clock.now(),
        })
        .await
        .unwrap();
    change
        .set_membership(&MembershipRow {
            team_id: team,
            principal_id: principal,
            role: Role::Member,
        })
        .await
        .unwrap();
    change
        .create_token(&TokenRow {
            id: token,
            principal_id: principal,
            sha256: Sha256Digest::from_bytes([5; 32]),
            label: String::new(),
            created_at: world.clock.now(),
            expires_at: None,
            revoked_at: None,
            imported_by_id: None,
        })
        .await
        .unwrap();
    change.commit().await.unwrap();
}
