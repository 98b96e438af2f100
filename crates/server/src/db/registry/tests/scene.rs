//! Teams, their buckets and people, a draft, and short ways to write rows.

use crate::db::bucket::{BucketRow, create_bucket};
use crate::db::principal::{PrincipalRow, create_principal};
use crate::db::registry::{
    Known, NewDraft, NewDraftEntry, NewObject, Owner, Settled, commit, many, name, object, version,
};
use crate::db::team::{TeamRow, create_team};
use crate::db::{Connection, Db};
use crate::directory::testing::bucket_row;
use protocol::admin::{PrincipalKind, State};
use protocol::id::{BucketId, ObjectId, PrincipalId, TeamId, VersionId};
use protocol::transfer::VerifiedBy;
use protocol::{Digest, ObjectKey, Sha256Digest, Timestamp};

pub(super) const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);
pub(super) const LEASE: Timestamp = Timestamp::from_unix_seconds(1_790_003_600);
pub(super) const LATER: Timestamp = Timestamp::from_unix_seconds(1_790_003_601);

pub(super) fn id<K>(seed: u8) -> protocol::Id<K> {
    protocol::Id::from_parts(1, [seed; 10])
}

pub(super) fn team() -> TeamId {
    id(1)
}

pub(super) fn bucket() -> BucketId {
    id(2)
}

pub(super) fn alice() -> PrincipalId {
    id(3)
}

pub(super) fn bob() -> PrincipalId {
    id(4)
}

pub(super) fn sha256(seed: u8) -> Digest {
    Digest::Sha256(Sha256Digest::from_bytes([seed; 32]))
}

/// A team, a bucket, two principals, and a draft.
pub(super) async fn seeded(db: &Db) -> VersionId {
    let mut tx = db.begin().await.unwrap();
    for (n, bucket) in [bucket(), id(22)].into_iter().enumerate() {
        let row = BucketRow {
            prefix: format!("{n}/"),
            ..bucket_row(bucket, &format!("bucket-{n}"), false)
        };
        create_bucket(&mut tx, &row).await.unwrap();
    }
    for (n, team) in [team(), id(11)].into_iter().enumerate() {
        let row = TeamRow {
            id: team,
            name: format!("team-{n}").parse().unwrap(),
            state: State::Active,
            personal: false,
            bucket_id: None,
            created_at: NOW,
            allowed_networks: Vec::new(),
        };
        create_team(&mut tx, &row).await.unwrap();
    }
    for (principal, name) in [(alice(), "alice"), (bob(), "bob")] {
        let row = PrincipalRow {
            id: principal,
            kind: PrincipalKind::User,
            name: name.parse().unwrap(),
            state: State::Active,
            instance_admin: false,
            owner_team_id: None,
            created_at: NOW,
        };
        create_principal(&mut tx, &row).await.unwrap();
    }
    let draft = draft(&mut tx, 7).await;
    commit(tx).await.unwrap();
    draft
}

pub(super) async fn draft(connection: &mut Connection, seed: u8) -> VersionId {
    let project = name::ensure_project(connection, id(5), team(), &"p".parse().unwrap(), NOW)
        .await
        .unwrap();
    let collection = &"c".parse().unwrap();
    let (collection, kind) =
        name::ensure_collection(connection, id(6), project, collection, "dataset", NOW)
            .await
            .unwrap();
    assert_eq!(kind, "dataset");
    let draft = NewDraft {
        id: id(seed),
        collection_id: collection,
        bucket_id: bucket(),
        description: None,
        metadata: Some("{}"),
        started_by: alice(),
        created_at: NOW,
        expires_at: LEASE,
    };
    version::insert(connection, &draft).await.unwrap();
    draft.id
}

pub(super) fn owner(by: PrincipalId) -> Owner {
    Owner {
        team_id: team(),
        bucket_id: bucket(),
        created_by: by,
        created_at: NOW,
        leased_until: LEASE,
    }
}

/// A pending object of 3 bytes.
pub(super) async fn pending(
    connection: &mut Connection,
    seed: u8,
    digest: Digest,
    by: PrincipalId,
) -> ObjectId {
    let key: ObjectKey = format!("objects/{seed}").parse().unwrap();
    let object = NewObject {
        id: id(seed),
        key: &key,
        size_bytes: 3,
        digest,
    };
    many::insert_pending(connection, &owner(by), &[object])
        .await
        .unwrap();
    id(seed)
}

pub(super) async fn verify(
    connection: &mut Connection,
    object: ObjectId,
    by: VerifiedBy,
) -> Settled {
    object::settle_verified(connection, object, by, Some("e"), NOW, LEASE)
        .await
        .unwrap()
}

pub(super) async fn known(
    connection: &mut Connection,
    digest: Digest,
    by: PrincipalId,
) -> Option<Known> {
    let wanted = [(digest, 3)];
    let known = many::lease_known(connection, &owner(by), &wanted)
        .await
        .unwrap();
    known.get(&wanted[0]).copied()
}

pub(super) async fn add(
    connection: &mut Connection,
    version: VersionId,
    path: &str,
    object: ObjectId,
) -> bool {
    let new = NewDraftEntry {
        path: &path.parse().unwrap(),
        size_bytes: 3,
        digest: sha256(1),
        object_id: object,
    };
    let added = many::insert_entries(connection, version, &[new])
        .await
        .unwrap();
    !added.is_empty()
}
