//! Tests of the registry's tables on both engines.

use super::{
    Known, NewDraft, NewDraftEntry, NewObject, Owner, Settled, entry, many, name, object, version,
};
use crate::db::bucket::{BucketRow, create_bucket};
use crate::db::principal::{PrincipalRow, create_principal};
use crate::db::team::{TeamRow, create_team};
use crate::db::testing::for_each_database;
use crate::db::{Connection, Db};
use crate::directory::testing::bucket_row;
use protocol::admin::{PrincipalKind, State};
use protocol::id::{BucketId, ObjectId, PrincipalId, TeamId, VersionId};
use protocol::transfer::VerifiedBy;
use protocol::{Digest, EntryPath, Md5Digest, ObjectKey, Sha256Digest, Timestamp};
use std::time::Duration;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);
const LEASE: Timestamp = Timestamp::from_unix_seconds(1_790_003_600);
const LATER: Timestamp = Timestamp::from_unix_seconds(1_790_003_601);

fn id<K>(seed: u8) -> protocol::Id<K> {
    protocol::Id::from_parts(1, [seed; 10])
}

fn team() -> TeamId {
    id(1)
}

fn bucket() -> BucketId {
    id(2)
}

fn alice() -> PrincipalId {
    id(3)
}

fn bob() -> PrincipalId {
    id(4)
}

fn sha256(seed: u8) -> Digest {
    Digest::Sha256(Sha256Digest::from_bytes([seed; 32]))
}

/// A team, a bucket, two principals, and a draft.
async fn seeded(db: &Db) -> VersionId {
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
    super::commit(tx).await.unwrap();
    draft
}

