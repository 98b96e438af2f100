//! Drives a put: hashing, registering, sending and reporting side by side, all in one task, so that
//! dropping it stops everything.

mod state;

pub(super) use state::State;

use super::parts::{PartsUpload, Uploaded};
use super::send::{Sent, send};
use crate::api::Api;
use crate::error::{Error, Result};
use crate::hash::{FileDigest, LocalFile, digest_file, digest_small_files, threads};
use crate::pace::Pace;
use crate::plan::{BACKLOG_FILES, HASHED_TOGETHER, Parallelism, Piece, SMALL_FILE_BYTES};
use crate::progress::{Meter, Phase};
use crate::source::Source;
use crate::store::Slice;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _};
use protocol::artifact::{NewEntries, NewEntry, RegisteredEntry, Verification};
use protocol::id::{ObjectId, VersionId};
use protocol::transfer::Reach;
use state::{Large, Single};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::Semaphore;

/// Large files that are on their way at once; their parts share one limit.
const LARGE_FILES: usize = 4;

/// One put, and what it works with.
pub(super) struct Run<'a> {
    pub(super) api: &'a Api,
    pub(super) meter: &'a Meter<'a>,
    version: VersionId,
    source: &'a Source,
    parallelism: Parallelism,
    reach: Reach,
    hashing: Semaphore,
    pace: Pace,
}

/// Something finished.
enum Step<'s> {
    Hashed(Vec<(usize, FileDigest)>),
    Registered(Vec<usize>, Vec<RegisteredEntry>),
    Single(Box<Single<'s>>, SingleSent),
    Large(Large, Uploaded),
    Reported(Verification),
}

/// What came of a single PUT.
enum SingleSent {
    /// The object is in the store.
    Landed {
        /// False when it was there before.
        transferred: bool,
    },
    /// Its URL has run out, or will not do.
    Stale {
        /// When the URL was tried: what came of it.
        error: Option<Error>,
    },
}

type Work<'s> = FuturesUnordered<BoxFuture<'s, Result<Step<'s>>>>;

impl<'a> Run<'a> {
    pub(super) fn new(
        api: &'a Api,
        version: VersionId,
        source: &'a Source,
        meter: &'a Meter<'a>,
        parallelism: Parallelism,
        reach: Reach,
    ) -> Self {
        Self {
            api,
            meter,
            version,
            source,
            parallelism,
            reach,
            hashing: Semaphore::new(threads()),
            pace: Pace::new(parallelism.parts()),
        }
    }

