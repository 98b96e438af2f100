//! Drafts, what they count, and how they become versions.

use super::scene::{self, LATER, LEASE, NOW, add, alice, id, pending, seeded, sha256, team};
use crate::db::registry::{Published, commit, entry, many, object, version};
use crate::db::testing::for_each_database;
use protocol::Sha256Digest;

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
        let published = Published {
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
        let published = Published {
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

        let other = scene::draft(&mut connection, 8).await;
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
        let other = scene::draft(&mut tx, 8).await;
        for (version, path) in [(draft, "a"), (draft, "b"), (other, "a")] {
            assert!(add(&mut tx, version, path, object).await);
        }
        assert_eq!(entry::totals(&mut tx, draft).await.unwrap(), (2, 6));
        let counted = many::of_draft(&mut tx, draft, &[id(99), object]).await;
        let counted: Vec<_> = counted.unwrap().into_iter().map(|row| row.id).collect();
        assert_eq!(counted, [object]);
        let of_digest = entry::object_of_digest(&mut tx, draft, sha256(1)).await;
        assert_eq!(of_digest.unwrap(), Some(object));
        commit(tx).await.unwrap();
        assert_eq!(entry::object_count(&database, draft).await.unwrap(), 1);
        assert_eq!(entry::list(&database, draft).await.unwrap().len(), 2);
        assert_eq!(object::pending_of(&database, draft).await.unwrap().len(), 1);
    })
    .await;
}