async fn draft(connection: &mut Connection, seed: u8) -> VersionId {
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

fn owner(by: PrincipalId) -> Owner {
    Owner {
        team_id: team(),
        bucket_id: bucket(),
        created_by: by,
        created_at: NOW,
        leased_until: LEASE,
    }
}

/// A pending object of 3 bytes.
async fn pending(
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

async fn verify(connection: &mut Connection, object: ObjectId, by: VerifiedBy) -> Settled {
    object::settle_verified(connection, object, by, Some("e"), NOW, LEASE)
        .await
        .unwrap()
}

async fn known(connection: &mut Connection, digest: Digest, by: PrincipalId) -> Option<Known> {
    let wanted = [(digest, 3)];
    let known = many::lease_known(connection, &owner(by), &wanted)
        .await
        .unwrap();
    known.get(&wanted[0]).copied()
}

async fn add(
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

#[tokio::test]
async fn only_the_index_says_that_something_is_there() {
    for_each_database(|database| async move {
        seeded(&database).await;
        let mut tx = database.begin().await.unwrap();
        let object = pending(&mut tx, 30, sha256(1), alice()).await;
        assert_eq!(known(&mut tx, sha256(1), bob()).await, None);
        assert_eq!(
            known(&mut tx, sha256(1), alice()).await,
            Some(Known::Pending(object))
        );
        let settled = verify(&mut tx, object, VerifiedBy::StoreDigest).await;
        assert_eq!(settled, Settled::Verified);
        let found = Some(Known::Verified(object, VerifiedBy::StoreDigest));
        assert_eq!(known(&mut tx, sha256(1), bob()).await, found);

        let composite = Digest::Sha256Composite {
            part_size_bytes: 16 << 20,
            composite: Sha256Digest::from_bytes([1; 32]),
        };
        let md5 = Digest::Md5(Md5Digest::from_bytes([1; 16]));
        for other in [composite, md5, sha256(2)] {
            assert_eq!(known(&mut tx, other, bob()).await, None, "{other}");
        }
        for (place, size) in [
            ((id(11), bucket()), 3),
            ((team(), id(22)), 3),
            ((team(), bucket()), 4),
        ] {
            let wanted = [(sha256(1), size)];
            let elsewhere = Owner {
                team_id: place.0,
                bucket_id: place.1,
                ..owner(alice())
            };
            let found = many::lease_known(&mut tx, &elsewhere, &wanted).await;
            assert_eq!(found.unwrap().get(&wanted[0]), None);
        }
    })
    .await;
}

#[tokio::test]
async fn what_only_its_client_vouches_for_is_nobody_elses() {
    for_each_database(|database| async move {
        seeded(&database).await;
        let mut tx = database.begin().await.unwrap();
        let object = pending(&mut tx, 30, sha256(1), alice()).await;
        verify(&mut tx, object, VerifiedBy::Client).await;
        assert_eq!(known(&mut tx, sha256(1), bob()).await, None);
        let own = Some(Known::Verified(object, VerifiedBy::Client));
        assert_eq!(known(&mut tx, sha256(1), alice()).await, own);
        // What is proven goes before it
        let proven = pending(&mut tx, 31, sha256(1), bob()).await;
        let settled = verify(&mut tx, proven, VerifiedBy::StoreDigest).await;
        assert_eq!(settled, Settled::Verified);
        let best = Some(Known::Verified(proven, VerifiedBy::StoreDigest));
        assert_eq!(known(&mut tx, sha256(1), alice()).await, best);
    })
    .await;
}

#[tokio::test]
async fn the_first_verified_wins_and_the_second_yields() {
    for_each_database(|database| async move {
        let draft = seeded(&database).await;
        let mut tx = database.begin().await.unwrap();
        let first = pending(&mut tx, 30, sha256(1), alice()).await;
        let second = pending(&mut tx, 31, sha256(1), bob()).await;
        assert!(add(&mut tx, draft, "a", second).await);
        assert!(!add(&mut tx, draft, "a", first).await);
        super::commit(tx).await.unwrap();
        assert!(
            object::contested_of(&database, draft)
                .await
                .unwrap()
                .is_empty()
        );

        let mut tx = database.begin().await.unwrap();
        verify(&mut tx, first, VerifiedBy::StoreDigest).await;
        super::commit(tx).await.unwrap();
        let contested = object::contested_of(&database, draft).await.unwrap();
        assert_eq!(contested.iter().map(|o| o.id).collect::<Vec<_>>(), [second]);

        let mut tx = database.begin().await.unwrap();
        let yielded = Settled::Yielded {
            to: first,
            verified_by: VerifiedBy::StoreDigest,
        };
        assert_eq!(
            verify(&mut tx, second, VerifiedBy::StoreDigest).await,
            yielded
        );
        let held = entry::find(&mut tx, draft, &"a".parse().unwrap())
            .await
            .unwrap();
        assert_eq!(held, Some((3, sha256(1), first)));
        super::commit(tx).await.unwrap();
        // The loser is needed by nothing
        assert!(object::doom(&database, second, LATER).await.unwrap());
        assert!(!object::doom(&database, first, LATER).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn nothing_that_is_needed_or_leased_is_doomed() {
    for_each_database(|database| async move {
        let draft = seeded(&database).await;
        let mut tx = database.begin().await.unwrap();
        let object = pending(&mut tx, 30, sha256(1), alice()).await;
        verify(&mut tx, object, VerifiedBy::StoreDigest).await;
        super::commit(tx).await.unwrap();
        let collectable = async |now| {
            let rows = object::collectable(&database, "", now, 10).await.unwrap();
            rows.iter().map(|row| row.id).collect::<Vec<_>>()
        };
        assert!(!object::doom(&database, object, NOW).await.unwrap());
        assert!(collectable(NOW).await.is_empty());
        assert_eq!(collectable(LATER).await, [object]);

        let mut connection = database.acquire().await.unwrap();
        assert!(add(&mut connection, draft, "a", object).await);
        assert!(!object::doom(&database, object, LATER).await.unwrap());
        assert_eq!(
            entry::publish_objects(&mut connection, draft)
                .await
                .unwrap(),
            1
        );
        entry::drop_all(&mut connection, draft).await.unwrap();
        assert!(!object::doom(&database, object, LATER).await.unwrap());
        assert!(collectable(LATER).await.is_empty());
        assert!(
            entry::broken_objects(&database, draft)
                .await
                .unwrap()
                .is_empty()
        );

        entry::release_objects(&mut connection, draft)
            .await
            .unwrap();
        // A dedup leases it anew
        let until = LATER.plus(Duration::from_secs(1));
        let wanted = [(sha256(1), 3)];
        let later = Owner {
            leased_until: until,
            ..owner(bob())
        };
        let leased = many::lease_known(&mut connection, &later, &wanted).await;
        assert!(leased.unwrap().contains_key(&wanted[0]));
        assert!(!object::doom(&database, object, LATER).await.unwrap());
        assert!(object::doom(&database, object, until).await.unwrap());
        assert_eq!(known(&mut connection, sha256(1), alice()).await, None);
        assert_eq!(
            object::lease(&mut connection, object, until).await.unwrap(),
            None
        );
        assert_eq!(collectable(NOW).await, [object]);
        let settled = verify(&mut connection, object, VerifiedBy::StoreDigest).await;
        assert_eq!(settled, Settled::Gone);
        object::forget(&database, object).await.unwrap();
        assert!(collectable(until).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_commit_holds_for_one_attempt() {
    for_each_database(|database| async move {
        let draft = seeded(&database).await;
        let mut connection = database.acquire().await.unwrap();
        assert!(version::touch(&mut connection, draft, LEASE).await.unwrap());
        let begin = async || {
            version::begin_commit(&database, draft, LEASE)
                .await
                .unwrap()
        };
        assert_eq!(begin().await, Some(0));
        assert!(!version::touch(&mut connection, draft, LEASE).await.unwrap());
        assert_eq!(begin().await, Some(0));
        version::reopen(&database, draft, 0).await.unwrap();
        version::reopen(&database, draft, 0).await.unwrap();
        assert!(version::touch(&mut connection, draft, LEASE).await.unwrap());
        assert_eq!(begin().await, Some(1));
        let published = super::Published {
            id: draft,
            attempt: 0,
            index: 0,
            entry_count: 0,
            size_bytes: 0,
            content_sha256: Sha256Digest::from_bytes([1; 32]),
            manifest_key: &"m".parse().unwrap(),
            manifest_sha256: Sha256Digest::from_bytes([2; 32]),
            committed_at: NOW,
        };
        assert!(!version::publish(&mut connection, &published).await.unwrap());
        let published = super::Published {
            attempt: 1,
            ..published
        };
        assert!(version::publish(&mut connection, &published).await.unwrap());
        assert_eq!(begin().await, None);
        assert!(
            !version::abandon(&mut connection, draft, None)
                .await
                .unwrap()
        );
        let row = version::find(&mut connection, draft)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((row.index, row.team_id), (Some(0), team()));
        assert_eq!(row.metadata.as_deref(), Some("{}"));
        let newest = version::newest(&mut connection, row.collection_id).await;
        assert_eq!(newest.unwrap(), Some(row));

        let other = self::draft(&mut connection, 8).await;
        let expired = version::expired_drafts(&database, LATER, 10).await.unwrap();
        assert_eq!(expired, [other]);
        assert!(
            version::abandon(&mut connection, other, Some(LATER))
                .await
                .unwrap()
        );
    })
    .await;
}

#[tokio::test]
async fn totals_are_of_the_draft_alone() {
    for_each_database(|database| async move {
        let draft = seeded(&database).await;
        let mut tx = database.begin().await.unwrap();
        assert_eq!(entry::totals(&mut tx, draft).await.unwrap(), (0, 0));
        let object = pending(&mut tx, 30, sha256(1), alice()).await;
        let other = self::draft(&mut tx, 8).await;
        for (version, path) in [(draft, "a"), (draft, "b"), (other, "a")] {
            assert!(add(&mut tx, version, path, object).await);
        }
        assert_eq!(entry::totals(&mut tx, draft).await.unwrap(), (2, 6));
        let counted = many::of_draft(&mut tx, draft, &[id(99), object]).await;
        let counted: Vec<_> = counted.unwrap().into_iter().map(|row| row.id).collect();
        assert_eq!(counted, [object]);
        let of_digest = entry::object_of_digest(&mut tx, draft, sha256(1)).await;
        assert_eq!(of_digest.unwrap(), Some(object));
        super::commit(tx).await.unwrap();
        assert_eq!(entry::object_count(&database, draft).await.unwrap(), 1);
        assert_eq!(entry::list(&database, draft).await.unwrap().len(), 2);
        assert_eq!(object::pending_of(&database, draft).await.unwrap().len(), 1);
    })
    .await;
}

/// More than one statement takes.
#[tokio::test]
async fn a_thousand_rows_are_as_one() {
    const COUNT: u32 = 1_001;
    let digest = |n: u32| {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        Digest::Sha256(Sha256Digest::from_bytes(bytes))
    };
    let object = |n: u32| -> ObjectId { protocol::Id::from_parts(u64::from(n), [9; 10]) };
    for_each_database(|database| async move {
        let draft = seeded(&database).await;
        let keys: Vec<ObjectKey> = (0..COUNT)
            .map(|n| format!("objects/{n}").parse().unwrap())
            .collect();
        let objects: Vec<NewObject<'_>> = (0..COUNT)
            .zip(&keys)
            .map(|(n, key)| NewObject {
                id: object(n),
                key,
                size_bytes: 3,
                digest: digest(n),
            })
            .collect();
        let paths: Vec<EntryPath> = (0..COUNT).map(|n| n.to_string().parse().unwrap()).collect();
        let entries: Vec<NewDraftEntry<'_>> = (0..COUNT)
            .zip(&paths)
            .map(|(n, path)| NewDraftEntry {
                path,
                size_bytes: 3,
                digest: digest(n),
                object_id: object(n),
            })
            .collect();
        let mut tx = database.begin().await.unwrap();
        many::insert_pending(&mut tx, &owner(alice()), &objects)
            .await
            .unwrap();
        let added = many::insert_entries(&mut tx, draft, &entries)
            .await
            .unwrap();
        assert_eq!(added.len(), COUNT as usize);
        let added = many::insert_entries(&mut tx, draft, &entries)
            .await
            .unwrap();
        assert!(added.is_empty(), "{added:?}");
        let ids: Vec<ObjectId> = (0..COUNT).map(object).collect();
        let rows = many::of_draft(&mut tx, draft, &ids).await.unwrap();
        assert_eq!(rows.len(), COUNT as usize);

        // What is settled is not settled again; a tag may be missing
        let seen: Vec<_> = ids
            .iter()
            .map(|id| (*id, (*id != object(5)).then_some("\"e\"")))
            .collect();
        let by = VerifiedBy::StoreDigest;
        let first = many::settle_verified(&mut tx, &seen[..2], by, NOW).await;
        assert_eq!(first.unwrap().len(), 2);
        let rest = many::settle_verified(&mut tx, &seen, by, NOW).await;
        let rest = rest.unwrap();
        assert_eq!(rest.len(), COUNT as usize - 2);
        assert!(!rest.contains(&object(0)) && rest.contains(&object(COUNT - 1)));

        let wanted: Vec<_> = (0..=COUNT).map(|n| (digest(n), 3)).collect();
        let known = many::lease_known(&mut tx, &owner(bob()), &wanted).await;
        let known = known.unwrap();
        assert_eq!(known.len(), COUNT as usize);
        let verified = Known::Verified(object(700), VerifiedBy::StoreDigest);
        assert_eq!(known.get(&(digest(700), 3)), Some(&verified));
    })
    .await;
}
