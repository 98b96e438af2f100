//! Access keys from wherever the server has them, and roles.

use super::{Fake, context, left, lend, opened, refuses, s3_place, says, time_in};
use crate::clock::SystemClock;
use crate::stores::Error;
use crate::stores::lender::{Purpose, Tenant};
use crate::stores::plan::NoCredential;
use crate::stores::plan::outside::Outside;
use protocol::Network;
use serde_json::json;
use std::sync::Arc;
use tempfile::TempDir;

const ROLE: &str = "arn:aws:iam::123456789012:role/signet";

/// A world without a network.
fn alone(env: &[(&str, &str)]) -> Outside {
    Outside::with(context(env), context(env), Arc::new(SystemClock))
}

/// The environment of a server that has a key of its own.
const KEY: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT0"),
    ("AWS_SECRET_ACCESS_KEY", "hush"),
];

fn session(kind: &str, id: &str) -> String {
    format!(
        "<{kind}Response><{kind}Result><Credentials><AccessKeyId>{id}</AccessKeyId>\
         <SecretAccessKey>hush</SecretAccessKey><SessionToken>token</SessionToken>\
         <Expiration>{}</Expiration></Credentials></{kind}Result></{kind}Response>",
        time_in(1800)
    )
}

fn metadata(id: &str) -> String {
    json!({
        "Code": "Success", "AccessKeyId": id, "SecretAccessKey": "hush", "Token": "token",
        "Expiration": time_in(3600),
    })
    .to_string()
}

fn is_about(left: Option<i64>, seconds: i64) -> bool {
    left.is_some_and(|left| (seconds - 60..=seconds).contains(&left))
}

#[tokio::test]
async fn the_environments_key_is_used_and_ends_when_it_says() {
    let plan = json!({"plan": "environment"});
    let signer = lend(s3_place(), &plan, &alone(&KEY)).await.unwrap();
    assert_eq!(
        (signer.access_key_id().as_str(), left(&signer)),
        (KEY[0].1, None)
    );
    let ends = time_in(900);
    let mut env = KEY.to_vec();
    env.extend([
        ("AWS_SESSION_TOKEN", "token"),
        ("AWS_CREDENTIAL_EXPIRATION", ends.as_str()),
    ]);
    let signer = lend(s3_place(), &plan, &alone(&env)).await.unwrap();
    assert!(is_about(left(&signer), 900));
    let error = lend(s3_place(), &plan, &alone(&[])).await.unwrap_err();
    assert!(
        matches!(error, Error::NoCredential(NoCredential::Absent)),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_profiles_key_is_read_from_its_file() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("credentials");
    let text = "[other]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = x\n\
                [train]\naws_access_key_id = AKIATRAIN\naws_secret_access_key = y\n";
    std::fs::write(&file, text).unwrap();
    let outside = alone(&[("AWS_SHARED_CREDENTIALS_FILE", file.to_str().unwrap())]);
    let plan = json!({"plan": "profile", "profile": "train"});
    let signer = lend(s3_place(), &plan, &outside).await.unwrap();
    assert_eq!(signer.access_key_id(), "AKIATRAIN");
    let plan = json!({"plan": "profile", "profile": "absent"});
    assert!(lend(s3_place(), &plan, &outside).await.is_err());
}

#[tokio::test]
async fn a_machines_role_is_asked_for_as_its_metadata_wants_it() {
    let fake = Fake::start(vec![
        ("169.254.169.254/latest/api/token", says("session")),
        (
            "169.254.169.254/latest/meta-data/iam/security-credentials/signet",
            says(metadata("ASIAMACHINE")),
        ),
        (
            "169.254.169.254/latest/meta-data/iam/security-credentials/",
            says("signet"),
        ),
    ])
    .await;
    let plan = json!({"plan": "instance-metadata"});
    let signer = lend(s3_place(), &plan, &fake.outside(&[])).await.unwrap();
    assert_eq!(signer.access_key_id(), "ASIAMACHINE");
    assert!(is_about(left(&signer), 3600));
    let asked = fake.asked();
    assert_eq!(asked[0].method, "PUT");
    for request in &asked[1..] {
        assert_eq!(request.header("x-aws-ec2-metadata-token"), "session");
    }
}

#[tokio::test]
async fn a_containers_role_is_asked_for_with_its_token() {
    let folder = TempDir::new().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "pod-token\n").unwrap();
    let fake = Fake::start(vec![(
        "pods.example.org/v1/credentials",
        says(metadata("ASIAPOD")),
    )]);
    let fake = fake.await;
    let outside = fake.outside(&[
        (
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "http://pods.example.org/v1/credentials",
        ),
        (
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            token.to_str().unwrap(),
        ),
    ]);
    let plan = json!({"plan": "container-metadata"});
    let signer = lend(s3_place(), &plan, &outside).await.unwrap();
    assert_eq!(signer.access_key_id(), "ASIAPOD");
    assert_eq!(fake.asked()[0].header("authorization"), "pod-token");
}

