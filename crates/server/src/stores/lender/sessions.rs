//! A session of the bucket's role for each team, which opens the team's root alone.

use super::mint::Mint;
use super::renewed::{Basis, Renewed};
use super::{Purpose, Tenant};
use crate::stores::Error;
use crate::stores::signer::Signer;
use protocol::Network;
use quick_cache::Equivalent;
use quick_cache::sync::Cache;
use std::sync::Arc;

/// Sessions that are kept of one bucket; of more, those that are used least are minted again.
const MAX_SESSIONS: usize = 1024;

/// Mints sessions.
pub(in crate::stores) trait MintSessions: std::fmt::Debug + Send + Sync {
    /// What mints sessions for the server's own requests.
    fn own(&self) -> Box<dyn Mint>;

    /// What mints sessions for a team, good from the networks alone; empty: from everywhere.
    ///
    /// # Errors
    /// When no session can be held to that.
    fn of_team(&self, team: Tenant<'_>, networks: &[Network]) -> Result<Box<dyn Mint>, Error>;
}

/// Lends each team its own session.
#[derive(Debug)]
pub(in crate::stores) struct Sessions {
    mint: Box<dyn MintSessions>,
    basis: Arc<Basis>,
    own: Arc<Renewed>,
    of_teams: Cache<Scope, Arc<Renewed>, quick_cache::UnitWeighter, foldhash::fast::RandomState>,
}

/// What a session opens, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Scope {
    root: Box<str>,
    networks: Box<[Network]>,
}

/// The same, borrowed. It hashes alike.
#[derive(Hash)]
struct ScopeRef<'a> {
    root: &'a str,
    networks: &'a [Network],
}

impl Equivalent<Scope> for ScopeRef<'_> {
    fn equivalent(&self, scope: &Scope) -> bool {
        *self.root == *scope.root && *self.networks == *scope.networks
    }
}

impl Sessions {
    pub(in crate::stores) fn new(mint: Box<dyn MintSessions>, basis: Arc<Basis>) -> Self {
        Self {
            own: Renewed::new(mint.own(), Arc::clone(&basis)),
            of_teams: Cache::with(
                MAX_SESSIONS,
                MAX_SESSIONS as u64,
                quick_cache::UnitWeighter,
                foldhash::fast::RandomState::default(),
                quick_cache::sync::DefaultLifecycle::default(),
            ),
            mint,
            basis,
        }
    }

    /// How many are kept.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.of_teams.len()
    }

    pub(super) async fn lend(&self, purpose: Purpose<'_>) -> Result<Signer, Error> {
        let Some(team) = purpose.team else {
            let signer = self.own.lend(purpose.audience).await?;
            return signer.held_to(purpose.networks).map_err(Error::CannotPin);
        };
        let scope = ScopeRef {
            root: team.root,
            networks: purpose.networks,
        };
        let session = match self.of_teams.get(&scope) {
            Some(session) => session,
            None => self.begin(team, purpose.networks)?,
        };
        session.lend(purpose.audience).await
    }

    /// Two that begin the same one share it.
    fn begin(&self, team: Tenant<'_>, networks: &[Network]) -> Result<Arc<Renewed>, Error> {
        let scope = Scope {
            root: team.root.into(),
            networks: networks.into(),
        };
        self.of_teams.get_or_insert_with(&scope, || {
            let mint = self.mint.of_team(team, networks)?;
            Ok(Renewed::new(mint, Arc::clone(&self.basis)))
        })
    }
}
