//! T33: what somebody with access to the database changes is found.

use super::*;
use crate::db::ledger::tampering;
use crate::db::testing::for_each_database;
use crate::ledger::NotedHead;

/// Records five segments, does something to the lane, and says what verifying finds.
async fn fault_after(
    database: &TestDatabase,
    statements: &[&'static str],
    note: bool,
) -> Option<String> {
    let world = World::new(database.clone());
    let (ledger, _) = world.open().await;
    for _ in 0..5 {
        ledger.record(world.event(), None).await.unwrap();
    }
    let lane = ledger.head().lane_id;
    let verification = ledger.verify().await.unwrap();
    let own = verification.lanes.iter().find(|own| own.lane_id == lane);
    let noted = NotedHead {
        lane_id: lane,
        segments: own.unwrap().segments,
        head: own.unwrap().head.parse().unwrap(),
    };
    assert_eq!(own.unwrap().fault, None);
    ledger.shutdown().await;
    for statement in statements {
        tampering::on_lane(database, statement, lane).await.unwrap();
    }
    let noted = if note { vec![noted] } else { vec![] };
    let verification = ledger.verify_against(&noted).await.unwrap();
    let own = verification.lanes.iter().find(|own| own.lane_id == lane);
    let fault = own.and_then(|own| own.fault.clone());
    assert_eq!(
        verification.lanes.iter().all(|l| l.fault.is_none()),
        verification.intact
    );
    // The next one begins with an empty ledger
    for statement in [
        "DELETE FROM segment WHERE lane_id = $1",
        "DELETE FROM lane WHERE id = $1",
    ] {
        tampering::on_lane(database, statement, lane).await.unwrap();
    }
    fault
}

#[tokio::test]
async fn t33_what_was_done_to_a_lane_is_found() {
    for_each_database(|database| async move {
        for (statements, found) in [
            (vec![], None),
            (
                vec![
                    "UPDATE segment SET written_at = written_at + 1 WHERE lane_id = $1 AND seq = 3",
                ],
                Some("segment 3 was changed: its hash is not that of its content"),
            ),
            (
                vec!["UPDATE segment SET hash = 'x' WHERE lane_id = $1 AND seq = 5"],
                Some("segment 5 was changed: its hash is not that of its content"),
            ),
            (
                vec!["DELETE FROM segment WHERE lane_id = $1 AND seq = 2"],
                Some("segment 2 is missing: segment 3 stands in its place"),
            ),
            (
                vec![
                    "DELETE FROM segment WHERE lane_id = $1 AND seq = 2",
                    "UPDATE segment SET seq = 2 WHERE lane_id = $1 AND seq = 3",
                ],
                Some("segment 2 does not follow the segment before it"),
            ),
            (
                vec![
                    "UPDATE segment SET seq = 30 WHERE lane_id = $1 AND seq = 3",
                    "UPDATE segment SET seq = 3 WHERE lane_id = $1 AND seq = 4",
                    "UPDATE segment SET seq = 4 WHERE lane_id = $1 AND seq = 30",
                ],
                Some("segment 3 does not follow the segment before it"),
            ),
            (
                vec!["DELETE FROM segment WHERE lane_id = $1 AND seq > 3"],
                Some("the end is cut off: segments 4 to 5 are missing"),
            ),
            (
                vec!["UPDATE lane SET head_hash = 'x' WHERE id = $1"],
                Some("the last segment, 5, is not the lane's head"),
            ),
            (
                vec!["UPDATE lane SET head_seq = 4 WHERE id = $1"],
                Some("the last segment, 4, is not the lane's head"),
            ),
            (
                vec![
                    "UPDATE lane SET head_seq = 4, head_hash = (SELECT hash FROM segment
                         WHERE segment.lane_id = lane.id AND seq = 4) WHERE id = $1",
                ],
                Some("1 segments are outside of the lane's first and head"),
            ),
            (
                vec!["DELETE FROM lane WHERE id = $1"],
                Some("the lane's row is missing"),
            ),
        ] {
            let fault = fault_after(&database, &statements, false).await;
            assert_eq!(fault.as_deref(), found, "{statements:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn t33_an_end_cut_off_with_its_head_is_found_by_a_head_that_was_noted() {
    for_each_database(|database| async move {
        let cut = [
            "UPDATE lane SET head_seq = 3, head_hash = (SELECT hash FROM segment
                 WHERE segment.lane_id = lane.id AND seq = 3) WHERE id = $1",
            "DELETE FROM segment WHERE lane_id = $1 AND seq > 3",
        ];
        assert_eq!(fault_after(&database, &cut, false).await, None);
        assert_eq!(
            fault_after(&database, &cut, true).await.as_deref(),
            Some("the end is cut off: segments 4 to 5 are missing")
        );
        let gone = [
            "DELETE FROM segment WHERE lane_id = $1",
            "DELETE FROM lane WHERE id = $1",
        ];
        assert_eq!(
            fault_after(&database, &gone, true).await.as_deref(),
            Some("the lane is missing")
        );
        assert_eq!(fault_after(&database, &[], true).await, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lane_verifies_while_it_is_written() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (ledger, _) = world.open().await;
        let writing = async {
            for _ in 0..200 {
                ledger.record(world.event(), None).await.unwrap();
            }
        };
        let verifying = async {
            for _ in 0..10 {
                assert_intact(&ledger).await;
            }
        };
        tokio::join!(writing, verifying);
        ledger.shutdown().await;
    })
    .await;
}
