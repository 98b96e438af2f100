//! Where a bucket's objects lie.

use super::Error;
use protocol::error::Fault;
use protocol::{ObjectKey, ParseError, TeamName};

/// The longest name of a container that a store takes, in bytes.
const MAX_CONTAINER_BYTES: usize = 255;

/// A container in a store, and what all keys of the registration begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    container: Box<str>,
    prefix: Box<str>,
}

impl Place {
    /// The place of a registration. The prefix is empty or ends in `/`.
    ///
    /// # Errors
    /// When the container's name has other characters than letters, digits, `-`, `_` and `.`, or the
    /// prefix is not made of key components that end in `/`.
    pub fn new(container: &str, prefix: &str) -> Result<Self, ParseError> {
        check_container(container).map_err(|fault| fault.of("container"))?;
        if !prefix.is_empty() {
            check_root(prefix).map_err(|fault| fault.of("prefix"))?;
        }
        Ok(Self {
            container: container.into(),
            prefix: prefix.into(),
        })
    }

    /// The container's name.
    pub fn container(&self) -> &str {
        &self.container
    }

    /// What all keys begin with.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What the names of all our statements and rules for this place begin with: `Signet` and 8
    /// hexadecimal digits. Policies are shared by registrations that lie side by side in a container,
    /// and keys and log buckets by many, so each replaces what carries its own mark alone.
    pub(super) fn mark(&self) -> String {
        // FNV-1a: the mark must stay the same in every release, and is no secret
        let text = self.container.bytes().chain([0]).chain(self.prefix.bytes());
        let hash = text.fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        format!("Signet{hash:08x}")
    }

    /// The roots of these teams.
    pub(super) fn roots<'t>(&self, teams: &'t [Team]) -> Result<Vec<&'t Root>, Error> {
        if teams.is_empty() {
            return Err(Error::NoTeam);
        }
        let root = |team: &'t Team| {
            let rest = team.root.as_str().strip_prefix(&*self.prefix);
            match rest {
                Some(rest) if !rest.is_empty() => Ok(&team.root),
                _ => Err(Error::OutsidePrefix {
                    team: team.name.clone(),
                }),
            }
        };
        teams.iter().map(root).collect()
    }
}

pub(super) fn check_container(text: &str) -> Result<(), Fault> {
    if text.is_empty() {
        return Err(Fault::Empty);
    }
    if text.len() > MAX_CONTAINER_BYTES {
        return Err(Fault::TooLong {
            max: MAX_CONTAINER_BYTES,
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
            allowed: "letters, digits, `-`, `_` and `.`, beginning with a letter or digit",
        }),
        None => Ok(()),
    }
}

/// A root and a prefix are what keys begin with, so the rule is that of keys.
pub(super) fn check_root(text: &str) -> Result<(), Fault> {
    if !text.ends_with('/') {
        return Err(Fault::Form {
            expected: "components that each end in `/`",
        });
    }
    match ObjectKey::under(text, "k") {
        Ok(_) => Ok(()),
        Err(error) => Err(error.fault),
    }
}

super::checked_text!(
    /// What every key of a team begins with: components that each end in `/`.
    Root,
    "root",
    check_root
);

/// A team that uses the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// Its name.
    pub name: TeamName,
    /// What its keys begin with: `<prefix><team id>/`.
    pub root: Root,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_ends_in_a_slash_and_has_no_component_that_somebody_would_resolve() {
        for bad in ["", "/", "a", "a//", "../", "a/../", "./", "/a/", "a\n/"] {
            assert!(bad.parse::<Root>().is_err(), "{bad:?} parsed");
        }
        for good in ["a/", "a/b/", "a*?$\"{}/", "é/"] {
            assert_eq!(good.parse::<Root>().unwrap().as_str(), good);
        }
    }

    #[test]
    fn places_that_share_a_policy_have_marks_of_their_own() {
        let mark = |container, prefix| Place::new(container, prefix).unwrap().mark();
        let all = [
            mark("b", ""),
            mark("b", "a/"),
            mark("b", "c/"),
            mark("c", ""),
        ];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        // Once written at a cloud, it must be found again by every later release
        assert_eq!(mark("acme-vision", "signet/"), "Signetbd02b95b");
    }

    #[test]
    fn a_container_cannot_be_a_pattern_or_a_word_of_a_shell() {
        for bad in ["", "a*", "a?", "${x}", "a b", "a;b", "a/b", "-a", "a'b"] {
            assert!(Place::new(bad, "").is_err(), "{bad:?} parsed");
        }
    }
}
