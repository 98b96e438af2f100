//! What to move, in which pieces, in which order. Pure: sizes and digests in, lists out.

use protocol::digest::{Digest, Sha256Digest};
use protocol::layout::{Layout, MAX_PARTS, SINGLE_PUT_MAX_BYTES};
use protocol::transfer::{MAX_BATCH, PartDigest};

/// How much of the source is hashed and registered at a time, in bytes.
const BATCH_BYTES: u64 = 1 << 30;
/// Files of the first batch: nothing is sent while it is made ready.
const FIRST_BATCH_FILES: usize = 250;
/// Files of any other batch: it is hashed and registered while those of the one before it are sent.
const BATCH_FILES: usize = 1_000;
/// When fewer files than these wait to be moved, the next batch or page is made ready.
pub(crate) const BACKLOG_FILES: usize = BATCH_FILES;
/// Files up to this size are hashed some at a time, in bytes.
pub(crate) const SMALL_FILE_BYTES: u64 = 256 << 10;
/// How many of them at a time.
pub(crate) const HASHED_TOGETHER: usize = 32;
const _: () = assert!(
    SMALL_FILE_BYTES <= SINGLE_PUT_MAX_BYTES,
    "they have one digest each"
);
/// How much of one object is signed at a time, in bytes: its URLs live an hour.
const WINDOW_BYTES: u64 = 1 << 30;
/// How many bytes of files that go in one request are on their way at a time.
const FILES_BYTES: u64 = 128 << 20;
/// What one of them counts for at most, in bytes, so that some go at a time even of large ones.
const FILE_MAX_BYTES: u64 = 16 << 20;
/// Downloads from this size on are cut into ranges, in bytes.
const RANGES_MIN_BYTES: u64 = 64 << 20;

/// How many requests to the store may be in flight.
///
/// ```
/// assert_eq!(client::Parallelism::default().parts, 8);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parallelism {
    /// Parts or ranges of large files, of all of them together; fewer where more are not faster. At
    /// least 1.
    pub parts: usize,
    /// Files that go in one request; of those over 1 MiB fewer, of those from 16 MiB on 8. At least 1.
    pub files: usize,
}

impl Default for Parallelism {
    fn default() -> Self {
        Self {
            parts: 8,
            files: 128,
        }
    }
}

impl Parallelism {
    pub(crate) fn parts(self) -> usize {
        self.parts.max(1)
    }

    pub(crate) fn files(self) -> usize {
        self.files.max(1)
    }
}

/// Files on their way, each in one request.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InFlight {
    pub(crate) files: usize,
    counted_bytes: u64,
}

impl InFlight {
    /// Whether a file of this size may go with them.
    pub(crate) fn has_room(self, size_bytes: u64, parallelism: Parallelism) -> bool {
        let bytes = self.counted_bytes + counted(size_bytes);
        self.files < parallelism.files() && bytes <= FILES_BYTES
    }

    pub(crate) fn begin(&mut self, size_bytes: u64) {
        self.files += 1;
        self.counted_bytes += counted(size_bytes);
    }

    pub(crate) fn end(&mut self, size_bytes: u64) {
        self.files -= 1;
        self.counted_bytes -= counted(size_bytes);
    }
}

fn counted(size_bytes: u64) -> u64 {
    size_bytes.min(FILE_MAX_BYTES)
}

/// The indices of `sizes`, largest first, equal ones in their order: the longest transfer must not
/// begin last.
pub(crate) fn order(sizes: &[u64]) -> Vec<usize> {
    let mut order: Vec<(usize, u64)> = sizes.iter().copied().enumerate().collect();
    order.sort_by_key(|&(_, size)| std::cmp::Reverse(size));
    order.into_iter().map(|(index, _)| index).collect()
}

