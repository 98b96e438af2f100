//! What a person calls a file in an artifact.

use crate::error::Fault;
use crate::parse::checked_string;
use unicode_normalization::UnicodeNormalization as _;

fn entry_path(text: &str) -> Result<(), Fault> {
    crate::key::key(text)?;
    if let Some(at) = text.find('\\') {
        return Err(Fault::Character {
            character: '\\',
            at,
            allowed: "`/` between folders, and no `\\`",
        });
    }
    let mut start = text.chars();
    if let (Some(drive), Some(':')) = (start.next(), start.next())
        && drive.is_ascii_alphabetic()
    {
        return Err(Fault::Reserved {
            reason: "a letter and a colon at the beginning name a drive",
        });
    }
    Ok(())
}

checked_string!(
    /// The relative path of a file in an artifact, with `/` between folders.
    ///
    /// Kept byte for byte: two paths that differ only in Unicode normal form are two files. At most
    /// 1,024 bytes; no component that is empty, `.` or `..`; no control character, no backslash, no
    /// drive. It never becomes part of an object's key.
    EntryPath, "path", entry_path, "train/images/0001.jpg"
);

impl EntryPath {
    /// The path as a file system that ignores case and normal form sees it. Two entries with equal
    /// folds cannot both be written there.
    pub fn fold(&self) -> String {
        self.as_str()
            .nfc()
            .flat_map(char::to_lowercase)
            .nfc()
            .collect()
    }

    /// The components, outermost first.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        self.as_str().split('/')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_leave_their_folder_are_refused() {
        for bad in [
            "../../x",
            "/etc/x",
            "a/../../x",
            "C:\\x",
            "C:x",
            "a\\b",
            "a//b",
            "",
            ".",
            "a/\0",
        ] {
            assert!(bad.parse::<EntryPath>().is_err(), "{bad:?} parsed");
        }
    }

    #[test]
    fn normal_forms_stay_two_files_with_one_fold() {
        let composed: EntryPath = "\u{e9}".parse().unwrap();
        let decomposed: EntryPath = "e\u{301}".parse().unwrap();
        assert_ne!(composed, decomposed);
        assert_eq!(composed.fold(), decomposed.fold());
        assert_eq!("A".parse::<EntryPath>().unwrap().fold(), "a");
    }
}
