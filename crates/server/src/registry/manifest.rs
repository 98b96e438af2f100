//! The manifest of a version, in the first version of W&B's format: pure.
//!
//! One JSON object: `version` 1, the storage policy, and `contents`, a map from each path to digest
//! (base64) and size; what Signet knows besides stands in each entry's `extra`. Paths are in the
//! order of their bytes, so that equal content is one text.

use protocol::id::ObjectId;
use protocol::transfer::VerifiedBy;
use protocol::{Algorithm, Digest, EntryPath, Md5Digest, Sha256Digest};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An entry of a committed version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestEntry {
    /// What a person calls it.
    pub path: EntryPath,
    /// Size in bytes.
    pub size_bytes: u64,
    /// The digest of the bytes.
    pub digest: Digest,
    /// The object that holds them.
    pub object_id: ObjectId,
    /// How the bucket was seen to hold them.
    pub verified_by: VerifiedBy,
}

/// The entries of a version, each path once, in the order of the paths' bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    entries: Vec<ManifestEntry>,
}

/// Why a text is not a manifest of ours.
#[derive(Debug, thiserror::Error)]
#[error("not a manifest of format version 1")]
pub struct NotAManifest(#[from] serde_json::Error);

impl Manifest {
    /// The manifest of these entries, each path once.
    pub fn new(mut entries: Vec<ManifestEntry>) -> Self {
        entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Self { entries }
    }

    /// All entries.
    pub fn entries(&self) -> &[ManifestEntry] {
        &self.entries
    }

    /// Up to `limit` entries after the path `after`, and whether more follow.
    pub fn page(&self, after: Option<&str>, limit: usize) -> (&[ManifestEntry], bool) {
        let start = after.map_or(0, |after| {
            self.entries
                .partition_point(|entry| entry.path.as_str() <= after)
        });
        let rest = self.entries.get(start..).unwrap_or_default();
        match rest.split_at_checked(limit) {
            Some((page, more)) => (page, !more.is_empty()),
            None => (rest, false),
        }
    }

    /// Size of all entries in bytes.
    pub fn size_bytes(&self) -> u64 {
        self.entries
            .iter()
            .fold(0, |sum, entry| sum.saturating_add(entry.size_bytes))
    }

    /// About how much memory it takes, in bytes.
    pub fn memory_bytes(&self) -> usize {
        let paths: usize = self.entries.iter().map(|e| e.path.as_str().len()).sum();
        size_of::<Self>() + self.entries.len() * size_of::<ManifestEntry>() + paths
    }

    /// The text that goes into the bucket.
    pub fn to_json(&self) -> Vec<u8> {
        #[expect(
            clippy::expect_used,
            reason = "strings and numbers always have a JSON text"
        )]
        serde_json::to_vec(&Document {
            version: 1,
            storage_policy: STORAGE_POLICY.into(),
            storage_policy_config: PolicyConfig {
                storage_layout: STORAGE_LAYOUT.into(),
            },
            contents: Contents(std::borrow::Cow::Borrowed(&self.entries)),
        })
        .expect("a manifest can be written")
    }

    /// Reads what [`Manifest::to_json`] wrote.
    ///
    /// # Errors
    /// When it is something else, or a path stands in it twice or out of order.
    pub fn parse(json: &[u8]) -> Result<Self, NotAManifest> {
        let document: Document<'_> = serde_json::from_slice(json)?;
        if document.version != 1 {
            return Err(serde_json::Error::custom("format version is not 1").into());
        }
        Ok(Self {
            entries: document.contents.0.into_owned(),
        })
    }
}

const STORAGE_POLICY: &str = "wandb-storage-policy-v1";
const STORAGE_LAYOUT: &str = "V2";

#[derive(Serialize, Deserialize)]
struct Document<'a> {
    version: u32,
    #[serde(rename = "storagePolicy")]
    storage_policy: String,
    #[serde(rename = "storagePolicyConfig")]
    storage_policy_config: PolicyConfig,
    contents: Contents<'a>,
}

#[derive(Serialize, Deserialize)]
struct PolicyConfig {
    #[serde(rename = "storageLayout")]
    storage_layout: String,
}

struct Contents<'a>(std::borrow::Cow<'a, [ManifestEntry]>);

#[derive(Serialize, Deserialize)]
struct Entry {
    digest: String,
    size: u64,
    extra: Extra,
}

#[derive(Serialize, Deserialize)]
struct Extra {
    algorithm: String,
    object_id: ObjectId,
    verified_by: VerifiedBy,
}

impl Serialize for Contents<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for entry in self.0.iter() {
            map.serialize_entry(
                &entry.path,
                &Entry {
                    digest: digest_base64(&entry.digest),
                    size: entry.size_bytes,
                    extra: Extra {
                        algorithm: entry.digest.algorithm().to_string(),
                        object_id: entry.object_id,
                        verified_by: entry.verified_by,
                    },
                },
            )?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Contents<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesInOrder)
    }
}

