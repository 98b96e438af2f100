//! What is in memory, and how changed rows are applied to it.

use super::load::Rows;
use crate::db::bucket::BucketRow;
use crate::db::limit::{LimitRow, LimitTarget};
use crate::db::principal::PrincipalRow;
use crate::db::team::{MembershipRow, TeamRow};
use crate::db::token::TokenRow;
use crate::policy::{BucketFacts, Memberships, Standing, TeamFacts, TokenFacts};
use protocol::admin::LimitRule;
use protocol::id::{BucketId, LimitId, PrincipalId, TeamId, TokenId};
use protocol::network::intersection;
use protocol::{BucketName, PrincipalName, Role, TeamName, Timestamp};
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

/// Seeded for each map, so that clients cannot choose names that collide.
pub(super) type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// A limit at one revision of the directory.
#[derive(Debug, Clone, PartialEq)]
pub struct LimitFacts {
    /// The limit.
    pub id: LimitId,
    /// Whom it binds.
    pub target: LimitTarget,
    /// What it allows at most.
    pub rule: LimitRule,
    /// When it was set.
    pub created_at: Timestamp,
}

/// Everything at one revision.
#[derive(Default)]
pub(super) struct State {
    pub(super) revision: u64,
    pub(super) tokens: Map<[u8; 32], TokenFacts>,
    pub(super) token_hashes: Map<TokenId, [u8; 32]>,
    pub(super) principals: Map<PrincipalId, Arc<Standing>>,
    pub(super) principal_names: Map<PrincipalName, PrincipalId>,
    pub(super) teams: Map<TeamId, Arc<TeamFacts>>,
    pub(super) team_names: Map<TeamName, TeamId>,
    pub(super) members: Map<TeamId, Vec<PrincipalId>>,
    pub(super) buckets: Map<BucketId, Arc<BucketFacts>>,
    pub(super) bucket_names: Map<BucketName, BucketId>,
    pub(super) limits: Map<LimitId, Arc<LimitFacts>>,
}

impl State {
    pub(super) fn default_bucket(&self) -> Option<Arc<BucketFacts>> {
        self.buckets.values().find(|bucket| bucket.default).cloned()
    }

    /// Applies all rows of a later revision. Rows that depend on others come after them.
    pub(super) fn apply(&mut self, rows: Rows) {
        let buckets_changed = !rows.buckets.is_empty();
        for (id, row) in rows.buckets {
            self.put_bucket(id, row);
        }
        let default = self.default_bucket();
        for (id, row) in rows.teams {
            self.put_team(id, row, default.as_ref());
        }
        if buckets_changed {
            self.join_buckets(default.as_ref());
        }
        for (id, row) in rows.principals {
            self.put_principal(id, row);
        }
        for (team, principal, row) in rows.memberships {
            self.put_membership(team, principal, row.map(|row| row.role));
        }
        for (id, row) in rows.tokens {
            self.put_token(id, row);
        }
        if !rows.limits.is_empty() {
            self.put_limits(rows.limits);
        }
        self.revision = rows.revision;
    }

    pub(super) fn put_bucket(&mut self, id: BucketId, row: Option<BucketRow>) {
        if let Some(old) = self.buckets.remove(&id) {
            self.bucket_names.remove(&old.name);
        }
        if let Some(row) = row {
            self.bucket_names.insert(row.name.clone(), id);
            self.buckets.insert(id, Arc::new(row.into()));
        }
    }

    pub(super) fn put_team(
        &mut self,
        id: TeamId,
        row: Option<TeamRow>,
        default: Option<&Arc<BucketFacts>>,
    ) {
        let old = self.teams.remove(&id);
        if let Some(old) = &old {
            self.team_names.remove(&old.name);
        }
        let Some(row) = row else { return };
        let bucket = match row.bucket_id {
            Some(own) => self.buckets.get(&own).cloned(),
            None => default.cloned(),
        };
        self.team_names.insert(row.name.clone(), id);
        let facts = TeamFacts {
            id,
            name: row.name,
            state: row.state,
            personal: row.personal,
            own_bucket: row.bucket_id,
            bucket,
            allowed_networks: row.allowed_networks.into(),
            limits: old.map(|old| old.limits.clone()).unwrap_or_default(),
            created_at: row.created_at,
        };
        self.teams.insert(id, Arc::new(facts));
    }

