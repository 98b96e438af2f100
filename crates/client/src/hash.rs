//! Digests of content, in one pass.

mod file;

pub(crate) use file::{FileDigest, LocalFile, digest_file, digest_small_files, threads};

use aws_lc_rs::digest::{Context, SHA256};
use md5::Digest as _;
use protocol::digest::{Digest, Md5Digest, Sha256Digest};
use std::io::Read;

/// How much is read at a time, in bytes.
const BUFFER_BYTES: usize = 1 << 20;

/// SHA-256 as it is fed.
pub(crate) struct Sha256(Context);

impl Sha256 {
    pub(crate) fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> Sha256Digest {
        let digest = self.0.finish();
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        Sha256Digest::from_bytes(bytes)
    }
}

/// SHA-256 over the parts' digests.
pub(crate) fn composite<'a>(parts: impl IntoIterator<Item = &'a Sha256Digest>) -> Sha256Digest {
    let mut whole = Sha256::new();
    for part in parts {
        whole.update(part.as_bytes());
    }
    whole.finish()
}

/// A digest of any algorithm as it is fed.
pub(crate) enum Hasher {
    Sha256(Sha256),
    Composite {
        part_size_bytes: u64,
        filled_bytes: u64,
        part: Sha256,
        whole: Sha256,
    },
    Md5(Box<md5::Md5>),
}

impl Hasher {
    pub(crate) fn sha256() -> Self {
        Self::Sha256(Sha256::new())
    }

    /// For content that must have the digest `expected`; `None` when its algorithm is not known.
    pub(crate) fn like(expected: &Digest) -> Option<Self> {
        match *expected {
            Digest::Sha256(_) => Some(Self::sha256()),
            Digest::Sha256Composite {
                part_size_bytes, ..
            } => Some(Self::Composite {
                part_size_bytes,
                filled_bytes: 0,
                part: Sha256::new(),
                whole: Sha256::new(),
            }),
            Digest::Md5(_) => Some(Self::Md5(Box::default())),
            _ => None,
        }
    }

    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Md5(hash) => md5::Digest::update(hash.as_mut(), bytes),
            Self::Composite {
                part_size_bytes,
                filled_bytes,
                part,
                whole,
            } => {
                while !bytes.is_empty() {
                    let room =
                        usize::try_from(*part_size_bytes - *filled_bytes).unwrap_or(usize::MAX);
                    let (now, later) = bytes.split_at(room.min(bytes.len()));
                    part.update(now);
                    *filled_bytes += now.len() as u64;
                    bytes = later;
                    if filled_bytes == part_size_bytes {
                        let full = std::mem::replace(part, Sha256::new());
                        whole.update(full.finish().as_bytes());
                        *filled_bytes = 0;
                    }
                }
            }
        }
    }

    pub(crate) fn finish(self) -> Digest {
        match self {
            Self::Sha256(hash) => Digest::Sha256(hash.finish()),
            Self::Md5(hash) => Digest::Md5(Md5Digest::from_bytes(hash.finalize().into())),
            Self::Composite {
                part_size_bytes,
                filled_bytes,
                part,
                mut whole,
            } => {
                if filled_bytes > 0 {
                    whole.update(part.finish().as_bytes());
                }
                Digest::Sha256Composite {
                    part_size_bytes,
                    composite: whole.finish(),
                }
            }
        }
    }
}

/// Reads everything there is and digests it as `expected` was.
pub(crate) fn digest_of(mut from: impl Read, mut hasher: Hasher) -> std::io::Result<Digest> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let count = from.read(&mut buffer)?;
        let (read, _) = buffer.split_at(count);
        if read.is_empty() {
            return Ok(hasher.finish());
        }
        hasher.update(read);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_digests() {
        let hex = |hasher: Option<Hasher>| {
            let mut hasher = hasher.unwrap();
            hasher.update(b"abc");
            hasher.finish().hex()
        };
        // FIPS 180-4's and RFC 1321's own examples
        assert_eq!(
            hex(Some(Hasher::sha256())),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        let md5 = Digest::Md5(Md5Digest::from_bytes([0; 16]));
        assert_eq!(hex(Hasher::like(&md5)), "900150983cd24fb0d6963f7d28e17f72");
    }

    proptest! {
        #[test]
        fn a_composite_does_not_depend_on_how_it_is_fed(
            content in proptest::collection::vec(any::<u8>(), 0..400),
            part in 1_u64..50,
            cuts in proptest::collection::vec(1_usize..70, 1..20),
        ) {
            let like = Digest::Sha256Composite {
                part_size_bytes: part,
                composite: Sha256Digest::from_bytes([0; 32]),
            };
            let mut hasher = Hasher::like(&like).unwrap();
            let mut rest = content.as_slice();
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                hasher.update(now);
                rest = later;
            }
            let parts: Vec<_> = content
                .chunks(usize::try_from(part).unwrap())
                .map(|chunk| {
                    let mut hash = Sha256::new();
                    hash.update(chunk);
                    hash.finish()
                })
                .collect();
            let expected = Digest::Sha256Composite { part_size_bytes: part, composite: composite(&parts) };
            prop_assert_eq!(hasher.finish(), expected);
        }
    }
}
