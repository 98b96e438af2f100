//! What is known, as callers are told it.

use super::app::App;
use crate::db::limit::LimitTarget;
use crate::directory::LimitFacts;
use crate::policy::{Caller, Standing, TeamFacts};
use protocol::TeamName;
use protocol::admin::{Limit, LimitSubject, Me, Membership, Principal, State, Team};
use protocol::id::TeamId;
use std::sync::Arc;

impl App {
    /// A principal.
    pub(super) fn tell_principal(&self, standing: &Standing) -> Principal {
        Principal {
            id: standing.id,
            kind: standing.kind,
            name: standing.name.clone(),
            state: standing.state,
            instance_admin: standing.instance_admin,
            owner_team: standing.owner_team.and_then(|team| self.team_name(team)),
            created_at: standing.created_at,
        }
    }

    /// A caller, with its memberships by the names of their teams.
    pub(super) fn tell_caller(&self, caller: &Caller) -> Me {
        let standing = caller.standing();
        let mut memberships: Vec<Membership> = standing
            .memberships
            .iter()
            .filter_map(|(team, role)| {
                Some(Membership {
                    team: self.team_name(team)?,
                    principal: standing.name.clone(),
                    kind: standing.kind,
                    role,
                })
            })
            .collect();
        memberships.sort_unstable_by(|a, b| a.team.cmp(&b.team));
        Me {
            principal: self.tell_principal(standing),
            token_id: caller.token_id(),
            memberships,
        }
    }

    /// A team, with the name of its own bucket.
    pub(super) fn tell_team(&self, team: &TeamFacts) -> Team {
        let bucket = team.own_bucket.and_then(|id| self.directory.bucket(id));
        Team {
            id: team.id,
            name: team.name.clone(),
            state: team.state,
            personal: team.personal,
            bucket: bucket.map(|bucket| bucket.name.clone()),
            allowed_networks: team.allowed_networks.to_vec(),
            created_at: team.created_at,
        }
    }

    /// A limit; `None` when whom it binds is gone.
    pub(super) fn tell_limit(&self, limit: &LimitFacts) -> Option<Limit> {
        let subject = match limit.target {
            LimitTarget::Principal(id) => {
                LimitSubject::Principal(self.directory.principal(id)?.name.clone())
            }
            LimitTarget::Team(id) => LimitSubject::Team(self.team_name(id)?),
        };
        Some(Limit {
            id: limit.id,
            subject,
            rule: limit.rule.clone(),
            created_at: limit.created_at,
        })
    }

    /// The teams that a principal may know of: for an instance admin all.
    pub(super) fn teams_known_to(&self, standing: &Standing) -> Vec<Arc<TeamFacts>> {
        if standing.instance_admin {
            return self.directory.teams();
        }
        let ids = standing.memberships.iter().map(|(team, _)| team);
        ids.filter_map(|id| self.directory.team(id))
            .filter(|team| team.state != State::Removed)
            .collect()
    }

    fn team_name(&self, id: TeamId) -> Option<TeamName> {
        self.directory.team(id).map(|team| team.name.clone())
    }
}
