//! Downloads: in pages, and of nothing but what was committed.

use super::world::{World, digest, entry};
use crate::db::testing::for_each_database;
use crate::policy::{Denial, DownloadVersion, Rule};
use crate::registry::{Error, Settings};
use protocol::artifact::RegisteredEntry;
use protocol::audit::Action;
use protocol::transfer::{MAX_BATCH, Reach};

#[tokio::test]
async fn a_large_version_comes_in_pages_one_grant_each() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        let version = world.begin("alice", "train").await;
        let paths: Vec<String> = (0..=MAX_BATCH).map(|n| format!("{n:05}")).collect();
        let mut sent = 0;
        for batch in paths.chunks(MAX_BATCH) {
            let entries = batch.iter().map(|path| entry((path, b"same"))).collect();
            let told = world
                .register("alice", version, entries)
                .await
                .unwrap()
                .entries;
            // Equal content is one object, whose URL stands with each of its entries
            if let RegisteredEntry::Put { .. } = told[0] {
                sent += 1;
                world.send_file(&told[0], b"same").await;
            }
        }
        assert_eq!(sent, 1);
        let committed = world.commit("alice", version).await.unwrap().version;
        assert_eq!(committed.entry_count, 5_001);

        let facts = world.named("train", "v0").await.unwrap();
        let grants = world.events(Action::UrlIssue).await;
        let first = world.urls(facts.clone(), None).await.unwrap();
        assert_eq!((first.entries.len(), first.entry_count), (5_000, 5_001));
        assert_eq!(first.next.as_deref(), Some("04999"));
        let second = world.urls(facts.clone(), first.next.clone()).await.unwrap();
        assert_eq!((second.entries.len(), second.next), (1, None));
        assert_ne!(second.grant_id, first.grant_id);
        let both = first.entries.iter().chain(&second.entries);
        assert!(both.map(|entry| entry.path.as_str()).eq(&paths));
        assert_eq!(world.events(Action::UrlIssue).await, grants + 2);
        let beyond = world.urls(facts, Some("05000".into())).await.unwrap();
        assert_eq!((beyond.entries.len(), beyond.grant_id), (0, None));
    })
    .await;
}

#[tokio::test]
async fn a_version_without_entries_can_be_committed_and_read() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        let (committed, _) = {
            let version = world.begin("alice", "train").await;
            (world.commit("alice", version).await.unwrap(), 0)
        };
        assert_eq!(committed.version.entry_count, 0);
        assert!(world.get("train", "latest").await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn nothing_is_read_before_its_commit() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        let (version, _) = world.draft("alice", "train", &[("a", b"one")]).await;
        assert!(world.named("train", "latest").await.is_none());
        let op = DownloadVersion {
            version: world.facts(version).await,
            after: None,
            ttl_seconds: None,
            reach: Reach::default(),
        };
        let refused = world.ask("alice", op).unwrap_err();
        assert_eq!(refused, Denial::Forbidden(Rule::NotOpen));
    })
    .await;
}

#[tokio::test]
async fn a_manifest_that_was_changed_is_not_believed() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        let (committed, _) = world.put("alice", "train", &[("a", b"one")]).await;
        let (other, _) = world.put("alice", "other", &[("a", b"two")]).await;
        let root = world
            .team()
            .bucket
            .as_ref()
            .unwrap()
            .team_root(world.team().id);
        let key = |id| format!("{root}manifests/{id}.json").parse().unwrap();
        let (key, other) = (key(committed.version.id), key(other.version.id));
        let theirs = world.control().get(&other, 1 << 20).await.unwrap().unwrap();
        let protocol::Digest::Sha256(sha256) = digest(&theirs) else {
            panic!("a small file");
        };
        let json = "application/json";
        world
            .control()
            .put(&key, theirs, sha256, json)
            .await
            .unwrap();
        let facts = world.named("train", "latest").await.unwrap();
        // The server that committed it still knows what it was; another one reads the bucket
        assert_eq!(
            world.urls(facts.clone(), None).await.unwrap().entries.len(),
            1
        );
        let fresh = world.another_server(Settings::default());
        let permit = || {
            let op = DownloadVersion {
                version: facts.clone(),
                after: None,
                ttl_seconds: None,
                reach: Reach::default(),
            };
            world.permit("vic", op)
        };
        let refused = fresh.download(permit()).await;
        assert!(
            matches!(refused, Err(Error::ContentMismatch(_))),
            "{refused:?}"
        );
        world.control().delete(&key).await.unwrap();
        let refused = fresh.download(permit()).await;
        assert!(
            matches!(refused, Err(Error::ContentMismatch(_))),
            "{refused:?}"
        );
    })
    .await;
}
