//! From where what may be asked: the instance, a team, a bucket, and whom a limit binds.

use crate::requests::Fixture;
use crate::support::{Answer, TestApp, Who};
use http::{Request, header};
use protocol::admin::{Limit, Team};
use protocol::bucket::Bucket;
use protocol::{Page, Problem};
use serde_json::{Value, json};

const URLS: &str = "/v1/teams/vision/urls";
const INSIDE: &str = "203.0.113.9";
const OUTSIDE: &str = "198.51.100.1";
/// Tests' own address is a proxy that is believed, and is allowed as well.
const BEHIND_A_PROXY: (&str, &str) = ("SIGNET_SERVER__TRUSTED_PROXIES", "192.0.2.7");
const ALLOWED: (&str, &str) = ("SIGNET_NETWORK__ALLOWED", "192.0.2.7, 203.0.113.0/24");

/// Asks from an address, as the proxy tells it.
async fn ask_from(
    app: &TestApp,
    address: &str,
    who: Who,
    method: &str,
    path: &str,
    body: Value,
) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {}", who.token()))
        .header("x-forwarded-for", address);
    app.send(request, body).await
}

fn get() -> Value {
    json!({"method": "get", "objects": [{"key": "a"}]})
}

/// The rules by which requests were denied, by request.
async fn denied_by(app: &TestApp, answer: &Answer) -> Option<(String, Option<String>)> {
    let id = answer.headers["x-request-id"].to_str().unwrap();
    let events = app.events("url:deny").await;
    let event = events
        .into_iter()
        .find(|event| event.request_id.as_deref() == Some(id))?;
    Some((event.rule?, event.network))
}

#[tokio::test]
async fn an_instance_answers_its_own_networks_alone_and_says_nothing_to_others() {
    let app = TestApp::start_with(&[BEHIND_A_PROXY, ALLOWED]).await;
    let inside = ask_from(&app, INSIDE, Who::Member, "POST", URLS, get()).await;
    assert_eq!(inside.status, 200, "{}", inside.text);
    for who in [Who::Member, Who::Outsider, Who::InstanceAdmin] {
        let mut told = Vec::new();
        for (method, path) in [
            ("GET", "/v1/me"),
            ("GET", "/v1/teams/vision"),
            ("GET", "/v1/teams/nothing"),
            (
                "GET",
                "/v1/uploads/upl_00000000000070008000000000000000/parts",
            ),
            ("PATCH", "/v1/buckets/nothing"),
        ] {
            let answer = ask_from(&app, OUTSIDE, who, method, path, Value::Null).await;
            let recorded = denied_by(&app, &answer).await;
            let expected = ("network-not-allowed".to_owned(), Some(OUTSIDE.to_owned()));
            assert_eq!(recorded, Some(expected), "{path}");
            let mut problem: Problem = answer.expect(403);
            problem.request_id.clear();
            told.push(problem);
        }
        assert!(told[0].detail.contains("administrator"), "{:?}", told[0]);
        // What exists and what does not look the same
        assert!(told.iter().all(|problem| *problem == told[0]), "{told:?}");
    }
    // Who is not known at all learns that first
    let request = Request::builder()
        .uri("/v1/me")
        .header("x-forwarded-for", OUTSIDE);
    assert_eq!(app.send(request, Value::Null).await.status, 401);
    app.shutdown().await;
}

#[tokio::test]
async fn an_instance_admin_on_the_machine_itself_is_let_in_and_nobody_else_is() {
    let app = TestApp::start_with(&[BEHIND_A_PROXY, ALLOWED]).await;
    let at_home = async |who| {
        let answer = ask_from(&app, "127.0.0.1", who, "GET", "/v1/teams", Value::Null).await;
        answer.status
    };
    assert_eq!(at_home(Who::InstanceAdmin).await, 200);
    assert_eq!(at_home(Who::Admin).await, 403);
    app.shutdown().await;
}

/// T42: the list is held against the address that is known, not the one that is told.
#[tokio::test]
async fn a_header_does_not_lead_into_an_allowed_network() {
    let app = TestApp::start().await;
    let list = json!({"allowed_networks": ["203.0.113.0/24"]});
    app.must(Who::InstanceAdmin, "PATCH", "/v1/teams/vision", list, 200)
        .await;
    let answer = ask_from(&app, INSIDE, Who::Member, "POST", URLS, get()).await;
    assert_eq!(answer.status, 403, "T42: {}", answer.text);
    let (rule, network) = denied_by(&app, &answer).await.unwrap();
    assert_eq!(rule, "network-not-allowed");
    assert_eq!(network.as_deref(), Some("192.0.2.7"), "T42");
    app.shutdown().await;
}

