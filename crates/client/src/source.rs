//! What there is to put: walks the source and checks every name before anything is sent.

use crate::error::{Error, NameProblem, Names, Result, printable};
use crate::hash::LocalFile;
use protocol::EntryPath;
use protocol::layout::{Layout, MAX_OBJECT_BYTES};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The files of a source.
#[derive(Debug)]
pub(crate) struct Source {
    root: PathBuf,
    /// True when the root is the one file itself.
    single: bool,
    pub(crate) files: Vec<SourceFile>,
    pub(crate) empty_directories: u64,
}

/// A file to put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceFile {
    pub(crate) path: EntryPath,
    pub(crate) size_bytes: u64,
    pub(crate) layout: Layout,
}

impl Source {
    /// Walks a folder, or takes one file. Blocks.
    ///
    /// A link to a regular file in the folder is that file's content; empty folders are counted and
    /// left out.
    ///
    /// # Errors
    /// [`Error::Names`] with every file that cannot go up: a name that is no [`EntryPath`], a link
    /// that leads out of the folder, to a folder or nowhere, something that is neither file nor
    /// folder, a file that is too large.
    pub(crate) fn scan(root: &Path) -> Result<Self> {
        let root = root
            .canonicalize()
            .map_err(|source| Error::file("read", root, source))?;
        let metadata = root
            .metadata()
            .map_err(|source| Error::file("read", &root, source))?;
        let mut walk = Walk {
            root: &root,
            files: Vec::new(),
            problems: Vec::new(),
            empty_directories: 0,
        };
        if metadata.is_dir() {
            walk.directory(&root, "")?;
        } else {
            let name = root.file_name().unwrap_or(OsStr::new(""));
            if metadata.is_file() {
                walk.file(name, &component(name), metadata.len());
            } else {
                walk.problem(name, "is neither a file nor a folder");
            }
        }
        let Walk {
            mut files,
            mut problems,
            empty_directories,
            ..
        } = walk;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        for pair in files.windows(2) {
            if let [first, second] = pair
                && first.path == second.path
            {
                problems.push(NameProblem {
                    name: crate::error::shown(&second.path),
                    reason: "is there twice".to_owned(),
                });
            }
        }
        if !problems.is_empty() {
            return Err(Error::Names(Box::new(Names { problems })));
        }
        Ok(Self {
            single: metadata.is_file(),
            root,
            files,
            empty_directories,
        })
    }

    /// The size of a file, in bytes.
    pub(crate) fn size_bytes_of(&self, index: usize) -> u64 {
        self.files.get(index).map_or(0, |file| file.size_bytes)
    }

    /// Where a file of this source is.
    pub(crate) fn local(&self, file: &SourceFile) -> LocalFile {
        LocalFile {
            path: if self.single {
                self.root.clone()
            } else {
                file.path
                    .components()
                    .fold(self.root.clone(), |path, component| path.join(component))
            },
            shown: crate::error::shown(&file.path),
            size_bytes: file.size_bytes,
        }
    }
}

/// The one component as text, as far as it is text.
fn component(name: &OsStr) -> Result<String, String> {
    name.to_str()
        .map(str::to_owned)
        .ok_or_else(|| "is not UTF-8".to_owned())
}

struct Walk<'a> {
    root: &'a Path,
    files: Vec<SourceFile>,
    problems: Vec<NameProblem>,
    empty_directories: u64,
}

