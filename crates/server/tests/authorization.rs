//! Every operation of the API, asked by every kind of caller (T1).
//!
//! The operations are those of the committed `docs/openapi.json`: one without a row here fails.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

#[path = "support/app.rs"]
mod support;

#[path = "support/requests.rs"]
mod requests;

use requests::Fixture;
use std::collections::{BTreeMap, BTreeSet};
use support::{Answer, TestApp, Who};

/// Statuses by caller, in the order of [`Who::ALL`]:
/// anonymous, viewer, member, admin, outsider, former, suspended, removed, instance admin.
/// What is begun was begun by the member.
const TABLE: &[(&str, [u16; 9])] = &[
    ("get_health", OPEN),
    ("get_ready", OPEN),
    ("get_me", known(200)),
    ("list_users", known(200)),
    ("create_user", instance_admin(201)),
    ("get_user", [401, 200, 200, 200, 404, 404, 403, 401, 200]),
    ("suspend_user", over_member(200)),
    ("suspend_user of the team", over_own_service_account(200)),
    ("reinstate_user", over_member(200)),
    ("reinstate_user of the team", over_own_service_account(200)),
    ("remove_user", over_member(200)),
    ("remove_user of the team", over_own_service_account(200)),
    ("list_tokens", [401, 403, 200, 403, 404, 404, 403, 401, 200]),
    ("list_tokens of the team", over_own_service_account(200)),
    (
        "create_token",
        [401, 403, 201, 403, 404, 404, 403, 401, 201],
    ),
    ("create_token of the team", over_own_service_account(201)),
    ("import_token_hash", over_member(201)),
    ("list_own_tokens", known(200)),
    ("create_own_token", known(201)),
    ("import_own_token", known(201)),
    (
        "revoke_token",
        [401, 403, 204, 403, 404, 404, 403, 401, 204],
    ),
    ("revoke_token of the team", over_own_service_account(204)),
    ("create_team", instance_admin(201)),
    ("list_teams", known(200)),
    ("get_team", [401, 200, 200, 200, 404, 404, 403, 401, 200]),
    ("change_team", [401, 403, 403, 403, 404, 404, 403, 401, 200]),
    (
        "list_members",
        [401, 200, 200, 200, 404, 404, 403, 401, 200],
    ),
    ("set_membership", team_admin(200)),
    ("remove_membership", team_admin(204)),
    ("create_service_account", team_admin(201)),
    ("create_bucket", instance_admin(201)),
    ("list_buckets", instance_admin(200)),
    ("get_bucket", instance_admin(200)),
    // Its bucket is no team's, for which there is nothing to apply
    ("get_bucket_policy", instance_admin(409)),
    (
        "verify_bucket",
        [401, 404, 404, 404, 404, 404, 403, 401, 200],
    ),
    (
        "change_bucket",
        [401, 404, 404, 404, 404, 404, 403, 401, 200],
    ),
    (
        "remove_bucket",
        [401, 404, 404, 404, 404, 404, 403, 401, 204],
    ),
    ("create_limit", instance_admin(201)),
    ("list_limits", instance_admin(200)),
    (
        "remove_limit",
        [401, 404, 404, 404, 404, 404, 403, 401, 204],
    ),
    ("create_urls to get", readers(200)),
    ("create_urls to head", readers(200)),
    ("create_urls to put", writers(200)),
    (
        "create_urls to delete",
        [401, 403, 403, 200, 404, 404, 403, 401, 403],
    ),
    ("begin_upload", writers(201)),
    ("list_parts", starter(200)),
    ("sign_parts", starter(200)),
    // Allowed, but no part was sent
    ("complete_upload", starter(409)),
    ("abort_upload", writers(204)),
    ("list_projects", readers(200)),
    ("list_collections", readers(200)),
    ("begin_version", writers(201)),
    ("list_versions", readers(200)),
    ("get_artifact", readers(200)),
    ("list_artifact_urls", readers(200)),
    ("delete_artifact", writers(204)),
    ("set_alias", writers(200)),
    ("remove_alias", writers(204)),
    ("get_version", readers(200)),
    ("abandon_version", writers(204)),
    ("register_entries", starter(200)),
    ("verify_landed", starter(200)),
    ("commit_version", starter(200)),
    ("list_grants", instance_admin(200)),
    ("list_grants of the team", team_admin(200)),
    ("get_grant", team_admin(200)),
    ("list_events", instance_admin(200)),
    ("list_events of the team", team_admin(200)),
    ("verify_ledger", instance_admin(200)),
];

/// Anybody may.
const OPEN: [u16; 9] = [200; 9];

/// Every caller in good standing may.
const fn known(ok: u16) -> [u16; 9] {
    [401, ok, ok, ok, ok, ok, 403, 401, ok]
}

/// An administrator of the instance alone may.
const fn instance_admin(ok: u16) -> [u16; 9] {
    [401, 403, 403, 403, 403, 403, 403, 401, ok]
}

/// The team's admins and the instance's may.
const fn team_admin(ok: u16) -> [u16; 9] {
    [401, 403, 403, ok, 404, 404, 403, 401, ok]
}

/// Whoever is in the team may; an administrator of the instance is not by that.
const fn readers(ok: u16) -> [u16; 9] {
    [401, ok, ok, ok, 404, 404, 403, 401, 403]
}

