//! What is sent, and what is not sent again.

use super::world::{World, digest, entry};
use crate::db::testing::for_each_database;
use crate::policy::{BeginVersion, CommitVersion, Denial, RegisterEntries, Rule, VerifyLanded};
use crate::registry::Error;
use protocol::artifact::{Commit, NewVersion, RegisteredEntry, Verification, VersionState};
use protocol::audit::Action;
use protocol::transfer::{Reach, VerifiedBy};
use std::time::Duration;

fn object(told: &RegisteredEntry) -> protocol::id::ObjectId {
    match told {
        RegisteredEntry::Present { object_id, .. }
        | RegisteredEntry::Put { object_id, .. }
        | RegisteredEntry::Parts { object_id, .. } => *object_id,
    }
}

fn field(error: Error) -> String {
    match error {
        Error::Invalid { field, .. } => field,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_put_comes_back_byte_for_byte() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        let files = [
            ("a b/\u{e9}.txt", &b"one"[..]),
            ("a b/e\u{301}.txt", b"two"),
            ("empty", b""),
            ("same", b"one"),
        ];
        let (committed, sent) = world.put("alice", "train", &files).await;
        // Equal content is sent once
        assert_eq!((sent, committed.unchanged), (3, false));
        let version = committed.version;
        assert_eq!(
            (version.index, version.state),
            (Some(0), VersionState::Committed)
        );
        assert_eq!((version.entry_count, version.size_bytes), (4, 9));
        assert_eq!(version.aliases, ["latest".parse().unwrap()]);
        let mut expected: Vec<_> = files
            .iter()
            .map(|(path, body)| ((*path).to_owned(), body.to_vec()))
            .collect();
        expected.sort();
        assert_eq!(world.get("train", "latest").await, expected);
        assert_eq!(world.get("train", "v0").await, expected);
        assert_eq!(world.events(Action::ArtifactCreate).await, 1);
        assert_eq!(world.events(Action::ArtifactCommit).await, 1);
        assert_eq!(world.events(Action::UrlIssue).await, 3);
    })
    .await;
}

/// What is sent together is then listed together.
#[tokio::test]
async fn objects_have_their_ids_in_the_order_of_the_request() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        world.put("alice", "train", &[("known", b"07")]).await;
        let version = world.begin("alice", "train").await;
        let bodies: Vec<String> = (0..50).map(|n| format!("{:02}", n % 40)).collect();
        let entries = bodies
            .iter()
            .enumerate()
            .map(|(n, body)| entry((&format!("{n}"), body.as_bytes())))
            .collect();
        let told = world.register("alice", version, entries).await.unwrap();
        let objects: Vec<_> = told.entries.iter().map(object).collect();
        // The last ten repeat the first, and one is there already
        assert_eq!(objects[40..], objects[..10]);
        let new: Vec<_> = (0..40).filter(|n| *n != 7).map(|n| objects[n]).collect();
        assert!(new.is_sorted(), "{new:?}");
    })
    .await;
}

#[tokio::test]
async fn what_the_index_knows_is_not_sent_again() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        world
            .put("alice", "train", &[("a", b"one"), ("b", b"two")])
            .await;
        let (committed, sent) = world
            .put("bob", "other", &[("x", b"one"), ("y", b"three")])
            .await;
        assert_eq!((sent, committed.version.index), (1, Some(0)));
        let registered = world.begin("bob", "third").await;
        let told = world.offer("bob", registered, ("z", b"two")).await;
        assert!(matches!(
            told,
            RegisteredEntry::Present {
                verified_by: VerifiedBy::StoreDigest,
                ..
            }
        ));
        assert_eq!(world.get("other", "latest").await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn equal_content_makes_no_new_version() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        let (first, _) = world
            .put("alice", "train", &[("a", b"one"), ("b", b"two")])
            .await;
        let (second, sent) = world
            .put("bob", "train", &[("b", b"two"), ("a", b"one")])
            .await;
        assert_eq!((sent, second.unchanged), (0, true));
        assert_eq!(second.version.id, first.version.id);
        // Other paths are other content
        let (third, sent) = world
            .put("bob", "train", &[("c", b"two"), ("a", b"one")])
            .await;
        assert_eq!(
            (sent, third.unchanged, third.version.index),
            (0, false, Some(1))
        );
        // Only the newest version counts
        let (fourth, _) = world
            .put("alice", "train", &[("a", b"one"), ("b", b"two")])
            .await;
        assert_eq!((fourth.unchanged, fourth.version.index), (false, Some(2)));
        assert_eq!(fourth.version.content_sha256, first.version.content_sha256);
    })
    .await;
}