/// Cuts a list of files with their sizes into batches to hash and register: each has at most
/// `BATCH_FILES`, the first one fewer, and ends with the file that brings it to 1 GiB.
pub(crate) fn batches(files: impl IntoIterator<Item = (usize, u64)>) -> Vec<Vec<usize>> {
    let mut batches = Vec::new();
    let mut batch = Vec::new();
    let mut bytes = 0_u64;
    for (index, size) in files {
        batch.push(index);
        bytes = bytes.saturating_add(size);
        let most = if batches.is_empty() {
            FIRST_BATCH_FILES
        } else {
            BATCH_FILES
        };
        if batch.len() == most || bytes >= BATCH_BYTES {
            batches.push(std::mem::take(&mut batch));
            bytes = 0;
        }
    }
    if !batch.is_empty() {
        batches.push(batch);
    }
    batches
}

/// A piece of an object: where it begins and how long it is, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) offset: u64,
    pub(crate) length: u64,
}

/// The parts of an upload that the store does not hold yet, in order. `digests` are all parts'.
pub(crate) fn missing_parts(digests: &[Sha256Digest], have: &[PartDigest]) -> Vec<PartDigest> {
    let have: std::collections::HashMap<u32, Sha256Digest> =
        have.iter().map(|part| (part.number, part.sha256)).collect();
    (1..)
        .zip(digests)
        .filter(|(number, sha256)| have.get(number) != Some(sha256))
        .map(|(number, &sha256)| PartDigest { number, sha256 })
        .collect()
}

/// Cuts parts to be sent into windows that are signed one after the other: about 1 GiB each, never
/// fewer than are in flight together.
pub(crate) fn windows(
    parts: &[PartDigest],
    layout: Layout,
    in_flight: usize,
) -> impl Iterator<Item = &[PartDigest]> {
    let part_size_bytes = layout.part(1).map_or(1, |(_, length)| length.max(1));
    let by_bytes = usize::try_from(WINDOW_BYTES / part_size_bytes).unwrap_or(MAX_BATCH);
    parts.chunks(by_bytes.max(in_flight).clamp(1, MAX_BATCH))
}

/// How an object comes down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fetch {
    /// There is nothing in it.
    Empty,
    /// In one request.
    Whole,
    /// In ranges that are the parts of its digest, so that each can be hashed on its own.
    Ranges(Vec<Piece>),
}

