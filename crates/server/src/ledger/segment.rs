//! Segments: events as lines of JSON, compressed, under a hash that covers what was before them.
//!
//! The hash is SHA-256 over, in this order and without separators: the 24 bytes
//! `signet ledger segment v1`, the lane's UUID (16 bytes), and, each 8 bytes big-endian, the sequence
//! number, the number of events, the time in Unix milliseconds and the number of compressed bytes;
//! then the hash of the segment before (32 bytes) and the compressed bytes. The compressed bytes are
//! an LZ4 block behind its uncompressed length (4 bytes little-endian). All fields before the last
//! have a fixed length, so no two segments have the same input.

use crate::db::ledger::SegmentRow;
use aws_lc_rs::digest;
use lz4_flex::block;
use protocol::id::LaneId;
use protocol::{Sha256Digest, Timestamp};

const DOMAIN: &[u8; 24] = b"signet ledger segment v1";
const GENESIS_DOMAIN: &[u8; 24] = b"signet ledger genesis v1";

/// The most uncompressed bytes that a reader takes. Writers stay far below.
const MAX_LINES_BYTES: u32 = 256 << 20;

/// What the first segment of a lane chains to.
pub(super) fn genesis(lane: LaneId) -> Sha256Digest {
    let mut input = digest::Context::new(&digest::SHA256);
    input.update(GENESIS_DOMAIN);
    input.update(lane.uuid().as_bytes());
    finish(input)
}

/// The hash of a segment.
pub(super) fn hash(
    lane: LaneId,
    seq: i64,
    previous: Sha256Digest,
    event_count: i64,
    written_at: Timestamp,
    events: &[u8],
) -> Sha256Digest {
    let length = i64::try_from(events.len()).unwrap_or(i64::MAX);
    let mut input = digest::Context::new(&digest::SHA256);
    input.update(DOMAIN);
    input.update(lane.uuid().as_bytes());
    for number in [seq, event_count, written_at.unix_millis(), length] {
        input.update(&number.to_be_bytes());
    }
    input.update(previous.as_bytes());
    input.update(events);
    finish(input)
}

fn finish(input: digest::Context) -> Sha256Digest {
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(input.finish().as_ref()) {
        *to = *from;
    }
    Sha256Digest::from_bytes(bytes)
}

/// Makes segments; keeps the compressor's table from one to the next.
pub(super) struct Sealer {
    table: block::CompressTable,
    buffer: Vec<u8>,
}

impl Sealer {
    pub(super) fn new() -> Self {
        Self {
            table: block::CompressTable::large(),
            buffer: Vec::new(),
        }
    }

    /// The segment of these lines, each ended by a newline.
    pub(super) fn seal(
        &mut self,
        lane: LaneId,
        seq: i64,
        previous: Sha256Digest,
        written_at: Timestamp,
        lines: &[u8],
        event_count: usize,
    ) -> SegmentRow {
        let events = self.compress(lines);
        let event_count = i64::try_from(event_count).unwrap_or(i64::MAX);
        let hash = hash(lane, seq, previous, event_count, written_at, &events);
        SegmentRow {
            lane_id: lane,
            seq,
            previous_hash: previous.to_hex(),
            hash: hash.to_hex(),
            event_count,
            written_at,
            events,
        }
    }

    fn compress(&mut self, lines: &[u8]) -> Vec<u8> {
        let most = block::get_maximum_output_size(lines.len());
        if self.buffer.len() < most {
            self.buffer.resize(most, 0);
        }
        match block::compress_into_with_table(lines, &mut self.buffer, &mut self.table) {
            Ok(length) => {
                let mut events = Vec::with_capacity(length + 4);
                let plain = u32::try_from(lines.len()).unwrap_or(u32::MAX);
                events.extend_from_slice(&plain.to_le_bytes());
                events.extend(self.buffer.iter().take(length));
                events
            }
            // Only when the buffer is too small; this form sizes its own
            Err(_) => block::compress_prepend_size(lines),
        }
    }
}

/// The lines of a segment; `None` when they cannot be had from these bytes.
pub(super) fn lines(events: &[u8]) -> Option<Vec<u8>> {
    let (length, _) = events.split_first_chunk::<4>()?;
    if u32::from_le_bytes(*length) > MAX_LINES_BYTES {
        return None;
    }
    block::decompress_size_prepended(events).ok()
}

/// One line after the other, without its newline.
pub(super) fn split(lines: &[u8]) -> impl Iterator<Item = &[u8]> {
    lines
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane() -> LaneId {
        LaneId::from_parts(1_790_000_000_000, [3; 10])
    }

    #[test]
    fn lines_come_back_from_a_segment_as_they_went_in() {
        let mut sealer = Sealer::new();
        for count in [1_usize, 3, 4000] {
            let text: Vec<_> = (0..count).map(|n| format!("{{\"n\":{n}}}\n")).collect();
            let text = text.concat();
            let at = Timestamp::from_unix_millis(5);
            let row = sealer.seal(lane(), 1, genesis(lane()), at, text.as_bytes(), count);
            let back = lines(&row.events).unwrap();
            assert_eq!(back, text.as_bytes());
            assert_eq!(split(&back).count(), count);
            assert_eq!(row.event_count, i64::try_from(count).unwrap());
        }
    }

    #[test]
    fn the_hash_is_over_the_bytes_that_the_documentation_names() {
        let events = [1_u8, 2, 3];
        let mut input = Vec::new();
        input.extend_from_slice(b"signet ledger segment v1");
        input.extend_from_slice(lane().uuid().as_bytes());
        for number in [7_u64, 2, 1_790_000_000_123, 3] {
            input.extend_from_slice(&number.to_be_bytes());
        }
        input.extend_from_slice(&[9; 32]);
        input.extend_from_slice(&events);
        let ours = hash(
            lane(),
            7,
            Sha256Digest::from_bytes([9; 32]),
            2,
            Timestamp::from_unix_millis(1_790_000_000_123),
            &events,
        );
        let theirs = digest::digest(&digest::SHA256, &input);
        assert_eq!(ours.as_bytes().as_slice(), theirs.as_ref());
    }

    #[test]
    fn bytes_that_are_no_block_give_no_lines() {
        assert!(lines(b"").is_none());
        assert!(lines(b"abc").is_none());
        assert!(lines(&[0xff, 0xff, 0xff, 0xff, 0]).is_none());
        assert!(lines(&[10, 0, 0, 0, 0xf0]).is_none());
    }
}
