//! Which names a directory can tell apart, and whether the names of an artifact are among them.

use crate::error::{Error, Result, printable};
use cap_std::fs::{Dir, OpenOptions};
use protocol::EntryPath;
use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization as _;

/// What a file system takes for the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Folding {
    /// `a` and `A`.
    pub(crate) case: bool,
    /// `é` in one code point and in two.
    pub(crate) normal_form: bool,
}

impl Folding {
    /// Finds out with a file that is made for it and removed again.
    pub(crate) fn probe(directory: &Dir, random: u64) -> std::io::Result<Self> {
        let name = |letter: &str, accent: &str| format!(".signet-{random:016x}-{letter}{accent}");
        let probe = name("a", "\u{e9}");
        directory.open_with(&probe, OpenOptions::new().write(true).create_new(true))?;
        let folding = Self {
            case: directory.symlink_metadata(name("A", "\u{e9}")).is_ok(),
            normal_form: directory.symlink_metadata(name("a", "e\u{301}")).is_ok(),
        };
        directory.remove_file(&probe)?;
        Ok(folding)
    }

    fn is_none(self) -> bool {
        !self.case && !self.normal_form
    }

    fn key(self, component: &str) -> String {
        let cased: String = if self.case {
            component.chars().flat_map(char::to_lowercase).collect()
        } else {
            component.to_owned()
        };
        if self.normal_form {
            cased.nfc().collect()
        } else {
            cased
        }
    }
}

/// The names of an artifact, checked against each other.
#[derive(Debug)]
pub(crate) struct Names {
    folding: Folding,
    /// From what the directory sees to what was meant; of files and of the folders they are in.
    seen: HashMap<String, String>,
}

impl Names {
    pub(crate) fn new(folding: Folding) -> Self {
        Self {
            folding,
            seen: HashMap::new(),
        }
    }

    /// Whether there is anything to check: most directories can tell all names apart.
    pub(crate) fn needed(&self) -> bool {
        !self.folding.is_none()
    }

    /// Adds a name.
    ///
    /// # Errors
    /// [`Error::Collision`] when the directory takes it, or a folder that it is in, for another.
    pub(crate) fn add(&mut self, path: &EntryPath) -> Result<()> {
        let (mut key, mut meant) = (String::new(), String::new());
        for component in path.components() {
            for (text, part) in [
                (&mut key, self.folding.key(component).as_str()),
                (&mut meant, component),
            ] {
                if !text.is_empty() {
                    text.push('/');
                }
                text.push_str(part);
            }
            match self.seen.get(&key) {
                Some(first) if *first != meant => {
                    return Err(Error::Collision {
                        first: printable(first),
                        second: printable(&meant),
                    });
                }
                Some(_) => {}
                None => {
                    self.seen.insert(key.clone(), meant.clone());
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cap_std::ambient_authority;

    fn collides(folding: Folding, paths: &[&str]) -> bool {
        let mut names = Names::new(folding);
        paths
            .iter()
            .any(|path| names.add(&path.parse().unwrap()).is_err())
    }

    #[test]
    fn names_collide_only_where_the_directory_cannot_tell_them_apart() {
        let case = Folding {
            case: true,
            normal_form: false,
        };
        let form = Folding {
            case: false,
            normal_form: true,
        };
        let neither = Folding {
            case: false,
            normal_form: false,
        };
        let by_case = ["a/README", "a/readme"];
        let by_folder = ["Train/1", "train/2"];
        let by_form = ["\u{e9}", "e\u{301}"];
        assert!(collides(case, &by_case) && !collides(form, &by_case));
        assert!(collides(case, &by_folder) && !collides(form, &by_folder));
        assert!(collides(form, &by_form) && !collides(case, &by_form));
        for names in [by_case, by_folder, by_form] {
            assert!(!collides(neither, &names));
        }
        assert!(!collides(case, &["a/1", "a/2", "b/1", "a/1"]));
    }

    #[test]
    fn the_probe_agrees_with_what_the_directory_does_and_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let root = Dir::open_ambient_dir(dir.path(), ambient_authority()).unwrap();
        let folding = Folding::probe(&root, 9).unwrap();
        assert_eq!(root.entries().unwrap().count(), 0);
        root.write("x", b"").unwrap();
        assert_eq!(root.exists("X"), folding.case);
        root.write("\u{e9}", b"").unwrap();
        assert_eq!(root.exists("e\u{301}"), folding.normal_form);
    }
}
