//! Rows by the thousand.

use super::scene::{NOW, alice, bob, owner, seeded};
use crate::db::registry::{Known, NewDraftEntry, NewObject, many};
use crate::db::testing::for_each_database;
use protocol::id::ObjectId;
use protocol::transfer::VerifiedBy;
use protocol::{Digest, EntryPath, ObjectKey, Sha256Digest};

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
