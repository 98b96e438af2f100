//! Buckets.

use crate::support::{STORE_KEY, TestApp, Who};
use protocol::Page;
use protocol::admin::Team;
use protocol::audit::Event;
use protocol::bucket::{Bucket, PolicyDocuments, Verdict, VerifyReport};
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

/// The one event of a check.
async fn event_of_check(app: &TestApp) -> Event {
    let mut events = app.events("bucket:verify").await;
    assert_eq!(events.len(), 1, "{events:?}");
    events.remove(0)
}

#[tokio::test]
async fn what_a_check_proves_is_kept_and_on_the_record() {
    let origins = [(
        "SIGNET_SERVER__BROWSER_ORIGINS",
        "https://signet.example.com",
    )];
    let app = TestApp::start_with(&origins).await;
    let before: Bucket = app
        .ask(Who::InstanceAdmin, "GET", "/v1/buckets/vision", Value::Null)
        .await
        .expect(200);
    assert_eq!(before.capabilities, None);
    let answer = app
        .ask(
            Who::InstanceAdmin,
            "POST",
            "/v1/buckets/vision/verify",
            json!({"origins": ["https://second.example"]}),
        )
        .await;
    for hidden in [STORE_KEY.0, STORE_KEY.1, "X-Amz-", "x-grant"] {
        assert!(!answer.text.contains(hidden), "T28: {}", answer.text);
    }
    let report: VerifyReport = answer.expect(200);
    // The store of these tests has no rules for browsers
    let put = report.probes.iter().find(|probe| probe.name == "cors.put");
    let put = put.unwrap();
    assert_eq!(put.verdict, Verdict::Failed, "{put:?}");
    let after: Bucket = app
        .ask(Who::InstanceAdmin, "GET", "/v1/buckets/vision", Value::Null)
        .await
        .expect(200);
    assert_eq!(after.capabilities, report.capabilities);
    assert!(after.capabilities.unwrap().binds_part_sha256);
    let event = event_of_check(&app).await;
    assert_eq!(event.subject.as_deref(), Some("vision"));
    let detail = event.detail.unwrap();
    assert!(detail.starts_with("check `grt_"), "{detail}");
    assert!(
        detail.contains("failed: cors.get, cors.head, cors.put"),
        "{detail}"
    );
    app.shutdown().await;
}

#[tokio::test]
async fn a_check_asks_for_no_more_than_sixteen_origins() {
    let app = TestApp::start().await;
    let origins: Vec<String> = (0..17).map(|n| format!("https://o{n}.example")).collect();
    for (origins, field) in [(json!(origins), "origins"), (json!(["*"]), "origins[0]")] {
        let answer = app
            .ask(
                Who::InstanceAdmin,
                "POST",
                "/v1/buckets/vision/verify",
                json!({"origins": origins}),
            )
            .await;
        assert_eq!(answer.status, 422, "{field}: {}", answer.text);
        assert_eq!(
            answer.json::<protocol::Problem>().field.as_deref(),
            Some(field)
        );
    }
    app.shutdown().await;
}

#[tokio::test]
async fn a_bucket_is_checked_before_it_is_registered() {
    let app = TestApp::start_empty(&[], std::sync::Arc::new(server::clock::SystemClock)).await;
    let mut good = app.new_bucket("third", "vision", "good/");
    good["verify"] = json!(true);
    let made: Bucket = app
        .ask(Who::InstanceAdmin, "POST", "/v1/buckets", good)
        .await
        .expect(201);
    assert!(made.capabilities.is_some_and(|proven| proven.multipart));
    let event = event_of_check(&app).await;
    assert!(event.detail.unwrap().ends_with("; nothing failed"));
    app.shutdown().await;
}

#[tokio::test]
async fn a_bucket_that_fails_its_check_is_not_registered_unless_one_insists() {
    let app = TestApp::start_empty(&[], std::sync::Arc::new(server::clock::SystemClock)).await;
    let mut bad = app.new_bucket("third", "vision", "bad/");
    bad["credential"]["secret_access_key"] = json!("not-the-secret");
    // It is the default of the field
    bad.as_object_mut().unwrap().remove("verify");
    let answer = app
        .ask(Who::InstanceAdmin, "POST", "/v1/buckets", bad.clone())
        .await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (502, "bucket-error")
    );
    let detail = answer.json::<protocol::Problem>().detail;
    assert!(
        detail.contains("`credential` failed: PUT 403 SignatureDoesNotMatch"),
        "{detail}"
    );
    assert!(
        detail.contains("hint: the signature is not what the store expects"),
        "{detail}"
    );
    let listed: Page<Bucket> = app
        .ask(Who::InstanceAdmin, "GET", "/v1/buckets", Value::Null)
        .await
        .expect(200);
    assert!(listed.items.is_empty());
    // What was sent to the store is on the record all the same
    let event = event_of_check(&app).await;
    assert!(event.detail.unwrap().ends_with("failed: credential, put"));

    bad["verify"] = json!(false);
    app.must(Who::InstanceAdmin, "POST", "/v1/buckets", bad, 201)
        .await;
    app.shutdown().await;
}
