//! The lane as its writer knows it, and how it is found out what became of it.

use super::segment;
use crate::clock::Clock;
use crate::db::Error;
use crate::db::ledger::{LaneConnection, LaneRow, SegmentRow};
use crate::ids::IdMaker;
use protocol::Sha256Digest;
use protocol::id::LaneId;

/// A lane that this process writes.
#[derive(Debug, Clone)]
pub(super) struct Lane {
    /// Its row, as it was last seen or written.
    pub(super) row: LaneRow,
    /// The hash in the row.
    pub(super) head: Sha256Digest,
}

/// What the lane's row says of a segment whose commit was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settled {
    /// The segment is stored: it is the head.
    Landed,
    /// It is not, and cannot be any more: the head is the one before it.
    NotLanded,
    /// The lane is closed, or somebody else wrote to it: never to be used again.
    Lost,
}

impl Lane {
    /// Opens a new lane.
    pub(super) async fn open(
        connection: &mut LaneConnection,
        clock: &dyn Clock,
        ids: &IdMaker,
    ) -> Result<Self, Error> {
        let id: LaneId = ids.make();
        let head = segment::genesis(id);
        let now = clock.now();
        let directory_revision = connection.open_lane(id, &head.to_hex(), now).await?;
        tracing::info!(lane.id = %id, "a lane of the ledger was opened");
        Ok(Self {
            row: LaneRow {
                id,
                seen_at: now,
                closed_at: None,
                directory_revision,
                head_seq: 0,
                head_hash: head.to_hex(),
            },
            head,
        })
    }

    /// Moves on to a segment that is stored.
    pub(super) fn advance(&mut self, segment: &SegmentRow) {
        self.row.head_seq = segment.seq;
        self.row.head_hash.clone_from(&segment.hash);
        // Both were made from the same digest
        self.head = segment.hash.parse().unwrap_or(self.head);
    }

    /// Compares with the row as it is now stored, after a commit of `segment` that was not answered,
    /// if there was one. On [`Settled::NotLanded`] the directory's revision is the row's.
    pub(super) fn settle(
        &mut self,
        stored: Option<LaneRow>,
        segment: Option<&SegmentRow>,
    ) -> Settled {
        let Some(stored) = stored else {
            return Settled::Lost;
        };
        let stands_at = |seq, hash: &str| stored.head_seq == seq && stored.head_hash == hash;
        if let Some(segment) = segment.filter(|segment| stands_at(segment.seq, &segment.hash)) {
            // True even when the lane was closed since: the next commit finds that out
            self.advance(segment);
            self.row.directory_revision = stored.directory_revision;
            return Settled::Landed;
        }
        if stored.closed_at.is_some() || !stands_at(self.row.head_seq, &self.row.head_hash) {
            return Settled::Lost;
        }
        self.row.directory_revision = stored.directory_revision;
        Settled::NotLanded
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Timestamp;

    fn lane() -> (Lane, SegmentRow) {
        let id = LaneId::from_parts(1, [1; 10]);
        let head = segment::genesis(id);
        let at = Timestamp::from_unix_millis(1);
        let row = LaneRow {
            id,
            seen_at: at,
            closed_at: None,
            directory_revision: 4,
            head_seq: 0,
            head_hash: head.to_hex(),
        };
        let next = segment::Sealer::new().seal(id, 1, head, at, b"{}\n", 1);
        (Lane { row, head }, next)
    }

    #[test]
    fn a_commit_that_was_not_answered_landed_when_the_head_is_its_segment() {
        let (mut lane, next) = lane();
        let mut stored = lane.row.clone();
        stored.directory_revision = 5;
        let before = Some(stored.clone());
        assert_eq!(lane.settle(before, Some(&next)), Settled::NotLanded);
        assert_eq!(lane.row, stored);
        stored.head_seq = next.seq;
        stored.head_hash.clone_from(&next.hash);
        let after = Some(stored.clone());
        assert_eq!(lane.settle(after, Some(&next)), Settled::Landed);
        assert_eq!(lane.row, stored);
        assert_eq!(lane.head.to_hex(), next.hash);
    }

    #[test]
    fn a_lane_that_somebody_else_touched_is_lost() {
        let (mut lane, next) = lane();
        assert_eq!(lane.settle(None, None), Settled::Lost);
        let mut stored = lane.row.clone();
        stored.closed_at = Some(Timestamp::from_unix_millis(2));
        assert_eq!(lane.settle(Some(stored), None), Settled::Lost);
        let mut stored = lane.row.clone();
        stored.head_seq = 1;
        stored.head_hash = "00".repeat(32);
        assert_eq!(lane.settle(Some(stored), Some(&next)), Settled::Lost);
    }
}
