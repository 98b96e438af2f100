//! Buckets.

use crate::support::{STORE_KEY, TestApp, Who};
use protocol::Page;
use protocol::admin::Team;
use protocol::bucket::{Bucket, PolicyDocuments};
use serde_json::{Value, json};

#[tokio::test]
async fn a_bucket_s_secret_is_never_told_again() {
    let app = TestApp::start().await;
    let body = app.new_bucket("third", "third", "");
    let made = app
        .ask(Who::InstanceAdmin, "POST", "/v1/buckets", body)
        .await;
    let listed = app
        .ask(Who::InstanceAdmin, "GET", "/v1/buckets", Value::Null)
        .await;
    let told = app
        .ask(Who::InstanceAdmin, "GET", "/v1/buckets/third", Value::Null)
        .await;
    for answer in [&made, &listed, &told] {
        assert!(!answer.text.contains(STORE_KEY.1), "T30: {}", answer.text);
        assert!(
            !answer.text.contains(STORE_KEY.0),
            "masked: {}",
            answer.text
        );
    }
    let made: Bucket = made.expect(201);
    assert_eq!(made, told.expect::<Bucket>(200));
    assert!(listed.expect::<Page<Bucket>>(200).items.contains(&made));
    app.shutdown().await;
}

#[tokio::test]
async fn two_buckets_are_never_in_one_place() {
    let app = TestApp::start().await;
    for (container, prefix) in [("vision", ""), ("vision", "inside/")] {
        let body = app.new_bucket("third", container, prefix);
        let answer = app
            .ask(Who::InstanceAdmin, "POST", "/v1/buckets", body)
            .await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (409, "conflict"),
            "{prefix}"
        );
    }
    app.shutdown().await;
}

#[tokio::test]
async fn a_bucket_goes_only_when_nobody_uses_it() {
    let app = TestApp::start().await;
    let used = app
        .ask(
            Who::InstanceAdmin,
            "DELETE",
            "/v1/buckets/vision",
            Value::Null,
        )
        .await;
    assert_eq!((used.status, used.code().as_str()), (409, "conflict"));
    let body = app.new_bucket("third", "third", "");
    app.must(Who::InstanceAdmin, "POST", "/v1/buckets", body, 201)
        .await;
    app.must(
        Who::InstanceAdmin,
        "DELETE",
        "/v1/buckets/third",
        Value::Null,
        204,
    )
    .await;
    app.shutdown().await;
}

#[tokio::test]
async fn an_endpoint_that_is_none_is_refused() {
    let app = TestApp::start().await;
    for endpoint in [
        "ftp://store",
        "https://user@store",
        "https://store/path",
        "https://a#b",
        "",
    ] {
        let mut body = app.new_bucket("third", "third", "");
        body["place"]["endpoint"] = json!(endpoint);
        let answer = app
            .ask(Who::InstanceAdmin, "POST", "/v1/buckets", body)
            .await;
        assert_eq!(answer.status, 422, "T9 {endpoint}: {}", answer.text);
    }
    app.shutdown().await;
}

#[tokio::test]
async fn what_to_apply_at_the_cloud_names_the_teams_roots_and_keeps_what_is_there() {
    let app = TestApp::start().await;
    let ask = async |body: Value| {
        let path = "/v1/buckets/vision/policy";
        app.ask(Who::InstanceAdmin, "POST", path, body).await
    };
    let theirs = json!({"Sid": "Theirs", "Effect": "Deny", "Principal": "*",
        "Action": "s3:DeleteBucket", "Resource": "arn:aws:s3:::vision"});
    let told: PolicyDocuments = ask(json!({
        "principal": "arn:aws:iam::123456789012:role/signer",
        "networks": ["203.0.113.0/24"],
        "existing": {"bucket-policy": {"Version": "2012-10-17", "Statement": [theirs]}},
    }))
    .await
    .expect(200);
    let policy = told
        .documents
        .iter()
        .find(|document| document.kind == "bucket-policy")
        .unwrap();
    assert_eq!(policy.body["Statement"][0], theirs);
    let team: Team = app
        .ask(Who::Member, "GET", "/v1/teams/vision", Value::Null)
        .await
        .expect(200);
    let root = format!("arn:aws:s3:::vision/{}/*", team.id);
    assert!(policy.body.to_string().contains(&root), "{root}");
    assert!(!policy.reasons.is_empty() && !policy.apply.is_empty());
    assert!(told.terraform.is_object());
    for (body, field) in [
        (json!({}), "principal"),
        (json!({"principal": "nobody"}), "principal"),
        (
            json!({"principal": "arn:aws:iam::123456789012:role/r", "networks": ["10/8"]}),
            "networks",
        ),
        (
            json!({"principal": "arn:aws:iam::123456789012:role/r", "project": "p"}),
            "project",
        ),
    ] {
        let answer = ask(body.clone()).await;
        assert_eq!(answer.status, 422, "{body}: {}", answer.text);
        assert!(
            answer.text.contains(&format!("\"field\":\"{field}\"")),
            "{}",
            answer.text
        );
    }
    app.shutdown().await;
}