#[tokio::test]
async fn of_two_uploaders_the_one_who_lies_harms_nobody() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        let file = ("a", &b"true"[..]);
        let (mallory, alice) = (
            world.begin("bob", "lies").await,
            world.begin("alice", "train").await,
        );
        let lie = world.offer("bob", mallory, file).await;
        let truth = world.offer("alice", alice, file).await;
        assert_ne!(object(&lie), object(&truth));
        let RegisteredEntry::Put { request, .. } = &lie else {
            panic!("{lie:?}");
        };
        assert_eq!(world.send(request, b"lies").await, 400);
        let claimed = world
            .landed("bob", mallory, vec![object(&lie)])
            .await
            .unwrap();
        assert_eq!((claimed.verified, claimed.missing), (0, vec![object(&lie)]));
        let refused = world.commit("bob", mallory).await;
        assert!(
            matches!(refused, Err(Error::ContentMismatch(_))),
            "{refused:?}"
        );
        // Nothing is there for anybody else yet
        let carol = world.begin("ada", "train").await;
        let told = world.offer("ada", carol, file).await;
        assert!(matches!(told, RegisteredEntry::Put { .. }), "{told:?}");

        assert!(world.send_file(&truth, b"true").await);
        world.commit("alice", alice).await.unwrap();
        // The first that was verified is everybody's, without another byte
        world.commit("bob", mallory).await.unwrap();
        world.commit("ada", carol).await.unwrap();
        let read = world.get("lies", "latest").await;
        assert_eq!(read, [("a".to_owned(), b"true".to_vec())]);
        // The liar's URL writes nothing but the truth, for as long as it lives
        assert_eq!(world.send(request, b"lies").await, 400);
        world.clock.advance(Duration::from_hours(26));
        assert_eq!(world.collect().await.objects, 2);
        assert_eq!(world.get("lies", "latest").await.len(), 1);
        assert_eq!(world.get("train", "latest").await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn registering_again_goes_on_where_it_was_left() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        let (file, other) = (("a", &b"one"[..]), ("b", &b"two"[..]));
        let version = world.begin("alice", "train").await;
        let first = world.offer("alice", version, file).await;
        // The URL expires; the same entry has a fresh one, for the same object
        world.clock.advance(Duration::from_hours(25));
        let RegisteredEntry::Put { request, .. } = &first else {
            panic!("{first:?}");
        };
        assert_eq!(world.send(request, b"one").await, 403);
        let again = world.offer("alice", version, file).await;
        assert_eq!(object(&again), object(&first));
        assert!(world.send_file(&again, b"one").await);
        // The client is killed before it says so; another run begins another draft
        let killed = world.offer("alice", version, other).await;
        let version = world.begin("alice", "train").await;
        let told = world.offer("alice", version, file).await;
        assert!(matches!(told, RegisteredEntry::Present { object_id, .. } if object_id == object(&first)));
        let told = world.offer("alice", version, other).await;
        assert!(matches!(told, RegisteredEntry::Put { object_id, .. } if object_id == object(&killed)));
        // Others do not take it up
        let theirs = world.begin("bob", "train").await;
        assert_ne!(object(&world.offer("bob", theirs, other).await), object(&killed));
        assert!(world.send_file(&told, b"two").await);
        let done = world.landed("alice", version, vec![object(&told), object(&first)]).await;
        let all = Verification {
            verified: 2,
            missing: vec![],
        };
        assert_eq!(done.unwrap(), all);
        let puts = world.store.requests().of(devstore::Operation::PutObject);
        world.commit("alice", version).await.unwrap();
        // But the manifest
        let now = world.store.requests().of(devstore::Operation::PutObject);
        assert_eq!(now - puts, 1);
    })
    .await;
}

#[tokio::test]
async fn a_path_has_one_content() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        let version = world.begin("alice", "train").await;
        let told = world.offer("alice", version, ("a", b"one")).await;
        let same = world.offer("alice", version, ("a", b"one")).await;
        assert_eq!(object(&same), object(&told));
        let batch = vec![entry(("b", b"two")), entry(("a", b"two"))];
        let refused = world.register("alice", version, batch).await.unwrap_err();
        assert_eq!(field(refused), "entries[1].path");
        // Nothing of that batch is there
        assert_eq!(world.told(version).await.entry_count, 1);
        assert!(world.send_file(&told, b"one").await);
        world.commit("alice", version).await.unwrap();
        let closed = world.facts(version).await;
        let late = RegisterEntries {
            version: closed,
            entries: vec![entry(("b", b"two"))],
            reach: Reach::default(),
        };
        let refused = world.ask("alice", late).unwrap_err();
        assert_eq!(refused, Denial::Forbidden(Rule::NotOpen));
    })
    .await;
}

