//! Where a download is written: beneath one directory, through no link, each file under a temporary
//! name until it is whole and verified.

mod fold;

pub(crate) use fold::Names;

use crate::error::{Error, Result};
use crate::sink::SharedFile;
use cap_fs_ext::{DirExt as _, FollowSymlinks, OpenOptionsFollowExt as _};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use fold::Folding;
use protocol::EntryPath;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// How many names are tried for a temporary file.
const TEMP_TRIES: u32 = 16;

/// A directory that files are written beneath.
#[derive(Debug)]
pub(crate) struct Target {
    root: Arc<Dir>,
    local: PathBuf,
}

impl Target {
    /// Opens the directory, made when absent. The directory itself is the user's choice, links on
    /// the way to it included. Blocks.
    pub(crate) fn open(directory: &Path) -> Result<Self> {
        let failed = |source| Error::file("write in", directory, source);
        Dir::create_ambient_dir_all(directory, ambient_authority()).map_err(failed)?;
        let root = Dir::open_ambient_dir(directory, ambient_authority()).map_err(failed)?;
        Ok(Self {
            root: Arc::new(root),
            local: directory.to_owned(),
        })
    }

    /// A check of names against each other by what this directory can tell apart. Blocks.
    pub(crate) fn names(&self, random: u64) -> Result<Names> {
        let folding = Folding::probe(&self.root, random)
            .map_err(|source| Error::file("write in", &self.local, source))?;
        Ok(Names::new(folding))
    }

    /// Finds the place of an entry, making the folders on the way. Blocks.
    ///
    /// # Errors
    /// [`Error::UnsafeName`] when a folder on the way is a link or no folder.
    pub(crate) fn place(&self, path: &EntryPath) -> Result<Place> {
        if let Some(hazard) = path
            .components()
            .find_map(|component| cfg!(windows).then(|| windows_hazard(component)).flatten())
        {
            return Err(Error::unsafe_name(path.as_str(), hazard));
        }
        let mut directory = Arc::clone(&self.root);
        let mut components = path.components().peekable();
        while let Some(component) = components.next() {
            if components.peek().is_none() {
                return Ok(Place {
                    directory,
                    name: component.to_owned(),
                    path: path.as_str().to_owned(),
                });
            }
            directory = Arc::new(self.enter(&directory, component, path)?);
        }
        Err(Error::unsafe_name(path.as_str(), "is empty"))
    }

    fn enter(&self, directory: &Dir, component: &str, path: &EntryPath) -> Result<Dir> {
        let failed = |source| Error::file("write in", &self.local.join(path.as_str()), source);
        match directory.create_dir(component) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let found = directory.symlink_metadata(component).map_err(failed)?;
                if !found.is_dir() {
                    let kind = if found.is_symlink() { "link" } else { "file" };
                    let reason = format!("`{component}` is a {kind} in the target directory");
                    return Err(Error::unsafe_name(path.as_str(), reason));
                }
            }
            Err(error) => return Err(failed(error)),
        }
        // Even if it became a link since: it is not followed
        directory.open_dir_nofollow(component).map_err(failed)
    }

    /// The place of one file that the user named, links on the way included. Blocks.
    pub(crate) fn file(path: &Path) -> Result<Place> {
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(name) = name else {
            let shown = path.to_string_lossy();
            return Err(Error::unsafe_name(&shown, "is not the name of a file"));
        };
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        Ok(Place {
            directory: Self::open(parent)?.root,
            name: name.to_owned(),
            path: path.to_string_lossy().into_owned(),
        })
    }
}

/// Why Windows would not write a file of this name, but something else.
fn windows_hazard(component: &str) -> Option<&'static str> {
    const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];
    let stem = component.split('.').next().unwrap_or_default();
    let stem = stem.trim_end().to_ascii_uppercase();
    let numbered = |kind| {
        let rest = stem.strip_prefix(kind);
        rest.is_some_and(|rest| rest.chars().count() == 1)
    };
    if DEVICES.contains(&stem.as_str()) || numbered("COM") || numbered("LPT") {
        Some("names a device of Windows")
    } else if component.ends_with(['.', ' ']) {
        Some("ends in a character that Windows drops")
    } else if component.contains([':', '*', '?', '"', '<', '>', '|']) {
        Some("has a character that Windows gives another meaning")
    } else {
        None
    }
}

/// Where one file goes.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    directory: Arc<Dir>,
    name: String,
    path: String,
}

impl Place {
    fn failed(&self, action: &'static str, source: std::io::Error) -> Error {
        Error::file(action, Path::new(&self.path), source)
    }

