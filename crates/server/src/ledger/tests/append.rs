//! Group commit.

use super::*;
use crate::db::testing::for_each_database;
use crate::ledger::Error;
use futures::future::join_all;
use std::task::Poll;
use tokio_util::task::TaskTracker;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_appends_are_all_recorded_once_and_verify() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (ledger, _) = world.open().await;
        let tracker = TaskTracker::new();
        let tasks = (0..16).map(|_| {
            let (world, ledger) = (world.clone(), Arc::clone(&ledger));
            tracker.spawn(async move {
                let mut ids = Vec::new();
                for _ in 0..200 {
                    let event = world.event();
                    ids.push(event.id);
                    ledger.record(event, None).await.unwrap();
                }
                ids
            })
        });
        let mut acknowledged: Vec<EventId> = join_all(tasks)
            .await
            .into_iter()
            .flat_map(Result::unwrap)
            .collect();
        let mut recorded = world.recorded().await;
        assert!(recorded.segments.len() < 3200, "commits are shared");
        acknowledged.sort();
        recorded.ids.sort();
        assert_eq!(acknowledged, recorded.ids);
        assert_intact(&ledger).await;
        let verification = ledger.verify().await.unwrap();
        assert_eq!(verification.lanes[0].events, 3200);
        assert_eq!(
            verification.lanes[0].segments,
            u64::try_from(ledger.head().seq).unwrap()
        );
        ledger.shutdown().await;
    })
    .await;
}

#[tokio::test]
async fn a_lone_request_is_committed_at_once() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (ledger, _) = world.open().await;
        let started = std::time::Instant::now();
        for seq in 1..=20 {
            ledger.record(world.event(), None).await.unwrap();
            assert_eq!(ledger.head().seq, seq);
        }
        // Far above what commits take, far below what any timer would
        assert!(started.elapsed() < Duration::from_secs(2));
        ledger.shutdown().await;
    })
    .await;
}

#[tokio::test]
async fn who_arrives_while_a_commit_runs_shares_the_next() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (ledger, _) = world.open().await;
        let pause = ledger.faults().pause();
        let mut first = Box::pin(ledger.record(world.event(), None));
        assert_eq!(futures::poll!(&mut first), Poll::Pending);
        pause.reached().await;
        let mut others: Vec<_> = (0..10)
            .map(|_| Box::pin(ledger.record(world.event(), None)))
            .collect();
        for other in &mut others {
            assert_eq!(futures::poll!(other), Poll::Pending);
        }
        drop(pause);
        first.await.unwrap();
        for answer in join_all(others).await {
            answer.unwrap();
        }
        let counts: Vec<_> = world.recorded().await.segments;
        let lane = ledger.head().lane_id;
        assert_eq!(counts, [(lane, 1), (lane, 10)]);
        ledger.shutdown().await;
    })
    .await;
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_the_lane_whole() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (ledger, _) = world.open().await;
        let pause = ledger.faults().pause();
        let mut gone = Box::pin(ledger.record(world.event(), None));
        assert_eq!(futures::poll!(&mut gone), Poll::Pending);
        pause.reached().await;
        drop(gone);
        drop(pause);
        ledger.record(world.event(), None).await.unwrap();
        assert_eq!(world.recorded().await.ids.len(), 2);
        assert_intact(&ledger).await;
        ledger.shutdown().await;
    })
    .await;
}

#[tokio::test]
async fn shutdown_writes_what_waits_and_closes_the_lane() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (ledger, _) = world.open().await;
        let pause = ledger.faults().pause();
        let mut first = Box::pin(ledger.record(world.event(), None));
        assert_eq!(futures::poll!(&mut first), Poll::Pending);
        pause.reached().await;
        let mut second = Box::pin(ledger.record(world.event(), None));
        assert_eq!(futures::poll!(&mut second), Poll::Pending);
        ledger.record_denial(&world.event());
        let mut shutdown = Box::pin(ledger.shutdown());
        assert_eq!(futures::poll!(&mut shutdown), Poll::Pending);
        drop(pause);
        shutdown.await;
        assert_eq!(first.await, Ok(()));
        assert_eq!(second.await, Ok(()));
        assert_eq!(
            ledger.record(world.event(), None).await,
            Err(Error::Unavailable)
        );
        assert_eq!(world.recorded().await.ids.len(), 3);
        let lanes = db::ledger::list_lanes(&world.database).await.unwrap();
        assert!(lanes.iter().all(|lane| lane.closed_at.is_some()));
    })
    .await;
}