struct EntriesInOrder;

impl<'de> Visitor<'de> for EntriesInOrder {
    type Value = Contents<'static>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("entries by path, in order")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries: Vec<ManifestEntry> = Vec::new();
        while let Some((path, entry)) = map.next_entry::<EntryPath, Entry>()? {
            if entries.last().is_some_and(|last| last.path >= path) {
                return Err(A::Error::custom("paths are not in order"));
            }
            entries.push(ManifestEntry {
                path,
                size_bytes: entry.size,
                digest: digest_from(&entry.extra.algorithm, &entry.digest)
                    .ok_or_else(|| A::Error::custom("a digest does not parse"))?,
                object_id: entry.extra.object_id,
                verified_by: entry.extra.verified_by,
            });
        }
        Ok(Contents(entries.into()))
    }
}

fn digest_base64(digest: &Digest) -> String {
    match digest {
        Digest::Sha256(digest)
        | Digest::Sha256Composite {
            composite: digest, ..
        } => digest.to_base64(),
        Digest::Md5(digest) => digest.to_base64(),
        // The enum may grow; what is registered today is one of these
        _ => digest.hex(),
    }
}

fn digest_from(algorithm: &str, base64: &str) -> Option<Digest> {
    Some(match algorithm.parse().ok()? {
        Algorithm::Sha256 => Digest::Sha256(Sha256Digest::from_base64(base64).ok()?),
        Algorithm::Sha256Composite { part_size_bytes } => Digest::Sha256Composite {
            part_size_bytes,
            composite: Sha256Digest::from_base64(base64).ok()?,
        },
        Algorithm::Md5 => Digest::Md5(Md5Digest::from_base64(base64).ok()?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(path: &str, seed: u8) -> ManifestEntry {
        ManifestEntry {
            path: path.parse().unwrap(),
            size_bytes: u64::from(seed),
            digest: if seed.is_multiple_of(2) {
                Digest::Sha256(Sha256Digest::from_bytes([seed; 32]))
            } else {
                Digest::Sha256Composite {
                    part_size_bytes: 16 << 20,
                    composite: Sha256Digest::from_bytes([seed; 32]),
                }
            },
            object_id: ObjectId::from_parts(u64::from(seed), [seed; 10]),
            verified_by: VerifiedBy::StoreDigest,
        }
    }

    #[test]
    fn the_text_is_wandbs_format_with_ours_in_extra() {
        let manifest = Manifest::new(vec![entry("b", 3), entry("a/\u{e9} x", 2)]);
        insta::assert_snapshot!(String::from_utf8(manifest.to_json()).unwrap(), @r#"{"version":1,"storagePolicy":"wandb-storage-policy-v1","storagePolicyConfig":{"storageLayout":"V2"},"contents":{"a/é x":{"digest":"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=","size":2,"extra":{"algorithm":"sha256","object_id":"obj_00000000000272028202020202020202","verified_by":"store-digest"}},"b":{"digest":"AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=","size":3,"extra":{"algorithm":"sha256-composite/16777216","object_id":"obj_00000000000373038303030303030303","verified_by":"store-digest"}}}}"#);
    }

    #[test]
    fn what_is_not_ours_is_refused() {
        let good = String::from_utf8(Manifest::new(vec![entry("a", 2)]).to_json()).unwrap();
        assert!(Manifest::parse(good.as_bytes()).is_ok());
        for bad in [
            good.replace("\"version\":1", "\"version\":2"),
            good.replace("\"a\":", "\"../a\":"),
            good.replace("sha256", "sha1"),
            good.replace("\"contents\":{", "\"contents\":{\"a\":1,"),
            good.replacen('{', "[", 1),
        ] {
            assert!(Manifest::parse(bad.as_bytes()).is_err(), "{bad} parsed");
        }
    }

    #[test]
    fn a_path_that_stands_twice_is_refused() {
        let twice = Manifest {
            entries: vec![entry("a", 2), entry("a", 4)],
        };
        assert!(Manifest::parse(&twice.to_json()).is_err());
    }

    proptest! {
        #[test]
        fn pages_are_the_whole_in_order(
            paths in prop::collection::btree_set("[a-c\u{e9}]{1,4}", 0..40),
            limit in 1_usize..10,
        ) {
            let manifest = Manifest::new(paths.iter().rev().map(|path| entry(path, 1)).collect());
            prop_assert_eq!(&Manifest::parse(&manifest.to_json()).unwrap(), &manifest);
            let mut seen = Vec::new();
            let mut after: Option<String> = None;
            loop {
                let (page, more) = manifest.page(after.as_deref(), limit);
                prop_assert!(page.len() <= limit);
                seen.extend(page.iter().map(|entry| entry.path.as_str().to_owned()));
                after = page.last().map(|entry| entry.path.as_str().to_owned());
                if !more { break; }
            }
            prop_assert_eq!(seen, paths.into_iter().collect::<Vec<_>>());
        }
    }
}