    /// The file that is there already, if it has this size. Blocks.
    ///
    /// # Errors
    /// [`Error::UnsafeName`] when there is something else than a regular file.
    pub(crate) fn existing(&self, size_bytes: u64) -> Result<Option<File>> {
        let found = match self.directory.symlink_metadata(&self.name) {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed("look at", error)),
        };
        if !found.is_file() {
            let kind = if found.is_symlink() {
                "link"
            } else if found.is_dir() {
                "folder"
            } else {
                "special file"
            };
            let reason = format!("it is a {kind} in the target directory");
            return Err(Error::unsafe_name(&self.path, reason));
        }
        if found.len() != size_bytes {
            return Ok(None);
        }
        let mut options = OpenOptions::new();
        options.read(true).follow(FollowSymlinks::No);
        // A file that cannot be read is replaced, if that is allowed
        let file = self.directory.open_with(&self.name, &options);
        Ok(file.ok().map(cap_std::fs::File::into_std))
    }

    /// Makes an empty file beside it under a name that nothing has. Blocks.
    pub(crate) fn temp(&self, random: impl Fn() -> u64) -> Result<Temp> {
        let mut options = OpenOptions::new();
        options
            .write(true)
            .create_new(true)
            .follow(FollowSymlinks::No);
        let mut tries = 0;
        loop {
            let name = format!(".signet-{:016x}.part", random());
            match self.directory.open_with(&name, &options) {
                Ok(_) => {
                    return Ok(Temp {
                        place: self.clone(),
                        name,
                        kept: AtomicBool::new(false),
                        turn: Arc::default(),
                    });
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists && tries < TEMP_TRIES => {
                    tries += 1;
                }
                Err(error) => return Err(self.failed("write", error)),
            }
        }
    }
}

/// A file on its way, removed unless it gets its name.
#[derive(Debug)]
pub(crate) struct Temp {
    place: Place,
    name: String,
    kept: AtomicBool,
    turn: Arc<Mutex<()>>,
}

impl Temp {
    /// Opens it to write. Blocks.
    pub(crate) fn open(&self) -> Result<SharedFile> {
        let mut options = OpenOptions::new();
        options.write(true).follow(FollowSymlinks::No);
        self.place
            .directory
            .open_with(&self.name, &options)
            .map(|file| SharedFile {
                file: file.into_std(),
                turn: Arc::clone(&self.turn),
            })
            .map_err(|source| self.place.failed("write", source))
    }

    /// Removes it, once nobody opens it any more: a thread that does was not told that the others
    /// gave up. Blocks.
    pub(crate) fn discard(temp: Arc<Self>) {
        while Arc::strong_count(&temp) > 1 {
            std::thread::yield_now();
        }
        drop(temp);
    }

    /// Gives it its name; what had that name is replaced. Blocks.
    pub(crate) fn keep(&self) -> Result<()> {
        let place = &self.place;
        place
            .directory
            .rename(&self.name, &place.directory, &place.name)
            .map_err(|source| place.failed("write", source))?;
        self.kept.store(true, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        if !self.kept.load(Ordering::Relaxed)
            && let Err(error) = self.place.directory.remove_file(&self.name)
        {
            tracing::warn!(%error, file = self.name, "a temporary file stays behind");
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write as _;
    use std::os::unix::fs::symlink;

    fn entry(path: &str) -> EntryPath {
        path.parse().unwrap()
    }

    fn write(target: &Target, path: &str, content: &[u8]) -> Result<()> {
        let temp = target.place(&entry(path))?.temp(|| 7)?;
        temp.open()?.file.write_all(content).unwrap();
        temp.keep()
    }

    #[test]
    fn a_file_appears_under_its_name_only_when_it_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let target = Target::open(&dir.path().join("new")).unwrap();
        write(&target, "a/b/c", b"1").unwrap();
        assert_eq!(fs::read(dir.path().join("new/a/b/c")).unwrap(), b"1");
        drop(target.place(&entry("a/b/d")).unwrap().temp(|| 7).unwrap());
        let left = fs::read_dir(dir.path().join("new/a/b")).unwrap().count();
        assert_eq!(left, 1, "the temporary file stayed");
    }

    #[test]
    fn no_link_is_written_through() {
        let outside = tempfile::tempdir().unwrap();
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("inside")).unwrap();
        symlink(outside.path(), dir.path().join("out")).unwrap();
        symlink("inside", dir.path().join("in")).unwrap();
        symlink(outside.path().join("file"), dir.path().join("leaf")).unwrap();
        fs::write(dir.path().join("plain"), b"").unwrap();
        let target = Target::open(dir.path()).unwrap();
        for path in ["out/x", "out/deep/x", "in/x", "plain/x"] {
            let error = write(&target, path, b"1").unwrap_err();
            assert!(
                matches!(&error, Error::UnsafeName { name, .. } if name == path),
                "{error}"
            );
        }
        for path in ["leaf", "inside"] {
            let place = target.place(&entry(path)).unwrap();
            assert!(matches!(place.existing(0), Err(Error::UnsafeName { .. })));
        }
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
        assert_eq!(fs::read_dir(dir.path().join("inside")).unwrap().count(), 0);
    }

    #[test]
    fn a_taken_temporary_name_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let target = Target::open(dir.path()).unwrap();
        let taken = dir.path().join(".signet-0000000000000001.part");
        fs::write(&taken, b"theirs").unwrap();
        let counter = std::cell::Cell::new(0);
        let next = || {
            counter.set(counter.get() + 1);
            counter.get()
        };
        drop(target.place(&entry("x")).unwrap().temp(next).unwrap());
        assert_eq!(counter.get(), 2);
        assert_eq!(fs::read(&taken).unwrap(), b"theirs");
    }

    #[test]
    fn names_that_windows_understands_otherwise_are_known() {
        for bad in [
            "con", "NUL.txt", "com1", "LPT9.log", "a.", "a ", "a:b", "x?",
        ] {
            assert!(windows_hazard(bad).is_some(), "{bad:?}");
        }
        for good in ["console", "com", "com10", "a.b", ".hidden", "nul-1"] {
            assert_eq!(windows_hazard(good), None, "{good:?}");
        }
    }
}