#[tokio::test]
async fn a_web_identity_is_shown_to_the_regions_service_or_to_the_plans() {
    let folder = TempDir::new().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "jwt").unwrap();
    let answer = || says(session("AssumeRoleWithWebIdentity", "ASIAWEB"));
    let fake = Fake::start(vec![
        ("sts.eu-west-1.amazonaws.com/", answer()),
        ("sts.example.org/", answer()),
    ])
    .await;
    let usual = json!({"plan": "web-identity", "role_arn": ROLE, "token_file": token});
    let mut elsewhere = usual.clone();
    elsewhere["sts_endpoint"] = "https://sts.example.org".into();
    for (plan, host) in [
        (usual, "sts.eu-west-1.amazonaws.com"),
        (elsewhere, "sts.example.org"),
    ] {
        let signer = lend(s3_place(), &plan, &fake.outside(&[])).await.unwrap();
        assert_eq!(signer.access_key_id(), "ASIAWEB");
        assert!(is_about(left(&signer), 1800));
        let asked = fake.asked().pop().unwrap();
        assert_eq!((asked.host.as_str(), asked.method.as_str()), (host, "POST"));
        let form = asked.fields();
        assert_eq!(form["Action"], "AssumeRoleWithWebIdentity");
        assert_eq!(
            (form["RoleArn"].as_str(), form["WebIdentityToken"].as_str()),
            (ROLE, "jwt")
        );
        assert_eq!(form["RoleSessionName"], "signet");
    }
}

#[tokio::test]
async fn a_role_is_assumed_for_a_team_with_the_buckets_external_id() {
    let answer = || says(session("AssumeRole", "ASIASESSION000000"));
    let fake = Fake::start(vec![
        ("sts.eu-west-1.amazonaws.com/", answer()),
        ("sts.example.org:8443/", answer()),
    ])
    .await;
    let own = json!({"plan": "assume-role", "role_arn": ROLE, "session_seconds": 1800});
    let mut keyed = own.clone();
    keyed["access_key_id"] = "AKIAGIVEN0000000".into();
    keyed["secret_access_key"] = "hush".into();
    keyed["sts_endpoint"] = "https://sts.example.org:8443".into();
    let networks: [Network; 1] = ["10.0.0.0/8".parse().unwrap()];
    for (plan, host, method, key) in [
        (own, "sts.eu-west-1.amazonaws.com", "GET", KEY[0].1),
        (keyed, "sts.example.org:8443", "POST", "AKIAGIVEN0000000"),
    ] {
        let lender = opened(s3_place(), &plan, &fake.outside(&KEY));
        let purpose = Purpose {
            team: Some(Tenant {
                name: "vision",
                root: "signet/team_1/",
            }),
            networks: &networks,
            ..Purpose::default()
        };
        let signer = lender.lend(purpose).await.unwrap();
        assert_eq!(signer.access_key_id(), "ASIASESSION000000");
        let asked = fake.asked().pop().unwrap();
        assert_eq!((asked.host.as_str(), asked.method.as_str()), (host, method));
        let fields = asked.fields();
        assert_eq!(fields["RoleSessionName"], "signet-vision");
        assert_eq!(fields["ExternalId"], "signet-bkt_1");
        assert_eq!(fields["DurationSeconds"], "1800");
        let policy: serde_json::Value = serde_json::from_str(&fields["Policy"]).unwrap();
        let statement = &policy["Statement"][0];
        assert_eq!(statement["Resource"], "arn:aws:s3:::models/signet/team_1/*");
        let expected = json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}});
        assert_eq!(statement["Condition"], expected);
        let authorization = asked.header("authorization");
        assert!(
            authorization.contains(&format!("Credential={key}/")),
            "{authorization}"
        );
        assert!(
            authorization.contains("/eu-west-1/sts/aws4_request"),
            "{authorization}"
        );
        // The server's own requests are the role's, which narrows nothing
        lender.lend_own().await.unwrap();
        let fields = fake.asked().pop().unwrap().fields();
        assert_eq!(fields["RoleSessionName"], "signet");
        assert!(!fields.contains_key("Policy"));
    }
}

#[tokio::test]
async fn a_refused_role_says_the_services_code_and_no_message() {
    let body = "<ErrorResponse><Error><Code>AccessDenied</Code>\
                <Message>hush hush</Message></Error></ErrorResponse>";
    let fake = Fake::start(vec![("sts.eu-west-1.amazonaws.com/", refuses(403, body))]).await;
    let plan = json!({"plan": "assume-role", "role_arn": ROLE});
    let lender = opened(s3_place(), &plan, &fake.outside(&KEY));
    let error = lender.lend_own().await.unwrap_err();
    let code = Some("AccessDenied".into());
    assert!(
        matches!(&error, Error::NoCredential(NoCredential::Refused { code: said }) if *said == code),
        "{error:?}"
    );
    assert!(!format!("{error} {error:?} {lender:?}").contains("hush"));
    // Nobody is asked again at once
    lender.lend_own().await.unwrap_err();
    assert_eq!(fake.asked().len(), 1);
    // And a server without an identity does not ask at all
    let lender = opened(s3_place(), &plan, &fake.outside(&[]));
    let error = lender.lend_own().await.unwrap_err();
    assert!(
        matches!(error, Error::NoCredential(NoCredential::Absent)),
        "{error:?}"
    );
}