    /// Everything is still to be done.
    pub(super) fn begin(&self) -> State<'_> {
        self.meter.phase(Phase::Hashing);
        State::new(self.source)
    }

    /// Everything is to be registered again.
    pub(super) fn again(&self, state: &mut State<'_>) {
        state.again(self.source, self.meter);
    }

    /// Works until every file is in the bucket and reported.
    pub(super) async fn transfer<'s>(&'s self, state: &mut State<'s>) -> Result<()> {
        let mut work = Work::new();
        loop {
            self.start(state, &work);
            match work.next().await {
                Some(step) => self.finish(state, step?)?,
                // What is in the files held back is in the bucket by now
                None if state.release_held() => {}
                None => return Ok(()),
            }
        }
    }

    /// Starts whatever has room.
    fn start<'s>(&'s self, state: &mut State<'s>, work: &Work<'s>) {
        if !state.hashing
            && state.waiting() < BACKLOG_FILES
            && let Some(batch) = state.to_hash.pop_front()
        {
            state.hashing = true;
            work.push(self.hash(batch).boxed());
        }
        if !state.registering
            && let Some((indices, entries)) = state.next_registration(self.source)
        {
            state.registering = true;
            work.push(self.register(indices, entries).boxed());
        }
        while state.larges_running < LARGE_FILES
            && let Some(large) = state.larges.pop_front()
        {
            state.larges_running += 1;
            let digest = state.digest_of(large.index);
            work.push(self.send_large(large, digest).boxed());
        }
        while let Some(single) = state.next_single(self.source, self.parallelism) {
            work.push(self.send_single(single).boxed());
        }
        if !state.reporting
            && let Some(objects) = state.next_report()
        {
            state.reporting = true;
            if state.is_all_sent() {
                self.meter.phase(Phase::Verifying);
            }
            work.push(self.report(objects).boxed());
        }
    }

    fn finish<'s>(&'s self, state: &mut State<'s>, step: Step<'s>) -> Result<()> {
        match step {
            Step::Hashed(digests) => {
                state.hashing = false;
                state.hashed(digests);
                Ok(())
            }
            Step::Registered(indices, entries) => {
                state.registering = false;
                self.meter.phase(Phase::Uploading);
                state.registered(self.source, self.meter, self.api, indices, entries)
            }
            Step::Single(single, sent) => {
                let size_bytes = self.source.size_bytes_of(single.index);
                state.singles_running.end(size_bytes);
                match sent {
                    SingleSent::Landed { transferred } => {
                        state.landed(self.meter, self.source, &single, transferred);
                        Ok(())
                    }
                    SingleSent::Stale { error } => {
                        state.stale(single, error);
                        Ok(())
                    }
                }
            }
            Step::Large(large, uploaded) => {
                state.larges_running -= 1;
                match uploaded {
                    Uploaded::Done(_) => {
                        state.large_done(self.meter, &large);
                        Ok(())
                    }
                    Uploaded::Again(error) => state.large_again(&large, error),
                }
            }
            Step::Reported(verification) => {
                state.reporting = false;
                state.reported(self.meter, self.source, &verification)
            }
        }
    }

    fn local(&self, index: usize) -> Result<Arc<LocalFile>> {
        let file = self.source.files.get(index);
        let file =
            file.ok_or_else(|| Error::internal("a file of the plan is not in the source"))?;
        Ok(Arc::new(self.source.local(file)))
    }

    async fn hash(&self, batch: Vec<usize>) -> Result<Step<'_>> {
        let (small, others): (Vec<_>, Vec<_>) = batch
            .into_iter()
            .partition(|&index| self.source.size_bytes_of(index) <= SMALL_FILE_BYTES);
        let mut digests: Vec<_> = futures::stream::iter(others)
            .map(|index| self.hash_file(index))
            .buffered(threads())
            .try_collect()
            .await?;
        let small: Vec<_> = futures::stream::iter(small.chunks(HASHED_TOGETHER).map(<[_]>::to_vec))
            .map(|indices| self.hash_small_files(indices))
            .buffered(threads())
            .try_concat()
            .await?;
        digests.extend(small);
        Ok(Step::Hashed(digests))
    }

    async fn hash_file(&self, index: usize) -> Result<(usize, FileDigest)> {
        let file = self.local(index)?;
        let layout = self.source.files.get(index).map(|file| file.layout);
        let layout = layout.ok_or_else(|| Error::internal("a file lacks its layout"))?;
        let hashed = |bytes| self.meter.hashed(bytes);
        let digest = digest_file(&file, layout, &self.hashing, hashed).await?;
        Ok((index, digest))
    }

    async fn hash_small_files(&self, indices: Vec<usize>) -> Result<Vec<(usize, FileDigest)>> {
        let files: Vec<_> = indices
            .iter()
            .map(|&index| self.local(index))
            .collect::<Result<_>>()?;
        let size_bytes = files.iter().map(|file| file.size_bytes).sum();
        let digests = digest_small_files(files, &self.hashing).await?;
        self.meter.hashed(size_bytes);
        Ok(indices.into_iter().zip(digests).collect())
    }

    async fn register(&self, indices: Vec<usize>, entries: Vec<NewEntry>) -> Result<Step<'_>> {
        let body = NewEntries {
            entries,
            audience: self.reach.audience,
            network: self.reach.network,
        };
        let registered = self.api.register_entries(self.version, &body).await?;
        Ok(Step::Registered(indices, registered.entries))
    }

    async fn send_single<'s>(&'s self, mut single: Box<Single<'s>>) -> Result<Step<'s>> {
        if single.batch_is_stale.load(Ordering::Relaxed) {
            return Ok(Step::Single(single, SingleSent::Stale { error: None }));
        }
        let file = self.local(single.index)?;
        let slice = Slice {
            piece: Piece {
                offset: 0,
                length: file.size_bytes,
            },
            file,
            sha256: single.sha256,
        };
        let attempts = &mut single.attempts;
        let sent = match send(self.api, &slice, &single.signed, attempts, self.meter).await? {
            Sent::Done => SingleSent::Landed { transferred: true },
            // The server looks whether it is what it should be
            Sent::Exists(_) => SingleSent::Landed { transferred: false },
            Sent::Gone(error) => return Err(error),
            Sent::Spent { refused, error } => {
                if refused {
                    single.batch_is_stale.store(true, Ordering::Relaxed);
                }
                SingleSent::Stale { error: Some(error) }
            }
        };
        Ok(Step::Single(single, sent))
    }

    async fn send_large(&self, large: Large, digest: Option<FileDigest>) -> Result<Step<'_>> {
        let file = self.local(large.index)?;
        let layout = self.source.files.get(large.index).map(|file| file.layout);
        let (Some(digest), Some(layout)) = (digest, layout) else {
            return Err(Error::internal("a file was planned before it was hashed"));
        };
        let upload = PartsUpload {
            api: self.api,
            upload: large.upload,
            file,
            layout,
            digest,
            pace: &self.pace,
            in_flight: self.parallelism.parts(),
            meter: self.meter,
            reach: self.reach,
        };
        let uploaded = upload.run().await?;
        Ok(Step::Large(large, uploaded))
    }

    async fn report(&self, objects: Vec<ObjectId>) -> Result<Step<'_>> {
        let verification = self.api.report_landed(self.version, objects).await?;
        Ok(Step::Reported(verification))
    }
}