/// Members and admins of the team may.
const fn writers(ok: u16) -> [u16; 9] {
    [401, 403, ok, ok, 404, 404, 403, 401, 403]
}

/// Who began it may.
const fn starter(ok: u16) -> [u16; 9] {
    [401, 403, ok, 403, 404, 404, 403, 401, 403]
}

/// About a user that is in the team: an administrator of the instance alone may.
const fn over_member(ok: u16) -> [u16; 9] {
    [401, 403, 403, 403, 404, 404, 403, 401, ok]
}

/// About a service account that the team owns: as for everything of the team's admins.
const fn over_own_service_account(ok: u16) -> [u16; 9] {
    team_admin(ok)
}

/// T10: the contract knows no redirect, so there is none to lead astray.
#[test]
fn no_operation_answers_with_a_redirect() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let document = std::fs::read_to_string(path).unwrap();
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let mut statuses = BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let responses = operation["responses"].as_object().unwrap();
            statuses.extend(responses.keys().cloned());
        }
    }
    assert!(statuses.contains("200"), "{statuses:?}");
    let redirects = statuses.iter().filter(|status| status.starts_with('3'));
    assert_eq!(redirects.count(), 0, "{statuses:?}");
}

/// The operations of the committed contract, with method and template.
fn operations() -> BTreeMap<String, (String, String)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let document = std::fs::read_to_string(path).unwrap();
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let mut operations = BTreeMap::new();
    for (template, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            let place = (method.to_uppercase(), template.clone());
            assert!(
                operations.insert(id.to_owned(), place).is_none(),
                "{id} twice"
            );
        }
    }
    operations
}

fn operation_of(row: &str) -> &str {
    row.split(' ').next().unwrap()
}

#[test]
fn every_operation_has_a_row() {
    let operations: BTreeSet<String> = operations().into_keys().collect();
    let rows: BTreeSet<String> = TABLE
        .iter()
        .map(|(row, _)| operation_of(row).to_owned())
        .collect();
    assert_eq!(operations, rows);
}

/// What every answer must have, whatever it says: T10 and T29.
fn headers_fault(answer: &Answer, path: &str) -> Option<String> {
    let header = |name: &str| answer.headers.get(name).map(http::HeaderValue::as_bytes);
    let kept = path.starts_with("/v1") && header("cache-control") != Some(b"no-store");
    if (300..400).contains(&answer.status) || header("location").is_some() {
        Some(format!("T10: a redirect, {}", answer.status))
    } else if header("referrer-policy") != Some(b"no-referrer") {
        Some("T29: the referrer is told".to_owned())
    } else if kept {
        Some("T29: the answer may be kept".to_owned())
    } else {
        None
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_caller_gets_what_the_table_says_and_every_denial_is_on_the_record() {
    let app = TestApp::start().await;
    let fixture = Fixture::make(&app).await;
    let operations = operations();
    let mut wrong = Vec::new();
    let mut denied = Vec::new();
    for (row, expected) in TABLE {
        let (method, template) = &operations[operation_of(row)];
        for (who, expected) in Who::ALL.into_iter().zip(*expected) {
            let (path, body) = fixture.request(&app, row, template).await;
            let answer = app.ask(who, method, &path, body).await;
            if answer.status != expected {
                let name = who.name();
                let status = answer.status;
                wrong.push(format!(
                    "{row} by {name}: {status}, not {expected}: {}",
                    answer.text
                ));
            }
            wrong.extend(headers_fault(&answer, &path).map(|fault| format!("{row}: {fault}")));
            let is_known = !matches!(who, Who::Anonymous | Who::Removed);
            if is_known && matches!(answer.status, 403 | 404) {
                let id = answer.headers["x-request-id"].to_str().unwrap().to_owned();
                denied.push((format!("{row} by {}", who.name()), id));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    let recorded: BTreeSet<String> = app
        .events("url:deny")
        .await
        .into_iter()
        .filter_map(|event| event.request_id)
        .collect();
    let unrecorded: Vec<&str> = denied
        .iter()
        .filter(|(_, id)| !recorded.contains(id))
        .map(|(what, _)| what.as_str())
        .collect();
    assert!(unrecorded.is_empty(), "without an event: {unrecorded:?}");
    app.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_exists_and_what_does_not_look_the_same_from_outside() {
    let app = TestApp::start().await;
    let fixture = Fixture::make(&app).await;
    let upload = fixture.upload(&app).await;
    let pairs = [
        (
            "GET",
            "/v1/teams/vision".to_owned(),
            "/v1/teams/nothing".to_owned(),
        ),
        (
            "GET",
            "/v1/users/member".to_owned(),
            "/v1/users/nobody".to_owned(),
        ),
        (
            "GET",
            format!("/v1/uploads/{upload}/parts"),
            "/v1/uploads/upl_00000000000070008000000000000000/parts".to_owned(),
        ),
    ];
    for (method, there, not_there) in pairs {
        let mut answers = Vec::new();
        for path in [&there, &not_there] {
            let answer = app
                .ask(Who::Outsider, method, path, serde_json::Value::Null)
                .await;
            let mut problem: serde_json::Value = answer.expect(404);
            problem["request_id"] = serde_json::Value::Null;
            answers.push(problem);
        }
        assert_eq!(answers[0], answers[1], "{there}");
    }
    app.shutdown().await;
}
