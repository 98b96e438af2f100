//! Verifies a lane: that every segment is where and what it was when it was written.

use super::segment;
use crate::db::ledger::SegmentRow;
use protocol::Sha256Digest;
use protocol::id::LaneId;

/// What is wrong with a lane.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("segment {expected} is missing: segment {found} stands in its place")]
    Missing { expected: i64, found: i64 },
    #[error("segment {seq} does not follow the segment before it")]
    Unlinked { seq: i64 },
    #[error("segment {seq} was changed: its hash is not that of its content")]
    Changed { seq: i64 },
    #[error("segment {seq} cannot be read")]
    Unreadable { seq: i64 },
    #[error("segment {seq} holds {found} events, not {expected}")]
    Count {
        seq: i64,
        expected: i64,
        found: usize,
    },
    #[error("the end is cut off: segments {from} to {head} are missing")]
    Cut { from: i64, head: i64 },
    #[error("the last segment, {seq}, is not the lane's head")]
    Head { seq: i64 },
    #[error("segment {seq} is not the one that was noted")]
    Noted { seq: i64 },
    #[error("{count} segments are outside of the lane's first and head")]
    Stray { count: i64 },
    #[error("the lane's row is missing")]
    NoLane,
    #[error("the lane is missing")]
    NoSegments,
}

/// A head that was written down somewhere else: what an end that was cut off shows against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotedHead {
    /// The lane.
    pub lane_id: LaneId,
    /// The number of segments that it had.
    pub segments: u64,
    /// The hash of the last of them.
    pub head: Sha256Digest,
}

/// A lane as far as it was read.
#[derive(Debug)]
pub(super) struct Chain {
    lane: LaneId,
    seq: i64,
    head: Sha256Digest,
    events: u64,
    noted: Vec<NotedHead>,
}

impl Chain {
    /// A lane before its first segment, and the heads of it that were noted elsewhere.
    pub(super) fn new(lane: LaneId, noted: &[NotedHead]) -> Self {
        Self {
            lane,
            seq: 0,
            head: segment::genesis(lane),
            events: 0,
            noted: noted
                .iter()
                .filter(|head| head.lane_id == lane)
                .copied()
                .collect(),
        }
    }

    /// Number of segments read.
    pub(super) fn seq(&self) -> i64 {
        self.seq
    }

    /// Number of events in them.
    pub(super) fn events(&self) -> u64 {
        self.events
    }

    /// Hash of the last segment read.
    pub(super) fn head(&self) -> Sha256Digest {
        self.head
    }

    /// Reads the next segment.
    pub(super) fn follow(&mut self, row: &SegmentRow) -> Result<(), Fault> {
        let seq = row.seq;
        let expected = self.seq + 1;
        if seq != expected {
            return Err(Fault::Missing {
                expected,
                found: seq,
            });
        }
        if row.lane_id != self.lane || row.previous_hash != self.head.to_hex() {
            return Err(Fault::Unlinked { seq });
        }
        let hash = segment::hash(
            self.lane,
            seq,
            self.head,
            row.event_count,
            row.written_at,
            &row.events,
        );
        if row.hash != hash.to_hex() {
            return Err(Fault::Changed { seq });
        }
        let lines = segment::lines(&row.events).ok_or(Fault::Unreadable { seq })?;
        let found = segment::split(&lines).count();
        if i64::try_from(found) != Ok(row.event_count) {
            return Err(Fault::Count {
                seq,
                expected: row.event_count,
                found,
            });
        }
        let is_at = |noted: &&NotedHead| i64::try_from(noted.segments) == Ok(seq);
        if self.noted.iter().filter(is_at).any(|n| n.head != hash) {
            return Err(Fault::Noted { seq });
        }
        self.seq = seq;
        self.head = hash;
        self.events = self.events.saturating_add(found as u64);
        Ok(())
    }

