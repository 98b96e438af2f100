//! Names, aliases, listings, deletion.

use super::world::{World, project};
use crate::db::testing::for_each_database;
use crate::policy::{AbandonVersion, DeleteVersion, Denial, RemoveAlias, Rule, SetAlias};
use crate::registry::Error;
use protocol::artifact::VersionState;

impl World {
    async fn set_alias(&self, version: &str, alias: &str) -> Result<Vec<String>, Error> {
        let op = SetAlias {
            version: self.named("train", version).await.unwrap(),
            alias: alias.parse().unwrap(),
        };
        let version = self.registry.set_alias(self.permit("bob", op)).await?;
        Ok(version.aliases.iter().map(ToString::to_string).collect())
    }

    async fn delete(&self, who: &str, version: &str, delete_aliases: bool) -> Result<(), Error> {
        let op = DeleteVersion {
            version: self.named("train", version).await.unwrap(),
            delete_aliases,
        };
        self.registry.delete(self.permit(who, op)).await
    }

    async fn latest(&self) -> Option<u32> {
        self.named("train", "latest")
            .await
            .and_then(|facts| facts.index)
    }
}

#[tokio::test]
async fn an_alias_names_one_version_at_a_time() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        world.put("alice", "train", &[("a", b"one")]).await;
        world.put("alice", "train", &[("a", b"two")]).await;
        assert_eq!(world.set_alias("v0", "best").await.unwrap(), ["best"]);
        assert_eq!(world.named("train", "best").await.unwrap().index, Some(0));
        assert_eq!(
            world.set_alias("v1", "best").await.unwrap(),
            ["best", "latest"]
        );
        assert_eq!(world.named("train", "best").await.unwrap().index, Some(1));
        let refused = world.set_alias("v0", "latest").await;
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
        let best = world.named("train", "best").await.unwrap();
        let remove = || RemoveAlias {
            version: best.clone(),
            alias: "best".parse().unwrap(),
        };
        world
            .registry
            .remove_alias(world.permit("bob", remove()))
            .await
            .unwrap();
        assert!(world.named("train", "best").await.is_none());
        let again = world
            .registry
            .remove_alias(world.permit("bob", remove()))
            .await;
        assert!(matches!(again, Err(Error::NotFound)), "{again:?}");
        assert_eq!(world.latest().await, Some(1));
    })
    .await;
}

#[tokio::test]
async fn a_named_version_is_not_deleted_and_latest_moves_on() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        for body in [b"0", b"1", b"2"] {
            world.put("alice", "train", &[("a", body)]).await;
        }
        world.set_alias("v2", "best").await.unwrap();
        let deleted = world.named("train", "v2").await.unwrap();
        let refused = world.delete("alice", "v2", false).await;
        assert!(matches!(&refused, Err(Error::Conflict(text)) if text.contains("`best`")));
        // By a member who did not make it: not at all
        let op = DeleteVersion {
            version: deleted.clone(),
            delete_aliases: true,
        };
        let denied = world.ask("bob", op).unwrap_err();
        assert_eq!(denied, Denial::Forbidden(Rule::NotOwner));
        world.delete("alice", "v2", true).await.unwrap();
        assert_eq!(world.latest().await, Some(1));
        assert!(world.named("train", "best").await.is_none());
        assert!(world.named("train", "v2").await.is_none());
        assert_eq!(world.told(deleted.id).await.state, VersionState::Deleted);
        // What was judged before, and deleted since
        let refused = world.urls(deleted, None).await;
        assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
        // An admin may, and a version in the middle leaves `latest` alone
        world.delete("ada", "v0", false).await.unwrap();
        assert_eq!(world.latest().await, Some(1));
        // A number is not given twice
        let (next, _) = world.put("alice", "train", &[("a", b"3")]).await;
        assert_eq!(next.version.index, Some(3));
        world.delete("alice", "v3", false).await.unwrap();
        world.delete("alice", "v1", false).await.unwrap();
        assert_eq!(world.latest().await, None);
        // What was deleted is not what new content is compared with
        let (again, _) = world.put("alice", "train", &[("a", b"1")]).await;
        assert_eq!((again.unchanged, again.version.index), (false, Some(4)));
    })
    .await;
}

#[tokio::test]
async fn a_draft_is_given_up_by_its_starter_or_an_admin() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        let (draft, _) = world.draft("alice", "train", &[("a", b"one")]).await;
        let facts = world.facts(draft).await;
        let abandon = || AbandonVersion {
            version: facts.clone(),
        };
        let denied = world.ask("bob", abandon()).unwrap_err();
        assert_eq!(denied, Denial::Forbidden(Rule::NotOwner));
        world
            .registry
            .abandon(world.permit("ada", abandon()))
            .await
            .unwrap();
        world
            .registry
            .abandon(world.permit("alice", abandon()))
            .await
            .unwrap();
        assert_eq!(world.facts(draft).await.state, VersionState::Deleted);
        // Permits from before find it closed
        let op = crate::policy::CommitVersion {
            version: facts.clone(),
            commit: protocol::artifact::Commit::default(),
        };
        let late = world.registry.commit(world.permit("alice", op)).await;
        assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");

        let (draft, _) = world.draft("alice", "train", &[("a", b"one")]).await;
        let facts = world.facts(draft).await;
        world.commit("alice", draft).await.unwrap();
        let op = AbandonVersion { version: facts };
        let late = world.registry.abandon(world.permit("alice", op)).await;
        assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
        assert_eq!(world.latest().await, Some(0));
    })
    .await;
}

#[tokio::test]
async fn listings_come_in_pages_and_tell_what_is_committed() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        for n in 0..101_u8 {
            world.put("alice", "train", &[("a", &[n])]).await;
        }
        world.begin("alice", "drafts").await;
        let registry = &world.registry;
        let projects = registry.projects(world.read(), None).await.unwrap();
        assert_eq!(projects.items.len(), 1);
        assert_eq!(projects.items[0].name, project());
        assert_eq!(projects.next, None);
        let collections = registry
            .collections(world.read(), &project(), None)
            .await
            .unwrap();
        let counted = |collection: &protocol::artifact::Collection| {
            (collection.name.to_string(), collection.version_count)
        };
        let counted: Vec<_> = collections.items.iter().map(counted).collect();
        assert_eq!(
            counted,
            [("drafts".to_owned(), 0), ("train".to_owned(), 101)]
        );
        let after = registry
            .collections(world.read(), &project(), Some("drafts"))
            .await;
        assert_eq!(after.unwrap().items.len(), 1);

        let train = "train".parse().unwrap();
        let versions = async |after: Option<&str>| {
            registry
                .versions(world.read(), &project(), &train, after)
                .await
        };
        let first = versions(None).await.unwrap();
        let indexes: Vec<_> = first
            .items
            .iter()
            .filter_map(|version| version.index)
            .collect();
        assert!(indexes.into_iter().eq((1..=100).rev()));
        assert_eq!(first.items[0].aliases, ["latest".parse().unwrap()]);
        assert!(first.items[1].aliases.is_empty());
        let second = versions(first.next.as_deref()).await.unwrap();
        assert_eq!((second.items.len(), second.next), (1, None));
        assert_eq!(second.items[0].index, Some(0));
        let refused = versions(Some("x")).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
        let unknown = registry
            .collections(world.read(), &"other".parse().unwrap(), None)
            .await;
        assert!(matches!(unknown, Err(Error::NotFound)), "{unknown:?}");
    })
    .await;
}
