//! Grants, events and chains, as they are read.

use crate::support::{TestApp, Who};
use protocol::Page;
use protocol::audit::{Event, GrantRecord, LedgerVerification};
use protocol::transfer::Urls;
use serde_json::{Value, json};

async fn urls(app: &TestApp, keys: usize) -> Urls {
    let objects: Vec<Value> = (0..keys).map(|n| json!({"key": format!("k{n}")})).collect();
    let body = json!({"method": "get", "objects": objects});
    app.ask(Who::Viewer, "POST", "/v1/teams/vision/urls", body)
        .await
        .expect(200)
}

#[tokio::test]
async fn every_grant_is_found_with_what_it_released_and_to_whom() {
    let app = TestApp::start().await;
    let issued = urls(&app, 3).await;
    let path = format!("/v1/grants/{}", issued.grant_id);
    let grant: GrantRecord = app
        .ask(Who::Admin, "GET", &path, Value::Null)
        .await
        .expect(200);
    assert_eq!(grant.actor.name.as_str(), "viewer");
    assert_eq!(grant.grant.keys.len(), 3);
    assert_eq!(grant.grant.expires_at, issued.expires_at);
    let path = "/v1/grants?team=vision&principal=viewer&live=true";
    let live: Page<GrantRecord> = app
        .ask(Who::Admin, "GET", path, Value::Null)
        .await
        .expect(200);
    assert_eq!(live.items, vec![grant]);
    let path = "/v1/grants?team=vision&principal=member";
    let none: Page<GrantRecord> = app
        .ask(Who::Admin, "GET", path, Value::Null)
        .await
        .expect(200);
    assert!(none.items.is_empty());
    app.shutdown().await;
}

/// T6.
#[tokio::test]
async fn what_outlives_a_membership_is_listed() {
    let app = TestApp::start().await;
    let issued = urls(&app, 2).await;
    let path = "/v1/teams/vision/members/viewer";
    app.must(Who::Admin, "DELETE", path, Value::Null, 204).await;
    let body = json!({"method": "get", "objects": [{"key": "a"}]});
    app.must(Who::Viewer, "POST", "/v1/teams/vision/urls", body, 404)
        .await;
    let path = "/v1/grants?team=vision&principal=viewer&live=true";
    let live: Page<GrantRecord> = app
        .ask(Who::Admin, "GET", path, Value::Null)
        .await
        .expect(200);
    let [grant] = live.items.as_slice() else {
        panic!("{live:?}");
    };
    assert_eq!(grant.grant.id, issued.grant_id);
    assert_eq!(grant.grant.expires_at, issued.expires_at);
    app.shutdown().await;
}

#[tokio::test]
async fn events_are_read_in_pages_and_reading_is_an_event() {
    let app = TestApp::start().await;
    for _ in 0..3 {
        urls(&app, 1).await;
    }
    let mut read = Vec::new();
    let mut path = "/v1/audit?team=vision&action=url:issue&limit=2".to_owned();
    loop {
        let page: Page<Event> = app
            .ask(Who::Admin, "GET", &path, Value::Null)
            .await
            .expect(200);
        read.extend(page.items);
        match page.next {
            Some(next) => {
                path = format!("/v1/audit?team=vision&action=url:issue&limit=2&after={next}");
            }
            None => break,
        }
    }
    assert_eq!(read.len(), 3);
    assert!(read.is_sorted_by_key(|event| event.id));
    let readings = app.events("audit:read").await;
    let by_admin = readings.iter().filter(|event| {
        let actor = event.actor.as_ref();
        actor.is_some_and(|actor| actor.name.as_str() == "admin")
    });
    assert_eq!(by_admin.count(), 2);
    app.shutdown().await;
}

#[tokio::test]
async fn strangers_are_counted_by_network() {
    let app = TestApp::start().await;
    for _ in 0..5 {
        app.must(Who::Anonymous, "GET", "/v1/me", Value::Null, 401)
            .await;
    }
    app.running.app().gate.record_counts();
    let events = app.events("auth:fail").await;
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0].network.as_deref(), Some("192.0.2.0/24"));
    assert!(events[0].detail.as_deref().unwrap().starts_with("5 "));
    app.shutdown().await;
}

#[tokio::test]
async fn an_intact_ledger_verifies() {
    let app = TestApp::start().await;
    urls(&app, 1).await;
    let verified: LedgerVerification = app
        .ask(Who::InstanceAdmin, "GET", "/v1/audit/verify", Value::Null)
        .await
        .expect(200);
    assert!(verified.intact);
    assert!(verified.lanes.iter().any(|lane| lane.events > 10));
    app.shutdown().await;
}

#[tokio::test]
async fn a_filter_that_is_none_is_explained() {
    let app = TestApp::start().await;
    for query in [
        "action=url:steal",
        "from=yesterday",
        "nothing=1",
        "after=evt_1",
    ] {
        let path = format!("/v1/audit?{query}");
        let answer = app.ask(Who::InstanceAdmin, "GET", &path, Value::Null).await;
        assert_eq!(answer.status, 422, "{query}: {}", answer.text);
    }
    app.shutdown().await;
}
