//! `kill -9` of the broker under load: no URL that a client received lacks its event.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

#[path = "support/world.rs"]
mod support;

use client::{Api, RetryPolicy, collect_pages};
use protocol::id::GrantId;
use protocol::transfer::{UrlMethod, UrlsObject, UrlsRequest};
use std::collections::HashSet;
use std::time::Duration;
use support::World;
use tokio::task::JoinSet;

const KILLS: usize = 20;
const CALLERS: usize = 16;

/// Asks for URLs until the server is gone; returns the grants whose URLs arrived.
async fn ask(api: Api, caller: usize) -> Vec<GrantId> {
    let mut received = Vec::new();
    for number in 0.. {
        let key = format!("caller-{caller}/{number}").parse().unwrap();
        let request = UrlsRequest {
            method: UrlMethod::Get,
            objects: vec![UrlsObject {
                key,
                sha256: None,
                size_bytes: None,
            }],
            ttl_seconds: None,
            save_as: None,
            audience: None,
            network: None,
        };
        match api.create_urls(&"vision".parse().unwrap(), &request).await {
            Ok(urls) => received.push(urls.grant_id),
            Err(_) => break,
        }
    }
    received
}

async fn killed_under_load(database: Option<&str>) {
    let mut world = World::begin(database).await;
    let mut received: HashSet<GrantId> = HashSet::new();
    for kill in 0..KILLS {
        let mut callers = JoinSet::new();
        for caller in 0..CALLERS {
            let api = Api::builder(format!("http://{}", world.broker.address()))
                .token(world.token.parse().unwrap())
                .retry(RetryPolicy {
                    attempts: 1,
                    ..RetryPolicy::default()
                })
                .build()
                .unwrap();
            callers.spawn(ask(api, caller));
        }
        // Different moments of the commit's cycle, without a clock of our own
        tokio::time::sleep(Duration::from_millis(60 + 7 * kill as u64)).await;
        world.broker.kill().unwrap();
        while let Some(grants) = callers.join_next().await {
            received.extend(grants.unwrap());
        }
        world.broker.start().unwrap();
    }
    assert!(
        received.len() > KILLS,
        "the load was no load: {} grants",
        received.len()
    );
    let admin = world.admin();
    let verification = admin.verify_ledger().await.unwrap();
    assert!(verification.intact, "{verification:?}");
    assert!(
        verification.lanes.len() > KILLS,
        "every start has its own lane"
    );
    let filter = client::api::GrantFilter::default();
    let recorded: HashSet<GrantId> = collect_pages(async |after: Option<String>| {
        admin
            .list_grants(&client::api::GrantFilter {
                after,
                ..filter.clone()
            })
            .await
    })
    .await
    .unwrap()
    .into_iter()
    .map(|record| record.grant.id)
    .collect();
    let unrecorded: Vec<_> = received.difference(&recorded).collect();
    assert!(
        unrecorded.is_empty(),
        "released without a record: {unrecorded:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_a_killed_server_released_nothing_unrecorded_on_sqlite() {
    killed_under_load(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_a_killed_server_released_nothing_unrecorded_on_postgres() {
    if let Some(database) = server::db::testing::TestDatabase::postgres().await {
        killed_under_load(Some(&database.url)).await;
        database.drop_database().await;
    }
}