/// Each list is set by an administrator from outside of it, holds for all that touches data, and is
/// taken away again from there.
#[tokio::test]
async fn lists_of_team_bucket_and_limit_hold_and_are_mended_from_anywhere() {
    let app = TestApp::start_with(&[BEHIND_A_PROXY]).await;
    let fixture = Fixture::make(&app).await;
    let upload = fixture.upload(&app).await;
    let list = json!({"allowed_networks": ["203.0.113.0/24", "2001:db8::/32"]});
    let none = json!({"allowed_networks": []});
    let admin = async |method: &str, path: &str, body: Value| {
        ask_from(&app, OUTSIDE, Who::InstanceAdmin, method, path, body).await
    };
    let urls = "/v1/teams/vision/projects/imagenet/artifacts/train:v0/urls";
    let parts = format!("/v1/uploads/{upload}/parts");
    let head = json!({"method": "head", "objects": [{"key": "a"}]});
    let asked: [(&str, &str, Value); 5] = [
        ("POST", URLS, get()),
        ("POST", URLS, head),
        ("GET", urls, Value::Null),
        ("GET", &parts, Value::Null),
        ("GET", "/v1/teams/vision/projects", Value::Null),
    ];
    let check = async |held: bool| {
        for (method, path, body) in &asked {
            let touches_data = *path != "/v1/teams/vision/projects";
            for (address, allowed) in [(INSIDE, true), ("2001:db8::7", true), (OUTSIDE, !held)] {
                let answer = ask_from(&app, address, Who::Member, method, path, body.clone()).await;
                let expected = if allowed || !touches_data { 200 } else { 403 };
                assert_eq!(
                    answer.status, expected,
                    "{path} at {address}: {}",
                    answer.text
                );
                if expected == 403 {
                    let (rule, _) = denied_by(&app, &answer).await.unwrap();
                    assert_eq!(rule, "network-not-allowed");
                }
            }
        }
    };
    check(false).await;
    for path in ["/v1/teams/vision", "/v1/buckets/vision"] {
        let told = admin("PATCH", path, list.clone())
            .await
            .expect::<Value>(200);
        assert_eq!(told["allowed_networks"], list["allowed_networks"]);
        check(true).await;
        let told = admin("PATCH", path, none.clone())
            .await
            .expect::<Value>(200);
        assert_eq!(told["allowed_networks"], Value::Null);
        check(false).await;
    }
    for subject in [
        json!({"kind": "team", "name": "vision"}),
        json!({"kind": "principal", "name": "member"}),
    ] {
        let limit = json!({"subject": subject, "rule": list});
        let limit: Limit = admin("POST", "/v1/limits", limit).await.expect(201);
        check(true).await;
        let path = format!("/v1/limits/{}", limit.id);
        assert_eq!(admin("DELETE", &path, Value::Null).await.status, 204);
        check(false).await;
    }
    app.shutdown().await;
}

#[tokio::test]
async fn a_list_is_told_and_kept_until_it_is_changed() {
    let app = TestApp::start().await;
    let list = json!({"allowed_networks": ["192.0.2.7/32", "::ffff:10.0.0.0/104"]});
    let root = Who::InstanceAdmin;
    app.must(root, "PATCH", "/v1/teams/vision", list.clone(), 200)
        .await;
    app.must(root, "PATCH", "/v1/buckets/vision", list, 200)
        .await;
    let active = json!({"state": "active"});
    app.must(root, "PATCH", "/v1/teams/vision", active, 200)
        .await;
    let team: Team = app
        .ask(Who::Viewer, "GET", "/v1/teams/vision", Value::Null)
        .await
        .expect(200);
    let buckets: Page<Bucket> = app
        .ask(root, "GET", "/v1/buckets", Value::Null)
        .await
        .expect(200);
    let bucket = &buckets.items[1];
    assert_eq!(bucket.name.as_str(), "vision");
    for networks in [&team.allowed_networks, &bucket.allowed_networks] {
        assert_eq!(format!("{networks:?}"), "[192.0.2.7, 10.0.0.0/8]");
    }
    app.shutdown().await;
}

#[tokio::test]
async fn a_list_that_cannot_be_meant_is_refused_by_its_field() {
    let app = TestApp::start().await;
    let many: Vec<String> = (0..101).map(|n| format!("10.0.0.{n}")).collect();
    let limit = |list: Value| {
        let subject = json!({"kind": "team", "name": "vision"});
        json!({"subject": subject, "rule": {"allowed_networks": list}})
    };
    for (method, path, body, field) in [
        (
            "PATCH",
            "/v1/teams/vision",
            json!({"allowed_networks": ["10.0.0.0/8", "10.1.2.3/8"]}),
            "allowed_networks[1]",
        ),
        (
            "PATCH",
            "/v1/teams/vision",
            json!({"allowed_networks": many}),
            "allowed_networks",
        ),
        (
            "PATCH",
            "/v1/buckets/vision",
            json!({"allowed_networks": ["somewhere"]}),
            "allowed_networks[0]",
        ),
        (
            "POST",
            "/v1/limits",
            limit(json!([])),
            "rule.allowed_networks",
        ),
        (
            "POST",
            "/v1/limits",
            limit(json!(many)),
            "rule.allowed_networks",
        ),
    ] {
        let answer = app.ask(Who::InstanceAdmin, method, path, body).await;
        let problem: Problem = answer.expect(422);
        assert_eq!(problem.field.as_deref(), Some(field), "{problem:?}");
    }
    app.shutdown().await;
}
