//! Commits against deletions against collections, all at once.

use super::world::{World, entry};
use crate::db::registry::entry as rows;
use crate::db::testing::TestDatabase;
use crate::policy::DeleteVersion;
use crate::registry::{CommitAnswer, Registry, Settings};
use futures::future::join_all;
use protocol::artifact::RegisteredEntry;
use protocol::id::VersionId;
use std::sync::Arc;
use std::time::Duration;

/// Rounds that run beside each other.
const LANES: usize = 4;
/// Rounds one after the other in a lane.
const STEPS: usize = 250;

/// One round: a version is deleted while another with the same content is committed.
async fn round(world: &World, server: &Arc<Registry>, lane: usize, step: usize) -> VersionId {
    let collection = format!("lane-{lane}");
    // Half of the time the lanes count on one object together, else each on one of its own
    let body = if step.is_multiple_of(2) {
        "shared".to_owned()
    } else {
        collection.clone()
    };
    // Two members, so that some of the content has two uploaders
    let who = if lane.is_multiple_of(2) {
        "alice"
    } else {
        "bob"
    };
    let previous = world.named(&collection, "latest").await;
    let delete = async {
        if let Some(version) = previous {
            let op = DeleteVersion {
                version,
                delete_aliases: false,
            };
            server.delete(world.permit(who, op)).await.unwrap();
        }
    };
    let commit = async {
        let version = world.begin(who, &collection).await;
        // Another path each time, so that each is a version of its own
        let path = step.to_string();
        let file = (path.as_str(), body.as_bytes());
        let entries = vec![entry(file)];
        let told = world.register(who, version, entries).await.unwrap();
        if let RegisteredEntry::Put { request, .. } = &told.entries[0] {
            // The same principal may be sending it in another lane: then it is there
            let status = world.send(request, file.1).await;
            assert!(matches!(status, 200 | 412), "{status}");
        }
        let answer = world.commit_on(server, who, version, &[]).await.unwrap();
        assert!(matches!(answer, CommitAnswer::Done(_)), "{answer:?}");
        version
    };
    // First the one, first the other, or both at once
    match (lane + step / 2) % 3 {
        0 => {
            delete.await;
            commit.await
        }
        1 => {
            let version = commit.await;
            delete.await;
            version
        }
        _ => tokio::join!(commit, delete).0,
    }
}

async fn a_thousand_rounds(database: TestDatabase) {
    let world = World::new(database).await;
    let servers = [
        Arc::clone(&world.registry),
        world.another_server(Settings::default()),
    ];
    let mut collected = 0;
    for step in 0..STEPS {
        // Every lease lapses, so that only what counts on an object keeps it
        world.clock.advance(Duration::from_hours(26));
        let rounds = join_all((0..LANES).map(|lane| round(&world, &servers[lane % 2], lane, step)));
        let collections = join_all(servers.iter().map(|server| async {
            let mut objects = 0;
            for _ in 0..3 {
                let bucket = |id| world.directory.bucket(id);
                objects += server.collect(bucket).await.unwrap().objects;
            }
            objects
        }));
        let (versions, objects) = tokio::join!(rounds, collections);
        collected += objects.into_iter().sum::<u64>();
        for version in versions {
            let broken = rows::broken_objects(&world.database, version)
                .await
                .unwrap();
            assert!(
                broken.is_empty(),
                "step {step}: {version} counts on {broken:?}"
            );
        }
        for lane in 0..LANES {
            // Deleted by its own lane when both ran at once and the deletion came last
            if world
                .named(&format!("lane-{lane}"), "latest")
                .await
                .is_some()
            {
                assert_eq!(world.get(&format!("lane-{lane}"), "latest").await.len(), 1);
            }
        }
    }
    assert!(
        collected > 50,
        "only {collected} objects were ever collected"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fault_collection_takes_nothing_from_a_version_on_sqlite() {
    a_thousand_rounds(TestDatabase::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fault_collection_takes_nothing_from_a_version_on_postgres() {
    if let Some(database) = TestDatabase::postgres().await {
        a_thousand_rounds(database).await;
    }
}
