//! Who may do what, in memory, as of one revision of the database.
//!
//! Requests are decided by what is here, so the warm path reads no database. Every change takes the
//! next revision, in one transaction with a list of the rows it touches; each server reads those rows
//! and applies them at once, so nobody sees half a change. What was decided under an earlier revision
//! is decided again before the ledger records it. When the database has not answered for
//! [`MAX_AGE`], nothing is decided at all.

mod change;
mod load;
mod recheck;
mod state;
#[doc(hidden)]
pub mod testing;
#[cfg(test)]
mod tests;

pub use change::{Change, ChangeError};
pub use recheck::Refusal;
pub use state::LimitFacts;

use crate::clock::Clock;
use crate::db::{self, Db};
use crate::policy::{BucketFacts, Standing, TeamFacts, TokenFacts};
use parking_lot::RwLock;
use protocol::id::{BucketId, LimitId, PrincipalId, TeamId, TokenId};
use protocol::{BucketName, PrincipalName, Role, TeamName, Timestamp};
use state::State;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The longest time since the directory was known to be current, for decisions to be made by it.
pub const MAX_AGE: Duration = Duration::from_secs(5);

/// How often changes of other servers are looked for.
const REFRESH_EVERY: Duration = Duration::from_millis(500);

/// What is known has not been checked against the database for too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what is known about who may do what is too old to decide by")]
pub struct Stale;

/// Principals, tokens, teams, memberships, buckets and limits in memory.
pub struct Directory {
    db: Db,
    clock: Arc<dyn Clock>,
    state: RwLock<State>,
    /// Unix milliseconds, from before the last question to the database that was answered.
    refreshed_at: AtomicI64,
    /// One refresh at a time, so that revisions follow one another.
    refreshing: tokio::sync::Mutex<()>,
    /// One change at a time in this process: who waits for the head waits without a connection.
    changing: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Directory")
            .field("revision", &self.revision())
            .finish_non_exhaustive()
    }
}

impl Directory {
    /// Reads everything.
    ///
    /// # Errors
    /// When the database does not answer, or holds what cannot be read.
    pub async fn load(db: Db, clock: Arc<dyn Clock>) -> Result<Arc<Self>, db::Error> {
        let asked_at = clock.now();
        let state = load::everything(&db).await?;
        Ok(Arc::new(Self {
            db,
            clock,
            state: RwLock::new(state),
            refreshed_at: AtomicI64::new(asked_at.unix_millis()),
            refreshing: tokio::sync::Mutex::default(),
            changing: tokio::sync::Mutex::default(),
        }))
    }

    /// The revision that is in memory.
    pub fn revision(&self) -> u64 {
        self.state.read().revision
    }

    /// Whether what is in memory may be decided by at `now`.
    ///
    /// # Errors
    /// When the database has not answered for [`MAX_AGE`]; also when the clock was set back by more
    /// than that, until the database answers again.
    pub fn fresh(&self, now: Timestamp) -> Result<(), Stale> {
        let refreshed_at = Timestamp::from_unix_millis(self.refreshed_at.load(Ordering::Acquire));
        if now.since(refreshed_at) <= MAX_AGE && refreshed_at.since(now) <= MAX_AGE {
            Ok(())
        } else {
            Err(Stale)
        }
    }

    /// Applies what was changed, and says which revision is in memory then.
    ///
    /// # Errors
    /// When the database does not answer; what is in memory stays as it is.
    pub async fn refresh(&self) -> Result<u64, db::Error> {
        let _one = self.refreshing.lock().await;
        let asked_at = self.clock.now();
        let known = self.revision();
        let revision = match load::since(&self.db, known).await? {
            load::News::None => known,
            load::News::Rows(rows) => {
                let revision = rows.revision;
                self.state.write().apply(rows);
                revision
            }
            load::News::TooMany => {
                let state = load::everything(&self.db).await?;
                let revision = state.revision;
                // Dropping the old state takes a while when it is large
                let old = std::mem::replace(&mut *self.state.write(), state);
                drop(old);
                revision
            }
        };
        self.refreshed_at
            .store(asked_at.unix_millis(), Ordering::Release);
        Ok(revision)
    }

