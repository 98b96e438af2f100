//! Whose an object is, who may count on it, and when it goes.

use super::scene::{
    LATER, NOW, add, alice, bob, bucket, id, known, owner, pending, seeded, sha256, team, verify,
};
use crate::db::registry::{Known, Owner, Settled, commit, entry, many, object};
use crate::db::testing::for_each_database;
use protocol::transfer::VerifiedBy;
use protocol::{Digest, Md5Digest, Sha256Digest};
use std::time::Duration;

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
        commit(tx).await.unwrap();
        assert!(
            object::contested_of(&database, draft)
                .await
                .unwrap()
                .is_empty()
        );

        let mut tx = database.begin().await.unwrap();
        verify(&mut tx, first, VerifiedBy::StoreDigest).await;
        commit(tx).await.unwrap();
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
        commit(tx).await.unwrap();
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
        commit(tx).await.unwrap();
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
