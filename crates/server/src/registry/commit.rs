//! Commits versions: what the bucket holds is verified, then the version is published.
//!
//! A commit belongs to the server that was asked and goes on when its client has gone; asking again
//! joins it. When the server dies, the version stays `committing`, and asking again, of any server,
//! begins where it ended: what was verified is verified.

use super::running::Running;
use super::{DRAFT_LIFE, Error, Registry};
use crate::broker::Mandate;
use crate::db::registry::{
    DraftEntry, ObjectState, VersionPhase, VersionRow, entry, object, version,
};
use crate::policy::{CommitVersion, Permit, TeamFacts};
use protocol::artifact::{CommitProgress, Committed};
use std::collections::HashSet;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Paths that an error names.
const NAMED_PATHS: usize = 5;

/// What a commit answers.
#[derive(Debug, Clone, PartialEq)]
pub enum CommitAnswer {
    /// It is done.
    Done(Box<Committed>),
    /// It goes on; ask again.
    Going(CommitProgress),
}

impl Registry {
    /// Commits a draft. Asking again answers the same, however often and at whatever time.
    ///
    /// # Errors
    /// [`Error::ContentMismatch`] when the bucket does not hold what was announced; the version is a
    /// draft again. After any other error, ask again.
    pub async fn commit(
        self: &Arc<Self>,
        permit: Permit<CommitVersion>,
    ) -> Result<CommitAnswer, Error> {
        let id = permit.op().version.id;
        let team = Arc::clone(&permit.op().version.team);
        let end = tokio::time::Instant::now() + self.settings.commit_wait;
        let mut permit = Some(permit);
        loop {
            if let Some(done) = self.committed(id, &team).await? {
                return Ok(CommitAnswer::Done(Box::new(done)));
            }
            let (running, ending) = self.commits.join(id);
            let Some(ending) = ending else {
                // What came of it is in the database
                if tokio::time::timeout_at(end, running.over()).await.is_err() {
                    return Ok(CommitAnswer::Going(running.progress()));
                }
                continue;
            };
            let Some(permit) = permit.take() else {
                return Err(Error::NotFound);
            };
            let (reply, answer) = oneshot::channel();
            let (this, counted) = (Arc::clone(self), Arc::clone(&running));
            self.tracker.spawn(async move {
                let done = this.commit_now(&permit, &counted).await;
                drop(ending);
                // Whoever asked may have gone
                let _ = reply.send(done);
            });
            return match tokio::time::timeout_at(end, answer).await {
                Err(_) => Ok(CommitAnswer::Going(running.progress())),
                Ok(Ok(done)) => Ok(CommitAnswer::Done(Box::new(done?))),
                // It panicked, which is told where that is caught; asking again begins again
                Ok(Err(_)) => Err(Error::Conflict(
                    "the commit was interrupted; ask again".to_owned(),
                )),
            };
        }
    }

    /// What a commit of this version answered, if it was committed.
    async fn committed(
        &self,
        id: protocol::id::VersionId,
        team: &TeamFacts,
    ) -> Result<Option<Committed>, Error> {
        let row = self.row(id).await?.ok_or(Error::NotFound)?;
        match (row.phase, row.same_as) {
            (VersionPhase::Draft | VersionPhase::Committing, _) => Ok(None),
            (VersionPhase::Committed, _) => Ok(Some(Committed {
                version: self.told(row, team).await?,
                unchanged: false,
            })),
            (VersionPhase::Same, Some(same)) => {
                let row = self.row(same).await?.ok_or(Error::NotFound)?;
                Ok(Some(Committed {
                    version: self.told(row, team).await?,
                    unchanged: true,
                }))
            }
            (VersionPhase::Same | VersionPhase::Deleted, _) => Err(super::verify::closed(None)),
        }
    }

    async fn commit_now(
        &self,
        permit: &Permit<CommitVersion>,
        running: &Running,
    ) -> Result<Committed, Error> {
        let facts = &permit.op().version;
        let expires_at = self.now().plus(DRAFT_LIFE);
        let begun = version::begin_commit(self.db(), facts.id, expires_at).await?;
        if let Some(attempt) = begun {
            let published = match self.verified_entries(permit, running).await {
                Ok(entries) => self.publish(permit, attempt, entries).await,
                Err(error) => Err(error),
            };
            match published {
                Err(error @ Error::ContentMismatch(_)) => {
                    version::reopen(self.db(), facts.id, attempt).await?;
                    return Err(error);
                }
                Err(error) => return Err(error),
                Ok(()) => {}
            }
        }
        let done = self.committed(facts.id, &facts.team).await?;
        done.ok_or_else(|| {
            Error::Conflict("the draft was opened again meanwhile; ask again".to_owned())
        })
    }

    /// The draft's entries, once each of its objects is verified.
    async fn verified_entries(
        &self,
        permit: &Permit<CommitVersion>,
        running: &Running,
    ) -> Result<Vec<DraftEntry>, Error> {
        let facts = &permit.op().version;
        self.yield_contested(facts).await?;
        let pending = object::pending_of(self.db(), facts.id).await?;
        if !pending.is_empty() {
            let total = entry::object_count(self.db(), facts.id).await?;
            let waiting = u64::try_from(pending.len()).unwrap_or(u64::MAX);
            running.start_counting(total.saturating_sub(waiting), total);
            let mandate = Mandate::of(permit)?;
            self.verify(&mandate, pending, &|more| running.add_verified(more))
                .await?;
            // An object may have been first with a digest while this one was looked for
            self.yield_contested(facts).await?;
        }
        let entries = entry::list(self.db(), facts.id).await?;
        let objects: HashSet<_> = entries.iter().map(|entry| entry.object_id).collect();
        let total = u64::try_from(objects.len()).unwrap_or(u64::MAX);
        running.start_counting(total, total);
        refuse_missing(&entries)?;
        Ok(entries)
    }
}

fn refuse_missing(entries: &[DraftEntry]) -> Result<(), Error> {
    let mut missing: Vec<&str> = entries
        .iter()
        .filter(|entry| entry.state != ObjectState::Verified)
        .map(|entry| entry.path.as_str())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    missing.sort_unstable();
    let named: Vec<String> = missing
        .iter()
        .take(NAMED_PATHS)
        .map(|path| format!("`{path}`"))
        .collect();
    let more = if missing.len() > named.len() {
        ", …"
    } else {
        ""
    };
    Err(Error::ContentMismatch(format!(
        "the bucket does not hold {} of {} entries as announced: {}{more}; register and send them again",
        missing.len(),
        entries.len(),
        named.join(", ")
    )))
}

/// True when a version holds this content in this bucket.
pub(super) fn holds(
    row: &VersionRow,
    bucket: protocol::id::BucketId,
    content: protocol::Sha256Digest,
) -> bool {
    row.content_sha256 == Some(content) && row.bucket_id == bucket
}
