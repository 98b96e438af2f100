//! Commits: repeated, concurrent, interrupted.

use super::world::{World, entry};
use crate::broker::Error;
use crate::db::registry::version;
use crate::db::testing::for_each_database;
use crate::registry::{CommitAnswer, Settings};
use protocol::admin::State;
use protocol::artifact::{RegisteredEntry, VersionState};
use protocol::audit::Action;
use protocol::transfer::Reach;
use std::time::Duration;

#[tokio::test]
async fn a_commit_asked_for_again_answers_the_same() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        let (version, _) = world
            .draft("alice", "train", &[("a", b"one"), ("b", b"two")])
            .await;
        // Asked of two servers, twice each, at once
        let other = world.another_server(Settings::default());
        let (a, b, c, d) = tokio::join!(
            world.commit_on(&world.registry, "alice", version, &["best"]),
            world.commit_on(&world.registry, "alice", version, &["best"]),
            world.commit_on(&other, "alice", version, &["best"]),
            world.commit_on(&other, "alice", version, &["best"]),
        );
        let first = a.unwrap();
        for again in [b, c, d] {
            assert_eq!(again.unwrap(), first);
        }
        let CommitAnswer::Done(committed) = first else {
            panic!("{first:?}");
        };
        assert_eq!(committed.version.index, Some(0));
        let aliases = committed.version.aliases.clone();
        assert_eq!(
            aliases,
            ["best".parse().unwrap(), "latest".parse().unwrap()]
        );
        assert_eq!(world.commit("alice", version).await.unwrap(), *committed);
        // And of content that was there
        let (same, _) = world
            .draft("bob", "train", &[("a", b"one"), ("b", b"two")])
            .await;
        let answer = world
            .commit_on(&world.registry, "bob", same, &["good"])
            .await
            .unwrap();
        let CommitAnswer::Done(unchanged) = answer else {
            panic!("{answer:?}");
        };
        assert!(unchanged.unchanged);
        assert_eq!(unchanged.version.aliases.len(), 3);
        assert_eq!(world.commit("bob", same).await.unwrap(), *unchanged);
        assert_eq!(world.told(same).await, unchanged.version);
        assert_eq!(world.named("train", "good").await.unwrap().id, version);
    })
    .await;
}

#[tokio::test]
async fn a_commit_without_all_objects_leaves_a_draft() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        let version = world.begin("alice", "train").await;
        let entries = vec![entry(("a", b"one")), entry(("b", b"two"))];
        let told = world
            .register("alice", version, entries)
            .await
            .unwrap()
            .entries;
        world.send_file(&told[0], b"one").await;
        let refused = world.commit("alice", version).await.unwrap_err();
        let Error::ContentMismatch(text) = &refused else {
            panic!("{refused:?}");
        };
        assert!(
            text.contains("1 of 2 entries") && text.contains("`b`"),
            "{text}"
        );
        assert!(world.named("train", "latest").await.is_none());
        assert_eq!(world.facts(version).await.state, VersionState::Draft);
        // What was verified stays verified, and more may be registered
        let again = world.offer("alice", version, ("a", b"one")).await;
        assert!(
            matches!(again, RegisteredEntry::Present { .. }),
            "{again:?}"
        );
        world.send_file(&told[1], b"two").await;
        let third = world.offer("alice", version, ("c", b"one")).await;
        assert!(!world.send_file(&third, b"one").await);
        let committed = world.commit("alice", version).await.unwrap().version;
        assert_eq!((committed.entry_count, committed.index), (3, Some(0)));
        assert_eq!(world.get("train", "latest").await.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_commit_that_was_interrupted_is_finished_by_asking_again() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        // A server that died right after it had begun
        let (dead, _) = world.draft("alice", "train", &[("a", b"one")]).await;
        let expires_at = super::world::NOW.plus(Duration::from_hours(1));
        version::begin_commit(&world.database, dead, expires_at)
            .await
            .unwrap();
        assert_eq!(world.facts(dead).await.state, VersionState::Committing);
        let other = world.another_server(Settings::default());
        let done = world.commit_on(&other, "alice", dead, &[]).await.unwrap();
        assert!(
            matches!(done, CommitAnswer::Done(committed) if committed.version.index == Some(0))
        );

        // A bucket that does not answer: before anything is verified
        let (version, _) = world.draft("alice", "train", &[("a", b"two")]).await;
        world.store.set_unavailable(true);
        let refused = world.commit("alice", version).await;
        assert!(
            matches!(refused, Err(Error::BucketUnavailable { .. })),
            "{refused:?}"
        );
        assert_eq!(world.facts(version).await.state, VersionState::Committing);
        world.store.set_unavailable(false);
        // A ledger that records nothing: after the manifest is written
        world.ledger.faults().set_unreachable(true);
        let refused = world.commit("alice", version).await;
        assert!(matches!(refused, Err(Error::Audit(_))), "{refused:?}");
        assert_eq!(world.facts(version).await.state, VersionState::Committing);
        assert_eq!(world.named("train", "latest").await.unwrap().id, dead);
        world.ledger.faults().set_unreachable(false);
        let done = loop {
            // The lane recovers by itself
            match world.commit("alice", version).await {
                Ok(done) => break done,
                Err(error) => assert!(matches!(error, Error::Audit(_)), "{error:?}"),
            }
        };
        assert_eq!(done.version.index, Some(1));
        assert_eq!(
            world.get("train", "latest").await,
            [("a".to_owned(), b"two".to_vec())]
        );
    })
    .await;
}

