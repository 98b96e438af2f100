//! Where each file of a put is on its way.

use crate::api::Api;
use crate::error::{Error, Peer, Result};
use crate::hash::FileDigest;
use crate::plan::{self, InFlight, Parallelism};
use crate::progress::Meter;
use crate::retry::Attempts;
use crate::source::Source;
use crate::store::Signed;
use protocol::artifact::{NewEntry, RegisteredEntry, Verification};
use protocol::digest::{Digest, Sha256Digest};
use protocol::id::{ObjectId, UploadId};
use protocol::transfer::MAX_BATCH;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// How many sent files are reported together while others are still being sent. What was not
/// reported is sent again by a put that takes up a killed one.
const REPORT_FILES: usize = 1_000;
/// The same in bytes.
const REPORT_BYTES: u64 = 128 << 20;
/// How often one file is begun anew because what was sent of it is not there.
const MAX_LOSSES: u32 = 3;

/// A file to send in one PUT.
pub(super) struct Single<'s> {
    pub(super) index: usize,
    pub(super) object: ObjectId,
    pub(super) sha256: Sha256Digest,
    pub(super) signed: Signed,
    pub(super) attempts: Attempts<'s>,
    /// Set when a URL that was signed with this one has run out.
    pub(super) batch_is_stale: Arc<AtomicBool>,
}

/// A file to send in parts.
pub(super) struct Large {
    pub(super) index: usize,
    object: ObjectId,
    pub(super) upload: UploadId,
}

/// What a file has been through.
#[derive(Default)]
struct Trouble<'s> {
    attempts: Option<Attempts<'s>>,
    refused: Option<(Signed, Error)>,
    losses: u32,
}

/// How a file came to be in the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    No,
    Sent,
    There,
}

/// Where everything is. Indices are those of the source's files.
pub(in crate::put) struct State<'s> {
    pub(super) to_hash: VecDeque<Vec<usize>>,
    digests: Vec<Option<FileDigest>>,
    to_register: VecDeque<usize>,
    /// Files with the content of another one that goes first: then theirs is there already.
    held: Vec<usize>,
    contents: HashSet<Digest>,
    singles: VecDeque<Box<Single<'s>>>,
    pub(super) larges: VecDeque<Large>,
    /// Objects that were begun in this put, so that none is sent twice.
    begun: HashSet<ObjectId>,
    /// Objects that were sent in one PUT and not reported yet.
    to_report: Vec<ObjectId>,
    to_report_bytes: u64,
    sent: HashMap<ObjectId, usize>,
    trouble: HashMap<usize, Trouble<'s>>,
    done: Vec<Done>,
    pub(super) hashing: bool,
    pub(super) registering: bool,
    pub(super) reporting: bool,
    pub(super) singles_running: InFlight,
    pub(super) larges_running: usize,
}

impl<'s> State<'s> {
    pub(super) fn new(source: &Source) -> Self {
        let sizes: Vec<u64> = source.files.iter().map(|file| file.size_bytes).collect();
        let order = plan::order(&sizes).into_iter();
        let files = order.map(|index| (index, sizes.get(index).copied().unwrap_or_default()));
        Self {
            to_hash: plan::batches(files).into(),
            digests: vec![None; sizes.len()],
            to_register: VecDeque::new(),
            held: Vec::new(),
            contents: HashSet::new(),
            singles: VecDeque::new(),
            larges: VecDeque::new(),
            begun: HashSet::new(),
            to_report: Vec::new(),
            to_report_bytes: 0,
            sent: HashMap::new(),
            trouble: HashMap::new(),
            done: vec![Done::No; sizes.len()],
            hashing: false,
            registering: false,
            reporting: false,
            singles_running: InFlight::default(),
            larges_running: 0,
        }
    }

    /// How many files wait to be sent.
    pub(super) fn waiting(&self) -> usize {
        self.to_register.len() + self.singles.len() + self.larges.len()
    }

    /// Whether nothing is left to send.
    pub(super) fn is_all_sent(&self) -> bool {
        let idle = !self.hashing && !self.registering;
        idle && self.to_hash.is_empty()
            && self.waiting() == 0
            && self.singles_running.files + self.larges_running == 0
    }

