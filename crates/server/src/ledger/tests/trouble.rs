//! What the database does on a bad day: nothing is acknowledged that is not stored, nothing stored is
//! forked, and the ledger goes on by itself when the database does.

use super::*;
use crate::db::Engine;
use crate::db::ledger::{LaneConnection, tampering};
use crate::db::testing::for_each_database;
use crate::ledger::Error;
use futures::future::join_all;
use tokio_util::task::TaskTracker;

#[tokio::test]
async fn a_lost_reply_is_no_lost_event_and_no_fork() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (ledger, _) = world.open().await;
        let events = [world.event(), world.event(), world.event()];
        let ids = events.clone().map(|event| event.id);
        let [first, second, third] = events;
        // Committed, but the reply is lost: it is found to be there
        ledger.faults().lose_commit_replies(1);
        assert_eq!(ledger.record(first, None).await, Ok(()));
        assert_eq!(ledger.head().seq, 1);
        // The connection is lost before: it is found not to be there, and written
        ledger.faults().lose_commits(1);
        assert_eq!(ledger.record(second, None).await, Ok(()));
        assert_eq!(ledger.head().seq, 2);
        assert_eq!(ledger.record(third, None).await, Ok(()));
        assert_eq!(world.recorded().await.ids, ids);
        assert_intact(&ledger).await;
        ledger.shutdown().await;
    })
    .await;
}

#[tokio::test]
async fn a_commit_that_cannot_be_settled_is_not_acknowledged_and_settled_later() {
    for_each_database(|database| async {
        let world = World::new(database);
        for landed in [true, false] {
            let before = world.recorded().await.ids.len();
            let (ledger, _) = world.open().await;
            let pause = ledger.faults().pause();
            if landed {
                ledger.faults().lose_commit_replies(1);
            } else {
                ledger.faults().lose_commits(1);
            }
            let (answer, ()) = tokio::join!(ledger.record(world.event(), None), async {
                pause.reached().await;
                ledger.faults().cut_off_after_commit();
                drop(pause);
            });
            assert_eq!(answer, Err(Error::Unavailable));
            assert_eq!(
                ledger.record(world.event(), None).await,
                Err(Error::Unavailable)
            );
            ledger.faults().set_unreachable(false);
            while ledger.record(world.event(), None).await.is_err() {}
            let expected = if landed { 2 } else { 1 };
            assert_eq!(world.recorded().await.ids.len() - before, expected);
            assert_eq!(ledger.head().seq, i64::try_from(expected).unwrap());
            assert_intact(&ledger).await;
            ledger.shutdown().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_database_that_is_gone_records_nothing_and_the_ledger_recovers_by_itself() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (ledger, _) = world.open().await;
        ledger.record(world.event(), None).await.unwrap();
        let lane = ledger.head().lane_id;
        ledger.faults().set_unreachable(true);
        for _ in 0..3 {
            assert_eq!(
                ledger.record(world.event(), None).await,
                Err(Error::Unavailable)
            );
        }
        assert_eq!(world.recorded().await.ids.len(), 1);
        ledger.faults().set_unreachable(false);
        while ledger.record(world.event(), None).await.is_err() {}
        assert_eq!(ledger.head().lane_id, lane, "the lane goes on");
        assert_eq!(ledger.head().seq, 2);
        assert_intact(&ledger).await;
        ledger.shutdown().await;
    })
    .await;
}

#[tokio::test]
async fn a_commit_that_fails_is_tried_once_more() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (ledger, _) = world.open().await;
        ledger.faults().fail_commits(1);
        assert_eq!(ledger.record(world.event(), None).await, Ok(()));
        ledger.faults().fail_commits(2);
        assert_eq!(
            ledger.record(world.event(), None).await,
            Err(Error::Unavailable)
        );
        while ledger.record(world.event(), None).await.is_err() {}
        assert_eq!(world.recorded().await.ids.len(), 2);
        assert_intact(&ledger).await;
        ledger.shutdown().await;
    })
    .await;
}

