//! Buckets.

use super::{House, assert_conflict, assert_invalid};
use crate::admin::Error;
use crate::db::testing::for_each_database;
use crate::policy::{ChangeBucket, CreateBucket, RemoveBucket};
use crate::stores::Purpose;
use protocol::SecretText;
use protocol::admin::State;
use protocol::audit::Action;
use protocol::bucket::{Audience, Bucket, BucketChange, CredentialPlan, NewBucket, StorePlace};
use std::collections::BTreeSet;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn at(name: &str, container: &str, prefix: &str) -> NewBucket {
    let place = StorePlace::s3("https://s3.example.org", "us-east-1", container);
    let credential = CredentialPlan::access_key("AKIDEXAMPLE", SECRET);
    NewBucket {
        prefix: prefix.to_owned(),
        verify: false,
        ..NewBucket::new(name.parse().unwrap(), place, credential)
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
        assert_eq!(told.identity, "AKID…");
        assert!(!format!("{told:?}").contains(SECRET));
        let bucket = house.world.directory.bucket(told.id).unwrap();
        let sealed = String::from_utf8_lossy(&bucket.sealed_plan);
        assert!(!sealed.contains(SECRET) && !format!("{bucket:?}").contains("AKIDEXAMPLE"));
        // What was sealed opens
        let purpose = Purpose::default();
        house.stores.signer(&bucket, purpose).await.unwrap();
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
            place: Some(StorePlace::s3(
                "http://s3.example.org:80/",
                "us-east-1",
                "models",
            )),
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
        assert!(removed.sealed_plan.is_empty());
        house.stores.control(&removed).unwrap_err();
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
        let s3 = |endpoint: &str, region: &str, container: &str| {
            let mut bucket = at("bad", "models", "");
            bucket.place = Some(StorePlace::s3(endpoint, region, container));
            house.create_bucket(bucket)
        };
        let good = "https://s3.example.org";
        for endpoint in [
            "https://user@s3.example.org",
            "ftp://s3.example.org",
            "https://s3.example.org/a?b",
            "http://169.254.169.254",
            "",
        ] {
            let made = s3(endpoint, "us-east-1", "models").await;
            assert_invalid(made, "place.endpoint");
        }
        for region in ["us-east-1/evil", "us#east@1"] {
            assert_invalid(s3(good, region, "models").await, "place.region");
        }
        assert_invalid(s3(good, "us-east-1", "a/../b").await, "place.container");
        assert_invalid(with(|b| b.prefix = "a".into()).await, "prefix");
        assert_invalid(with(|b| b.prefix = "../".into()).await, "prefix");
        for (id, secret) in [("AKID EXAMPLE", SECRET), ("AKIDEXAMPLE", "")] {
            let mut bucket = at("bad", "models", "");
            bucket.credential = Some(CredentialPlan::access_key(id, secret));
            assert_invalid(house.create_bucket(bucket).await, "credential");
        }
        assert_invalid(with(|b| b.credential = None).await, "credential");
        assert_invalid(with(|b| b.place = None).await, "place");
        assert_invalid(
            with(|b| b.address = Some(SecretText::new("s3://a:b@h/c"))).await,
            "place",
        );
        assert_invalid(
            with(|b| {
                b.credential = Some(CredentialPlan::AccountKey {
                    account_key: SecretText::new("a2V5"),
                });
            })
            .await,
            "credential.plan",
        );
        assert_invalid(
            with(|b| {
                b.endpoints = [(Audience::Vpc, "http://169.254.169.254".to_owned())].into();
            })
            .await,
            "endpoints",
        );
        assert_eq!(house.world.directory.buckets(), []);
    })
    .await;
}

#[tokio::test]
async fn a_buckets_networks_are_set_and_taken_away() {
    for_each_database(|database| async move {
        let house = House::on(&database).await;
        house.world.bucket("shared", true).await;
        let name = "shared".parse().unwrap();
        let bucket = || house.world.directory.bucket_named(&name).unwrap();
        let set = async |networks: Option<&[&str]>| {
            let list = networks.map(|list| list.iter().map(|text| text.parse().unwrap()).collect());
            let change = BucketChange {
                allowed_networks: list,
            };
            let op = ChangeBucket {
                bucket: bucket(),
                change,
            };
            house.admin.change_bucket(house.root(op)).await
        };
        let told = set(Some(&["10.0.0.0/8"])).await.unwrap();
        assert_eq!(*told.allowed_networks, *bucket().allowed_networks);
        assert_eq!(told.allowed_networks.len(), 1);
        assert_eq!(set(None).await.unwrap(), told);
        assert_invalid(set(Some(&["10.0.0.0/8"; 101])).await, "allowed_networks");
        set(Some(&[])).await.unwrap();
        assert!(bucket().allowed_networks.is_empty());
        let details: BTreeSet<String> = house
            .events(Action::BucketUpdate)
            .await
            .into_iter()
            .map(|event| event.detail.unwrap())
            .collect();
        assert_eq!(
            details.into_iter().collect::<Vec<_>>(),
            ["allowed from 10.0.0.0/8", "allowed from every network"]
        );
        let removed = BucketChange::default();
        let op = ChangeBucket {
            bucket: bucket(),
            change: removed,
        };
        let permit = house.root(op);
        let gone = RemoveBucket { bucket: bucket() };
        house.admin.remove_bucket(house.root(gone)).await.unwrap();
        assert_conflict(house.admin.change_bucket(permit).await, "removed");
    })
    .await;
}