/// How to get an object of this size with this digest; `None` when its digest has more parts than
/// any object can have.
pub(crate) fn fetch(size_bytes: u64, digest: &Digest) -> Option<Fetch> {
    if size_bytes == 0 {
        return Some(Fetch::Empty);
    }
    let Digest::Sha256Composite {
        part_size_bytes, ..
    } = *digest
    else {
        return Some(Fetch::Whole);
    };
    if part_size_bytes == 0 || size_bytes.div_ceil(part_size_bytes) > MAX_PARTS {
        return None;
    }
    if size_bytes < RANGES_MIN_BYTES {
        return Some(Fetch::Whole);
    }
    let mut pieces = Vec::new();
    let mut offset = 0;
    while offset < size_bytes {
        let length = part_size_bytes.min(size_bytes - offset);
        pieces.push(Piece { offset, length });
        offset += length;
    }
    Some(Fetch::Ranges(pieces))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MIB: u64 = 1 << 20;

    fn digest(byte: u8) -> Sha256Digest {
        Sha256Digest::from_bytes([byte; 32])
    }

    #[test]
    fn large_files_go_first_and_equal_ones_keep_their_order() {
        assert_eq!(order(&[1, 30, 2, 30, 0]), [1, 3, 2, 0, 4]);
    }

    #[test]
    fn a_part_that_differs_from_what_the_store_holds_goes_up_again() {
        let digests = [digest(1), digest(2), digest(3)];
        let have = [
            PartDigest {
                number: 1,
                sha256: digest(1),
            },
            PartDigest {
                number: 3,
                sha256: digest(9),
            },
        ];
        let missing = missing_parts(&digests, &have);
        let numbers: Vec<u32> = missing.iter().map(|part| part.number).collect();
        assert_eq!(numbers, [2, 3]);
    }

    #[test]
    fn small_objects_and_whole_digests_come_in_one_request() {
        let composite = Digest::Sha256Composite {
            part_size_bytes: 16 * MIB,
            composite: digest(0),
        };
        let whole = Digest::Sha256(digest(0));
        assert_eq!(fetch(0, &whole), Some(Fetch::Empty));
        assert_eq!(fetch(1 << 40, &whole), Some(Fetch::Whole));
        assert_eq!(fetch(63 * MIB, &composite), Some(Fetch::Whole));
        assert!(matches!(
            fetch(64 * MIB, &composite),
            Some(Fetch::Ranges(pieces)) if pieces.len() == 4
        ));
        let hostile = Digest::Sha256Composite {
            part_size_bytes: 1,
            composite: digest(0),
        };
        assert_eq!(fetch(1 << 40, &hostile), None);
    }

    #[test]
    fn small_files_go_many_at_a_time_and_large_ones_few() {
        let most = |size_bytes, files| {
            let parallelism = Parallelism { parts: 8, files };
            let mut running = InFlight::default();
            while running.has_room(size_bytes, parallelism) {
                running.begin(size_bytes);
            }
            let reached = running.files;
            running.end(size_bytes);
            assert!(running.has_room(size_bytes, parallelism));
            reached
        };
        assert_eq!(most(0, 128), 128);
        assert_eq!(most(MIB, 128), 128);
        assert_eq!(most(4 * MIB, 128), 32);
        assert_eq!(most(32 * MIB, 128), 8);
        assert_eq!(most(u64::MAX, 128), 8);
        assert_eq!(most(32 * MIB, 0), 1);
    }

    proptest! {
        #[test]
        fn every_file_is_in_exactly_one_batch_in_order(
            sizes in proptest::collection::vec(0_u64..(3 << 30), 0..200),
            empty in 0_usize..6_000,
        ) {
            let mut sizes = sizes;
            sizes.extend(std::iter::repeat_n(0, empty));
            let order = order(&sizes);
            let batches = batches(order.iter().map(|&index| (index, sizes[index])));
            prop_assert_eq!(batches.concat(), order);
            for batch in &batches {
                prop_assert!(!batch.is_empty() && batch.len() <= BATCH_FILES);
                let but_last: u64 = batch[..batch.len() - 1].iter().map(|&index| sizes[index]).sum();
                prop_assert!(but_last < BATCH_BYTES);
            }
        }

        #[test]
        fn ranges_cover_the_object_without_gap_or_overlap(size in 0_u64..(2 << 30), part in (MIB / 4)..(64 * MIB)) {
            let composite = Digest::Sha256Composite { part_size_bytes: part, composite: digest(0) };
            if let Some(Fetch::Ranges(pieces)) = fetch(size, &composite) {
                let mut next = 0;
                for piece in pieces {
                    prop_assert_eq!(piece.offset, next);
                    prop_assert!(piece.length > 0 && piece.length <= part);
                    next += piece.length;
                }
                prop_assert_eq!(next, size);
            }
        }
    }

    proptest! {
        // Each case may have 10,000 parts
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn windows_hold_each_missing_part_once(
            size in (33 * MIB)..(5 << 40),
            have in proptest::collection::vec(1_u32..400, 0..50),
            in_flight in 1_usize..64,
        ) {
            let layout = Layout::of(size).unwrap();
            let digests: Vec<_> = (0..layout.part_count()).map(|n| digest(n.to_le_bytes()[0])).collect();
            let have: Vec<_> = have
                .into_iter()
                .filter_map(|number| {
                    let sha256 = *digests.get(usize::try_from(number).unwrap() - 1)?;
                    Some(PartDigest { number, sha256 })
                })
                .collect();
            let missing = missing_parts(&digests, &have);
            prop_assert!(missing.iter().all(|part| !have.contains(part)));
            let distinct: std::collections::HashSet<_> = have.iter().map(|part| part.number).collect();
            prop_assert_eq!(missing.len() + distinct.len(), digests.len());
            let windowed: Vec<_> = windows(&missing, layout, in_flight).flatten().copied().collect();
            prop_assert_eq!(&windowed, &missing);
            for window in windows(&missing, layout, in_flight) {
                prop_assert!(window.len() <= MAX_BATCH);
            }
        }
    }
}
