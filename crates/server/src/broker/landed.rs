//! Compares what the store holds of an upload with what its parts were announced as. Pure.

use crate::stores::{PartToComplete, StoredPart};
use aws_lc_rs::digest;
use protocol::layout::Layout;
use protocol::transfer::PartDigest;
use protocol::{Digest, Sha256Digest};
use std::collections::{HashMap, HashSet};

/// The bucket does not hold what was announced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Mismatch {
    #[error("{count} parts are missing, part {first} first; send them and complete again")]
    Missing { first: u32, count: usize },
    #[error(
        "the store holds part {number}, which was not announced; abort this upload and begin anew"
    )]
    Foreign { number: u32 },
    #[error("part {number} has {got} bytes in the store, not {expected}; send it again")]
    Size {
        number: u32,
        got: u64,
        expected: u64,
    },
    #[error("part {number} is not what was announced; send it again")]
    Altered { number: u32 },
    #[error("the parts are not those of the digest announced; abort this upload and begin anew")]
    Composite,
}

/// A part that the store holds, as far as it can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LandedPart {
    pub(super) number: u32,
    pub(super) etag: Box<str>,
    pub(super) sha256: Sha256Digest,
    /// Whether the store itself told the digest.
    pub(super) told: bool,
}

/// Judges one part.
fn judge(
    layout: Layout,
    announced: &HashMap<u32, Sha256Digest>,
    stored: &StoredPart,
) -> Result<LandedPart, Mismatch> {
    let number = stored.number;
    let foreign = Mismatch::Foreign { number };
    let Some((_, expected)) = layout.part(number) else {
        return Err(foreign);
    };
    let sha256 = *announced.get(&number).ok_or(foreign)?;
    if stored.size_bytes != expected {
        return Err(Mismatch::Size {
            number,
            got: stored.size_bytes,
            expected,
        });
    }
    if stored.sha256.is_some_and(|stored| stored != sha256) {
        return Err(Mismatch::Altered { number });
    }
    Ok(LandedPart {
        number,
        etag: stored.etag.clone(),
        sha256,
        told: stored.sha256.is_some(),
    })
}

fn by_number(announced: &[PartDigest]) -> HashMap<u32, Sha256Digest> {
    announced
        .iter()
        .map(|part| (part.number, part.sha256))
        .collect()
}

/// The parts that need not be sent again, in ascending order.
pub(super) fn landed(
    layout: Layout,
    announced: &[PartDigest],
    stored: &[StoredPart],
) -> Vec<PartDigest> {
    let announced = by_number(announced);
    stored
        .iter()
        .filter_map(|part| judge(layout, &announced, part).ok())
        .map(|part| PartDigest {
            number: part.number,
            sha256: part.sha256,
        })
        .collect()
}

/// All parts of an upload.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Assembly {
    pub(super) parts: Vec<PartToComplete>,
    /// Whether the store told the digest of every part.
    pub(super) told: bool,
}

/// Checks that the store holds all parts and nothing else, each of them as announced, and that
/// together they are what the upload was begun for.
pub(super) fn assemble(
    layout: Layout,
    digest: Digest,
    announced: &[PartDigest],
    stored: &[StoredPart],
) -> Result<Assembly, Mismatch> {
    let announced = by_number(announced);
    let parts = stored
        .iter()
        .map(|part| judge(layout, &announced, part))
        .collect::<Result<Vec<_>, _>>()?;
    let held: HashSet<u32> = parts.iter().map(|part| part.number).collect();
    let mut missing = (1..=layout.part_count()).filter(|number| !held.contains(number));
    if let Some(first) = missing.next() {
        return Err(Mismatch::Missing {
            first,
            count: 1 + missing.count(),
        });
    }
    match digest {
        Digest::Sha256Composite { composite, .. }
            if composite_of(parts.iter().map(|part| part.sha256)) == composite => {}
        _ => return Err(Mismatch::Composite),
    }
    Ok(Assembly {
        told: parts.iter().all(|part| part.told),
        parts: parts
            .into_iter()
            .map(|part| PartToComplete {
                number: part.number,
                etag: part.etag,
                sha256: part.sha256,
            })
            .collect(),
    })
}