    /// Keeps it current until `shutdown`.
    pub async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let mut every = tokio::time::interval(REFRESH_EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut failing = false;
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = every.tick() => {}
            }
            match self.refresh().await {
                Ok(revision) if failing => {
                    failing = false;
                    tracing::info!(
                        directory.revision = revision,
                        "the directory is current again"
                    );
                }
                Err(error) if !failing => {
                    failing = true;
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "the directory cannot be refreshed"
                    );
                }
                Ok(_) | Err(_) => {}
            }
        }
    }

    /// Begins a change of what is in the directory.
    ///
    /// With `recheck`, only if what allowed the change still holds: when this returns, nothing else
    /// changes until the change is committed or dropped, and what is in memory is exact.
    ///
    /// # Errors
    /// When the database does not answer, or the change is not allowed any more.
    pub async fn change(
        &self,
        recheck: Option<&crate::policy::Recheck>,
    ) -> Result<Change<'_>, ChangeError> {
        Change::begin(self, recheck).await
    }

    /// The principal and the token with this SHA-256, unless it was revoked, and the revision of both.
    pub fn by_token(&self, sha256: &[u8; 32]) -> Option<(Arc<Standing>, TokenFacts, u64)> {
        let state = self.state.read();
        let token = *state.tokens.get(sha256)?;
        let standing = state.principals.get(&token.principal)?;
        Some((Arc::clone(standing), token, state.revision))
    }

    /// The principal whose token it is, unless it was revoked.
    pub fn token_owner(&self, token: TokenId) -> Option<Arc<Standing>> {
        let state = self.state.read();
        let facts = state.tokens.get(state.token_hashes.get(&token)?)?;
        state.principals.get(&facts.principal).cloned()
    }

    /// A principal.
    pub fn principal(&self, id: PrincipalId) -> Option<Arc<Standing>> {
        self.state.read().principals.get(&id).cloned()
    }

    /// A principal by its name.
    pub fn principal_named(&self, name: &PrincipalName) -> Option<Arc<Standing>> {
        let state = self.state.read();
        let id = state.principal_names.get(name)?;
        state.principals.get(id).cloned()
    }

    /// All principals, removed ones included, in no order.
    pub fn principals(&self) -> Vec<Arc<Standing>> {
        self.state.read().principals.values().cloned().collect()
    }

    /// A team.
    pub fn team(&self, id: TeamId) -> Option<Arc<TeamFacts>> {
        self.state.read().teams.get(&id).cloned()
    }

    /// A team by its name.
    pub fn team_named(&self, name: &TeamName) -> Option<Arc<TeamFacts>> {
        let state = self.state.read();
        let id = state.team_names.get(name)?;
        state.teams.get(id).cloned()
    }

    /// All teams, removed ones included, in no order.
    pub fn teams(&self) -> Vec<Arc<TeamFacts>> {
        self.state.read().teams.values().cloned().collect()
    }

    /// Who is in a team, in no order.
    pub fn members(&self, team: TeamId) -> Vec<(Arc<Standing>, Role)> {
        let state = self.state.read();
        let members = state
            .members
            .get(&team)
            .map(Vec::as_slice)
            .unwrap_or_default();
        members
            .iter()
            .filter_map(|id| {
                let standing = state.principals.get(id)?;
                Some((Arc::clone(standing), standing.role_in(team)?))
            })
            .collect()
    }

    /// A bucket.
    pub fn bucket(&self, id: BucketId) -> Option<Arc<BucketFacts>> {
        self.state.read().buckets.get(&id).cloned()
    }

    /// A bucket by the name it is registered under.
    pub fn bucket_named(&self, name: &BucketName) -> Option<Arc<BucketFacts>> {
        let state = self.state.read();
        let id = state.bucket_names.get(name)?;
        state.buckets.get(id).cloned()
    }

    /// All buckets, removed ones included, in no order.
    pub fn buckets(&self) -> Vec<Arc<BucketFacts>> {
        self.state.read().buckets.values().cloned().collect()
    }

    /// The bucket of teams that have none.
    pub fn default_bucket(&self) -> Option<Arc<BucketFacts>> {
        self.state.read().default_bucket()
    }

    /// A limit.
    pub fn limit(&self, id: LimitId) -> Option<Arc<LimitFacts>> {
        self.state.read().limits.get(&id).cloned()
    }

    /// All limits, in no order.
    pub fn limits(&self) -> Vec<Arc<LimitFacts>> {
        self.state.read().limits.values().cloned().collect()
    }
}
