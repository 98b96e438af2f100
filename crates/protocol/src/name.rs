//! Names that people give to things.

use crate::error::{Fault, ParseError};
use crate::parse::{checked_string, string_schema};
use std::str::FromStr;

const LABEL: &str = "letters, digits, `-`, `_` and `.`, beginning with a letter or digit";

fn label(text: &str, max: usize) -> Result<(), Fault> {
    if text.is_empty() {
        return Err(Fault::Empty);
    }
    if text.len() > max {
        return Err(Fault::TooLong {
            max,
            got: text.len(),
        });
    }
    let allowed = |(at, c): (usize, char)| {
        c.is_ascii_alphanumeric() || (at > 0 && matches!(c, '-' | '_' | '.'))
    };
    match text.char_indices().find(|&pair| !allowed(pair)) {
        Some((at, character)) => Err(Fault::Character {
            character,
            at,
            allowed: LABEL,
        }),
        None => Ok(()),
    }
}

fn short_label(text: &str) -> Result<(), Fault> {
    label(text, 64)
}

fn long_label(text: &str) -> Result<(), Fault> {
    label(text, 128)
}

/// Principals may be named by their e-mail address, so `@` and `+` are allowed inside.
fn principal(text: &str) -> Result<(), Fault> {
    if text.is_empty() {
        return Err(Fault::Empty);
    }
    if text.len() > 128 {
        return Err(Fault::TooLong {
            max: 128,
            got: text.len(),
        });
    }
    let allowed = |(at, c): (usize, char)| {
        c.is_ascii_alphanumeric() || (at > 0 && matches!(c, '-' | '_' | '.' | '@' | '+'))
    };
    match text.char_indices().find(|&pair| !allowed(pair)) {
        Some((at, character)) => Err(Fault::Character {
            character,
            at,
            allowed: "letters, digits, `-`, `_`, `.`, `@` and `+`, beginning with a letter or digit",
        }),
        None => Ok(()),
    }
}

fn alias(text: &str) -> Result<(), Fault> {
    if text.is_empty() {
        return Err(Fault::Empty);
    }
    if text.len() > 128 {
        return Err(Fault::TooLong {
            max: 128,
            got: text.len(),
        });
    }
    if let Some((at, character)) = text
        .char_indices()
        .find(|&(_, c)| c.is_control() || matches!(c, '/' | ':' | ',' | '?' | '#' | '%'))
    {
        return Err(Fault::Character {
            character,
            at,
            allowed: "anything but `/`, `:`, `,`, `?`, `#`, `%` and control characters",
        });
    }
    if matches!(text, "." | "..") {
        return Err(Fault::Reserved {
            reason: "`.` and `..` cannot stand in the path of a request",
        });
    }
    if version_index(text).is_some() {
        return Err(Fault::Reserved {
            reason: "`v` and a number names a version",
        });
    }
    Ok(())
}

/// Reads `v12` as 12; leading zeros and signs are not version numbers.
fn version_index(text: &str) -> Option<u32> {
    let digits = text.strip_prefix('v')?;
    let canonical = digits == "0" || !digits.starts_with('0');
    (canonical && digits.bytes().all(|b| b.is_ascii_digit()))
        .then(|| digits.parse().ok())
        .flatten()
}

checked_string!(
    /// A team's name, unique in the instance; what W&B calls an entity.
    TeamName, "team name", short_label, "vision"
);
checked_string!(
    /// The name of a user or service account, unique in the instance.
    PrincipalName, "principal name", principal, "alice"
);
checked_string!(
    /// The name under which a bucket is registered (not the container in the store).
    BucketName, "bucket name", short_label, "vision-eu"
);
checked_string!(
    /// A project's name, unique in its team.
    ProjectName, "project name", long_label, "imagenet"
);
checked_string!(
    /// A collection's name, unique in its project.
    CollectionName, "collection name", long_label, "train"
);
checked_string!(
    /// A movable name for a version, unique in its collection; `latest` moves by itself.
    Alias, "alias", alias, "latest"
);

impl Alias {
    /// The alias that each new version takes over.
    pub const LATEST: &'static str = "latest";
}

/// A version as people name it after the colon: `v3` or an alias.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum VersionRef {
    /// `v` and the version's number, counted from 0 in its collection.
    Index(u32),
    /// An alias.
    Alias(Alias),
}

string_schema!(VersionRef, "`v` and a number, or an alias");

impl FromStr for VersionRef {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match version_index(text) {
            Some(index) => Ok(Self::Index(index)),
            None => text.parse().map(Self::Alias),
        }
    }
}

impl TryFrom<String> for VersionRef {
    type Error = ParseError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<VersionRef> for String {
    fn from(value: VersionRef) -> Self {
        value.to_string()
    }
}

impl std::fmt::Display for VersionRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Index(index) => write!(f, "v{index}"),
            Self::Alias(alias) => alias.fmt(f),
        }
    }
}

/// `team/project/collection[:version]`, as the command line takes it. Without a version: `latest`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactRef {
    /// The team that owns the artifact.
    pub team: TeamName,
    /// The project in the team.
    pub project: ProjectName,
    /// The collection in the project.
    pub collection: CollectionName,
    /// The version, if one was named.
    pub version: Option<VersionRef>,
}

impl FromStr for ArtifactRef {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = Fault::Form {
            expected: "team/project/collection[:version]",
        };
        let (place, version) = match text.split_once(':') {
            Some((place, version)) => (place, Some(version.parse()?)),
            None => (text, None),
        };
        let mut parts = place.split('/');
        let (Some(team), Some(project), Some(collection), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(form.of("artifact"));
        };
        Ok(Self {
            team: team.parse()?,
            project: project.parse()?,
            collection: collection.parse()?,
            version,
        })
    }
}

impl std::fmt::Display for ArtifactRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.team, self.project, self.collection)?;
        match &self.version {
            Some(version) => write!(f, ":{version}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_refuse_separators_and_odd_beginnings() {
        for bad in [
            "",
            "a/b",
            ".a",
            "-a",
            "a b",
            "é",
            "a*",
            "a?",
            "${aws:username}",
            "a\"",
            "a\n",
        ] {
            assert!(bad.parse::<TeamName>().is_err(), "{bad:?} parsed");
        }
        for good in ["a", "vision", "A-1_b.c"] {
            assert_eq!(good.parse::<TeamName>().unwrap().as_str(), good);
        }
        assert!("x".repeat(65).parse::<TeamName>().is_err());
    }

    #[test]
    fn a_version_number_is_not_an_alias() {
        assert!("v1".parse::<Alias>().is_err());
        assert_eq!("v1".parse::<VersionRef>().unwrap(), VersionRef::Index(1));
        assert!(matches!(
            "v01".parse::<VersionRef>().unwrap(),
            VersionRef::Alias(_)
        ));
        assert!(matches!(
            "v".parse::<VersionRef>().unwrap(),
            VersionRef::Alias(_)
        ));
    }

    #[test]
    fn an_artifact_is_named_as_wandb_users_know_it() {
        let named: ArtifactRef = "vision/imagenet/train:v3".parse().unwrap();
        assert_eq!(named.to_string(), "vision/imagenet/train:v3");
        assert_eq!("a/b/c".parse::<ArtifactRef>().unwrap().version, None);
        for bad in ["a/b", "a/b/c/d", "a/b/c:", "/b/c", "a//c"] {
            assert!(bad.parse::<ArtifactRef>().is_err(), "{bad:?} parsed");
        }
    }
}
