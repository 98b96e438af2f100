//! Two uploaders of one digest at once, one of them lying: nobody ever reads the wrong bytes.

use super::world::World;
use crate::db::testing::for_each_database;
use crate::registry::{CommitAnswer, Error};
use protocol::artifact::RegisteredEntry;
use protocol::id::VersionId;

const ROUNDS: usize = 20;

/// Commits, for as long as it takes: many at once may find a slow disk.
async fn commit(world: &World, who: &str, version: VersionId) -> Result<(), Error> {
    loop {
        let answer = world.commit_on(&world.registry, who, version, &[]).await?;
        if matches!(answer, CommitAnswer::Done(_)) {
            return Ok(());
        }
    }
}

/// Claims the content, sends something else of the same length, and claims that it landed.
async fn lie(world: &World, content: &str) -> VersionId {
    let version = world.begin("bob", "lies").await;
    let told = world.offer("bob", version, ("a", content.as_bytes())).await;
    // Where the honest one was faster there is nothing to lie about
    let RegisteredEntry::Put { object_id, request } = told else {
        return version;
    };
    let lie = content.replace("true", "lies");
    assert_ne!(lie, content);
    assert_eq!(world.send(&request, lie.as_bytes()).await, 400);
    let landed = world.landed("bob", version, vec![object_id]).await.unwrap();
    // He has it only if somebody else sent it in truth
    match commit(world, "bob", version).await {
        Ok(()) => {}
        Err(Error::ContentMismatch(_)) => assert_eq!(landed.verified, 0),
        Err(error) => panic!("{error:?}"),
    }
    version
}

async fn tell_the_truth(world: &World, content: &str) {
    let version = world.begin("alice", "train").await;
    let told = world
        .offer("alice", version, ("a", content.as_bytes()))
        .await;
    assert!(world.send_file(&told, content.as_bytes()).await);
    commit(world, "alice", version).await.unwrap();
}

/// Reads what both collections hold by now, if anything. That it is what its digest says is checked by
/// [`World::get`].
async fn read(world: &World) {
    for collection in ["lies", "train"] {
        if world.named(collection, "latest").await.is_some() {
            for (_, content) in world.get(collection, "latest").await {
                let text = String::from_utf8(content).unwrap();
                assert!(text.starts_with("true"), "{text} in {collection}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_liar_beside_an_honest_uploader_never_wins() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        for round in 0..ROUNDS {
            let content = format!("true, round {round}");
            let (version, (), ()) = tokio::join!(
                lie(&world, &content),
                tell_the_truth(&world, &content),
                async {
                    for _ in 0..3 {
                        read(&world).await;
                    }
                }
            );
            // By now the truth is there for him too, whatever he sent
            commit(&world, "bob", version).await.unwrap();
            for collection in ["lies", "train"] {
                let files = world.get(collection, "latest").await;
                assert_eq!(files, [("a".to_owned(), content.clone().into_bytes())]);
            }
        }
    })
    .await;
}
