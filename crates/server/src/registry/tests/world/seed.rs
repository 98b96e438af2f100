//! What is there before the first request: the bucket's store, the team and its people.

use super::NOW;
use crate::clock::{Clock as _, ManualClock};
use crate::db::bucket::{BucketRow, create_bucket};
use crate::db::principal::{PrincipalRow, create_principal};
use crate::db::team::{MembershipRow, TeamRow, create_team, set_membership};
use crate::db::testing::TestDatabase;
use crate::db::token::{TokenRow, create_token};
use crate::directory::testing::bucket_row;
use crate::ids::IdMaker;
use crate::stores::seal::Place;
use crate::stores::{SealKeys, seal_plan};
use devstore::{BucketSettings, Credential, DevStore, Scope};
use protocol::admin::{PrincipalKind, State};
use protocol::bucket::{CredentialPlan, StorePlace};
use protocol::id::{BucketId, TeamId};
use protocol::{Role, Sha256Digest};
use std::sync::Arc;

const SECRET: &str = "a secret that is long enough";
const CONTAINER: &str = "vision-data";

/// Members of team `vision`, and somebody who is not in it.
const PEOPLE: [(&str, Option<Role>); 5] = [
    ("ada", Some(Role::Admin)),
    ("alice", Some(Role::Member)),
    ("bob", Some(Role::Member)),
    ("vic", Some(Role::Viewer)),
    ("otto", None),
];

pub(super) fn token(name: &str) -> Sha256Digest {
    crate::registry::content::sha256(name.as_bytes())
}

pub(super) async fn start_store(root: &std::path::Path, clock: Arc<ManualClock>) -> DevStore {
    let key = presign::s3::Credential::new("AKVISION", SECRET).unwrap();
    DevStore::builder(root)
        .bucket(BucketSettings::new(CONTAINER))
        .credential(Credential::new(key, Scope::All))
        .clock(Arc::new(move || {
            presign::Timestamp::from_unix_seconds(clock.now().unix_seconds())
        }))
        .start()
        .await
        .unwrap()
}

pub(super) async fn seed(database: &TestDatabase, keys: &SealKeys, endpoint: &str, ids: &IdMaker) {
    let (bucket_id, team_id): (BucketId, TeamId) = (ids.make(), ids.make());
    let plan = CredentialPlan::access_key("AKVISION", SECRET);
    let mut tx = database.begin().await.unwrap();
    let bucket = BucketRow {
        name: "vision-eu".parse().unwrap(),
        place: StorePlace::s3(endpoint, "us-east-1", CONTAINER),
        prefix: "signet/".into(),
        sealed_plan: seal_plan(keys, &Place::plan(bucket_id, 1), &plan).unwrap(),
        ..bucket_row(bucket_id, "vision-eu", false)
    };
    create_bucket(&mut tx, &bucket).await.unwrap();
    let team = TeamRow {
        id: team_id,
        name: "vision".parse().unwrap(),
        state: State::Active,
        personal: false,
        bucket_id: Some(bucket_id),
        created_at: NOW,
        allowed_networks: Vec::new(),
    };
    create_team(&mut tx, &team).await.unwrap();
    for (name, role) in PEOPLE {
        let principal = PrincipalRow {
            id: ids.make(),
            kind: PrincipalKind::User,
            name: name.parse().unwrap(),
            state: State::Active,
            instance_admin: false,
            owner_team_id: None,
            created_at: NOW,
        };
        create_principal(&mut tx, &principal).await.unwrap();
        let row = TokenRow {
            id: ids.make(),
            principal_id: principal.id,
            sha256: token(name),
            label: "test".into(),
            created_at: NOW,
            expires_at: None,
            revoked_at: None,
            imported_by_id: None,
        };
        create_token(&mut tx, &row).await.unwrap();
        if let Some(role) = role {
            let membership = MembershipRow {
                team_id,
                principal_id: principal.id,
                role,
            };
            set_membership(&mut tx, &membership).await.unwrap();
        }
    }
    crate::db::registry::commit(tx).await.unwrap();
}
