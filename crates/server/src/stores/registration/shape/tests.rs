//! Which plans are shaped as they must be.

use super::*;
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::123456789012:role/signet";
const GUID: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

fn s3(region: &str) -> StorePlace {
    StorePlace::s3("https://s3.example.org", region, "models")
}

fn azure(endpoint: Option<&str>) -> StorePlace {
    StorePlace::Azure {
        account: "vision".to_owned(),
        container: "models".to_owned(),
        endpoint: endpoint.map(ToOwned::to_owned),
    }
}

fn field_at_fault(plan: &Value, place: &StorePlace) -> Option<&'static str> {
    let plan = serde_json::from_value(plan.clone()).unwrap();
    check(&plan, place).err().map(|(field, _)| field)
}

/// A plan that fits, with one field changed.
fn but(plan: &Value, field: &str, value: impl Into<Value>) -> Value {
    let mut plan = plan.clone();
    plan[field] = value.into();
    plan
}

#[test]
fn what_assumes_a_role_names_the_field_that_does_not_do() {
    let own = json!({"plan": "assume-role", "role_arn": ROLE});
    let keyed = json!({
        "plan": "assume-role", "role_arn": ROLE, "access_key_id": "AKIA000000000000",
        "secret_access_key": "s", "sts_endpoint": "http://10.0.0.7:8333", "session_seconds": 900,
    });
    let here = s3("eu-west-1");
    for plan in [&own, &keyed] {
        assert_eq!(field_at_fault(plan, &here), None, "{plan}");
    }
    for arn in [
        "",
        "signet",
        "arn:aws:s3:::models",
        "arn:aws:iam::1234:role/signet",
        "arn:aws:iam::123456789012:user/signet",
        "arn:aws:iam::123456789012:role/",
        "arn:aws:iam::123456789012:role/a b",
        "arn:aws-cn:iam::123456789012:role/signet",
        "arn:elsewhere:iam::123456789012:role/signet",
    ] {
        assert_eq!(
            field_at_fault(&but(&own, "role_arn", arn), &here),
            Some(ROLE_ARN),
            "{arn}"
        );
    }
    let china = but(&own, "role_arn", "arn:aws-cn:iam::123456789012:role/a/b");
    assert_eq!(field_at_fault(&china, &s3("cn-north-1")), None);
    assert_eq!(field_at_fault(&own, &s3("US-EAST")), Some("place.region"));
    let secret = "credential.secret_access_key";
    let table = [
        (but(&own, "access_key_id", "AKIA000000000000"), secret),
        (but(&own, "secret_access_key", "s"), ACCESS_KEY_ID),
        (but(&keyed, "secret_access_key", ""), secret),
        (but(&keyed, "access_key_id", "short"), ACCESS_KEY_ID),
        (
            but(&keyed, "access_key_id", "AKIA/00000000000"),
            ACCESS_KEY_ID,
        ),
        (
            but(&keyed, "session_seconds", 899),
            "credential.session_seconds",
        ),
        (
            but(&keyed, "session_seconds", 43_201),
            "credential.session_seconds",
        ),
        (but(&keyed, "sts_endpoint", "sts"), STS_ENDPOINT),
        (but(&keyed, "sts_endpoint", "ftp://h"), STS_ENDPOINT),
        (but(&keyed, "sts_endpoint", "https://h/path"), STS_ENDPOINT),
        (but(&keyed, "sts_endpoint", "https://h/?a=b"), STS_ENDPOINT),
        (but(&keyed, "sts_endpoint", "https://u:p@h"), STS_ENDPOINT),
        (
            but(&keyed, "sts_endpoint", "http://169.254.169.254"),
            STS_ENDPOINT,
        ),
    ];
    for (plan, field) in table {
        assert_eq!(field_at_fault(&plan, &here), Some(field), "{plan}");
    }
}

#[test]
fn tokens_in_files_are_found_and_sent_where_nobody_else_reads_them() {
    let web = json!({"plan": "web-identity", "role_arn": ROLE, "token_file": "/run/token"});
    let here = s3("eu-west-1");
    let table = [
        (web.clone(), None),
        (but(&web, "sts_endpoint", "https://sts.example.org"), None),
        (but(&web, "sts_endpoint", "http://127.0.0.1:9"), None),
        (
            but(&web, "sts_endpoint", "http://sts.example.org"),
            Some(STS_ENDPOINT),
        ),
        (but(&web, "token_file", "token"), Some(TOKEN_FILE)),
        (but(&web, "token_file", "/a\nb"), Some(TOKEN_FILE)),
        (but(&web, "role_arn", "x"), Some(ROLE_ARN)),
        (json!({"plan": "profile", "profile": "a-b"}), None),
        (
            json!({"plan": "profile", "profile": ""}),
            Some("credential.profile"),
        ),
        (
            json!({"plan": "profile", "profile": "a]"}),
            Some("credential.profile"),
        ),
        (json!({"plan": "environment"}), None),
        (json!({"plan": "container-metadata"}), None),
        (json!({"plan": "instance-metadata"}), None),
    ];
    for (plan, field) in table {
        assert_eq!(field_at_fault(&plan, &here), field, "{plan}");
    }
}

#[test]
fn an_azure_token_goes_to_azure_alone() {
    let secret = json!({
        "plan": "client-secret", "tenant_id": GUID, "client_id": GUID, "client_secret": "s",
    });
    let machine = json!({"plan": "managed-identity", "client_id": GUID});
    let file = json!({
        "plan": "workload-identity", "tenant_id": GUID, "client_id": GUID, "token_file": "/t",
    });
    let (usual, clear) = (azure(None), azure(Some("http://127.0.0.1:10000/vision")));
    let elsewhere = azure(Some("https://store.example.org"));
    let zone = azure(Some("https://vision.z01.blob.storage.azure.net"));
    let endpoint = Some("place.endpoint");
    let table = [
        (secret.clone(), &usual, None),
        (secret.clone(), &elsewhere, None),
        (secret.clone(), &clear, endpoint),
        (
            but(&secret, "tenant_id", "contoso"),
            &usual,
            Some(TENANT_ID),
        ),
        (but(&secret, "client_id", "x"), &usual, Some(CLIENT_ID)),
        (
            but(&secret, "client_secret", ""),
            &usual,
            Some("credential.client_secret"),
        ),
        (machine.clone(), &usual, None),
        (machine.clone(), &zone, None),
        (machine.clone(), &elsewhere, endpoint),
        (but(&machine, "client_id", "x"), &usual, Some(CLIENT_ID)),
        (json!({"plan": "managed-identity"}), &usual, None),
        (file.clone(), &usual, None),
        (file.clone(), &elsewhere, endpoint),
        (but(&file, "token_file", "t"), &usual, Some(TOKEN_FILE)),
    ];
    for (plan, place, field) in table {
        assert_eq!(field_at_fault(&plan, place), field, "{plan}");
    }
}

#[test]
fn a_service_account_is_told_by_its_address() {
    let place: StorePlace =
        serde_json::from_value(json!({"provider": "gcs", "container": "models"})).unwrap();
    for (address, fits) in [
        ("signer@project.iam.gserviceaccount.com", true),
        ("123-compute@developer.gserviceaccount.com", true),
        ("signer@example.org", false),
        ("signer", false),
        ("a/b@project.iam.gserviceaccount.com", false),
        ("@project.iam.gserviceaccount.com", false),
    ] {
        let plan = json!({"plan": "sign-blob", "service_account": address});
        let field = (!fits).then_some("credential.service_account");
        assert_eq!(field_at_fault(&plan, &place), field, "{address}");
    }
}