#[tokio::test]
async fn a_draft_is_its_starters_alone() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        let version = world.begin("alice", "train").await;
        let other = world.begin("bob", "train").await;
        let theirs = world.offer("bob", other, ("a", b"one")).await;
        world.offer("alice", version, ("b", b"two")).await;
        let facts = world.facts(version).await;
        for (who, rule) in [
            ("bob", Denial::Forbidden(Rule::NotOwner)),
            ("ada", Denial::Forbidden(Rule::NotOwner)),
            ("vic", Denial::Forbidden(Rule::RoleTooLow)),
            ("otto", Denial::Hidden(Rule::NotAMember)),
        ] {
            let entries = RegisterEntries {
                version: facts.clone(),
                entries: vec![],
                reach: Reach::default(),
            };
            assert_eq!(world.ask(who, entries).unwrap_err(), rule);
            let landed = VerifyLanded {
                version: facts.clone(),
                objects: vec![],
            };
            assert_eq!(world.ask(who, landed).unwrap_err(), rule);
            let commit = CommitVersion {
                version: facts.clone(),
                commit: Commit::default(),
            };
            assert_eq!(world.ask(who, commit).unwrap_err(), rule);
        }
        // Nor does an id that somebody else was given mean anything in it
        let refused = world.landed("alice", version, vec![object(&theirs)]).await;
        assert_eq!(field(refused.unwrap_err()), "objects[0]");
    })
    .await;
}

#[tokio::test]
async fn what_the_store_holds_is_compared_with_what_was_announced() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        let version = world.begin("alice", "train").await;
        let told = world.offer("alice", version, ("a", b"one")).await;
        let key = format!(
            "{}objects/{}",
            world
                .team()
                .bucket
                .as_ref()
                .unwrap()
                .team_root(world.team().id),
            object(&told)
        );
        let key = key.parse().unwrap();
        // Somebody with the bucket's own credential writes there
        for wrong in [&b"two"[..], b"longer"] {
            let protocol::Digest::Sha256(sha256) = digest(wrong) else {
                panic!("a small file");
            };
            let body = bytes::Bytes::from_static(wrong);
            world
                .control()
                .put(&key, body, sha256, "text/plain")
                .await
                .unwrap();
            let missing = world
                .landed("alice", version, vec![object(&told)])
                .await
                .unwrap();
            assert_eq!(missing.missing, [object(&told)]);
            let refused = world.commit("alice", version).await.unwrap_err();
            assert!(matches!(&refused, Error::ContentMismatch(text) if text.contains("`a`")));
            assert_eq!(world.facts(version).await.state, VersionState::Draft);
        }
        world.control().delete(&key).await.unwrap();
        let again = world.offer("alice", version, ("a", b"one")).await;
        assert!(world.send_file(&again, b"one").await);
        assert_eq!(
            world.commit("alice", version).await.unwrap().version.index,
            Some(0)
        );
        assert_eq!(world.get("train", "v0").await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_a_collection_holds_is_settled_once() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        let begin = async |kind: Option<&str>, metadata: serde_json::Value| {
            let op = BeginVersion {
                team: world.team(),
                project: super::world::project(),
                request: NewVersion {
                    collection: "train".parse().unwrap(),
                    kind: kind.map(str::to_owned),
                    description: Some("what it is".into()),
                    metadata: metadata.as_object().cloned(),
                },
            };
            world.registry.begin(world.permit("alice", op)).await
        };
        let metadata = serde_json::json!({"classes": 1000});
        let version = begin(Some("dataset"), metadata.clone()).await.unwrap();
        assert_eq!(version.kind, "dataset");
        assert_eq!(version.metadata.as_ref(), metadata.as_object());
        assert_eq!(world.told(version.id).await, version);
        assert_eq!(begin(None, metadata.clone()).await.unwrap().kind, "dataset");
        let refused = begin(Some("model"), metadata).await;
        assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
        assert_eq!(
            field(begin(Some(""), serde_json::json!({})).await.unwrap_err()),
            "kind"
        );
        let large = serde_json::json!({"a": "x".repeat(64 * 1024)});
        assert_eq!(field(begin(None, large).await.unwrap_err()), "metadata");
    })
    .await;
}
