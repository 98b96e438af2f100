//! Artifacts by name and by version.

use crate::requests::{CONTENT, Fixture, begin, commit};
use crate::support::{TestApp, Who, use_url};
use protocol::Page;
use protocol::artifact::{Collection, EntryUrls, Project, Version, VersionState};
use serde_json::{Value, json};

const TRAIN: &str = "/v1/teams/vision/projects/imagenet/artifacts/train";

#[tokio::test]
async fn what_was_committed_is_found_by_name_and_comes_back() {
    let app = TestApp::start().await;
    Fixture::make(&app).await;
    let latest: Version = app
        .ask(Who::Viewer, "GET", TRAIN, Value::Null)
        .await
        .expect(200);
    assert_eq!(
        (latest.index, latest.state),
        (Some(0), VersionState::Committed)
    );
    let urls: EntryUrls = app
        .ask(Who::Viewer, "GET", &format!("{TRAIN}:v0/urls"), Value::Null)
        .await
        .expect(200);
    assert_eq!(urls.entries.len(), 1);
    assert_eq!(urls.entries[0].size_bytes, CONTENT.len() as u64);
    assert_eq!(
        use_url("GET", urls.entries[0].url.expose(), &[], b"").await,
        200
    );

    let projects: Page<Project> = app
        .ask(Who::Viewer, "GET", "/v1/teams/vision/projects", Value::Null)
        .await
        .expect(200);
    assert_eq!(projects.items[0].name.as_str(), "imagenet");
    let path = "/v1/teams/vision/projects/imagenet/artifacts";
    let collections: Page<Collection> = app
        .ask(Who::Viewer, "GET", path, Value::Null)
        .await
        .expect(200);
    assert_eq!(collections.items[0].version_count, 1);
    app.shutdown().await;
}

#[tokio::test]
async fn a_commit_asked_for_again_answers_the_same_and_equal_content_makes_no_version() {
    let app = TestApp::start().await;
    let fixture = Fixture::make(&app).await;
    let again = commit(&app, &fixture.version).await;
    assert_eq!(again.version.id.to_string(), fixture.version);
    let draft = begin(&app, "train").await;
    let entries = json!({"entries": [{
        "path": "a.bin", "size_bytes": CONTENT.len(),
        "digest": format!("sha256:{}", crate::support::sha256(CONTENT).to_hex()),
    }]});
    let path = format!("/v1/versions/{draft}/entries");
    let registered = app.must(Who::Member, "POST", &path, entries, 200).await;
    assert_eq!(registered["entries"][0]["action"], "present");
    let committed = commit(&app, &draft).await;
    assert!(committed.unchanged);
    assert_eq!(committed.version.index, Some(0));
    app.shutdown().await;
}

#[tokio::test]
async fn an_alias_moves_and_may_be_any_words() {
    let app = TestApp::start().await;
    Fixture::make(&app).await;
    let path = format!("{TRAIN}:v0/aliases/best%20one%20%C3%A9");
    let version: Version = app
        .ask(Who::Member, "PUT", &path, Value::Null)
        .await
        .expect(200);
    assert!(
        version
            .aliases
            .iter()
            .any(|alias| alias.as_str() == "best one é")
    );
    let by_alias = format!("{TRAIN}:best%20one%20%C3%A9");
    app.must(Who::Viewer, "GET", &by_alias, Value::Null, 200)
        .await;
    let reserved = app
        .ask(
            Who::Member,
            "PUT",
            &format!("{TRAIN}:v0/aliases/v7"),
            Value::Null,
        )
        .await;
    assert_eq!(reserved.status, 422);
    app.shutdown().await;
}

#[tokio::test]
async fn content_that_never_landed_is_not_committed() {
    let app = TestApp::start().await;
    let draft = begin(&app, "train").await;
    let entries = json!({"entries": [{
        "path": "a", "size_bytes": 3,
        "digest": format!("sha256:{}", crate::support::sha256(b"abc").to_hex()),
    }]});
    let path = format!("/v1/versions/{draft}/entries");
    app.must(Who::Member, "POST", &path, entries, 200).await;
    let path = format!("/v1/versions/{draft}/commit");
    let answer = app.ask(Who::Member, "POST", &path, Value::Null).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (409, "content-mismatch"),
        "T24"
    );
    let latest = app.ask(Who::Viewer, "GET", TRAIN, Value::Null).await;
    assert_eq!(latest.status, 404);
    app.shutdown().await;
}
