//! Gets one file of a version.

use super::fetch::{Wanted, fetch};
use super::page::{Entry, EntryLease, EntryPage, Pages};
use crate::blocking::blocking;
use crate::error::{Error, Peer, Result, shown};
use crate::hash::{Hasher, composite, digest_of};
use crate::pace::Pace;
use crate::plan::{self, Fetch, Piece};
use crate::progress::Meter;
use crate::sink::Sink;
use crate::target::{Place, Target, Temp};
use futures::{StreamExt as _, TryStreamExt as _};
use protocol::digest::{Digest, Sha256Digest};
use std::sync::Arc;

/// One file, and what it takes to get it.
pub(super) struct FileGet<'a> {
    pages: &'a Pages<'a>,
    meter: &'a Meter<'a>,
    target: Arc<Target>,
    /// Shared by the ranges of all large files.
    turns: &'a Pace,
    in_flight: usize,
    page: Arc<EntryPage>,
    index: usize,
    entry: Entry,
    fetch: Fetch,
}

/// A file that is there now.
pub(super) struct Got {
    pub(super) large: bool,
    pub(super) size_bytes: u64,
    /// It was there before.
    pub(super) unchanged: bool,
}

impl<'a> FileGet<'a> {
    pub(super) fn new(
        pages: &'a Pages<'a>,
        meter: &'a Meter<'a>,
        target: &Arc<Target>,
        turns: &'a Pace,
        in_flight: usize,
        page: &Arc<EntryPage>,
        index: usize,
    ) -> Result<Self> {
        let entry = page.entries.get(index).cloned();
        let entry = entry.ok_or_else(|| Error::answer(Peer::Server, "lacks an entry"))?;
        let fetch = plan::fetch(entry.size_bytes, &entry.digest).ok_or_else(|| {
            let name = shown(&entry.path);
            let reason = format!("gives `{name}` a digest that nothing of its size can have");
            Error::answer(Peer::Server, reason)
        })?;
        Ok(Self {
            pages,
            meter,
            target: Arc::clone(target),
            turns,
            in_flight,
            page: Arc::clone(page),
            index,
            entry,
            fetch,
        })
    }

    /// Whether it comes in ranges.
    pub(super) fn is_large(&self) -> bool {
        matches!(self.fetch, Fetch::Ranges(_))
    }

    pub(super) fn size_bytes(&self) -> u64 {
        self.entry.size_bytes
    }

    /// Gets it, unless it is there.
    pub(super) async fn run(self) -> Result<Got> {
        let large = self.is_large();
        let (place, unchanged) = self.look().await?;
        if unchanged {
            self.meter.deduplicated(self.entry.size_bytes);
        } else {
            let api = self.pages.api.clone();
            let temp = blocking(move || place.temp(|| api.jitter().next())).await??;
            let temp = Arc::new(temp);
            if let Err(error) = self.download_as_promised(&temp).await {
                blocking(move || Temp::discard(temp)).await?;
                return Err(error);
            }
            blocking(move || temp.keep()).await??;
        }
        self.meter.file_done();
        Ok(Got {
            large,
            size_bytes: self.entry.size_bytes,
            unchanged,
        })
    }

    /// Where it goes, and whether the right content is there already.
    async fn look(&self) -> Result<(Place, bool)> {
        let (target, entry) = (Arc::clone(&self.target), self.entry.clone());
        let hasher = self.hasher()?;
        blocking(move || {
            let place = target.place(&entry.path)?;
            let unchanged = match place.existing(entry.size_bytes)? {
                // What cannot be read is replaced
                Some(file) => digest_of(file, hasher).is_ok_and(|found| found == entry.digest),
                None => false,
            };
            Ok((place, unchanged))
        })
        .await?
    }

    fn hasher(&self) -> Result<Hasher> {
        Hasher::like(&self.entry.digest).ok_or_else(|| {
            let reason = "names a digest that this client does not know; it may be too old";
            Error::answer(Peer::Server, reason)
        })
    }

    async fn download_as_promised(&self, temp: &Arc<Temp>) -> Result<()> {
        let actual = self.download(temp).await?;
        if actual == self.entry.digest {
            return Ok(());
        }
        Err(Error::DigestMismatch {
            path: shown(&self.entry.path),
            expected: self.entry.digest,
            actual,
        })
    }

    async fn download(&self, temp: &Arc<Temp>) -> Result<Digest> {
        match &self.fetch {
            Fetch::Empty => Ok(self.hasher()?.finish()),
            Fetch::Whole => self.stretch(temp, 0, None, self.hasher()?).await,
            Fetch::Ranges(pieces) => {
                let parts: Vec<Sha256Digest> = futures::stream::iter(pieces.clone())
                    .map(|Piece { offset, length }| async move {
                        let turn = self.turns.turn().await;
                        let end = Some(offset + length);
                        match self.stretch(temp, offset, end, Hasher::sha256()).await? {
                            Digest::Sha256(digest) => {
                                turn.moved(length);
                                Ok::<_, Error>(digest)
                            }
                            _ => Err(Error::internal("a part was hashed by another rule")),
                        }
                    })
                    .buffered(self.in_flight)
                    .try_collect()
                    .await?;
                let Digest::Sha256Composite {
                    part_size_bytes, ..
                } = self.entry.digest
                else {
                    return Err(Error::internal("only composites come in ranges"));
                };
                Ok(Digest::Sha256Composite {
                    part_size_bytes,
                    composite: composite(&parts),
                })
            }
        }
    }

    async fn stretch(
        &self,
        temp: &Arc<Temp>,
        start: u64,
        end: Option<u64>,
        hasher: Hasher,
    ) -> Result<Digest> {
        let name = shown(&self.entry.path);
        let opened = Arc::clone(temp);
        let file = blocking(move || opened.open()).await??;
        let mut sink = Sink::new(file, start, hasher, &name).await?;
        let urls = EntryLease {
            pages: self.pages,
            page: &self.page,
            index: self.index,
        };
        let wanted = Wanted {
            shown: &name,
            start,
            end,
            size_bytes: Some(self.entry.size_bytes),
        };
        let lease = urls.current().await?;
        fetch(self.pages.api, &urls, lease, wanted, &mut sink, self.meter).await?;
        Ok(sink.finish().await?.finish())
    }
}
