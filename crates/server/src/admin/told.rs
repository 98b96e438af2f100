//! What was administered, as callers are told it.

use super::Admin;
use crate::db::bucket::BucketRow;
use crate::db::principal::PrincipalRow;
use crate::db::team::TeamRow;
use crate::db::token::TokenRow;
use crate::policy::Standing;
use protocol::admin::{Bucket, Principal, State, Team, Token};

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

/// A bucket, with its access key id masked and without its secret.
pub(super) fn tell_bucket(row: BucketRow) -> Bucket {
    Bucket {
        id: row.id,
        name: row.name,
        provider: row.provider,
        endpoint: row.endpoint,
        region: row.region,
        container: row.container,
        prefix: row.prefix,
        addressing: row.addressing,
        state: row.state,
        default: row.is_default,
        access_key_id: masked(&row.access_key_id),
        created_at: row.created_at,
    }
}

/// An access key id as it is told: its first four characters, for people to recognise it by.
pub(crate) fn masked(access_key_id: &str) -> String {
    let shown: String = access_key_id.chars().take(4).collect();
    format!("{shown}…")
}
