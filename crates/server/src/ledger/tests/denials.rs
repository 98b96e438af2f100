//! Rule 8: denials cannot starve grants.

use super::*;
use crate::db::testing::for_each_database;
use crate::ledger::EventFilter;
use std::task::Poll;

#[tokio::test]
async fn rule_8_a_grant_waits_for_one_commit_however_many_denials_wait() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (ledger, _) = world.open().await;
        let pause = ledger.faults().pause();
        for _ in 0..10_000 {
            ledger.record_denial(&world.event());
        }
        pause.reached().await;
        let grant = world.grant(world.ids.make(), world.ids.make(), 1);
        let id = grant.id;
        let mut granted = Box::pin(ledger.record(grant, None));
        assert_eq!(futures::poll!(&mut granted), Poll::Pending);
        drop(pause);
        granted.await.unwrap();
        let recorded = world.recorded().await;
        let first = usize::try_from(recorded.segments[0].1).unwrap();
        assert_eq!(recorded.ids[first], id, "it is in the second segment");
        // And the one that says how many are missing
        assert_eq!(recorded.segments[1].1, 1 + 128 + 1, "with few denials");
        ledger.shutdown().await;
    })
    .await;
}

#[tokio::test]
async fn denials_are_recorded_without_being_waited_for() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (ledger, _) = world.open().await;
        for _ in 0..300 {
            ledger.record_denial(&world.event());
        }
        ledger.caught_up().await.unwrap();
        assert_eq!(world.recorded().await.ids.len(), 300);
        assert_intact(&ledger).await;
        ledger.shutdown().await;
    })
    .await;
}

#[tokio::test]
async fn the_ledger_says_how_many_denials_it_lacks() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (ledger, _) = world.open().await;
        let pause = ledger.faults().pause();
        ledger.record_denial(&world.event());
        pause.reached().await;
        for _ in 0..4096 + 9 {
            ledger.record_denial(&world.event());
        }
        drop(pause);
        ledger.caught_up().await.unwrap();
        let filter = EventFilter {
            action: Some(Action::UrlDeny),
            ..EventFilter::default()
        };
        let events = ledger.events(&filter).await.unwrap().items;
        assert_eq!(events.len(), 1);
        let detail = events[0].detail.as_deref().unwrap();
        assert!(detail.starts_with("9 denials"), "{detail}");
        assert_eq!(world.recorded().await.ids.len(), 1 + 4096 + 1);
        ledger.shutdown().await;
    })
    .await;
}

#[tokio::test]
async fn denials_outlast_a_database_that_is_gone() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (ledger, _) = world.open().await;
        ledger.faults().set_unreachable(true);
        ledger.record_denial(&world.event());
        ledger
            .record(world.event(), None)
            .await
            .expect_err("nothing can be recorded");
        ledger.faults().set_unreachable(false);
        while ledger.record(world.event(), None).await.is_err() {}
        ledger.caught_up().await.unwrap();
        assert_eq!(world.recorded().await.ids.len(), 2);
        ledger.shutdown().await;
    })
    .await;
}
