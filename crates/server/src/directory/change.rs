//! Changes of the directory: one transaction, one revision, and the events that tell of it.

use super::{Directory, Refusal};
use crate::db::bucket::{self, BucketRow};
use crate::db::directory::{self, Family};
use crate::db::limit::{self, LimitRow};
use crate::db::principal::{self, PrincipalRow};
use crate::db::team::{self, MembershipRow, TeamRow};
use crate::db::token::{self, TokenRow};
use crate::db::{self, Tx, outbox};
use crate::policy::{Denial, Recheck};
use protocol::admin::State;
use protocol::audit::Event;
use protocol::bucket::Capabilities;
use protocol::id::{BucketId, LimitId, PrincipalId, TeamId, TokenId};
use protocol::{Network, Timestamp};

/// How many revisions of changed rows are kept for servers that are behind.
const KEPT_REVISIONS: u64 = 20_000;

/// Why a change could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// It is not allowed any more.
    #[error(transparent)]
    Denied(Denial),
    /// What it was decided by has changed.
    #[error("what it was decided by has changed; try again")]
    Outdated,
    /// The database.
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl From<Refusal> for ChangeError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Denied(denial) => Self::Denied(denial),
            Refusal::Outdated => Self::Outdated,
        }
    }
}

/// A change under way. While it exists nothing else changes, on any server; dropping it takes it back.
#[must_use = "a change that is not committed is taken back"]
pub struct Change<'a> {
    directory: &'a Directory,
    tx: Tx,
    revision: u64,
    at: Timestamp,
    _one: tokio::sync::MutexGuard<'a, ()>,
}

impl std::fmt::Debug for Change<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Change")
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}

impl<'a> Change<'a> {
    pub(super) async fn begin(
        directory: &'a Directory,
        recheck: Option<&Recheck>,
    ) -> Result<Self, ChangeError> {
        let one = directory.changing.lock().await;
        let mut tx = directory.db.begin().await?;
        let revision = directory::advance(&mut tx).await?;
        // We hold the head: when we are at the revision before ours, nobody can move on from it
        if directory.revision() + 1 != revision {
            directory.refresh().await?;
        }
        let at = directory.clock.now();
        if let Some(recheck) = recheck {
            directory.recheck(recheck, at)?;
        }
        // Before anything is looked at: what the ledger has not recorded by now must be decided again,
        // and what it has is to be seen
        directory::fence(&mut tx, revision).await?;
        Ok(Self {
            directory,
            tx,
            revision,
            at,
            _one: one,
        })
    }

