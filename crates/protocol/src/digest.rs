//! Digests of content, and by which rule they were made.

use crate::error::{Fault, ParseError};
use crate::parse::string_schema;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::str::FromStr;

macro_rules! digest_bytes {
    ($(#[$meta:meta])* $name:ident $len:literal $kind:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; $len]);

        impl $name {
            /// The digest with these bytes.
            pub const fn from_bytes(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }
            /// The bytes.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
            /// Lowercase hexadecimal.
            pub fn to_hex(self) -> String {
                hex::encode(self.0)
            }
            /// Base64 with padding, as the stores' checksum headers carry it.
            pub fn to_base64(self) -> String {
                STANDARD.encode(self.0)
            }
            /// Reads base64 with padding.
            ///
            /// # Errors
            /// When it is not base64, or not of the digest's length.
            pub fn from_base64(text: &str) -> Result<Self, ParseError> {
                let bad = || Fault::Form { expected: concat!("base64 of ", $len, " bytes") }.of($kind);
                let bytes = STANDARD.decode(text).map_err(|_| bad())?;
                bytes.try_into().map(Self).map_err(|_| bad())
            }
        }

        impl FromStr for $name {
            type Err = ParseError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut bytes = [0; $len];
                let lowercase = text.bytes().all(|b| !b.is_ascii_uppercase());
                match hex::decode_to_slice(text, &mut bytes) {
                    Ok(()) if lowercase => Ok(Self(bytes)),
                    _ => Err(Fault::Form { expected: concat!($len, " bytes in lowercase hexadecimal") }.of($kind)),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.to_hex())
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.to_hex())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        string_schema!($name, concat!($len, " bytes in lowercase hexadecimal"));
    };
}

digest_bytes!(
    /// A SHA-256 digest (FIPS 180-4), written in lowercase hexadecimal.
    Sha256Digest 32 "SHA-256 digest"
);
digest_bytes!(
    /// An MD5 digest (RFC 1321), written in lowercase hexadecimal.
    Md5Digest 16 "MD5 digest"
);

/// By which rule a digest names content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Algorithm {
    /// SHA-256 of all bytes.
    Sha256,
    /// SHA-256 over the SHA-256 digests of the parts, in order, where every part but the last has
    /// this size: what S3 calls a composite checksum. Parts are what a store can prove one by one.
    Sha256Composite {
        /// Size of every part but the last, in bytes.
        part_size_bytes: u64,
    },
    /// MD5 of all bytes: for clients that know no other. Never matches a request by SHA-256.
    Md5,
}

impl std::fmt::Display for Algorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sha256 => f.write_str("sha256"),
            Self::Sha256Composite { part_size_bytes } => {
                write!(f, "sha256-composite/{part_size_bytes}")
            }
            Self::Md5 => f.write_str("md5"),
        }
    }
}

impl FromStr for Algorithm {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || {
            Fault::Form {
                expected: "`sha256`, `sha256-composite/SIZE` or `md5`",
            }
            .of("digest algorithm")
        };
        match text {
            "sha256" => Ok(Self::Sha256),
            "md5" => Ok(Self::Md5),
            _ => {
                let size = text.strip_prefix("sha256-composite/").ok_or_else(bad)?;
                let part_size_bytes: u64 = size.parse().map_err(|_| bad())?;
                if part_size_bytes == 0 || part_size_bytes.to_string() != size {
                    return Err(bad());
                }
                Ok(Self::Sha256Composite { part_size_bytes })
            }
        }
    }
}

/// A digest with the rule that made it, written `algorithm:hexadecimal`.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Digest {
    /// SHA-256 of all bytes.
    Sha256(Sha256Digest),
    /// The composite of the parts' SHA-256 digests; see [`Algorithm::Sha256Composite`].
    Sha256Composite {
        /// Size of every part but the last, in bytes.
        part_size_bytes: u64,
        /// SHA-256 over the parts' digests.
        composite: Sha256Digest,
    },
    /// MD5 of all bytes.
    Md5(Md5Digest),
}

string_schema!(
    Digest,
    "`algorithm:hexadecimal`; algorithms: `sha256`, `sha256-composite/PART_SIZE`, `md5`"
);

impl Digest {
    /// The rule that made this digest.
    pub fn algorithm(&self) -> Algorithm {
        match *self {
            Self::Sha256(_) => Algorithm::Sha256,
            Self::Sha256Composite {
                part_size_bytes, ..
            } => Algorithm::Sha256Composite { part_size_bytes },
            Self::Md5(_) => Algorithm::Md5,
        }
    }

    /// The digest alone in lowercase hexadecimal.
    pub fn hex(&self) -> String {
        match self {
            Self::Sha256(digest)
            | Self::Sha256Composite {
                composite: digest, ..
            } => digest.to_hex(),
            Self::Md5(digest) => digest.to_hex(),
        }
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.algorithm(), self.hex())
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (algorithm, value) = text.split_once(':').ok_or_else(|| {
            Fault::Form {
                expected: "`algorithm:hexadecimal`",
            }
            .of("digest")
        })?;
        Ok(match algorithm.parse()? {
            Algorithm::Sha256 => Self::Sha256(value.parse()?),
            Algorithm::Sha256Composite { part_size_bytes } => Self::Sha256Composite {
                part_size_bytes,
                composite: value.parse()?,
            },
            Algorithm::Md5 => Self::Md5(value.parse()?),
        })
    }
}

impl TryFrom<String> for Digest {
    type Error = ParseError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(value: Digest) -> Self {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_reads_back_as_it_was_written() {
        for digest in [
            Digest::Sha256(Sha256Digest::from_bytes([1; 32])),
            Digest::Sha256Composite {
                part_size_bytes: 16 << 20,
                composite: Sha256Digest::from_bytes([2; 32]),
            },
            Digest::Md5(Md5Digest::from_bytes([3; 16])),
        ] {
            assert_eq!(digest.to_string().parse::<Digest>().unwrap(), digest);
        }
        for bad in [
            "sha256",
            "sha256:00",
            "md5:zz",
            "sha256-composite/0:00",
            "sha256-composite/01:00",
            "sha1:00",
        ] {
            assert!(bad.parse::<Digest>().is_err(), "{bad:?} parsed");
        }
    }
}