    /// Compares what was read with the head in the lane's row and with those noted elsewhere.
    pub(super) fn end(&self, head_seq: i64, head_hash: &str) -> Result<(), Fault> {
        let noted = self.noted.iter().map(|noted| noted.segments).max();
        let longest = noted
            .map_or(0, |segments| i64::try_from(segments).unwrap_or(i64::MAX))
            .max(head_seq);
        if longest > self.seq {
            return Err(Fault::Cut {
                from: self.seq + 1,
                head: longest,
            });
        }
        if head_seq != self.seq || head_hash != self.head.to_hex() {
            return Err(Fault::Head { seq: self.seq });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use protocol::Timestamp;

    fn lane() -> LaneId {
        LaneId::from_parts(1_790_000_000_000, [3; 10])
    }

    /// A lane of segments with these numbers of events.
    fn write(counts: &[usize]) -> Vec<SegmentRow> {
        let mut sealer = segment::Sealer::new();
        let mut previous = segment::genesis(lane());
        let mut rows = Vec::new();
        for (index, count) in counts.iter().enumerate() {
            let seq = i64::try_from(index).unwrap() + 1;
            let lines: Vec<_> = (0..*count)
                .map(|n| format!("{{\"event\":\"{seq}-{n}\"}}\n"))
                .collect();
            let text = lines.concat();
            let at = Timestamp::from_unix_millis(seq * 1000);
            let row = sealer.seal(lane(), seq, previous, at, text.as_bytes(), *count);
            previous = row.hash.parse().unwrap();
            rows.push(row);
        }
        rows
    }

    /// Verifies against the head of `whole`, as the lane's row has it.
    fn verify(rows: &[SegmentRow], whole: &[SegmentRow], noted: &[NotedHead]) -> Result<(), Fault> {
        let mut chain = Chain::new(lane(), noted);
        for row in rows {
            chain.follow(row)?;
        }
        let head = whole.last().unwrap();
        chain.end(head.seq, &head.hash)
    }

    fn counts() -> impl Strategy<Value = Vec<usize>> {
        prop::collection::vec(1_usize..20, 2..12)
    }

    proptest! {
        #[test]
        fn a_whole_lane_verifies(counts in counts()) {
            let rows = write(&counts);
            prop_assert_eq!(verify(&rows, &rows, &[]), Ok(()));
        }

        #[test]
        fn an_edit_of_any_field_is_found(counts in counts(), pick: prop::sample::Index, field in 0..6_u8, byte: prop::sample::Index) {
            let whole = write(&counts);
            let mut rows = whole.clone();
            let row = &mut rows[pick.index(whole.len())];
            match field {
                0 => row.written_at = Timestamp::from_unix_millis(row.written_at.unix_millis() + 1),
                1 => row.event_count += 1,
                2 => { let at = byte.index(row.events.len()); row.events[at] ^= 1; }
                3 => row.hash = Sha256Digest::from_bytes([7; 32]).to_hex(),
                4 => row.previous_hash = Sha256Digest::from_bytes([7; 32]).to_hex(),
                _ => row.events.push(0),
            }
            prop_assert!(verify(&rows, &whole, &[]).is_err());
        }

        /// Whoever can write the table can hash as well; the chain still shows it at the next link.
        #[test]
        fn an_edit_under_a_new_hash_is_found(counts in counts(), pick: prop::sample::Index) {
            let whole = write(&counts);
            let mut rows = whole.clone();
            let row = &mut rows[pick.index(whole.len())];
            let previous = row.previous_hash.parse().unwrap();
            *row = segment::Sealer::new().seal(lane(), row.seq, previous, row.written_at, b"{}\n", 1);
            prop_assert!(verify(&rows, &whole, &[]).is_err());
        }

        #[test]
        fn a_deleted_segment_is_found(counts in counts(), pick: prop::sample::Index) {
            let whole = write(&counts);
            let mut rows = whole.clone();
            rows.remove(pick.index(whole.len()));
            prop_assert!(verify(&rows, &whole, &[]).is_err());
        }

        #[test]
        fn two_segments_that_changed_places_are_found(counts in counts(), a: prop::sample::Index, b: prop::sample::Index) {
            let whole = write(&counts);
            let (a, b) = (a.index(whole.len()), b.index(whole.len()));
            prop_assume!(a != b);
            let mut rows = whole.clone();
            let (seq_a, seq_b) = (rows[a].seq, rows[b].seq);
            rows.swap(a, b);
            prop_assert!(verify(&rows, &whole, &[]).is_err());
            rows[a].seq = seq_a;
            rows[b].seq = seq_b;
            prop_assert!(verify(&rows, &whole, &[]).is_err());
        }

        #[test]
        fn an_end_cut_with_its_lanes_head_is_found_by_a_noted_head(counts in counts(), keep: prop::sample::Index, note: prop::sample::Index) {
            let whole = write(&counts);
            let keep = keep.index(whole.len() - 1) + 1;
            let cut = &whole[..keep];
            prop_assert!(verify(cut, &whole, &[]).is_err());
            prop_assert_eq!(verify(cut, cut, &[]), Ok(()), "nothing in the tables tells");
            let note = &whole[note.index(whole.len())];
            let noted = NotedHead {
                lane_id: lane(),
                segments: u64::try_from(note.seq).unwrap(),
                head: note.hash.parse().unwrap(),
            };
            let found = verify(cut, cut, &[noted]).is_err();
            prop_assert_eq!(found, note.seq > cut.last().unwrap().seq);
            prop_assert_eq!(verify(&whole, &whole, &[noted]), Ok(()));
        }

        #[test]
        fn a_lane_written_anew_is_found_by_a_noted_head(counts in counts(), note: prop::sample::Index) {
            let whole = write(&counts);
            let forged = write(&counts.iter().map(|count| count + 1).collect::<Vec<_>>());
            let note = &whole[note.index(whole.len())];
            let noted = NotedHead {
                lane_id: lane(),
                segments: u64::try_from(note.seq).unwrap(),
                head: note.hash.parse().unwrap(),
            };
            prop_assert_eq!(verify(&forged, &forged, &[noted]), Err(Fault::Noted { seq: note.seq }));
        }
    }

    #[test]
    fn segments_of_another_lane_do_not_pass_for_this_one() {
        let mut rows = write(&[1, 1]);
        for row in &mut rows {
            row.lane_id = LaneId::from_parts(1, [4; 10]);
        }
        assert_eq!(verify(&rows, &rows, &[]), Err(Fault::Unlinked { seq: 1 }));
    }
}