    /// Gives every team the bucket that is in force for it now.
    fn join_buckets(&mut self, default: Option<&Arc<BucketFacts>>) {
        for team in self.teams.values_mut() {
            let bucket = match team.own_bucket {
                Some(own) => self.buckets.get(&own),
                None => default,
            };
            if team.bucket.as_ref() != bucket {
                *team = Arc::new(TeamFacts {
                    bucket: bucket.cloned(),
                    ..TeamFacts::clone(team)
                });
            }
        }
    }

    pub(super) fn put_principal(&mut self, id: PrincipalId, row: Option<PrincipalRow>) {
        let old = self.principals.remove(&id);
        if let Some(old) = &old {
            self.principal_names.remove(&old.name);
        }
        let Some(row) = row else { return };
        let (memberships, limits) = match old {
            Some(old) => (old.memberships.clone(), old.limits.clone()),
            None => Default::default(),
        };
        self.put_standing(row, memberships, limits);
    }

    pub(super) fn put_standing(
        &mut self,
        row: PrincipalRow,
        memberships: Memberships,
        limits: LimitRule,
    ) {
        self.principal_names.insert(row.name.clone(), row.id);
        let standing = Standing {
            id: row.id,
            name: row.name,
            kind: row.kind,
            state: row.state,
            instance_admin: row.instance_admin,
            owner_team: row.owner_team_id,
            memberships,
            limits,
            created_at: row.created_at,
        };
        self.principals.insert(row.id, Arc::new(standing));
    }

    fn put_membership(&mut self, team: TeamId, principal: PrincipalId, role: Option<Role>) {
        let Some(standing) = self.principals.get_mut(&principal) else {
            return;
        };
        let was_member = standing.role_in(team).is_some();
        let memberships = standing.memberships.with(team, role);
        *standing = Arc::new(Standing {
            memberships,
            ..Standing::clone(standing)
        });
        let members = self.members.entry(team).or_default();
        if was_member && role.is_none() {
            members.retain(|id| *id != principal);
        } else if !was_member && role.is_some() {
            members.push(principal);
        }
    }

    pub(super) fn put_token(&mut self, id: TokenId, row: Option<TokenRow>) {
        if let Some(old) = self.token_hashes.remove(&id) {
            self.tokens.remove(&old);
        }
        if let Some(row) = row.filter(|row| row.revoked_at.is_none()) {
            let sha256 = *row.sha256.as_bytes();
            let facts = TokenFacts {
                id,
                principal: row.principal_id,
                expires_at: row.expires_at,
            };
            self.token_hashes.insert(id, sha256);
            self.tokens.insert(sha256, facts);
        }
    }

    fn put_limits(&mut self, rows: Vec<(LimitId, Option<LimitRow>)>) {
        let mut targets = HashSet::new();
        for (id, row) in rows {
            let old = self.limits.remove(&id);
            targets.extend(old.map(|old| old.target));
            if let Some(row) = row {
                targets.insert(row.target);
                self.limits.insert(id, Arc::new(limit_facts(row)));
            }
        }
        let merged = self.merged_limits();
        for target in targets {
            let limits = merged.get(&target).cloned().unwrap_or_default();
            match target {
                LimitTarget::Principal(id) => {
                    if let Some(standing) = self.principals.get_mut(&id) {
                        *standing = Arc::new(Standing {
                            limits,
                            ..Standing::clone(standing)
                        });
                    }
                }
                LimitTarget::Team(id) => {
                    if let Some(team) = self.teams.get_mut(&id) {
                        *team = Arc::new(TeamFacts {
                            limits,
                            ..TeamFacts::clone(team)
                        });
                    }
                }
            }
        }
    }

    /// The limits of each target as one rule.
    pub(super) fn merged_limits(&self) -> Map<LimitTarget, LimitRule> {
        let mut merged = Map::default();
        for limit in self.limits.values() {
            narrow(merged.entry(limit.target).or_default(), &limit.rule);
        }
        merged
    }

    pub(super) fn put_limits_of_team(&mut self, id: TeamId, limits: LimitRule) {
        if let Some(team) = self.teams.get_mut(&id) {
            Arc::make_mut(team).limits = limits;
        }
    }

