//! Users, service accounts, tokens, teams and members.

use crate::support::{TestApp, Who};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Request, header};
use protocol::Page;
use protocol::admin::{IssuedToken, Me, Membership, Principal, Suspension, Team, Token};
use serde_json::{Value, json};

async fn me(app: &TestApp, authorization: &str) -> crate::support::Answer {
    let request = Request::builder()
        .uri("/v1/me")
        .header(header::AUTHORIZATION, authorization);
    app.send(request, Value::Null).await
}

#[tokio::test]
async fn a_caller_is_told_who_it_is() {
    let app = TestApp::start().await;
    let me: Me = app
        .ask(Who::Viewer, "GET", "/v1/me", Value::Null)
        .await
        .expect(200);
    assert_eq!(me.principal.name.as_str(), "viewer");
    assert_eq!(me.memberships.len(), 1);
    assert_eq!(me.memberships[0].team.as_str(), "vision");
    app.shutdown().await;
}

#[tokio::test]
async fn a_token_is_taken_as_bearer_and_as_password_until_it_is_revoked() {
    let app = TestApp::start().await;
    let issued: IssuedToken = app
        .ask(
            Who::Viewer,
            "POST",
            "/v1/tokens",
            json!({"label": "laptop"}),
        )
        .await
        .expect(201);
    let bearer = format!("Bearer {}", issued.secret);
    let basic = format!(
        "Basic {}",
        STANDARD.encode(format!("anybody:{}", issued.secret))
    );
    for authorization in [&bearer, &basic] {
        assert_eq!(me(&app, authorization).await.status, 200);
    }
    let tokens: Page<Token> = app
        .ask(Who::Viewer, "GET", "/v1/tokens", Value::Null)
        .await
        .expect(200);
    assert!(tokens.items.iter().any(|token| token.label == "laptop"));
    let path = format!("/v1/tokens/{}", issued.token.id);
    app.must(Who::Viewer, "DELETE", &path, Value::Null, 204)
        .await;
    for authorization in [&bearer, &basic] {
        let answer = me(&app, authorization).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (401, "unauthenticated")
        );
        assert!(answer.headers.contains_key(header::WWW_AUTHENTICATE));
    }
    app.shutdown().await;
}

#[tokio::test]
async fn a_key_that_is_brought_along_works_and_shows_who_brought_it() {
    let app = TestApp::start().await;
    let key = "8f14e45fceea167a5a36dedd4bea2543f1c9a0b7";
    let weak = app
        .ask(
            Who::Viewer,
            "POST",
            "/v1/tokens/import",
            json!({"secret": "a".repeat(40)}),
        )
        .await;
    assert_eq!(weak.status, 422);
    assert!(!weak.text.contains("aaaa"), "T28: {}", weak.text);
    let token: Token = app
        .ask(
            Who::Viewer,
            "POST",
            "/v1/tokens/import",
            json!({"secret": key}),
        )
        .await
        .expect(201);
    assert_eq!(token.imported_by.unwrap().as_str(), "viewer");
    assert_eq!(me(&app, &format!("Bearer {key}")).await.status, 200);
    let again = app
        .ask(
            Who::Member,
            "POST",
            "/v1/tokens/import",
            json!({"secret": key}),
        )
        .await;
    assert_eq!(again.status, 409);
    app.shutdown().await;
}

