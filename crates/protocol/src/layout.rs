//! How content is cut into parts: a pure function of its size, so that equal content has one digest.

use crate::digest::Algorithm;

const MIB: u64 = 1 << 20;

/// Objects up to this size go up in one PUT, in bytes.
pub const SINGLE_PUT_MAX_BYTES: u64 = 32 * MIB;
/// The smallest size of a part, in bytes.
pub const PART_MIN_BYTES: u64 = 16 * MIB;
/// The most parts that a store takes.
pub const MAX_PARTS: u64 = 10_000;
/// The largest object that a store takes, in bytes.
pub const MAX_OBJECT_BYTES: u64 = 5 << 40;

/// How one object goes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// In one PUT.
    Single {
        /// Size of the object in bytes.
        size_bytes: u64,
    },
    /// In parts.
    Parts {
        /// Size of the object in bytes.
        size_bytes: u64,
        /// Size of every part but the last, in bytes.
        part_size_bytes: u64,
    },
}

impl Layout {
    /// The layout of an object of this size; `None` if it is larger than [`MAX_OBJECT_BYTES`].
    pub fn of(size_bytes: u64) -> Option<Self> {
        if size_bytes > MAX_OBJECT_BYTES {
            return None;
        }
        if size_bytes <= SINGLE_PUT_MAX_BYTES {
            return Some(Self::Single { size_bytes });
        }
        let part_size_bytes = size_bytes
            .div_ceil(MAX_PARTS)
            .next_multiple_of(MIB)
            .max(PART_MIN_BYTES);
        Some(Self::Parts {
            size_bytes,
            part_size_bytes,
        })
    }

    /// The rule by which an object of this layout is named.
    pub fn algorithm(self) -> Algorithm {
        match self {
            Self::Single { .. } => Algorithm::Sha256,
            Self::Parts {
                part_size_bytes, ..
            } => Algorithm::Sha256Composite { part_size_bytes },
        }
    }

    /// The number of parts; 1 for a single PUT.
    pub fn part_count(self) -> u32 {
        match self {
            Self::Single { .. } => 1,
            Self::Parts {
                size_bytes,
                part_size_bytes,
            } => u32::try_from(size_bytes.div_ceil(part_size_bytes)).unwrap_or(u32::MAX),
        }
    }

    /// Where part `number` (from 1) begins and how long it is, in bytes; `None` if there is no such part.
    pub fn part(self, number: u32) -> Option<(u64, u64)> {
        if number == 0 || number > self.part_count() {
            return None;
        }
        match self {
            Self::Single { size_bytes } => Some((0, size_bytes)),
            Self::Parts {
                size_bytes,
                part_size_bytes,
            } => {
                let offset = u64::from(number - 1) * part_size_bytes;
                Some((offset, part_size_bytes.min(size_bytes - offset)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_largest_object_fits_into_the_most_parts() {
        assert!(u64::from(Layout::of(MAX_OBJECT_BYTES).unwrap().part_count()) <= MAX_PARTS);
        assert_eq!(Layout::of(MAX_OBJECT_BYTES + 1), None);
        assert_eq!(Layout::of(0).unwrap().part(1), Some((0, 0)));
    }

    proptest! {
        #[test]
        fn every_store_takes_the_parts(size in SINGLE_PUT_MAX_BYTES + 1..=MAX_OBJECT_BYTES) {
            let layout = Layout::of(size).unwrap();
            // S3 and Cloud Storage: 10,000 parts, from 5 MiB to 5 GiB but for the last; Azure: 50,000
            // blocks of at most 4,000 MiB
            prop_assert!(layout.part_count() <= 10_000);
            let (_, length) = layout.part(1).unwrap();
            prop_assert!((5 * MIB..=4_000 * MIB).contains(&length));
            let (_, last) = layout.part(layout.part_count()).unwrap();
            prop_assert!((1..=length).contains(&last));
        }

        #[test]
        fn parts_cover_the_object_without_gap_or_overlap(size in 0..=MAX_OBJECT_BYTES) {
            let layout = Layout::of(size).unwrap();
            let mut next = 0;
            for number in 1..=layout.part_count() {
                let (offset, length) = layout.part(number).unwrap();
                prop_assert_eq!(offset, next);
                next += length;
            }
            prop_assert_eq!(next, size);
            prop_assert_eq!(layout.part(layout.part_count() + 1), None);
        }
    }
}
