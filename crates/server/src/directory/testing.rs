//! A small world for tests: people, teams and a bucket, made through [`Directory::change`].
#![expect(
    clippy::expect_used,
    reason = "only tests call this, and a world that cannot be made must fail them"
)]

use super::{Change, Directory};
use crate::clock::ManualClock;
use crate::db::Db;
use crate::db::bucket::BucketRow;
use crate::db::principal::PrincipalRow;
use crate::db::team::{MembershipRow, TeamRow};
use crate::db::token::TokenRow;
use crate::ids::IdMaker;
use aws_lc_rs::digest;
use protocol::admin::{PrincipalKind, State};
use protocol::bucket::{Addressing, AudienceEndpoints, PlanKind, StorePlace};
use protocol::id::{BucketId, PrincipalId, TeamId, TokenId};
use protocol::{Role, Sha256Digest, Timestamp};
use std::sync::Arc;

/// Makes things in a directory of its own, at a time that stands still.
#[derive(Debug, Clone)]
pub struct World {
    /// The directory.
    pub directory: Arc<Directory>,
    /// Its clock.
    pub clock: Arc<ManualClock>,
    /// Its ids.
    pub ids: Arc<IdMaker>,
}

/// When tests begin.
pub const BEGIN: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

impl World {
    /// An empty world on a database.
    pub async fn on(db: &Db) -> Self {
        let clock = Arc::new(ManualClock::at(BEGIN));
        let ids = Arc::new(IdMaker::seeded(clock.clone(), 1));
        let directory = Directory::load(db.clone(), clock.clone())
            .await
            .expect("the directory loads");
        Self {
            directory,
            clock,
            ids,
        }
    }

    /// Begins a change.
    pub async fn change(&self) -> Change<'_> {
        self.directory.change(None).await.expect("changes begin")
    }

    /// A user, with a token whose text is `<name>-token`.
    pub async fn user(&self, name: &str) -> PrincipalId {
        self.principal(name, PrincipalKind::User, false, None).await
    }

    /// An instance admin, with a token as a user's.
    pub async fn instance_admin(&self, name: &str) -> PrincipalId {
        self.principal(name, PrincipalKind::User, true, None).await
    }

    /// A principal, with a token as a user's.
    pub async fn principal(
        &self,
        name: &str,
        kind: PrincipalKind,
        instance_admin: bool,
        owner_team_id: Option<TeamId>,
    ) -> PrincipalId {
        let id = self.ids.make();
        let mut change = self.change().await;
        let row = PrincipalRow {
            id,
            kind,
            name: name.parse().expect("a good name"),
            state: State::Active,
            instance_admin,
            owner_team_id,
            created_at: BEGIN,
        };
        change.create_principal(&row).await.expect("a new name");
        let token = token_row(self.ids.make(), id, name);
        change.create_token(&token).await.expect("a new token");
        change.commit().await.expect("changes commit");
        id
    }

    /// A team without a bucket of its own.
    pub async fn team(&self, name: &str) -> TeamId {
        self.team_in(name, None).await
    }

    /// A team.
    pub async fn team_in(&self, name: &str, bucket_id: Option<BucketId>) -> TeamId {
        let row = TeamRow {
            id: self.ids.make(),
            name: name.parse().expect("a good name"),
            state: State::Active,
            personal: false,
            bucket_id,
            allowed_networks: Vec::new(),
            created_at: BEGIN,
        };
        let mut change = self.change().await;
        change.create_team(&row).await.expect("a new name");
        change.commit().await.expect("changes commit");
        row.id
    }

    /// A role in a team.
    pub async fn member(&self, team_id: TeamId, principal_id: PrincipalId, role: Role) {
        let row = MembershipRow {
            team_id,
            principal_id,
            role,
        };
        let mut change = self.change().await;
        change.set_membership(&row).await.expect("both exist");
        change.commit().await.expect("changes commit");
    }

    /// A bucket.
    pub async fn bucket(&self, name: &str, is_default: bool) -> BucketId {
        let row = bucket_row(self.ids.make(), name, is_default);
        let mut change = self.change().await;
        change.create_bucket(&row).await.expect("a new name");
        change.commit().await.expect("changes commit");
        row.id
    }
}

/// SHA-256 of the text of the token of `name`.
pub fn token_sha256(name: &str) -> [u8; 32] {
    digest::digest(&digest::SHA256, format!("{name}-token").as_bytes())
        .as_ref()
        .try_into()
        .expect("SHA-256 is 32 bytes long")
}

/// A token whose text is `<name>-token`.
pub fn token_row(id: TokenId, principal_id: PrincipalId, name: &str) -> TokenRow {
    TokenRow {
        id,
        principal_id,
        sha256: Sha256Digest::from_bytes(token_sha256(name)),
        label: String::new(),
        created_at: BEGIN,
        expires_at: None,
        revoked_at: None,
        imported_by_id: None,
    }
}

/// A bucket of that name, with a secret that does not open.
pub fn bucket_row(id: BucketId, name: &str, is_default: bool) -> BucketRow {
    BucketRow {
        id,
        name: name.parse().expect("a good name"),
        place: StorePlace::S3 {
            endpoint: "https://s3.example.org".to_owned(),
            region: "us-east-1".to_owned(),
            container: name.to_owned(),
            addressing: Addressing::Path,
        },
        endpoints: AudienceEndpoints::new(),
        prefix: String::new(),
        state: State::Active,
        is_default,
        plan: PlanKind::AccessKey,
        identity: "AKIDEXAMPLE".to_owned(),
        external_id: None,
        sealed_plan: b"sealed".to_vec(),
        credential_revision: 1,
        capabilities: None,
        allowed_networks: Vec::new(),
        created_at: BEGIN,
    }
}