    /// Lets the files held back go on; false when there are none.
    pub(super) fn release_held(&mut self) -> bool {
        let any = !self.held.is_empty();
        self.to_register.extend(self.held.drain(..));
        any
    }

    /// Lets every file be registered again.
    pub(super) fn again(&mut self, source: &Source, meter: &Meter<'_>) {
        self.begun.clear();
        for index in 0..self.done.len() {
            self.take_back(index, source, meter);
            self.to_register.push_back(index);
        }
    }

    pub(super) fn digest_of(&self, index: usize) -> Option<FileDigest> {
        self.digests.get(index).cloned().flatten()
    }

    pub(super) fn hashed(&mut self, digests: Vec<(usize, FileDigest)>) {
        for (index, digest) in digests {
            if self.contents.insert(digest.digest) {
                self.to_register.push_back(index);
            } else {
                self.held.push(index);
            }
            if let Some(slot) = self.digests.get_mut(index) {
                *slot = Some(digest);
            }
        }
    }

    /// The next files to register, if any wait.
    pub(super) fn next_registration(
        &mut self,
        source: &Source,
    ) -> Option<(Vec<usize>, Vec<NewEntry>)> {
        let count = self.to_register.len().min(MAX_BATCH);
        let batch: Vec<_> = self
            .to_register
            .drain(..count)
            .filter_map(|index| {
                let file = source.files.get(index)?;
                let digest = self.digests.get(index)?.as_ref()?.digest;
                let entry = NewEntry {
                    path: file.path.clone(),
                    size_bytes: file.size_bytes,
                    digest,
                };
                Some((index, entry))
            })
            .collect();
        (!batch.is_empty()).then(|| batch.into_iter().unzip())
    }

    pub(super) fn registered(
        &mut self,
        source: &Source,
        meter: &Meter<'_>,
        api: &'s Api,
        indices: Vec<usize>,
        entries: Vec<RegisteredEntry>,
    ) -> Result<()> {
        let batch_is_stale = Arc::new(AtomicBool::new(false));
        for (index, entry) in indices.into_iter().zip(entries) {
            match entry {
                RegisteredEntry::Present { .. } => self.there(index, source, meter),
                RegisteredEntry::Put { object_id, .. }
                | RegisteredEntry::Parts { object_id, .. }
                    if !self.begun.insert(object_id) =>
                {
                    self.there(index, source, meter);
                }
                RegisteredEntry::Put { object_id, request } => {
                    let digest = self.digests.get(index).and_then(Option::as_ref);
                    let Some(Digest::Sha256(sha256)) = digest.map(|known| known.digest) else {
                        let reason = "asks for a large file in one request";
                        return Err(Error::answer(Peer::Server, reason));
                    };
                    let signed = Signed::new(&request.url, &request.headers)?;
                    let mut attempts = None;
                    if let Some(trouble) = self.trouble.get_mut(&index) {
                        if let Some((refused, error)) = trouble.refused.take()
                            && refused.same_url(&signed)
                        {
                            return Err(error);
                        }
                        attempts = trouble.attempts.take();
                    }
                    self.singles.push_back(Box::new(Single {
                        index,
                        object: object_id,
                        sha256,
                        signed,
                        attempts: attempts
                            .unwrap_or_else(|| Attempts::new(api.retry(), api.jitter())),
                        batch_is_stale: Arc::clone(&batch_is_stale),
                    }));
                }
                RegisteredEntry::Parts {
                    object_id,
                    upload_id,
                } => self.larges.push_back(Large {
                    index,
                    object: object_id,
                    upload: upload_id,
                }),
            }
        }
        Ok(())
    }

