//! A clock that is moved while a lane is written: the order of the chain is the order of recording.

use super::*;
use crate::db::testing::for_each_database;
use crate::ledger::EventFilter;

#[tokio::test]
async fn a_clock_that_is_moved_changes_no_order_and_loses_nothing() {
    for_each_database(|database| async {
        let world = World::new(database);
        let begin = world.clock.now();
        let (ledger, _) = world.open().await;
        let hour = Duration::from_hours(1);
        let mut recorded = Vec::new();
        let mut told = Vec::new();
        for at in [begin, begin.plus(hour), begin.minus(hour), begin] {
            world.clock.set(at);
            // To whom its own lane, last seen an hour ago, is not a dead server's
            let own = ledger.head().lane_id;
            ledger.projection.sweep(own, &*world.clock).await.unwrap();
            let event = world.event();
            recorded.push(event.id);
            told.push(at);
            ledger.record(event, None).await.unwrap();
        }
        assert_eq!(world.recorded().await.ids, recorded);
        assert_intact(&ledger).await;
        assert_eq!(
            db::ledger::list_lanes(&world.database).await.unwrap().len(),
            1
        );
        let lane = ledger.head().lane_id;
        let segments = db::ledger::list_segments(&world.database, lane, 0, i64::MAX, i64::MAX)
            .await
            .unwrap();
        // Each says when it was, by the clock of then
        let written: Vec<_> = segments
            .iter()
            .map(|row| (row.seq, row.written_at))
            .collect();
        let expected: Vec<_> = (1..).zip(told).collect();
        assert_eq!(written, expected);

        // And a reader that goes page by page misses none of them
        ledger.caught_up().await.unwrap();
        let mut read = Vec::new();
        let mut after = None;
        loop {
            let filter = EventFilter {
                after,
                limit: Some(1),
                ..EventFilter::default()
            };
            let page = ledger.events(&filter).await.unwrap();
            read.extend(page.items.iter().map(|event| event.id));
            after = read.last().copied();
            if page.next.is_none() {
                break;
            }
        }
        read.sort();
        recorded.sort();
        assert_eq!(read, recorded);
        ledger.shutdown().await;
    })
    .await;
}
