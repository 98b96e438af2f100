//! The last part of an artifact's name in a path: `train`, `train:v3`, `train:best`.

use super::error::ApiError;
use protocol::{Alias, CollectionName, VersionRef};
use std::str::FromStr;

/// A collection, and a version of it if one is named.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub(super) struct ArtifactName {
    pub(super) collection: CollectionName,
    version: Option<VersionRef>,
}

impl ArtifactName {
    /// The version named, else the latest.
    pub(super) fn version_or_latest(&self) -> Result<VersionRef, ApiError> {
        match &self.version {
            Some(version) => Ok(version.clone()),
            None => Alias::LATEST
                .parse()
                .map_err(|error: protocol::ParseError| ApiError::internal(error)),
        }
    }

    /// The collection, where a version makes no sense.
    pub(super) fn collection_alone(&self) -> Result<&CollectionName, ApiError> {
        match self.version {
            None => Ok(&self.collection),
            Some(_) => Err(ApiError::invalid(
                "artifact",
                "a collection is meant here; leave the version out",
            )),
        }
    }
}

impl FromStr for ArtifactName {
    type Err = protocol::ParseError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (collection, version) = match text.split_once(':') {
            Some((collection, version)) => (collection, Some(version.parse()?)),
            None => (text, None),
        };
        Ok(Self {
            collection: collection.parse()?,
            version,
        })
    }
}

impl TryFrom<String> for ArtifactName {
    type Error = protocol::ParseError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::ArtifactName;

    #[test]
    fn a_name_without_a_version_is_the_latest() {
        let version = |text: &str| {
            let name: ArtifactName = text.parse().unwrap();
            name.version_or_latest().unwrap().to_string()
        };
        assert_eq!(version("train"), "latest");
        assert_eq!(version("train:v3"), "v3");
        assert_eq!(version("train:best one"), "best one");
        for bad in ["", ":v1", "train:", "tr/ain", "train:a:b"] {
            assert!(bad.parse::<ArtifactName>().is_err(), "{bad:?} parsed");
        }
    }
}
