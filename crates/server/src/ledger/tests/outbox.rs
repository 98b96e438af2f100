//! Events of changes reach the ledger once, whatever happens between.

use super::*;
use crate::db::ledger::tampering;
use crate::db::testing::for_each_database;
use futures::future::join_all;

async fn put(world: &World, count: usize) -> Vec<Event> {
    let events: Vec<_> = (0..count).map(|_| world.event()).collect();
    let mut tx = world.database.begin().await.unwrap();
    for event in &events {
        db::outbox::insert_event(&mut tx, event).await.unwrap();
    }
    tx.commit().await.unwrap();
    events
}

async fn assert_recorded_once(world: &World, events: &[Event]) {
    let mut ids: Vec<_> = events.iter().map(|event| event.id).collect();
    let mut recorded = world.recorded().await.ids;
    ids.sort();
    recorded.sort();
    assert_eq!(ids, recorded);
    assert_eq!(tampering::count_outbox(&world.database).await.unwrap(), 0);
}

#[tokio::test]
async fn the_outbox_is_moved_into_the_ledger() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (ledger, _) = world.open().await;
        let events = put(&world, 300).await;
        ledger.drain_outbox().await.unwrap();
        assert_recorded_once(&world, &events).await;
        ledger.drain_outbox().await.unwrap();
        assert_recorded_once(&world, &events).await;
        ledger.shutdown().await;
    })
    .await;
}

#[tokio::test]
async fn two_servers_that_move_the_same_events_move_each_once() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (one, _) = world.open().await;
        let (two, _) = world.open().await;
        let events = put(&world, 60).await;
        let drains = [&one, &two, &one, &two].map(|ledger| ledger.drain_outbox());
        for drained in join_all(drains).await {
            drained.unwrap();
        }
        assert_recorded_once(&world, &events).await;
        one.shutdown().await;
        two.shutdown().await;
    })
    .await;
}

#[tokio::test]
async fn a_server_that_dies_between_taking_recording_and_deleting_moves_nothing_twice() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (dead, _) = world.open().await;
        let events = put(&world, 3).await;
        let lane = dead.head().lane_id;
        // Nothing done with the first; the second is taken; the third is taken and recorded
        for event in &events[1..] {
            let taken = db::outbox::take(&world.database, event.id, lane).await;
            assert!(taken.unwrap());
        }
        dead.record(events[2].clone(), None).await.unwrap();

        let (alive, _) = world.open().await;
        alive.drain_outbox().await.unwrap();
        assert_eq!(
            tampering::count_outbox(&world.database).await.unwrap(),
            2,
            "what a living server has taken is left to it"
        );
        dead.shutdown().await;
        alive.drain_outbox().await.unwrap();
        assert_recorded_once(&world, &events).await;
        alive.shutdown().await;
    })
    .await;
}

#[tokio::test]
async fn an_event_that_could_not_be_recorded_stays_in_the_outbox() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (ledger, _) = world.open().await;
        let events = put(&world, 2).await;
        // It lands, but that is not known before the database is gone
        ledger.faults().lose_commit_replies(1);
        let pause = ledger.faults().pause();
        let mut drain = Box::pin(ledger.drain_outbox());
        tokio::select! {
            _ = &mut drain => panic!("the commit is held back"),
            () = pause.reached() => {}
        }
        ledger.faults().cut_off_after_commit();
        drop(pause);
        drain.await.expect_err("the database is gone");
        assert!(tampering::count_outbox(&world.database).await.unwrap() > 0);
        ledger.faults().set_unreachable(false);
        while ledger.drain_outbox().await.is_err() {}
        assert_recorded_once(&world, &events).await;
        assert_intact(&ledger).await;
        ledger.shutdown().await;
    })
    .await;
}