#[tokio::test]
async fn a_full_disk_records_nothing_until_there_is_room_again() {
    for_each_database(|database| async {
        if database.engine() != Engine::Sqlite {
            return;
        }
        let world = World::new(database);
        let (ledger, _) = world.open().await;
        let large = || world.grant(world.ids.make(), world.ids.make(), 5000);
        ledger.record(large(), None).await.unwrap();
        ledger.faults().set_disk_full(true);
        for _ in 0..2 {
            assert_eq!(ledger.record(large(), None).await, Err(Error::Unavailable));
        }
        ledger.faults().set_disk_full(false);
        while ledger.record(large(), None).await.is_err() {}
        assert_eq!(ledger.head().seq, 2);
        assert_eq!(world.recorded().await.ids.len(), 2);
        assert_intact(&ledger).await;
        ledger.shutdown().await;
    })
    .await;
}

/// Many callers while connections break in both ways, and on PostgreSQL for real.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_under_fire_is_recorded_once() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (ledger, _) = world.open().await;
        let tracker = TaskTracker::new();
        let tasks = (0..8).map(|task| {
            let (world, ledger) = (world.clone(), Arc::clone(&ledger));
            tracker.spawn(async move {
                let mut acknowledged = Vec::new();
                for n in 0..60 {
                    match (task, n % 10) {
                        (0, 2) => ledger.faults().lose_commit_replies(1),
                        (0, 4) => ledger.faults().lose_commits(1),
                        (0, 6) => ledger.faults().fail_commits(1),
                        (0, 8) if world.database.engine() == Engine::Postgres => {
                            // The connection that asks for it may be one that was just cut
                            let _ = tampering::disconnect_all(&world.database).await;
                        }
                        _ => {}
                    }
                    let event = world.event();
                    let id = event.id;
                    match ledger.record(event, None).await {
                        Ok(()) => acknowledged.push(id),
                        Err(error) => assert_eq!(error, Error::Unavailable),
                    }
                }
                acknowledged
            })
        });
        let acknowledged: Vec<EventId> = join_all(tasks)
            .await
            .into_iter()
            .flat_map(Result::unwrap)
            .collect();
        assert!(!acknowledged.is_empty());
        let mut recorded = world.recorded().await.ids;
        let count = recorded.len();
        recorded.sort();
        recorded.dedup();
        assert_eq!(recorded.len(), count, "nothing is recorded twice");
        for id in acknowledged {
            assert!(recorded.binary_search(&id).is_ok(), "{id} is lost");
        }
        assert_intact(&ledger).await;
        ledger.shutdown().await;
    })
    .await;
}

#[tokio::test]
async fn a_lane_that_another_writer_holds_is_left_to_it() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (ledger, _) = world.open().await;
        ledger.record(world.event(), None).await.unwrap();
        let lane = ledger.head().lane_id;
        {
            // Somebody with the same lane and head writes the next segment
            let rows = db::ledger::list_lanes(&world.database).await.unwrap();
            let previous = rows[0].head_hash.parse().unwrap();
            let mut text = serde_json::to_vec(&world.event()).unwrap();
            text.push(b'\n');
            let now = world.clock.now();
            let next = segment::Sealer::new().seal(lane, 2, previous, now, &text, 1);
            let mut connection = LaneConnection::connect(&world.database).await.unwrap();
            let pending = connection.write_segment(&rows[0], &next).await.unwrap();
            pending.unwrap().commit().await.unwrap();
            connection.close().await;
        }
        ledger.record(world.event(), None).await.unwrap();
        let now = ledger.head();
        assert_ne!(now.lane_id, lane);
        assert_eq!(now.seq, 1);
        assert_eq!(world.recorded().await.ids.len(), 3);
        assert_intact(&ledger).await;
        ledger.shutdown().await;
    })
    .await;
}

#[tokio::test]
async fn a_lane_that_was_closed_is_followed_by_a_new_one() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (ledger, _) = world.open().await;
        ledger.record(world.event(), None).await.unwrap();
        let lane = ledger.head().lane_id;
        let statement = "UPDATE lane SET closed_at = 1 WHERE id = $1";
        tampering::on_lane(&world.database, statement, lane)
            .await
            .unwrap();
        ledger.record(world.event(), None).await.unwrap();
        assert_ne!(ledger.head().lane_id, lane);
        assert_eq!(world.recorded().await.ids.len(), 2);
        assert_intact(&ledger).await;
        ledger.shutdown().await;
    })
    .await;
}
