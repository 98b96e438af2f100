//! The checksums that S3 lets a client send along, and how those of parts become one.

pub(crate) mod received;

use aws_lc_rs::digest as sha;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use crc_fast::CrcAlgorithm;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

/// The algorithms behind `x-amz-checksum-…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Algorithm {
    #[serde(rename = "CRC32")]
    Crc32,
    #[serde(rename = "CRC32C")]
    Crc32c,
    #[serde(rename = "CRC64NVME")]
    Crc64Nvme,
    #[serde(rename = "SHA1")]
    Sha1,
    #[serde(rename = "SHA256")]
    Sha256,
}

impl Algorithm {
    const ALL: [Self; 5] = [
        Self::Crc32,
        Self::Crc32c,
        Self::Crc64Nvme,
        Self::Sha1,
        Self::Sha256,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// What S3 makes of a multipart object when the client does not choose.
    pub(crate) fn default_kind(self) -> Kind {
        match self {
            Self::Crc64Nvme => Kind::FullObject,
            _ => Kind::Composite,
        }
    }

    /// Whether a multipart object can have a checksum of this kind.
    pub(crate) fn allows(self, kind: Kind) -> bool {
        match self {
            Self::Crc64Nvme => kind == Kind::FullObject,
            Self::Sha1 | Self::Sha256 => kind == Kind::Composite,
            Self::Crc32 | Self::Crc32c => true,
        }
    }

    fn crc(self) -> Option<CrcAlgorithm> {
        match self {
            Self::Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
            Self::Crc32c => Some(CrcAlgorithm::Crc32Iscsi),
            Self::Crc64Nvme => Some(CrcAlgorithm::Crc64Nvme),
            Self::Sha1 | Self::Sha256 => None,
        }
    }

    fn length_bytes(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// The last bytes of the sum, big-endian, as S3 writes a CRC.
    fn crc_bytes(self, sum: u64) -> Vec<u8> {
        let bytes = sum.to_be_bytes();
        bytes
            .into_iter()
            .skip(bytes.len() - self.length_bytes().min(bytes.len()))
            .collect()
    }
}

/// Whether a checksum is over the bytes or over the parts' checksums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    #[serde(rename = "FULL_OBJECT")]
    FullObject,
    #[serde(rename = "COMPOSITE")]
    Composite,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::FullObject => "FULL_OBJECT",
            Self::Composite => "COMPOSITE",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::FullObject, Self::Composite]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// A checksum as S3 shows it: base64, with `-N` behind it when composed of N parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Checksum {
    pub(crate) algorithm: Algorithm,
    pub(crate) kind: Kind,
    pub(crate) value: String,
}

impl Checksum {
    fn of_bytes(algorithm: Algorithm, digest: &[u8]) -> Self {
        Self {
            algorithm,
            kind: Kind::FullObject,
            value: BASE64.encode(digest),
        }
    }

    /// The checksum of a multipart object from its parts' values and sizes, `None` when one is not base64.
    pub(crate) fn combine<'a>(
        algorithm: Algorithm,
        kind: Kind,
        parts: impl Iterator<Item = (&'a str, u64)>,
    ) -> Option<Self> {
        let parts = parts
            .map(|(value, size_bytes)| Some((BASE64.decode(value).ok()?, size_bytes)))
            .collect::<Option<Vec<_>>>()?;
        match (kind, algorithm.crc()) {
            (Kind::FullObject, Some(crc)) => {
                let whole = parts.iter().fold(0, |whole, (digest, size_bytes)| {
                    let part = digest
                        .iter()
                        .fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
                    crc_fast::checksum_combine(crc, whole, part, *size_bytes)
                });
                Some(Self::of_bytes(algorithm, &algorithm.crc_bytes(whole)))
            }
            (Kind::FullObject, None) => None,
            (Kind::Composite, _) => {
                let mut running = Running::new(algorithm);
                for (digest, _) in &parts {
                    running.update(digest);
                }
                let value = format!("{}-{}", BASE64.encode(running.finish()), parts.len());
                Some(Self {
                    algorithm,
                    kind,
                    value,
                })
            }
        }
    }
}

/// The `ETag` of a multipart object: the MD5 of its parts' MD5s, and how many there were.
pub(crate) fn multipart_etag<'a>(part_etags: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut md5 = Md5::new();
    let mut count = 0_usize;
    for etag in part_etags {
        md5.update(hex::decode(etag).ok()?);
        count += 1;
    }
    Some(format!("{}-{count}", hex::encode(md5.finalize())))
}

enum Running {
    Crc(Algorithm, Box<crc_fast::Digest>),
    Sha(sha::Context),
}

impl Running {
    fn new(algorithm: Algorithm) -> Self {
        match algorithm.crc() {
            Some(crc) => Self::Crc(algorithm, Box::new(crc_fast::Digest::new(crc))),
            None if algorithm == Algorithm::Sha1 => {
                Self::Sha(sha::Context::new(&sha::SHA1_FOR_LEGACY_USE_ONLY))
            }
            None => Self::Sha(sha::Context::new(&sha::SHA256)),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Crc(_, crc) => crc.update(bytes),
            Self::Sha(sha) => sha.update(bytes),
        }
    }

    fn finish(self) -> Vec<u8> {
        match self {
            Self::Crc(algorithm, crc) => algorithm.crc_bytes(crc.finalize()),
            Self::Sha(sha) => sha.finish().as_ref().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(algorithm: Algorithm, bytes: &[u8]) -> String {
        let mut running = Running::new(algorithm);
        running.update(bytes);
        BASE64.encode(running.finish())
    }

    #[test]
    fn published_check_values_hold() {
        // The check values of the CRC catalogue and of FIPS 180, over "123456789" and "abc"
        let crc = |algorithm| {
            let sum = BASE64.decode(digest(algorithm, b"123456789")).unwrap();
            hex::encode(sum)
        };
        assert_eq!(crc(Algorithm::Crc32), "cbf43926");
        assert_eq!(crc(Algorithm::Crc32c), "e3069283");
        assert_eq!(crc(Algorithm::Crc64Nvme), "ae8b14860a799888");
        assert_eq!(
            digest(Algorithm::Sha1, b"abc"),
            "qZk+NkcGgWq6PiVxeFDCbJzQ2J0="
        );
        assert_eq!(
            digest(Algorithm::Sha256, b"abc"),
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
        );
    }

    #[test]
    fn combined_crc_is_the_crc_of_the_whole() {
        for algorithm in [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64Nvme] {
            let (one, two) = (digest(algorithm, b"1234"), digest(algorithm, b"56789"));
            let parts = [(one.as_str(), 4), (two.as_str(), 5)];
            let whole = Checksum::combine(algorithm, Kind::FullObject, parts.into_iter()).unwrap();
            assert_eq!(whole.value, digest(algorithm, b"123456789"));
        }
    }
}
