//! What policies hold URLs to.

use super::super::{HeldTo, Unjudged, held_to};
use super::{ADA, policy};
use serde_json::{Value, json};

const OBJECT: &str = "arn:aws:s3:::b/signet/t/object";

fn denied(who: &Value, condition: &Value) -> Value {
    json!({
        "Effect": "Deny", "Principal": who, "Action": "s3:*", "Resource": "arn:aws:s3:::b/*",
        "Condition": condition,
    })
}

fn held(statement: Value, signer: Option<&str>) -> HeldTo {
    held_to(&policy(statement), OBJECT, signer).unwrap()
}

#[test]
fn networks_hold_where_nobody_who_may_be_the_signer_is_exempt() {
    let elsewhere = json!({"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"]});
    let anyone = json!("*");
    let but = |key: &str, value: &str| json!({"NotIpAddress": elsewhere, "StringNotEquals": {key: value}});
    let bob = "arn:aws:iam::111122223333:user/bob";
    // Who and on which conditions, and whether that holds an unknown signer, and ada
    for (who, condition, unknown, ada) in [
        (&anyone, json!({"NotIpAddress": elsewhere}), true, true),
        (&anyone, but("aws:SourceVpce", "vpce-1"), true, true),
        (&anyone, but("aws:PrincipalArn", bob), false, true),
        (&anyone, but("aws:PrincipalArn", ADA), false, false),
        (&anyone, but("aws:username", "bob"), false, false),
        (
            &json!({"AWS": ADA}),
            json!({"NotIpAddress": elsewhere}),
            false,
            true,
        ),
        (
            &json!({"AWS": bob}),
            json!({"NotIpAddress": elsewhere}),
            false,
            false,
        ),
        // It refuses some networks alone
        (&anyone, json!({"IpAddress": elsewhere}), false, false),
        (
            &anyone,
            json!({"Bool": {"aws:SecureTransport": "false"}}),
            false,
            false,
        ),
        // In clear alone
        (
            &anyone,
            json!({"NotIpAddress": elsewhere, "Bool": {"aws:SecureTransport": "false"}}),
            false,
            false,
        ),
    ] {
        let statement = denied(who, &condition);
        assert_eq!(
            held(statement.clone(), None).networks,
            unknown,
            "{statement}"
        );
        assert_eq!(
            held(statement.clone(), Some(ADA)).networks,
            ada,
            "{statement}"
        );
    }
}

#[test]
fn other_objects_and_what_is_allowed_hold_nothing() {
    let condition = json!({
        "NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"},
        "NumericGreaterThan": {"s3:signatureAge": "600000"},
    });
    for (name, value) in [
        ("Effect", "Allow"),
        ("Resource", "arn:aws:s3:::b/other/*"),
        ("Action", "s3:ListBucket"),
    ] {
        let mut statement = denied(&json!("*"), &condition);
        statement[name] = json!(value);
        assert_eq!(held(statement, None), HeldTo::default(), "{name}");
    }
}

#[test]
fn an_age_of_one_action_bounds_all_and_a_network_of_one_holds_none() {
    let condition = |test: &str, key: &str, value: &str| json!({test: {key: value}});
    let age = condition("NumericGreaterThan", "s3:signatureAge", "600000");
    let elsewhere = condition("NotIpAddress", "aws:SourceIp", "203.0.113.0/24");
    for action in ["s3:GetObject", "s3:PutObject"] {
        let about = |condition: &Value| {
            let mut statement = denied(&json!("*"), condition);
            statement["Action"] = json!(action);
            held(statement, None)
        };
        assert_eq!(about(&age).max_signature_age_seconds, Some(600), "{action}");
        assert!(!about(&elsewhere).networks, "{action}");
    }
}

#[test]
fn the_least_age_counts_and_is_told_in_seconds() {
    let age = |millis: &str| json!({"NumericGreaterThan": {"s3:signatureAge": millis}});
    let bob = json!({"AWS": "arn:aws:iam::111122223333:user/bob"});
    let statements = json!([
        denied(&json!("*"), &age("86400000")),
        denied(&bob, &age("600999")),
    ]);
    // Bob may be who signs
    let told = |signer| held(statements.clone(), signer).max_signature_age_seconds;
    assert_eq!(told(None), Some(600));
    assert_eq!(told(Some(ADA)), Some(86_400));
    assert_eq!(held(json!([]), None).max_signature_age_seconds, None);
}

#[test]
fn a_policy_that_is_not_understood_says_nothing() {
    let condition = json!({"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}});
    let read = held_to(&policy(denied(&json!("*"), &condition)), OBJECT, None);
    assert!(
        matches!(read, Err(Unjudged::Key(_) | Unjudged::Operator(_))),
        "{read:?}"
    );
}
