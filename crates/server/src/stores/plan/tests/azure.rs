//! Tokens of Entra ID, and the keys that an account delegates for them.

use super::{Answer, Asked, Fake, left, lend, opened, refuses, says};
use crate::stores::Error;
use crate::stores::plan::NoCredential;
use protocol::bucket::StorePlace;
use serde_json::{Value, json};
use tempfile::TempDir;

const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
const CLIENT: &str = "4e5c8a4e-6f4b-4c4b-9d5e-0d7a1f0a3c11";
const OTHER: &str = "00000000-0000-0000-0000-00000000002a";
const LOGIN: &str =
    "login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/oauth2/v2.0/token";
const ACCOUNT: &str = "vision.blob.core.windows.net/?restype=service&comp=userdelegationkey";

fn place() -> StorePlace {
    let place = json!({"provider": "azure", "account": "vision", "container": "models"});
    serde_json::from_value(place).unwrap()
}

fn token() -> Answer {
    says(json!({"access_token": "bearer", "expires_in": 3599, "token_type": "Bearer"}).to_string())
}

/// Delegates a key for the time that was asked for.
fn delegate() -> Answer {
    Box::new(|asked: &Asked| {
        assert_eq!(asked.header("authorization"), "Bearer bearer");
        assert_eq!(asked.header("x-ms-version"), "2020-12-06");
        let element = |name: &str| {
            let (_, rest) = asked.body.split_once(&format!("<{name}>")).unwrap();
            rest.split_once('<').unwrap().0.to_owned()
        };
        let answer = format!(
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><UserDelegationKey>\
             <SignedOid>{CLIENT}</SignedOid><SignedTid>{TENANT}</SignedTid>\
             <SignedStart>{}</SignedStart><SignedExpiry>{}</SignedExpiry>\
             <SignedService>b</SignedService><SignedVersion>2020-12-06</SignedVersion>\
             <Value>c2VjcmV0</Value></UserDelegationKey>",
            element("Start"),
            element("Expiry"),
        );
        (http::StatusCode::OK, answer)
    })
}

async fn check(fake: &Fake, plan: &Value, env: &[(&str, &str)]) -> Asked {
    let signer = lend(place(), plan, &fake.outside(env)).await.unwrap();
    assert_eq!(signer.access_key_id(), CLIENT);
    let days = left(&signer).unwrap() / 86_400;
    assert!((1..7).contains(&days), "{days}");
    fake.asked()[0].clone()
}

#[tokio::test]
async fn an_applications_secret_gives_a_delegated_key() {
    let fake = Fake::start(vec![(LOGIN, token()), (ACCOUNT, delegate())]).await;
    let plan = json!({
        "plan": "client-secret", "tenant_id": TENANT, "client_id": CLIENT, "client_secret": "hush",
    });
    let form = check(&fake, &plan, &[]).await.fields();
    assert_eq!(form["grant_type"], "client_credentials");
    assert_eq!(
        (form["client_id"].as_str(), form["client_secret"].as_str()),
        (CLIENT, "hush")
    );
    assert_eq!(form["scope"], "https://storage.azure.com/.default");
}

#[tokio::test]
async fn a_token_in_a_file_gives_a_delegated_key() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "pod-token").unwrap();
    let fake = Fake::start(vec![(LOGIN, token()), (ACCOUNT, delegate())]).await;
    let mut plan = json!({
        "plan": "workload-identity", "tenant_id": TENANT, "client_id": CLIENT, "token_file": file,
    });
    let form = check(&fake, &plan, &[]).await.fields();
    assert_eq!(form["client_assertion"], "pod-token");
    plan["token_file"] = folder.path().join("absent").to_str().unwrap().into();
    let error = lend(place(), &plan, &fake.outside(&[])).await.unwrap_err();
    assert!(
        matches!(error, Error::NoCredential(NoCredential::Absent)),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_machine_with_several_identities_is_asked_for_the_plans() {
    let expires_on = (super::now() + 3600).to_string();
    let machine = || says(json!({"access_token": "bearer", "expires_on": expires_on}).to_string());
    for (client_id, env, sent) in [
        (None, &[][..], None),
        (None, &[("AZURE_CLIENT_ID", OTHER)], Some(OTHER)),
        (Some(CLIENT), &[], Some(CLIENT)),
        (
            Some(CLIENT),
            &[("AZURE_CLIENT_ID", OTHER), ("AZURE_OBJECT_ID", OTHER)],
            Some(CLIENT),
        ),
    ] {
        let fake = Fake::start(vec![
            ("169.254.169.254/metadata/identity/oauth2/token", machine()),
            (ACCOUNT, delegate()),
        ])
        .await;
        let plan = json!({"plan": "managed-identity", "client_id": client_id});
        let asked = check(&fake, &plan, env).await;
        assert_eq!(asked.header("metadata"), "true");
        let query = asked.fields();
        assert_eq!(query.get("client_id").map(String::as_str), sent);
        assert!(!query.contains_key("object_id"));
    }
}

#[tokio::test]
async fn an_account_that_delegates_nothing_says_why() {
    let denied = "<?xml version=\"1.0\"?><Error><Code>AuthorizationPermissionMismatch</Code><Message>bearer</Message></Error>";
    let fake = Fake::start(vec![(LOGIN, token()), (ACCOUNT, refuses(403, denied))]).await;
    let plan = json!({
        "plan": "client-secret", "tenant_id": TENANT, "client_id": CLIENT, "client_secret": "hush",
    });
    let lender = opened(place(), &plan, &fake.outside(&[]));
    let error = lender.lend_own().await.unwrap_err();
    let code = Some("AuthorizationPermissionMismatch".into());
    assert!(
        matches!(&error, Error::NoCredential(NoCredential::Refused { code: said }) if *said == code),
        "{error:?}"
    );
    let shown = format!("{error} {error:?} {lender:?}");
    assert!(!shown.contains("bearer") && !shown.contains("hush"));
    // Nor does a directory that gives no token
    let fake = Fake::start(vec![(LOGIN, refuses(401, "{}"))]).await;
    let error = lend(place(), &plan, &fake.outside(&[])).await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::NoCredential(NoCredential::Refused { code: None })
        ),
        "{error:?}"
    );
}