    /// The next file to send in one PUT, if one may go with those on their way.
    pub(super) fn next_single(
        &mut self,
        source: &Source,
        parallelism: Parallelism,
    ) -> Option<Box<Single<'s>>> {
        let size_bytes = source.size_bytes_of(self.singles.front()?.index);
        if !self.singles_running.has_room(size_bytes, parallelism) {
            return None;
        }
        self.singles_running.begin(size_bytes);
        self.singles.pop_front()
    }

    /// The next sent files to report: when they are many, or nothing else is on its way.
    pub(super) fn next_report(&mut self) -> Option<Vec<ObjectId>> {
        let idle = self.singles.is_empty() && self.singles_running.files == 0;
        let many = self.to_report.len() >= REPORT_FILES || self.to_report_bytes >= REPORT_BYTES;
        let due = many || (idle && !self.to_report.is_empty());
        due.then(|| {
            self.to_report_bytes = 0;
            let rest = self.to_report.len().saturating_sub(MAX_BATCH);
            self.to_report.split_off(rest)
        })
    }

    pub(super) fn landed(
        &mut self,
        meter: &Meter<'_>,
        source: &Source,
        single: &Single<'s>,
        transferred: bool,
    ) {
        if transferred {
            self.mark(single.index, Done::Sent, meter);
        } else {
            self.there(single.index, source, meter);
        }
        self.to_report.push(single.object);
        self.to_report_bytes += source.size_bytes_of(single.index);
        self.sent.insert(single.object, single.index);
    }

    /// A single PUT needs another URL.
    pub(super) fn stale(&mut self, single: Box<Single<'s>>, error: Option<Error>) {
        self.begun.remove(&single.object);
        let trouble = self.trouble.entry(single.index).or_default();
        let Single {
            index,
            signed,
            attempts,
            ..
        } = *single;
        trouble.attempts = Some(attempts);
        // After broken connections the same URL may be given out once more
        let was_tried = error.is_some();
        let refused = error.filter(|error| matches!(error, Error::Store(_)));
        trouble.refused = refused.map(|error| (signed, error));
        if was_tried {
            // Before the others that wait, so that its next URL is not an old one again
            self.to_register.push_front(index);
        } else {
            self.to_register.push_back(index);
        }
    }

    pub(super) fn large_done(&mut self, meter: &Meter<'_>, large: &Large) {
        self.mark(large.index, Done::Sent, meter);
    }

    /// An upload in parts came to nothing.
    pub(super) fn large_again(&mut self, large: &Large, error: Error) -> Result<()> {
        self.begun.remove(&large.object);
        let trouble = self.trouble.entry(large.index).or_default();
        trouble.losses += 1;
        if trouble.losses == MAX_LOSSES {
            return Err(error);
        }
        tracing::debug!(%error, "beginning an upload anew");
        self.to_register.push_back(large.index);
        Ok(())
    }

    /// What came of a report: what is missing is sent again.
    pub(super) fn reported(
        &mut self,
        meter: &Meter<'_>,
        source: &Source,
        verification: &Verification,
    ) -> Result<()> {
        for object in &verification.missing {
            self.begun.remove(object);
            let Some(index) = self.sent.remove(object) else {
                continue;
            };
            let trouble = self.trouble.entry(index).or_default();
            trouble.losses += 1;
            if trouble.losses == MAX_LOSSES {
                return Err(Error::Incomplete {
                    missing: verification.missing.len(),
                });
            }
            self.take_back(index, source, meter);
            self.to_register.push_back(index);
        }
        Ok(())
    }

    fn there(&mut self, index: usize, source: &Source, meter: &Meter<'_>) {
        let size = source.size_bytes_of(index);
        meter.deduplicated(size);
        self.mark(index, Done::There, meter);
    }

    fn mark(&mut self, index: usize, how: Done, meter: &Meter<'_>) {
        if let Some(done) = self.done.get_mut(index) {
            *done = how;
            meter.file_done();
        }
    }

    /// A file that counted as done is not.
    fn take_back(&mut self, index: usize, source: &Source, meter: &Meter<'_>) {
        let size = source.size_bytes_of(index);
        let Some(done) = self.done.get_mut(index) else {
            return;
        };
        let was = std::mem::replace(done, Done::No);
        if was == Done::No {
            return;
        }
        meter.change(|status| {
            status.files_done = status.files_done.saturating_sub(1);
            status.bytes_done = status.bytes_done.saturating_sub(size);
            if was == Done::There {
                status.bytes_deduplicated = status.bytes_deduplicated.saturating_sub(size);
            }
        });
    }
}