    pub(super) fn put_limit(&mut self, row: LimitRow) {
        self.limits.insert(row.id, Arc::new(limit_facts(row)));
    }
}

/// Narrows a rule to what another allows as well.
fn narrow(rule: &mut LimitRule, by: &LimitRule) {
    fn least<T: Ord + Copy>(a: Option<T>, b: Option<T>) -> Option<T> {
        a.into_iter().chain(b).min()
    }
    rule.max_ttl_seconds = least(rule.max_ttl_seconds, by.max_ttl_seconds);
    rule.urls_per_minute = least(rule.urls_per_minute, by.urls_per_minute);
    rule.max_object_bytes = least(rule.max_object_bytes, by.max_object_bytes);
    rule.read_only |= by.read_only;
    rule.no_download |= by.no_download;
    rule.allowed_networks = match (rule.allowed_networks.take(), &by.allowed_networks) {
        (Some(one), Some(other)) => Some(intersection(&one, other)),
        (one, other) => one.or_else(|| other.clone()),
    };
}

fn limit_facts(row: LimitRow) -> LimitFacts {
    LimitFacts {
        id: row.id,
        target: row.target,
        rule: row.rule,
        created_at: row.created_at,
    }
}

impl From<BucketRow> for BucketFacts {
    fn from(row: BucketRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            place: row.place,
            endpoints: row.endpoints,
            prefix: row.prefix.into(),
            state: row.state,
            default: row.is_default,
            plan: row.plan,
            identity: row.identity.into(),
            external_id: row.external_id.map(Into::into),
            sealed_plan: row.sealed_plan.into(),
            credential_revision: row.credential_revision,
            capabilities: row.capabilities,
            allowed_networks: row.allowed_networks.into(),
            created_at: row.created_at,
        }
    }
}

/// What memberships say, from both sides, for loading them all.
#[derive(Default)]
pub(super) struct Roles {
    pub(super) of_principal: Map<PrincipalId, Vec<(TeamId, Role)>>,
    pub(super) of_team: Map<TeamId, Vec<PrincipalId>>,
}

impl Roles {
    pub(super) fn add(&mut self, row: MembershipRow) {
        push(
            &mut self.of_principal,
            row.principal_id,
            (row.team_id, row.role),
        );
        push(&mut self.of_team, row.team_id, row.principal_id);
    }
}

fn push<K: Eq + Hash, V>(map: &mut Map<K, Vec<V>>, key: K, value: V) {
    map.entry(key).or_default().push(value);
}

#[cfg(test)]
mod tests {
    use super::narrow;
    use proptest::prelude::*;
    use protocol::Network;
    use protocol::admin::LimitRule;
    use std::net::IpAddr;

    fn any_network() -> impl Strategy<Value = Network> {
        (0..16_u8, 0..=4_u8).prop_map(|(low, wider)| {
            let first = low >> wider << wider;
            format!("10.0.0.{first}/{}", 32 - wider).parse().unwrap()
        })
    }

    fn any_limits() -> impl Strategy<Value = Vec<LimitRule>> {
        let list = proptest::option::of(proptest::collection::vec(any_network(), 1..4));
        let limit = list.prop_map(|allowed_networks| LimitRule {
            allowed_networks,
            ..LimitRule::default()
        });
        proptest::collection::vec(limit, 0..4)
    }

    fn allows(limit: &LimitRule, address: IpAddr) -> bool {
        let list = limit.allowed_networks.as_deref();
        list.is_none_or(|list| list.iter().any(|network| network.contains(address)))
    }

    proptest! {
        #[test]
        fn merged_limits_allow_what_each_of_them_allows(limits in any_limits()) {
            let mut merged = LimitRule::default();
            for limit in &limits {
                narrow(&mut merged, limit);
            }
            for low in 0..16 {
                let address = IpAddr::from([10, 0, 0, low]);
                prop_assert_eq!(
                    allows(&merged, address),
                    limits.iter().all(|limit| allows(limit, address))
                );
            }
            let is_set = limits.iter().any(|limit| limit.allowed_networks.is_some());
            prop_assert_eq!(merged.allowed_networks.is_some(), is_set);
        }
    }
}
