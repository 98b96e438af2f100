//! Sessions of SeaweedFS's security token service: each team's opens its own root, from its networks.

use super::{bucket, context, described, grant, stores, window};
use crate::policy::BucketFacts;
use crate::stores::act::Act;
use crate::stores::plan::outside::Outside;
use crate::stores::plan::wire::{Reach, Wire};
use crate::stores::{LocalSigner, Purpose, Signer, Stores, Tenant};
use bytes::Bytes;
use protocol::Network;
use protocol::ObjectKey;
use protocol::bucket::StorePlace;
use reqwest::StatusCode;
use serde_json::json;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

#[derive(serde::Deserialize)]
struct Described {
    endpoint: String,
    region: String,
    admin: Key,
    role: Role,
    buckets: Vec<Bucket>,
}

#[derive(serde::Deserialize)]
struct Key {
    access_key_id: String,
    secret_access_key: String,
}

#[derive(serde::Deserialize)]
struct Role {
    role_arn: String,
    sts_endpoint: String,
}

#[derive(serde::Deserialize)]
struct Bucket {
    name: String,
}

const VISION: Tenant<'_> = Tenant {
    name: "vision",
    root: "sessions/team_a/",
};
const LANGUAGE: Tenant<'_> = Tenant {
    name: "language",
    root: "sessions/team_b/",
};

struct World {
    stores: Stores,
    bucket: Arc<BucketFacts>,
}

impl World {
    fn find() -> Option<Self> {
        let store = described::<Described>("SIGNET_TEST_S3")?;
        let place = StorePlace::s3(&store.endpoint, &store.region, &store.buckets[0].name);
        let plan = json!({
            "plan": "assume-role", "role_arn": store.role.role_arn, "session_seconds": 900,
            "access_key_id": store.admin.access_key_id,
            "secret_access_key": store.admin.secret_access_key,
            "sts_endpoint": store.role.sts_endpoint,
        });
        let context = context(&[]).with_http_send(Wire::new(Reach::Network));
        let outside = Outside::with(
            context.clone(),
            context,
            Arc::new(crate::clock::SystemClock),
        );
        Some(Self {
            stores: stores(outside),
            bucket: bucket(place, &plan),
        })
    }

    async fn signer(&self, team: Tenant<'_>, networks: &[Network]) -> Signer {
        let purpose = Purpose {
            team: Some(team),
            networks,
            ..Purpose::default()
        };
        self.stores.signer(&self.bucket, purpose).await.unwrap()
    }

    /// Writes an object into each team's root, as the server itself.
    async fn prepare(&self) {
        let control = self.stores.control(&self.bucket).unwrap();
        for team in [VISION, LANGUAGE] {
            let body = Bytes::from_static(b"hello");
            let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &body);
            let digest = protocol::Sha256Digest::from_bytes(digest.as_ref().try_into().unwrap());
            let key = key(team);
            control.put(&key, body, digest, "text/plain").await.unwrap();
        }
        let absent: ObjectKey = "sessions/absent".parse().unwrap();
        assert_eq!(control.head(&absent).await.unwrap(), None);
    }
}

fn key(team: Tenant<'_>) -> ObjectKey {
    format!("{}a.bin", team.root).parse().unwrap()
}

/// Reads an object of a team from an address of this machine.
async fn read(signer: &Signer, team: Tenant<'_>, from: [u8; 4]) -> StatusCode {
    let key = key(team);
    let act = Act::read();
    let acts = [(&key, &act)];
    let signing = signer.sign(acts.into_iter(), grant(), window()).unwrap();
    let made = signing.finish().await.unwrap();
    let client = reqwest::Client::builder()
        .no_proxy()
        .local_address(IpAddr::V4(Ipv4Addr::from(from)))
        .build()
        .unwrap();
    let url = made.urls.get(0).unwrap();
    client.get(url.expose()).send().await.unwrap().status()
}

#[tokio::test]
async fn a_teams_session_opens_its_own_root_alone() {
    let Some(world) = World::find() else {
        return;
    };
    world.prepare().await;
    let vision = world.signer(VISION, &[]).await;
    let language = world.signer(LANGUAGE, &[]).await;
    assert_ne!(vision.access_key_id(), language.access_key_id());
    assert!(vision.credential_expires_at().is_some());
    for (signer, own, other) in [(&vision, VISION, LANGUAGE), (&language, LANGUAGE, VISION)] {
        assert_eq!(read(signer, own, [127, 0, 0, 1]).await, 200);
        // Whatever Signet gets wrong, the store refuses it
        assert_eq!(read(signer, other, [127, 0, 0, 1]).await, 403);
    }
    // Nor does it list the bucket
    let Signer::Local(LocalSigner::S3(signer)) = &vision else {
        panic!("it signs for S3");
    };
    let list = presign::Request {
        query: &[("list-type", "2")],
        ..presign::Request::new(presign::Method::Get, presign::Target::Bucket)
    };
    let url = signer.sign(&list, window()).unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    assert_eq!(client.get(url.expose()).send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn a_session_that_is_held_to_a_network_works_from_there_alone() {
    let Some(world) = World::find() else {
        return;
    };
    world.prepare().await;
    let networks: [Network; 1] = ["127.0.0.2/32".parse().unwrap()];
    let signer = world.signer(VISION, &networks).await;
    assert_eq!(read(&signer, VISION, [127, 0, 0, 1]).await, 403);
    assert_eq!(read(&signer, VISION, [127, 0, 0, 2]).await, 200);
    assert_eq!(read(&signer, LANGUAGE, [127, 0, 0, 2]).await, 403);
}