    /// When the change is made.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    async fn log(&mut self, family: Family, row_id: &str) -> Result<(), db::Error> {
        directory::log_change(&mut self.tx, self.revision, family, row_id, self.at).await
    }

    /// Adds a principal.
    pub async fn create_principal(&mut self, row: &PrincipalRow) -> Result<(), db::Error> {
        principal::create_principal(&mut self.tx, row).await?;
        self.log(Family::Principal, &row.id.to_string()).await
    }

    /// Suspends, reinstates or removes a principal.
    pub async fn set_principal_state(
        &mut self,
        id: PrincipalId,
        state: State,
    ) -> Result<(), db::Error> {
        principal::set_principal_state(&mut self.tx, id, state).await?;
        self.log(Family::Principal, &id.to_string()).await
    }

    /// Adds a team.
    pub async fn create_team(&mut self, row: &TeamRow) -> Result<(), db::Error> {
        team::create_team(&mut self.tx, row).await?;
        self.log(Family::Team, &row.id.to_string()).await
    }

    /// Writes a team's state and bucket.
    pub async fn update_team(
        &mut self,
        id: TeamId,
        state: State,
        bucket: Option<BucketId>,
    ) -> Result<(), db::Error> {
        team::update_team(&mut self.tx, id, state, bucket).await?;
        self.log(Family::Team, &id.to_string()).await
    }

    /// Writes the networks that a team's data may be asked for from.
    pub async fn set_team_networks(
        &mut self,
        id: TeamId,
        allowed: &[Network],
    ) -> Result<(), db::Error> {
        team::set_team_networks(&mut self.tx, id, allowed).await?;
        self.log(Family::Team, &id.to_string()).await
    }

    /// Whether anything of the team is in a bucket, or on its way there.
    pub async fn team_has_content(&mut self, id: TeamId) -> Result<bool, db::Error> {
        team::team_has_content(&mut self.tx, id).await
    }

    /// Makes a membership, or changes its role.
    pub async fn set_membership(&mut self, row: &MembershipRow) -> Result<(), db::Error> {
        team::set_membership(&mut self.tx, row).await?;
        self.log_membership(row.team_id, row.principal_id).await
    }

    /// Ends a membership.
    pub async fn delete_membership(
        &mut self,
        team: TeamId,
        principal: PrincipalId,
    ) -> Result<(), db::Error> {
        team::delete_membership(&mut self.tx, team, principal).await?;
        self.log_membership(team, principal).await
    }

    async fn log_membership(
        &mut self,
        team: TeamId,
        principal: PrincipalId,
    ) -> Result<(), db::Error> {
        self.log(Family::Membership, &format!("{team}/{principal}"))
            .await
    }

    /// Adds a token.
    pub async fn create_token(&mut self, row: &TokenRow) -> Result<(), db::Error> {
        token::create_token(&mut self.tx, row).await?;
        self.log(Family::Token, &row.id.to_string()).await
    }

    /// Revokes a token, and says whether it was in force until now.
    pub async fn revoke_token(&mut self, id: TokenId) -> Result<bool, db::Error> {
        let revoked = token::revoke_token(&mut self.tx, id, self.at).await?;
        self.log(Family::Token, &id.to_string()).await?;
        Ok(revoked)
    }

    /// Revokes all tokens of a principal, and says how many were in force until now.
    pub async fn revoke_tokens_of(&mut self, principal: PrincipalId) -> Result<usize, db::Error> {
        let revoked = token::revoke_tokens_of(&mut self.tx, principal, self.at).await?;
        for id in &revoked {
            self.log(Family::Token, &id.to_string()).await?;
        }
        Ok(revoked.len())
    }

    /// Adds a bucket.
    pub async fn create_bucket(&mut self, row: &BucketRow) -> Result<(), db::Error> {
        bucket::create_bucket(&mut self.tx, row).await?;
        self.log(Family::Bucket, &row.id.to_string()).await
    }

    /// Notes what a bucket's store was proven to do.
    pub async fn set_capabilities(
        &mut self,
        id: BucketId,
        capabilities: Option<&Capabilities>,
    ) -> Result<(), db::Error> {
        bucket::set_capabilities(&mut self.tx, id, capabilities).await?;
        self.log(Family::Bucket, &id.to_string()).await
    }

    /// Writes the networks that what is in a bucket may be asked for from.
    pub async fn set_bucket_networks(
        &mut self,
        id: BucketId,
        allowed: &[Network],
    ) -> Result<(), db::Error> {
        bucket::set_bucket_networks(&mut self.tx, id, allowed).await?;
        self.log(Family::Bucket, &id.to_string()).await
    }

    /// Ends a bucket's registration.
    pub async fn remove_bucket(&mut self, id: BucketId) -> Result<(), db::Error> {
        bucket::remove_bucket(&mut self.tx, id).await?;
        self.log(Family::Bucket, &id.to_string()).await
    }

    /// Whether anything is in the bucket, or on its way there.
    pub async fn bucket_has_content(&mut self, id: BucketId) -> Result<bool, db::Error> {
        bucket::bucket_has_content(&mut self.tx, id).await
    }

    /// Adds a limit.
    pub async fn create_limit(&mut self, row: &LimitRow) -> Result<(), db::Error> {
        limit::create_limit(&mut self.tx, row).await?;
        self.log(Family::Limit, &row.id.to_string()).await
    }

    /// Lifts a limit.
    pub async fn delete_limit(&mut self, id: LimitId) -> Result<(), db::Error> {
        limit::delete_limit(&mut self.tx, id).await?;
        self.log(Family::Limit, &id.to_string()).await
    }

    /// Adds an event that goes to the ledger if the change is committed.
    pub async fn add_event(&mut self, event: &Event) -> Result<(), db::Error> {
        outbox::insert_event(&mut self.tx, event).await
    }

    /// Commits, and applies it here. Other servers follow within their refresh; their ledgers record
    /// nothing by the old state from now on.
    ///
    /// # Errors
    /// When the database does not say that it is committed.
    pub async fn commit(mut self) -> Result<u64, db::Error> {
        if let Some(forgotten) = self.revision.checked_sub(KEPT_REVISIONS) {
            directory::forget_changes(&mut self.tx, forgotten).await?;
        }
        self.tx.commit().await?;
        // The change holds whatever comes of this: the next refresh applies it, and until then the
        // ledger's fence refuses what was decided before it
        if let Err(error) = self.directory.refresh().await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a change is committed, but not yet applied here"
            );
        }
        Ok(self.revision)
    }
}
