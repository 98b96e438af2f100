//! Who asks.

use super::Source;
use protocol::admin::{LimitRule, PrincipalKind, State};
use protocol::id::{PrincipalId, RequestId, TeamId, TokenId};
use protocol::{PrincipalName, Role, Timestamp};
use std::net::IpAddr;
use std::sync::Arc;

/// What is known of a principal at one revision of the directory.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The principal.
    pub id: PrincipalId,
    /// Its name.
    pub name: PrincipalName,
    /// A person or a workload.
    pub kind: PrincipalKind,
    /// Whether it may be used.
    pub state: State,
    /// May administer the instance.
    pub instance_admin: bool,
    /// For a service account: the team that owns it.
    pub owner_team: Option<TeamId>,
    /// Its roles, by team.
    pub memberships: Memberships,
    /// All limits set on it, merged to the narrowest.
    pub limits: LimitRule,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Standing {
    /// The principal's role in a team.
    pub fn role_in(&self, team: TeamId) -> Option<Role> {
        self.memberships.role_in(team)
    }

    /// Whether this principal may know that `other` exists: itself, who shares a team with it, a
    /// service account of its teams, and for an instance admin everybody.
    pub fn may_know(&self, other: &Self) -> bool {
        self.id == other.id
            || self.instance_admin
            || other
                .owner_team
                .is_some_and(|team| self.role_in(team).is_some())
            || self
                .memberships
                .iter()
                .any(|(team, _)| other.role_in(team).is_some())
    }
}

/// A principal's roles: one a team, sorted, so that a role is found quickly among many.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memberships(Box<[(TeamId, Role)]>);

impl Memberships {
    /// The role in a team.
    pub fn role_in(&self, team: TeamId) -> Option<Role> {
        let at = self.0.binary_search_by_key(&team, |(id, _)| *id).ok()?;
        self.0.get(at).map(|(_, role)| *role)
    }

    /// Every team and the role there, in the order of the teams' ids.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (TeamId, Role)> {
        self.0.iter().copied()
    }

    /// The same with another role in one team, or none.
    #[must_use]
    pub fn with(&self, team: TeamId, role: Option<Role>) -> Self {
        self.iter()
            .filter(|(id, _)| *id != team)
            .chain(role.map(|role| (team, role)))
            .collect()
    }
}

impl FromIterator<(TeamId, Role)> for Memberships {
    /// Of two roles in one team the higher one counts.
    fn from_iter<I: IntoIterator<Item = (TeamId, Role)>>(memberships: I) -> Self {
        let mut all: Vec<_> = memberships.into_iter().collect();
        all.sort_unstable_by_key(|&(id, role)| (id, std::cmp::Reverse(role)));
        all.dedup_by_key(|(id, _)| *id);
        Self(all.into_boxed_slice())
    }
}

/// What is known of the token that a request came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenFacts {
    /// The token.
    pub id: TokenId,
    /// Whose it is.
    pub principal: PrincipalId,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
}

/// The author of an authenticated request. Made only by `auth`.
#[derive(Debug, Clone)]
pub struct Caller {
    pub(super) standing: Arc<Standing>,
    pub(super) token: TokenFacts,
    pub(super) source: Source,
    pub(super) request_id: RequestId,
    pub(super) revision: u64,
}

impl Caller {
    /// The caller whose token was found in the directory at `revision`. For `auth` alone: a test of
    /// the layers holds every other module to that.
    pub(crate) fn authenticated(
        standing: Arc<Standing>,
        token: TokenFacts,
        source: Source,
        request_id: RequestId,
        revision: u64,
    ) -> Self {
        Self {
            standing,
            token,
            source,
            request_id,
            revision,
        }
    }

    /// What is known of the principal.
    pub fn standing(&self) -> &Arc<Standing> {
        &self.standing
    }

    /// The principal.
    pub fn principal_id(&self) -> PrincipalId {
        self.standing.id
    }

    /// The token that the request came with.
    pub fn token_id(&self) -> TokenId {
        self.token.id
    }

    /// The network address that the request came from, as far as trusted proxies tell.
    pub fn network(&self) -> Option<IpAddr> {
        self.source.address
    }

    /// The request.
    pub fn request_id(&self) -> RequestId {
        self.request_id
    }

    /// Who acts, as the ledger names it.
    pub fn actor(&self) -> protocol::audit::Actor {
        protocol::audit::Actor {
            principal_id: self.standing.id,
            name: self.standing.name.clone(),
            token_id: self.token.id,
        }
    }
}