impl Walk<'_> {
    /// Walks one folder, whose path beneath the root is `prefix`: empty, or ends in `/`.
    fn directory(&mut self, directory: &Path, prefix: &str) -> Result<()> {
        let unreadable = |source| Error::file("list", directory, source);
        let mut entries = std::fs::read_dir(directory)
            .map_err(unreadable)?
            .collect::<std::io::Result<Vec<_>>>()
            .map_err(unreadable)?;
        if entries.is_empty() {
            self.empty_directories += 1;
        }
        // The same order on every machine, for messages
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name();
            let local = entry.path();
            let path = component(&name).map(|name| format!("{prefix}{name}"));
            let shown = format!("{prefix}{}", name.to_string_lossy());
            let unreadable = |source| Error::file("read", &local, source);
            let kind = entry.file_type().map_err(unreadable)?;
            if kind.is_dir() {
                match path {
                    Ok(path) => self.directory(&local, &format!("{path}/"))?,
                    Err(reason) => self.problem(OsStr::new(&shown), &reason),
                }
            } else if kind.is_symlink() {
                match self.target_of(&local) {
                    Ok(size) => self.file(OsStr::new(&shown), &path, size),
                    Err(reason) => self.problem(OsStr::new(&shown), reason),
                }
            } else if kind.is_file() {
                let size = entry.metadata().map_err(unreadable)?.len();
                self.file(OsStr::new(&shown), &path, size);
            } else {
                self.problem(OsStr::new(&shown), "is neither a file nor a folder");
            }
        }
        Ok(())
    }

    /// The size of the file that a link stands for.
    fn target_of(&self, link: &Path) -> Result<u64, &'static str> {
        let target = link
            .canonicalize()
            .map_err(|_| "is a link that leads nowhere")?;
        if !target.starts_with(self.root) {
            return Err("is a link that leads out of the folder");
        }
        match target.metadata() {
            Ok(metadata) if metadata.is_file() => Ok(metadata.len()),
            Ok(_) => Err("is a link to something that is not a file"),
            Err(_) => Err("is a link that leads nowhere"),
        }
    }

    fn file(&mut self, shown: &OsStr, path: &Result<String, String>, size_bytes: u64) {
        let path = match path {
            Ok(path) => path.parse::<EntryPath>().map_err(|e| e.fault.to_string()),
            Err(reason) => Err(reason.clone()),
        };
        match (path, Layout::of(size_bytes)) {
            (Ok(path), Some(layout)) => self.files.push(SourceFile {
                path,
                size_bytes,
                layout,
            }),
            (Err(reason), _) => self.problem(shown, &reason),
            (Ok(_), None) => {
                let reason =
                    format!("has {size_bytes} bytes; at most {MAX_OBJECT_BYTES} are possible");
                self.problem(shown, &reason);
            }
        }
    }

    fn problem(&mut self, shown: &OsStr, reason: &str) {
        self.problems.push(NameProblem {
            name: printable(&shown.to_string_lossy()),
            reason: reason.to_owned(),
        });
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;

    fn names(error: Error) -> Vec<(String, String)> {
        match error {
            Error::Names(names) => names
                .problems
                .into_iter()
                .map(|problem| (problem.name, problem.reason))
                .collect(),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn a_tree_is_listed_with_its_links_and_without_empty_folders() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("a/empty")).unwrap();
        fs::write(dir.path().join("a/b c ü"), b"12").unwrap();
        fs::write(dir.path().join("z"), b"").unwrap();
        symlink("a/b c ü", dir.path().join("link")).unwrap();
        let source = Source::scan(dir.path()).unwrap();
        let found: Vec<_> = source
            .files
            .iter()
            .map(|file| (file.path.as_str(), file.size_bytes))
            .collect();
        assert_eq!(found, [("a/b c ü", 2), ("link", 2), ("z", 0)]);
        assert_eq!(source.empty_directories, 1);
        for file in &source.files {
            assert!(source.local(file).path.exists());
        }
    }

    #[test]
    fn one_file_goes_up_under_its_own_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("weights.bin");
        fs::write(&path, b"123").unwrap();
        let source = Source::scan(&path).unwrap();
        assert_eq!(source.files.len(), 1);
        assert_eq!(source.files[0].path.as_str(), "weights.bin");
        assert_eq!(
            source.local(&source.files[0]).path,
            path.canonicalize().unwrap()
        );
    }

    #[test]
    fn every_name_that_cannot_go_up_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), b"x").unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("good"), b"").unwrap();
        fs::write(at("back\\slash"), b"").unwrap();
        fs::write(at("line\nbreak"), b"").unwrap();
        fs::write(dir.path().join(OsStr::from_bytes(b"caf\xe9")), b"").unwrap();
        symlink(outside.path().join("secret"), at("out")).unwrap();
        symlink("nowhere", at("dangling")).unwrap();
        fs::create_dir(at("folder")).unwrap();
        fs::write(at("folder/file"), b"").unwrap();
        symlink("folder", at("to-folder")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        let long = at(&["x".repeat(250).as_str(); 4].join("/"));
        fs::create_dir_all(&long).unwrap();
        fs::write(long.join("y".repeat(30)), b"").unwrap();

        let problems = names(Source::scan(dir.path()).unwrap_err());
        let reason = |part: &str| {
            let found = problems.iter().find(|(name, _)| name.contains(part));
            found.map(|(_, reason)| reason.clone()).unwrap_or_default()
        };
        assert_eq!(problems.len(), 8, "{problems:?}");
        assert!(reason("back\\slash").contains("`/` between folders"));
        assert!(reason("line\\u{a}break").contains("control"));
        assert_eq!(reason("caf\u{fffd}"), "is not UTF-8");
        assert!(reason("out").contains("out of the folder"));
        assert!(reason("dangling").contains("nowhere"));
        assert!(reason("to-folder").contains("not a file"));
        assert!(reason("socket").contains("neither"));
        assert!(reason("xxxx").contains("at most 1024 bytes"));
    }
}
