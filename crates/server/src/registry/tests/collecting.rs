//! Collection: what nothing needs goes, and nothing else.

use super::world::World;
use crate::db::testing::for_each_database;
use crate::policy::DeleteVersion;
use crate::registry::Collected;
use devstore::Operation;
use protocol::audit::Action;
use std::time::Duration;

#[tokio::test]
async fn what_a_version_still_needs_stays() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        world
            .put("alice", "train", &[("a", b"shared"), ("b", b"alone")])
            .await;
        world
            .put("alice", "train", &[("a", b"shared"), ("c", b"new")])
            .await;
        let op = DeleteVersion {
            version: world.named("train", "v0").await.unwrap(),
            delete_aliases: false,
        };
        world
            .registry
            .delete(world.permit("alice", op))
            .await
            .unwrap();
        // URLs that read or write them may still live
        let manifest_only = Collected {
            manifests: 1,
            ..Collected::default()
        };
        assert_eq!(world.collect().await, manifest_only);
        world.clock.advance(Duration::from_hours(26));
        // A bucket that does not answer is asked again by the next run
        world.store.set_unavailable(true);
        assert_eq!(world.collect().await.failed, 1);
        world.store.set_unavailable(false);
        let deleted = world.store.requests().of(Operation::DeleteObject);
        let collected = world.collect().await;
        assert_eq!(
            (collected.objects, collected.bytes, collected.failed),
            (1, 5, 0)
        );
        assert_eq!(
            world.store.requests().of(Operation::DeleteObject) - deleted,
            1
        );
        assert_eq!(world.collect().await, Collected::default());
        assert!(world.events(Action::ObjectCollect).await >= 1);
        let left = world.get("train", "latest").await;
        assert_eq!(left.len(), 2);
        // What is gone is sent again
        let (_, sent) = world
            .put("alice", "train", &[("b", b"alone"), ("a", b"shared")])
            .await;
        assert_eq!(sent, 1);
        assert_eq!(world.get("train", "latest").await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_draft_keeps_its_objects_until_it_expires() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        let (draft, _) = world.draft("alice", "train", &[("a", b"one")]).await;
        world.landed("alice", draft, vec![]).await.unwrap_err();
        world.clock.advance(Duration::from_hours(26));
        assert_eq!(world.collect().await, Collected::default());
        let committed = world.commit("alice", draft).await.unwrap();
        assert_eq!(committed.version.index, Some(0));
        assert_eq!(world.get("train", "latest").await.len(), 1);

        let (draft, _) = world.draft("alice", "train", &[("a", b"two")]).await;
        world.clock.advance(Duration::from_hours(7 * 24 + 1));
        let collected = world.collect().await;
        assert_eq!((collected.drafts, collected.objects), (1, 1));
        let facts = world.facts(draft).await;
        assert_eq!(facts.state, protocol::artifact::VersionState::Deleted);
        assert_eq!(
            world.get("train", "latest").await,
            [("a".to_owned(), b"one".to_vec())]
        );
    })
    .await;
}

#[tokio::test]
async fn a_bucket_that_is_not_in_use_is_left_alone() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        world.draft("alice", "train", &[("a", b"one")]).await;
        world.clock.advance(Duration::from_hours(8 * 24));
        let collected = world.registry.collect(|_| None).await.unwrap();
        assert_eq!((collected.drafts, collected.objects), (1, 0));
        assert_eq!(world.collect().await.objects, 1);
    })
    .await;
}
