//! Buckets.

use super::{House, assert_conflict, assert_invalid};
use crate::admin::Error;
use crate::db::testing::for_each_database;
use crate::policy::{CreateBucket, RemoveBucket};
use protocol::admin::{Addressing, Bucket, NewBucket, Provider, State};
use protocol::audit::Action;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn at(name: &str, container: &str, prefix: &str) -> NewBucket {
    NewBucket {
        name: name.parse().unwrap(),
        provider: Provider::S3,
        endpoint: "https://s3.example.org".to_owned(),
        region: "us-east-1".to_owned(),
        container: container.to_owned(),
        prefix: prefix.to_owned(),
        addressing: Addressing::Path,
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: SECRET.to_owned(),
        default: false,
    }
}

impl House {
    async fn create_bucket(&self, request: NewBucket) -> Result<Bucket, Error> {
        self.admin
            .create_bucket(self.root(CreateBucket { request }))
            .await
    }

    async fn remove_bucket(&self, name: &str) -> Result<(), Error> {
        let bucket = self
            .world
            .directory
            .bucket_named(&name.parse().unwrap())
            .unwrap();
        self.admin
            .remove_bucket(self.root(RemoveBucket { bucket }))
            .await
    }
}

#[tokio::test]
async fn a_buckets_secret_goes_in_sealed_and_never_comes_out() {
    for_each_database(|database| async move {
        let house = House::on(&database).await;
        let told = house
            .create_bucket(at("shared", "models", "signet/"))
            .await
            .unwrap();
        assert_eq!(told.access_key_id, "AKID…");
        assert!(!format!("{told:?}").contains(SECRET));
        let bucket = house.world.directory.bucket(told.id).unwrap();
        let sealed = String::from_utf8_lossy(&bucket.sealed_secret);
        assert!(!sealed.contains(SECRET) && !format!("{bucket:?}").contains("AKIDEXAMPLE"));
        // What was sealed opens
        house.stores.signer(&bucket).unwrap();
        let events = house.events(Action::BucketCreate).await;
        assert_eq!(events.len(), 1);
        assert!(!serde_json::to_string(&events).unwrap().contains(SECRET));
        let event = events.first().unwrap();
        let detail = event.detail.as_deref();
        assert_eq!(
            detail,
            Some("`models` at `https://s3.example.org`, prefix `signet/`")
        );
    })
    .await;
}

#[tokio::test]
async fn equal_and_nested_places_are_refused() {
    for_each_database(|database| async move {
        let house = House::on(&database).await;
        house
            .create_bucket(at("one", "models", "a/b/"))
            .await
            .unwrap();
        for prefix in ["a/b/", "a/", "", "a/b/c/"] {
            assert_conflict(
                house.create_bucket(at("two", "models", prefix)).await,
                "`one`",
            );
        }
        let elsewhere = NewBucket {
            endpoint: "http://s3.example.org:80/".to_owned(),
            ..at("two", "models", "a/")
        };
        assert_conflict(house.create_bucket(elsewhere).await, "`one`");
        house
            .create_bucket(at("two", "models", "a/c/"))
            .await
            .unwrap();
        house
            .create_bucket(at("three", "others", "a/b/"))
            .await
            .unwrap();
        assert_conflict(house.create_bucket(at("two", "free", "")).await, "taken");
        // A removed one is in nobody's way
        house.remove_bucket("one").await.unwrap();
        house
            .create_bucket(at("four", "models", "a/b/"))
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_bucket_goes_only_when_nobody_uses_it() {
    for_each_database(|database| async move {
        let house = House::on(&database).await;
        let shared = NewBucket {
            default: true,
            ..at("shared", "shared", "")
        };
        let shared = house.create_bucket(shared).await.unwrap();
        let another = NewBucket {
            default: true,
            ..at("another", "another", "")
        };
        assert_conflict(
            house.create_bucket(another).await,
            "`shared` is the default",
        );
        house.create_bucket(at("own", "own", "")).await.unwrap();
        house.create_team("vision", Some("own")).await.unwrap();
        house.create_team("language", None).await.unwrap();
        assert_conflict(house.remove_bucket("own").await, "team `vision`");
        database
            .add_object(
                house.team("language").id,
                shared.id,
                house.standing("root").id,
            )
            .await;
        assert_conflict(house.remove_bucket("shared").await, "has objects");

        house.create_bucket(at("empty", "empty", "")).await.unwrap();
        house.remove_bucket("empty").await.unwrap();
        house.remove_bucket("empty").await.unwrap();
        assert_eq!(house.events(Action::BucketRemove).await.len(), 1);
        let removed = house
            .world
            .directory
            .bucket_named(&"empty".parse().unwrap())
            .unwrap();
        assert_eq!(removed.state, State::Removed);
        assert!(removed.sealed_secret.is_empty() && removed.access_key_id.is_empty());
        house.stores.signer(&removed).unwrap_err();
        assert_invalid(house.create_team("audio", Some("empty")).await, "bucket");
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_signed_for_is_not_registered() {
    for_each_database(|database| async move {
        let house = House::on(&database).await;
        let with = |change: fn(&mut NewBucket)| {
            let mut bucket = at("bad", "models", "");
            change(&mut bucket);
            house.create_bucket(bucket)
        };
        assert_invalid(
            with(|b| b.endpoint = "https://user@s3.example.org".into()).await,
            "endpoint",
        );
        assert_invalid(
            with(|b| b.endpoint = "ftp://s3.example.org".into()).await,
            "endpoint",
        );
        assert_invalid(
            with(|b| b.endpoint = "https://s3.example.org/a?b".into()).await,
            "endpoint",
        );
        assert_invalid(
            with(|b| b.endpoint = "http://169.254.169.254".into()).await,
            "endpoint",
        );
        assert_invalid(with(|b| b.endpoint = String::new()).await, "endpoint");
        assert_invalid(with(|b| b.region = "us-east-1/evil".into()).await, "region");
        assert_invalid(with(|b| b.region = "us#east@1".into()).await, "region");
        assert_invalid(with(|b| b.container = "a/../b".into()).await, "container");
        assert_invalid(with(|b| b.prefix = "a".into()).await, "prefix");
        assert_invalid(with(|b| b.prefix = "../".into()).await, "prefix");
        assert_invalid(
            with(|b| b.access_key_id = "AKID EXAMPLE".into()).await,
            "access_key_id",
        );
        assert_invalid(
            with(|b| b.secret_access_key = String::new()).await,
            "secret_access_key",
        );
        assert_eq!(house.world.directory.buckets(), []);
    })
    .await;
}
