//! Compares two folders byte for byte.

use anyhow::{Context as _, ensure};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Number of files and of bytes that are equal in both.
pub(super) struct Equal {
    pub(super) files: u64,
    pub(super) bytes: u64,
}

/// Fails at the first difference: a name, a size or a byte.
pub(super) fn folders(left: &Path, right: &Path) -> anyhow::Result<Equal> {
    let (a, b) = (files(left)?, files(right)?);
    if let Some(missing) = a.keys().find(|name| !b.contains_key(*name)) {
        anyhow::bail!("{} is missing", missing.display());
    }
    if let Some(extra) = b.keys().find(|name| !a.contains_key(*name)) {
        anyhow::bail!("{} was not there before", extra.display());
    }
    let mut equal = Equal { files: 0, bytes: 0 };
    for (name, left) in &a {
        let right = b.get(name).context("listed a moment ago")?;
        equal.bytes += contents(left, right).with_context(|| format!("in {}", name.display()))?;
        equal.files += 1;
    }
    Ok(equal)
}

/// All regular files beneath a folder by their relative path; links are followed as `put` does.
pub(super) fn files(root: &Path) -> anyhow::Result<BTreeMap<PathBuf, PathBuf>> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder)
            .with_context(|| format!("cannot read {}", folder.display()))?
        {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.insert(path.strip_prefix(root)?.to_owned(), path);
            }
        }
    }
    Ok(found)
}

fn contents(left: &Path, right: &Path) -> anyhow::Result<u64> {
    const CHUNK: usize = 1 << 20;
    let (mut left, mut right) = (File::open(left)?, File::open(right)?);
    let (mut a, mut b) = (Vec::with_capacity(CHUNK), Vec::with_capacity(CHUNK));
    let mut bytes = 0;
    loop {
        a.clear();
        b.clear();
        left.by_ref().take(CHUNK as u64).read_to_end(&mut a)?;
        right.by_ref().take(CHUNK as u64).read_to_end(&mut b)?;
        ensure!(a == b, "the bytes differ after byte {bytes}");
        if a.is_empty() {
            return Ok(bytes);
        }
        bytes += a.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_byte_a_missing_and_an_extra_file_are_noticed() {
        let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for (folder, byte) in [(&a, 1), (&b, 1)] {
            std::fs::write(folder.path().join("x"), vec![byte; 3 << 20]).unwrap();
        }
        let equal = folders(a.path(), b.path()).unwrap();
        assert_eq!((equal.files, equal.bytes), (1, 3 << 20));
        let mut changed = vec![1; 3 << 20];
        changed[2 << 20] = 2;
        std::fs::write(b.path().join("x"), changed).unwrap();
        assert!(folders(a.path(), b.path()).is_err());
        std::fs::write(a.path().join("y"), "").unwrap();
        assert!(folders(a.path(), b.path()).is_err());
        assert!(folders(b.path(), a.path()).is_err());
    }
}
