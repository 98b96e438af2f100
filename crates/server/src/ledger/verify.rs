//! Verifies every lane of the ledger.

use super::Ledger;
use super::chain::{Chain, Fault, NotedHead};
use crate::db::ledger::LaneRow;
use crate::db::{self, Error};
use protocol::audit::{LaneVerification, LedgerVerification};
use protocol::id::LaneId;

/// Segments read at once.
const PAGE: i64 = 32;

impl Ledger {
    /// Verifies all lanes as they are now.
    ///
    /// # Errors
    /// When the database cannot be reached. A ledger that does not verify is no error.
    pub async fn verify(&self) -> Result<LedgerVerification, Error> {
        self.verify_against(&[]).await
    }

    /// The same, against heads that were noted elsewhere: they show an end that was cut off together
    /// with the head in the lane's row, and a lane that is gone.
    ///
    /// # Errors
    /// When the database cannot be reached. A ledger that does not verify is no error.
    pub async fn verify_against(&self, noted: &[NotedHead]) -> Result<LedgerVerification, Error> {
        let mut lanes = Vec::new();
        let rows = db::ledger::list_lanes(&self.db).await?;
        for row in &rows {
            lanes.push(self.verify_lane(row, noted).await?);
        }
        for id in db::ledger::list_lanes_without_row(&self.db).await? {
            // A lane that was opened after the rows were read has its row
            lanes.push(lost(id.parse().ok(), &Fault::NoLane));
        }
        for noted in noted {
            if !lanes.iter().any(|lane| lane.lane_id == noted.lane_id) {
                lanes.push(lost(Some(noted.lane_id), &Fault::NoSegments));
            }
        }
        Ok(LedgerVerification {
            intact: lanes.iter().all(|lane| lane.fault.is_none()),
            lanes,
        })
    }

    async fn verify_lane(
        &self,
        row: &LaneRow,
        noted: &[NotedHead],
    ) -> Result<LaneVerification, Error> {
        let mut chain = Chain::new(row.id, noted);
        let mut fault = None;
        // What is committed after the row was read is not looked at
        'lane: while chain.seq() < row.head_seq {
            let page = db::ledger::list_segments(&self.db, row.id, chain.seq(), row.head_seq, PAGE)
                .await?;
            if page.is_empty() {
                break;
            }
            for segment in &page {
                if let Err(found) = chain.follow(segment) {
                    fault = Some(found);
                    break 'lane;
                }
            }
        }
        let mut fault = fault.or_else(|| chain.end(row.head_seq, &row.head_hash).err());
        if fault.is_none() {
            let count = db::ledger::count_stray_segments(&self.db, row.id).await?;
            fault = (count > 0).then_some(Fault::Stray { count });
        }
        Ok(LaneVerification {
            lane_id: row.id,
            segments: u64::try_from(chain.seq()).unwrap_or(0),
            events: chain.events(),
            head: chain.head().to_hex(),
            fault: fault.map(|fault| fault.to_string()),
        })
    }
}

/// A lane of which there is nothing to read.
fn lost(lane: Option<LaneId>, fault: &Fault) -> LaneVerification {
    LaneVerification {
        lane_id: lane.unwrap_or_else(|| LaneId::from_parts(0, [0; 10])),
        segments: 0,
        events: 0,
        head: String::new(),
        fault: Some(fault.to_string()),
    }
}
