//! Getting files out of a team's bucket.

mod fetch;
mod file;
mod object;
mod page;

pub use object::{GetObjectOptions, GetObjectOutcome, get_object};

use crate::api::Api;
use crate::blocking::blocking;
use crate::error::{Error, Peer, Result};
use crate::pace::Pace;
use crate::plan::{BACKLOG_FILES, InFlight, Parallelism};
use crate::progress::{Meter, Phase, Progress};
use crate::target::Target;
use file::{FileGet, Got};
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use page::{EntryPage, Pages, VersionFacts};
use protocol::id::VersionId;
use protocol::name::ArtifactRef;
use protocol::transfer::Reach;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

/// Large files that are on their way at once; their ranges share one limit.
const LARGE_FILES: usize = 2;

/// What to get, and where to.
///
/// ```
/// let options = client::GetOptions::new("vision/imagenet/train:v3".parse()?, "copy");
/// assert_eq!(options.parallelism.files, 128);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct GetOptions {
    /// The version; without one, the latest.
    pub source: ArtifactRef,
    /// The directory to write beneath, made when absent. Files of the version replace files of the
    /// same name; everything else in it stays.
    pub directory: PathBuf,
    /// How many requests may be in flight.
    pub parallelism: Parallelism,
    /// From where the URLs are used; by default from anywhere, at the store's usual address.
    pub reach: Reach,
}

impl GetOptions {
    /// Gets `source` into `directory`.
    pub fn new(source: ArtifactRef, directory: impl Into<PathBuf>) -> Self {
        Self {
            source,
            directory: directory.into(),
            parallelism: Parallelism::default(),
            reach: Reach::default(),
        }
    }
}

/// What a get did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetOutcome {
    /// The version that the name stood for.
    pub version_id: VersionId,
    /// Its number in the collection.
    pub index: u32,
    /// Number of files.
    pub file_count: u64,
    /// Size of all of them in bytes.
    pub size_bytes: u64,
    /// Bytes that came down.
    pub downloaded_bytes: u64,
    /// Number of files that were there already, with the right size and digest.
    pub unchanged_files: u64,
    /// Size of those in bytes.
    pub unchanged_bytes: u64,
}

enum Step {
    Page(Box<EntryPage>),
    File(Got),
}

/// Gets a version's files into a directory.
///
/// Writes only beneath the directory and through no link; each file gets its name when it is whole
/// and has the right digest. Interrupted and called again, it fetches only the files that are not
/// there. A file that is being written when the process is killed stays behind as
/// `.signet-….part`. Cancel it by dropping the future.
///
/// # Errors
/// [`Error::UnsafeName`] and [`Error::Collision`] for names that must not or cannot be written,
/// [`Error::DigestMismatch`] and [`Error::SizeMismatch`] for content that is not what was put; else
/// what the server or the store said.
pub async fn get(api: &Api, options: GetOptions, progress: &dyn Progress) -> Result<GetOutcome> {
    let meter = Meter::new(progress);
    let directory = options.directory;
    let random = api.jitter().next();
    let (target, names) = blocking(move || {
        let target = Target::open(&directory)?;
        let names = target.names(random)?;
        Ok::<_, Error>((Arc::new(target), names))
    })
    .await??;
    let pages = Pages::new(api, options.source, options.reach);
    if names.needed() {
        pages.check_names(names).await?;
    }
    let pace = Pace::new(options.parallelism.parts());
    let run = Run {
        pages: &pages,
        meter: &meter,
        target,
        pace: &pace,
        parallelism: options.parallelism,
    };
    meter.phase(Phase::Downloading);
    let (version, unchanged) = run.all().await?;
    meter.phase(Phase::Done);
    let status = meter.status();
    Ok(GetOutcome {
        version_id: version.id,
        index: version.index,
        file_count: status.files_done,
        size_bytes: status.bytes_done,
        downloaded_bytes: status.bytes_transferred,
        unchanged_files: unchanged,
        unchanged_bytes: status.bytes_deduplicated,
    })
}

/// One get, and what it works with.
struct Run<'a> {
    pages: &'a Pages<'a>,
    meter: &'a Meter<'a>,
    target: Arc<Target>,
    pace: &'a Pace,
    parallelism: Parallelism,
}

impl<'a> Run<'a> {
    /// Gets every file of every page; returns the version and the number of files that were there.
    async fn all(&self) -> Result<(VersionFacts, u64)> {
        let mut work: FuturesUnordered<BoxFuture<'_, Result<Step>>> = FuturesUnordered::new();
        let (mut small, mut large) = (VecDeque::new(), VecDeque::new());
        let (mut small_running, mut large_running) = (InFlight::default(), 0);
        let (mut version, mut listed, mut unchanged) = (None, 0, 0);
        // The mark after which the next page begins, while it is not asked for
        let mut next_page = Some(None);
        loop {
            if small.len() + large.len() < BACKLOG_FILES
                && let Some(after) = next_page.take()
            {
                let page = self.pages.page(after);
                work.push(async { Ok(Step::Page(Box::new(page.await?))) }.boxed());
            }
            while large_running < LARGE_FILES
                && let Some(file) = large.pop_front()
            {
                large_running += 1;
                work.push(Self::step(file));
            }
            while let Some(file) = small.pop_front_if(|file: &mut FileGet<'_>| {
                small_running.has_room(file.size_bytes(), self.parallelism)
            }) {
                small_running.begin(file.size_bytes());
                work.push(Self::step(file));
            }
            let Some(step) = work.next().await else {
                break;
            };
            match step? {
                Step::Page(page) => {
                    let page = Arc::new(*page);
                    if *version.get_or_insert(page.version) != page.version {
                        let reason = "changes the version from page to page";
                        return Err(Error::answer(Peer::Server, reason));
                    }
                    self.meter.change(|status| {
                        status.files_total = page.version.entry_count;
                        status.bytes_total = page.version.size_bytes;
                    });
                    listed += page.entries.len() as u64;
                    let whole = if page.next.is_some() {
                        listed < page.version.entry_count
                    } else {
                        listed == page.version.entry_count
                    };
                    if !whole {
                        let reason = "lists more or fewer entries than the version has";
                        return Err(Error::answer(Peer::Server, reason));
                    }
                    for index in page.largest_first() {
                        let file = self.file(&page, index)?;
                        if file.is_large() {
                            large.push_back(file);
                        } else {
                            small.push_back(file);
                        }
                    }
                    next_page = page.next.clone().map(Some);
                }
                Step::File(got) => {
                    unchanged += u64::from(got.unchanged);
                    if got.large {
                        large_running -= 1;
                    } else {
                        small_running.end(got.size_bytes);
                    }
                }
            }
        }
        let version = version.ok_or_else(|| Error::answer(Peer::Server, "has no version"))?;
        Ok((version, unchanged))
    }

    fn step(file: FileGet<'a>) -> BoxFuture<'a, Result<Step>> {
        async move { file.run().await.map(Step::File) }.boxed()
    }

    fn file(&self, page: &Arc<EntryPage>, index: usize) -> Result<FileGet<'a>> {
        FileGet::new(
            self.pages,
            self.meter,
            &self.target,
            self.pace,
            self.parallelism.parts(),
            page,
            index,
        )
    }
}
