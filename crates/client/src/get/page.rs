//! Pages of a version's entries with their URLs, which can be asked for again when they run out.

use super::fetch::{Lease, Urls};
use crate::api::Api;
use crate::error::{Error, Peer, Result};
use crate::store::Signed;
use crate::target::Names;
use protocol::EntryPath;
use protocol::artifact::EntryUrls;
use protocol::digest::Digest;
use protocol::id::VersionId;
use protocol::name::{ArtifactRef, VersionRef};
use protocol::transfer::{BearerUrl, Reach};
use std::sync::{Arc, OnceLock};
use tokio::sync::Mutex;

/// How long URLs live that are asked for only to see the names, in seconds.
const GLANCE_SECONDS: u32 = 60;

/// What the pages of one version have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct VersionFacts {
    pub(super) id: VersionId,
    pub(super) index: u32,
    pub(super) entry_count: u64,
    pub(super) size_bytes: u64,
}

/// A file of the version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: EntryPath,
    pub(super) size_bytes: u64,
    pub(super) digest: Digest,
}

/// One page.
#[derive(Debug)]
pub(super) struct EntryPage {
    pub(super) version: VersionFacts,
    pub(super) entries: Vec<Entry>,
    pub(super) next: Option<String>,
    after: Option<String>,
    urls: Mutex<PageUrls>,
}

#[derive(Debug)]
struct PageUrls {
    generation: u64,
    urls: Vec<BearerUrl>,
}

impl EntryPage {
    fn new(after: Option<String>, page: EntryUrls) -> Self {
        let (entries, urls) = split(page.entries);
        Self {
            version: VersionFacts {
                id: page.version_id,
                index: page.index,
                entry_count: page.entry_count,
                size_bytes: page.size_bytes,
            },
            entries,
            next: page.next,
            after,
            urls: Mutex::new(PageUrls {
                generation: 0,
                urls,
            }),
        }
    }

    /// The indices of its entries in the order to fetch them.
    pub(super) fn largest_first(&self) -> Vec<usize> {
        let sizes: Vec<_> = self.entries.iter().map(|entry| entry.size_bytes).collect();
        crate::plan::order(&sizes)
    }
}

fn split(entries: Vec<protocol::artifact::EntryUrl>) -> (Vec<Entry>, Vec<BearerUrl>) {
    entries
        .into_iter()
        .map(|entry| {
            let known = Entry {
                path: entry.path,
                size_bytes: entry.size_bytes,
                digest: entry.digest,
            };
            (known, entry.url)
        })
        .unzip()
}

/// The pages of one version.
#[derive(Debug)]
pub(super) struct Pages<'a> {
    pub(super) api: &'a Api,
    asked: ArtifactRef,
    reach: Reach,
    /// The version that the name stood for first: an alias may move meanwhile.
    pinned: OnceLock<ArtifactRef>,
}

impl<'a> Pages<'a> {
    pub(super) fn new(api: &'a Api, asked: ArtifactRef, reach: Reach) -> Self {
        Self {
            api,
            asked,
            reach,
            pinned: OnceLock::new(),
        }
    }

    /// The page after this mark.
    pub(super) async fn page(&self, after: Option<String>) -> Result<EntryPage> {
        let page = self.ask(after.as_deref(), None).await?;
        if page.next.is_some() && page.next == after {
            let reason = "repeats a page of entries";
            return Err(Error::answer(Peer::Server, reason));
        }
        Ok(EntryPage::new(after, page))
    }

    /// Looks at all names before anything is written.
    pub(super) async fn check_names(&self, mut names: Names) -> Result<()> {
        let mut after = None;
        loop {
            let page = self.ask(after.as_deref(), Some(GLANCE_SECONDS)).await?;
            for entry in &page.entries {
                names.add(&entry.path)?;
            }
            match page.next {
                None => return Ok(()),
                same if same == after => {
                    let reason = "repeats a page of entries";
                    return Err(Error::answer(Peer::Server, reason));
                }
                next => after = next,
            }
        }
    }

    async fn ask(&self, after: Option<&str>, ttl_seconds: Option<u32>) -> Result<EntryUrls> {
        let artifact = self.pinned.get().unwrap_or(&self.asked);
        let page = self
            .api
            .list_entry_urls(artifact, after, ttl_seconds, self.reach)
            .await?;
        self.pinned.get_or_init(|| ArtifactRef {
            version: Some(VersionRef::Index(page.index)),
            ..self.asked.clone()
        });
        Ok(page)
    }
}

/// The URL of one entry.
pub(super) struct EntryLease<'a> {
    pub(super) pages: &'a Pages<'a>,
    pub(super) page: &'a EntryPage,
    pub(super) index: usize,
}

impl EntryLease<'_> {
    /// The URL to use now.
    pub(super) async fn current(&self) -> Result<Lease> {
        self.lease(&*self.page.urls.lock().await)
    }

    fn lease(&self, urls: &PageUrls) -> Result<Lease> {
        let missing = || Error::answer(Peer::Server, "lacks the URL of an entry");
        let url = urls.urls.get(self.index).ok_or_else(missing)?;
        Ok(Lease {
            signed: Arc::new(Signed::new(url, &[])?),
            generation: urls.generation,
        })
    }
}

impl Urls for EntryLease<'_> {
    async fn fresh(&self, refused: &Lease) -> Result<Lease> {
        // Who comes while the page is asked for again waits here, and takes what came
        let mut urls = self.page.urls.lock().await;
        if urls.generation == refused.generation {
            let again = self.pages.ask(self.page.after.as_deref(), None).await?;
            let (entries, fresh) = split(again.entries);
            if again.version_id != self.page.version.id || entries != self.page.entries {
                let reason = "has other entries than before for the same page";
                return Err(Error::answer(Peer::Server, reason));
            }
            urls.urls = fresh;
            urls.generation += 1;
        }
        self.lease(&urls)
    }
}