/// SHA-256 over the digests of the parts.
pub(super) fn composite_of(parts: impl IntoIterator<Item = Sha256Digest>) -> Sha256Digest {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part.as_bytes());
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.finish().as_ref());
    Sha256Digest::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u64 = 40 << 20;

    fn sha(byte: u8) -> Sha256Digest {
        Sha256Digest::from_bytes([byte; 32])
    }

    struct Case {
        layout: Layout,
        digest: Digest,
        announced: Vec<PartDigest>,
        stored: Vec<StoredPart>,
    }

    impl Case {
        /// Three parts, all as announced.
        fn new() -> Self {
            let layout = Layout::of(SIZE).unwrap();
            let numbers = 1..=layout.part_count();
            let digest = |number: u32| sha(u8::try_from(number).unwrap());
            let announced: Vec<_> = numbers
                .map(|number| PartDigest {
                    number,
                    sha256: digest(number),
                })
                .collect();
            let stored = announced
                .iter()
                .map(|part| StoredPart {
                    number: part.number,
                    etag: format!("\"{}\"", part.number).into(),
                    size_bytes: layout.part(part.number).unwrap().1,
                    sha256: Some(part.sha256),
                })
                .collect();
            Self {
                layout,
                digest: Digest::Sha256Composite {
                    part_size_bytes: 16 << 20,
                    composite: composite_of(announced.iter().map(|part| part.sha256)),
                },
                announced,
                stored,
            }
        }

        fn assemble(&self) -> Result<Assembly, Mismatch> {
            assemble(self.layout, self.digest, &self.announced, &self.stored)
        }
    }

    #[test]
    fn all_parts_as_announced_are_assembled() {
        let mut case = Case::new();
        assert!(case.assemble().unwrap().told);
        case.stored[1].sha256 = None;
        let assembly = case.assemble().unwrap();
        assert!(!assembly.told);
        assert_eq!(assembly.parts.len(), 3);
    }

    #[test]
    fn anything_else_is_refused_and_says_what() {
        let mut case = Case::new();
        case.stored.remove(1);
        case.stored.remove(1);
        assert_eq!(
            case.assemble(),
            Err(Mismatch::Missing { first: 2, count: 2 })
        );

        let mut case = Case::new();
        case.stored[2].size_bytes += 1;
        let error = case.assemble().unwrap_err();
        assert!(matches!(error, Mismatch::Size { number: 3, .. }));

        let mut case = Case::new();
        case.stored[0].sha256 = Some(sha(9));
        assert_eq!(case.assemble(), Err(Mismatch::Altered { number: 1 }));

        let mut case = Case::new();
        case.announced.remove(1);
        assert_eq!(case.assemble(), Err(Mismatch::Foreign { number: 2 }));

        let mut case = Case::new();
        case.stored.push(StoredPart {
            number: 4,
            ..case.stored[2].clone()
        });
        assert_eq!(case.assemble(), Err(Mismatch::Foreign { number: 4 }));

        let mut case = Case::new();
        case.digest = Digest::Sha256(sha(1));
        assert_eq!(case.assemble(), Err(Mismatch::Composite));

        // Announced and stored alike, but not what the upload was begun for
        let mut case = Case::new();
        case.announced[0].sha256 = sha(9);
        case.stored[0].sha256 = Some(sha(9));
        assert_eq!(case.assemble(), Err(Mismatch::Composite));
    }

    #[test]
    fn only_parts_as_announced_need_not_be_sent_again() {
        let mut case = Case::new();
        case.stored[0].sha256 = Some(sha(9));
        case.stored[1].size_bytes = 1;
        let landed = landed(case.layout, &case.announced, &case.stored);
        assert_eq!(landed, [case.announced[2]]);
    }
}