#[tokio::test]
async fn a_suspension_tells_what_is_still_alive_and_ends_with_reinstating() {
    let app = TestApp::start().await;
    let body = json!({"method": "get", "objects": [{"key": "a"}, {"key": "b"}]});
    app.must(
        Who::Viewer,
        "POST",
        "/v1/teams/vision/urls",
        body.clone(),
        200,
    )
    .await;
    let path = "/v1/users/viewer/suspend";
    let suspension: Suspension = app
        .ask(Who::InstanceAdmin, "POST", path, Value::Null)
        .await
        .expect(200);
    assert_eq!((suspension.live_urls, suspension.live_grants), (2, 1));
    assert!(suspension.last_expires_at.is_some());
    let refused = app
        .ask(Who::Viewer, "POST", "/v1/teams/vision/urls", body)
        .await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (403, "suspended")
    );
    app.must(
        Who::InstanceAdmin,
        "POST",
        "/v1/users/viewer/reinstate",
        Value::Null,
        200,
    )
    .await;
    app.must(Who::Viewer, "GET", "/v1/me", Value::Null, 200)
        .await;
    app.shutdown().await;
}

#[tokio::test]
async fn nobody_learns_of_who_shares_no_team() {
    let app = TestApp::start().await;
    let names = async |who| {
        let page: Page<Principal> = app
            .ask(who, "GET", "/v1/users", Value::Null)
            .await
            .expect(200);
        let names = page
            .items
            .iter()
            .map(|principal| principal.name.to_string());
        names.collect::<Vec<_>>().join(" ")
    };
    insta::assert_snapshot!(names(Who::Outsider).await, @"outsider");
    insta::assert_snapshot!(names(Who::Viewer).await, @"admin member suspended viewer");
    insta::assert_snapshot!(names(Who::InstanceAdmin).await, @"admin former member outsider removed root suspended viewer");
    app.shutdown().await;
}

#[tokio::test]
async fn a_user_gets_a_team_of_its_own_unless_that_is_switched_off() {
    let app = TestApp::start_with(&[("SIGNET_TEAMS__PERSONAL", "true")]).await;
    app.must(
        Who::InstanceAdmin,
        "POST",
        "/v1/users",
        json!({"name": "grace"}),
        201,
    )
    .await;
    let team: Team = app
        .ask(Who::InstanceAdmin, "GET", "/v1/teams/grace", Value::Null)
        .await
        .expect(200);
    assert!(team.personal);
    app.shutdown().await;
}

#[tokio::test]
async fn a_team_keeps_its_own_members() {
    let app = TestApp::start().await;
    let path = "/v1/teams/vision/members";
    let members: Page<Membership> = app
        .ask(Who::Viewer, "GET", path, Value::Null)
        .await
        .expect(200);
    let listed: Vec<_> = members
        .items
        .iter()
        .map(|member| format!("{} {}", member.principal, member.role))
        .collect();
    insta::assert_snapshot!(listed.join(", "), @"admin admin, member member, suspended member, viewer viewer");
    let unknown = app
        .ask(
            Who::Admin,
            "PUT",
            "/v1/teams/vision/members/nobody",
            json!({"role": "member"}),
        )
        .await;
    assert_eq!(unknown.status, 404);
    app.must(
        Who::Viewer,
        "DELETE",
        "/v1/teams/vision/members/viewer",
        Value::Null,
        204,
    )
    .await;
    assert_eq!(
        app.ask(Who::Viewer, "GET", path, Value::Null).await.status,
        404
    );
    app.shutdown().await;
}

#[tokio::test]
async fn a_name_is_given_once_and_a_bad_one_is_explained() {
    let app = TestApp::start().await;
    let taken = app
        .ask(
            Who::InstanceAdmin,
            "POST",
            "/v1/users",
            json!({"name": "viewer"}),
        )
        .await;
    assert_eq!((taken.status, taken.code().as_str()), (409, "conflict"));
    let bad = app
        .ask(
            Who::InstanceAdmin,
            "POST",
            "/v1/users",
            json!({"name": "a b"}),
        )
        .await;
    let problem: protocol::Problem = bad.expect(422);
    assert_eq!(problem.field.as_deref(), Some("name"));
    insta::assert_snapshot!(problem.detail, @"principal name has ' ' at byte 1; allowed: letters, digits, `-`, `_`, `.`, `@` and `+`, beginning with a letter or digit");
    app.shutdown().await;
}
