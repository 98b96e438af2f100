//! Sends one large file in parts: those that the store does not have yet, window by window.

use super::send::{Sent, send};
use crate::api::Api;
use crate::error::{Error, Peer, Result};
use crate::hash::{FileDigest, LocalFile};
use crate::pace::Pace;
use crate::plan::{self, Piece};
use crate::progress::Meter;
use crate::retry::Attempts;
use crate::store::{Signed, Slice};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use protocol::ErrorCode;
use protocol::id::UploadId;
use protocol::layout::Layout;
use protocol::transfer::{Object, PartDigest, Reach, SignPartsRequest, UploadState, UploadedParts};
use std::collections::VecDeque;
use std::sync::Arc;

/// What came of an upload.
pub(super) enum Uploaded {
    /// The object is complete and verified.
    Done(Object),
    /// The upload cannot be finished; another one may be.
    Again(Error),
}

/// One upload and the file that it is of.
pub(super) struct PartsUpload<'a> {
    pub(super) api: &'a Api,
    pub(super) upload: UploadId,
    pub(super) file: Arc<LocalFile>,
    pub(super) layout: Layout,
    pub(super) digest: FileDigest,
    /// Shared by all large files.
    pub(super) pace: &'a Pace,
    pub(super) in_flight: usize,
    pub(super) meter: &'a Meter<'a>,
    pub(super) reach: Reach,
}

enum Part {
    Sent { refreshed: bool },
    Gone(Error),
}

impl PartsUpload<'_> {
    /// Sends what is missing and completes the upload.
    pub(super) async fn run(&self) -> Result<Uploaded> {
        let had = match self.api.list_parts(self.upload).await {
            Ok(had) => had,
            Err(error) => return again(error),
        };
        self.check(&had)?;
        let missing = match had.upload.state {
            UploadState::Open => plan::missing_parts(&self.digest.parts, &had.parts),
            UploadState::Completed => Vec::new(),
            UploadState::Aborted => {
                let reason = "names an upload that was given up";
                return Ok(Uploaded::Again(Error::answer(Peer::Server, reason)));
            }
        };
        let missing_bytes: u64 = missing.iter().map(|part| self.piece(part).length).sum();
        let had_bytes = self.file.size_bytes - missing_bytes;
        self.meter.deduplicated(had_bytes);
        match self.send_missing(&missing).await? {
            Uploaded::Again(error) => {
                // What is there will be found again
                self.meter.change(|status| {
                    status.bytes_done = status.bytes_done.saturating_sub(had_bytes);
                    status.bytes_deduplicated = status.bytes_deduplicated.saturating_sub(had_bytes);
                });
                Ok(Uploaded::Again(error))
            }
            done @ Uploaded::Done(_) => Ok(done),
        }
    }

    fn check(&self, had: &UploadedParts) -> Result<()> {
        let part_size_bytes = self.layout.part(1).map(|(_, length)| length);
        let same = had.upload.size_bytes == self.file.size_bytes
            && Some(had.upload.part_size_bytes) == part_size_bytes;
        if same {
            Ok(())
        } else {
            let reason = "names an upload of another size";
            Err(Error::answer(Peer::Server, reason))
        }
    }

    fn piece(&self, part: &PartDigest) -> Piece {
        let (offset, length) = self.layout.part(part.number).unwrap_or_default();
        Piece { offset, length }
    }

    async fn send_missing(&self, missing: &[PartDigest]) -> Result<Uploaded> {
        let mut windows = plan::windows(missing, self.layout, self.in_flight);
        let mut signed = VecDeque::new();
        let mut running = FuturesUnordered::new();
        loop {
            while running.len() < self.in_flight {
                if signed.is_empty()
                    && let Some(window) = windows.next()
                {
                    signed = match self.sign(window.to_vec()).await {
                        Ok(signed) => signed,
                        Err(error) => return again(error),
                    };
                }
                let Some((part, url)) = signed.pop_front() else {
                    break;
                };
                running.push(self.send_part(part, url));
            }
            match running.next().await {
                None => break,
                Some(Ok(Part::Sent { refreshed: false })) => {}
                Some(Ok(Part::Sent { refreshed: true })) => {
                    // The rest of the window has run out with it
                    let rest: Vec<_> = signed.drain(..).map(|(part, _)| part).collect();
                    if !rest.is_empty() {
                        signed = match self.sign(rest).await {
                            Ok(signed) => signed,
                            Err(error) => return again(error),
                        };
                    }
                }
                Some(Ok(Part::Gone(error))) => return Ok(Uploaded::Again(error)),
                Some(Err(error)) => return again(error),
            }
        }
        match self.api.complete_upload(self.upload).await {
            Ok(object) => Ok(Uploaded::Done(object)),
            Err(error) => again(error),
        }
    }

    async fn sign(&self, parts: Vec<PartDigest>) -> Result<VecDeque<(PartDigest, Signed)>> {
        let body = SignPartsRequest {
            parts,
            audience: self.reach.audience,
            network: self.reach.network,
        };
        let answer = self.api.sign_parts(self.upload, &body).await?;
        if answer.parts.len() != body.parts.len() {
            let reason = "does not sign each part that was asked for";
            return Err(Error::answer(Peer::Server, reason));
        }
        body.parts
            .into_iter()
            .zip(&answer.parts)
            .map(|(part, signed)| {
                if part.number == signed.number {
                    Ok((part, Signed::new(&signed.url, &signed.headers)?))
                } else {
                    let reason = "signs another part than was asked for";
                    Err(Error::answer(Peer::Server, reason))
                }
            })
            .collect()
    }

    async fn send_part(&self, part: PartDigest, mut signed: Signed) -> Result<Part> {
        let turn = self.pace.turn().await;
        let slice = Slice {
            file: Arc::clone(&self.file),
            piece: self.piece(&part),
            sha256: part.sha256,
        };
        let mut attempts = Attempts::new(self.api.retry(), self.api.jitter());
        let mut refreshed = false;
        loop {
            match send(self.api, &slice, &signed, &mut attempts, self.meter).await? {
                Sent::Done => {
                    turn.moved(slice.piece.length);
                    return Ok(Part::Sent { refreshed });
                }
                Sent::Exists(error) => return Err(error),
                Sent::Gone(error) => return Ok(Part::Gone(error)),
                Sent::Spent { refused, error } => {
                    refreshed |= refused;
                    let fresh = self.sign(vec![part]).await?.pop_front();
                    signed = match fresh {
                        Some((_, fresh)) if !refused || !fresh.same_url(&signed) => fresh,
                        _ => return Err(error),
                    };
                }
            }
        }
    }
}

/// Whether it is the upload that is gone or spoiled, and another one may do.
fn again(error: Error) -> Result<Uploaded> {
    match error.code() {
        Some(ErrorCode::NotFound | ErrorCode::Conflict | ErrorCode::ContentMismatch) => {
            Ok(Uploaded::Again(error))
        }
        _ => Err(error),
    }
}
