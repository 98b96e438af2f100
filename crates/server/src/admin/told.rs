//! What was administered, as callers are told it.

use super::Admin;
use crate::db::principal::PrincipalRow;
use crate::db::team::TeamRow;
use crate::db::token::TokenRow;
use crate::policy::{BucketFacts, Standing};
use protocol::admin::{Principal, State, Team, Token};
use protocol::bucket::{Bucket, PlanKind};

impl Admin {
    /// A principal, in a state that may not have been applied here yet.
    pub(super) fn told_principal(&self, standing: &Standing, state: State) -> Principal {
        self.told_account(&PrincipalRow {
            id: standing.id,
            kind: standing.kind,
            name: standing.name.clone(),
            state,
            instance_admin: standing.instance_admin,
            owner_team_id: standing.owner_team,
            created_at: standing.created_at,
        })
    }

    pub(super) fn told_account(&self, row: &PrincipalRow) -> Principal {
        let owner = row.owner_team_id.and_then(|id| self.directory.team(id));
        Principal {
            id: row.id,
            kind: row.kind,
            name: row.name.clone(),
            state: row.state,
            instance_admin: row.instance_admin,
            owner_team: owner.map(|team| team.name.clone()),
            created_at: row.created_at,
        }
    }

    pub(super) fn told_team(&self, row: TeamRow) -> Team {
        let bucket = row.bucket_id.and_then(|id| self.directory.bucket(id));
        Team {
            id: row.id,
            name: row.name,
            state: row.state,
            personal: row.personal,
            bucket: bucket.map(|bucket| bucket.name.clone()),
            allowed_networks: row.allowed_networks,
            created_at: row.created_at,
        }
    }

    pub(super) fn told_token(&self, owner: &Standing, row: TokenRow) -> Token {
        let imported_by = row
            .imported_by_id
            .and_then(|id| self.directory.principal(id));
        Token {
            id: row.id,
            principal: owner.name.clone(),
            label: row.label,
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            imported_by: imported_by.map(|principal| principal.name.clone()),
        }
    }
}

/// A bucket, with a key's id masked and without any secret.
pub(crate) fn tell_bucket(bucket: &BucketFacts) -> Bucket {
    let identity = match bucket.plan {
        PlanKind::AccessKey | PlanKind::HmacKey => masked(&bucket.identity),
        _ => bucket.identity.clone().into_string(),
    };
    Bucket {
        id: bucket.id,
        name: bucket.name.clone(),
        place: bucket.place.clone(),
        endpoints: bucket.endpoints.clone(),
        prefix: bucket.prefix.clone().into_string(),
        state: bucket.state,
        default: bucket.default,
        plan: bucket.plan,
        identity,
        external_id: bucket.external_id.clone().map(Into::into),
        capabilities: bucket.capabilities.clone(),
        allowed_networks: bucket.allowed_networks.to_vec(),
        created_at: bucket.created_at,
    }
}

/// An access key id as it is told: its first four characters, for people to recognise it by.
fn masked(access_key_id: &str) -> String {
    let shown: String = access_key_id.chars().take(4).collect();
    format!("{shown}…")
}