#[tokio::test]
async fn a_long_commit_tells_how_far_it_is() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        let bodies: Vec<String> = (0..40).map(|n| n.to_string()).collect();
        let files: Vec<_> = bodies
            .iter()
            .map(|body| (body.as_str(), body.as_bytes()))
            .collect();
        let (version, sent) = world.draft("alice", "train", &files).await;
        assert_eq!(sent, 40);
        world.store.set_latency(Duration::from_millis(20));
        let hasty = world.another_server(Settings {
            commit_wait: Duration::ZERO,
            ..Settings::default()
        });
        let mut going = 0;
        let done = loop {
            match world
                .commit_on(&hasty, "alice", version, &[])
                .await
                .unwrap()
            {
                CommitAnswer::Going(progress) => {
                    assert!(progress.verified <= progress.total && progress.total <= 40);
                    going += 1;
                }
                CommitAnswer::Done(done) => break done,
            }
        };
        assert!(going > 0);
        assert_eq!(done.version.entry_count, 40);
        hasty.shutdown().await;
        assert_eq!(world.events(Action::ArtifactCommit).await, 1);
    })
    .await;
}

#[tokio::test]
async fn who_is_suspended_in_the_middle_commits_nothing() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        let (version, _) = world.draft("alice", "train", &[("a", b"one")]).await;
        let facts = world.facts(version).await;
        let op = crate::policy::CommitVersion {
            version: facts.clone(),
            commit: protocol::artifact::Commit::default(),
        };
        let permit = world.permit("alice", op);
        let register = world.permit(
            "alice",
            crate::policy::RegisterEntries {
                version: facts,
                entries: vec![entry(("b", b"two"))],
                reach: Reach::default(),
            },
        );
        let mut change = world.directory.change(None).await.unwrap();
        let alice = world.caller("alice").principal_id();
        change
            .set_principal_state(alice, State::Suspended)
            .await
            .unwrap();
        change.commit().await.unwrap();
        let refused = world.registry.commit(permit).await;
        assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
        assert!(world.named("train", "latest").await.is_none());
        // Closed by the commit that was refused, so there is nothing to register in either
        let refused = world.registry.register(register).await;
        assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    })
    .await;
}

#[tokio::test]
async fn without_a_record_there_is_no_url() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        let version = world.begin("alice", "train").await;
        world.ledger.faults().set_unreachable(true);
        let refused = world
            .register("alice", version, vec![entry(("a", b"one"))])
            .await;
        assert!(matches!(refused, Err(Error::Audit(_))), "{refused:?}");
        world.ledger.faults().set_unreachable(false);
        let told = loop {
            match world
                .register("alice", version, vec![entry(("a", b"one"))])
                .await
            {
                Ok(told) => break told.entries,
                Err(error) => assert!(matches!(error, Error::Audit(_)), "{error:?}"),
            }
        };
        world.send_file(&told[0], b"one").await;
        world.commit("alice", version).await.unwrap();
    })
    .await;
}
