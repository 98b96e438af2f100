//! The evaluator, against what AWS documents of the language.

mod urls;

use super::*;
use serde_json::json;

const ADA: &str = "arn:aws:iam::111122223333:user/ada";

fn ada(action: &str, resource: &str) -> Access {
    Access::new(Caller::Aws(ADA.to_owned()), action, resource)
}

fn policy(statement: impl Into<Value>) -> Value {
    let statement: Value = statement.into();
    json!({"Version": "2012-10-17", "Statement": statement})
}

fn decide(statement: Value, request: &Access) -> Decision {
    evaluate(&[policy(statement)], request).unwrap()
}

fn holds(condition: &Value, request: &Access) -> bool {
    let statement =
        json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition});
    decide(statement, request) != Decision::NotAllowed
}

#[test]
fn a_denial_wins_wherever_it_stands() {
    let allow = json!({"Sid": "A", "Effect": "Allow", "Action": "s3:*", "Resource": "*"});
    let deny = json!({"Sid": "D", "Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"});
    let request = ada("s3:GetObject", "arn:aws:s3:::b/k");
    for both in [json!([allow, deny]), json!([deny, allow])] {
        assert_eq!(decide(both, &request), Decision::Deny("D".to_owned()));
    }
    let apart = [policy(allow.clone()), policy(deny)];
    assert_eq!(
        evaluate(&apart, &request).unwrap(),
        Decision::Deny("D".to_owned())
    );
    let put = ada("s3:PutObject", "arn:aws:s3:::b/k");
    assert_eq!(decide(allow, &put), Decision::Allow("A".to_owned()));
    assert_eq!(evaluate(&[], &put).unwrap(), Decision::NotAllowed);
}

#[test]
fn actions_match_without_regard_to_case_and_by_wildcards() {
    for (named, action, want) in [
        ("s3:GetObject", "s3:GetObject", true),
        ("S3:getobject", "s3:GetObject", true),
        ("s3:Get*", "s3:GetObjectAcl", true),
        ("s3:Get?bject", "s3:GetObject", true),
        ("s3:Get", "s3:GetObject", false),
        ("*", "kms:Decrypt", true),
    ] {
        let allowed = json!({"Effect": "Allow", "Action": named, "Resource": "*"});
        let is = decide(allowed, &ada(action, "x")) != Decision::NotAllowed;
        assert_eq!(is, want, "{named} {action}");
        let others = json!({"Effect": "Allow", "NotAction": ["sts:*", named], "Resource": "*"});
        let is = decide(others, &ada(action, "x")) != Decision::NotAllowed;
        assert_eq!(is, !want, "not {named} {action}");
    }
}

#[test]
fn resources_match_by_wildcards_and_variables() {
    for (pattern, resource, want) in [
        ("b/*", "b/", true),
        ("b/*", "b/a/b", true),
        ("b/*", "b", false),
        ("b/?", "b/é", true),
        ("b/?", "b/", false),
        ("*a*b", "xaxxab", true),
        ("*a*b", "xaxxa", false),
        ("b/${aws:username}/*", "b/ada/k", true),
        ("b/${AWS:UserName}/*", "b/ada/k", true),
        ("b/${aws:username}/*", "b/eve/k", false),
        ("b/${*}", "b/*", true),
        ("b/${*}", "b/k", false),
        ("b/${?}", "b/?", true),
        ("b/${?}", "b/k", false),
        ("b/${$}{aws:username}", "b/${aws:username}", true),
        ("b/${$}{aws:username}", "b/ada", false),
        ("b/$k", "b/$k", true),
        ("B/k", "b/k", false),
    ] {
        let request = ada("s3:GetObject", resource).with("aws:username", "ada");
        let statement = json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": pattern});
        let is = decide(statement, &request) != Decision::NotAllowed;
        assert_eq!(is, want, "{pattern} {resource}");
    }
    // A value is no pattern
    let request = ada("s3:GetObject", "b/eve").with("aws:username", "*");
    let statement = json!({"Effect": "Allow", "Action": "*", "Resource": "b/${aws:username}"});
    assert_eq!(decide(statement, &request), Decision::NotAllowed);
}

#[test]
fn the_older_language_has_no_variables() {
    for version in [json!({"Version": "2008-10-17"}), json!({})] {
        let mut old = version;
        old["Statement"] = json!({"Effect": "Allow", "Action": "*", "Resource": "b/${aws:username}*",
            "Condition": {"StringEquals": {"s3:prefix": "${*}"}}});
        let request = |resource: &str, prefix: &str| {
            ada("s3:GetObject", resource)
                .with("aws:username", "ada")
                .with("s3:prefix", prefix)
        };
        let is =
            |request: &Access| evaluate(&[old.clone()], request).unwrap() != Decision::NotAllowed;
        assert!(is(&request("b/${aws:username}/k", "${*}")));
        assert!(!is(&request("b/ada", "${*}")));
        assert!(!is(&request("b/${aws:username}/k", "*")));
    }
}

#[test]
fn principals_are_named_by_arn_account_service_or_all() {
    let is = |principal: Value, caller: Caller| {
        let statement =
            json!({"Effect": "Allow", "Principal": principal, "Action": "*", "Resource": "*"});
        decide(statement, &Access::new(caller, "s3:GetObject", "x")) != Decision::NotAllowed
    };
    let ada = || Caller::Aws(ADA.to_owned());
    let log = || Caller::Service("logging.s3.amazonaws.com".to_owned());
    for all in [json!("*"), json!({"AWS": "*"}), json!({"AWS": ["x", "*"]})] {
        assert!(is(all.clone(), ada()) && is(all.clone(), log()) && is(all, Caller::Anonymous));
    }
    assert!(is(json!({"AWS": ADA}), ada()));
    assert!(is(json!({"AWS": ["arn:aws:iam::1:user/b", ADA]}), ada()));
    assert!(is(json!({"AWS": "111122223333"}), ada()));
    assert!(is(json!({"AWS": "arn:aws:iam::111122223333:root"}), ada()));
    assert!(!is(json!({"AWS": "arn:aws:iam::444455556666:root"}), ada()));
    assert!(
        !is(json!({"AWS": "arn:aws:iam::111122223333:user/*"}), ada()),
        "no pattern"
    );
    assert!(!is(json!({"AWS": ADA}), Caller::Anonymous));
    assert!(!is(json!({"AWS": ADA}), log()));
    assert!(is(json!({"Service": "logging.s3.amazonaws.com"}), log()));
    assert!(!is(json!({"Service": "logging.s3.amazonaws.com"}), ada()));
}

#[test]
fn conditions_hold_as_documented() {
    let request = ada("s3:GetObject", "x")
        .with("aws:SourceIp", "203.0.113.9")
        .with("aws:SecureTransport", "true")
        .with("s3:signatureAge", "5000")
        .with("aws:username", "ada")
        .with("s3:prefix", "home/ada/x");
    for (condition, want) in [
        (json!({"StringEquals": {"s3:prefix": "home/ada/x"}}), true),
        (json!({"StringEquals": {"S3:PREFIX": "home/ada/x"}}), true),
        (json!({"StringEquals": {"s3:prefix": "home/Ada/x"}}), false),
        (json!({"StringEquals": {"s3:prefix": "home/*"}}), false),
        (
            json!({"StringEquals": {"s3:prefix": "home/${aws:username}/x"}}),
            true,
        ),
        (
            json!({"StringEquals": {"s3:prefix": ["a", "home/ada/x"]}}),
            true,
        ),
        (
            json!({"StringNotEquals": {"s3:prefix": ["a", "home/ada/x"]}}),
            false,
        ),
        (json!({"StringNotEquals": {"s3:prefix": ["a", "b"]}}), true),
        (json!({"StringLike": {"s3:prefix": ["a", "home/*"]}}), true),
        (json!({"StringLike": {"s3:prefix": "home/${*}"}}), false),
        (
            json!({"StringNotLike": {"s3:prefix": ["a", "home/*"]}}),
            false,
        ),
        (json!({"StringNotLike": {"s3:prefix": ["a", "b*"]}}), true),
        (json!({"Bool": {"aws:SecureTransport": "true"}}), true),
        (json!({"Bool": {"aws:SecureTransport": true}}), true),
        (json!({"Bool": {"aws:SecureTransport": "false"}}), false),
        (
            json!({"Bool": {"aws:SecureTransport": ["false", "true"]}}),
            true,
        ),
        (
            json!({"IpAddress": {"aws:SourceIp": ["198.51.100.0/24", "203.0.113.0/24"]}}),
            true,
        ),
        (
            json!({"IpAddress": {"aws:SourceIp": "203.0.113.7/24"}}),
            true,
        ),
        (json!({"IpAddress": {"aws:SourceIp": "203.0.113.8"}}), false),
        (
            json!({"NotIpAddress": {"aws:SourceIp": ["198.51.100.0/24", "203.0.113.0/24"]}}),
            false,
        ),
        (
            json!({"NotIpAddress": {"aws:SourceIp": ["198.51.100.0/24", "2001:db8::/32"]}}),
            true,
        ),
        (
            json!({"NumericGreaterThan": {"s3:signatureAge": "4999"}}),
            true,
        ),
        (
            json!({"NumericGreaterThan": {"s3:signatureAge": 5000}}),
            false,
        ),
        (
            json!({"NumericGreaterThan": {"s3:signatureAge": "10000"}}),
            false,
        ),
        (json!({"Null": {"s3:prefix": "true"}}), false),
        (json!({"Null": {"s3:prefix": "false"}}), true),
        (json!({"Null": {"aws:SourceVpce": "true"}}), true),
        (json!({"Null": {"aws:SourceVpce": "false"}}), false),
        // All operators and all keys
        (
            json!({"Bool": {"aws:SecureTransport": "true"}, "StringLike": {"s3:prefix": "b*"}}),
            false,
        ),
        (
            json!({"StringEquals": {"s3:prefix": "home/ada/x", "aws:username": "eve"}}),
            false,
        ),
        (
            json!({"StringEquals": {"s3:prefix": "home/ada/x", "aws:username": "ada"}}),
            true,
        ),
        // A key that is not there
        (json!({"StringEquals": {"aws:SourceVpce": "v"}}), false),
        (json!({"StringLike": {"aws:SourceVpce": "*"}}), false),
        (json!({"StringNotEquals": {"aws:SourceVpce": "v"}}), true),
        (json!({"StringNotLike": {"aws:SourceVpce": "*"}}), true),
        (
            json!({"StringEqualsIfExists": {"aws:SourceVpce": "v"}}),
            true,
        ),
        (
            json!({"StringNotEqualsIfExists": {"aws:SourceVpce": "v"}}),
            true,
        ),
        (json!({"StringEqualsIfExists": {"s3:prefix": "b"}}), false),
    ] {
        assert_eq!(holds(&condition, &request), want, "{condition}");
    }
    let bare = Access::new(Caller::Anonymous, "s3:GetObject", "x");
    for (condition, want) in [
        (json!({"Bool": {"aws:SecureTransport": "false"}}), false),
        (
            json!({"BoolIfExists": {"aws:SecureTransport": "false"}}),
            true,
        ),
        (
            json!({"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}),
            true,
        ),
        (json!({"StringNotEquals": {"aws:PrincipalArn": ADA}}), true),
        (json!({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}), false),
        (
            json!({"IpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"}}),
            true,
        ),
        (json!({"NotIpAddress": {"aws:SourceIp": "0.0.0.0/0"}}), true),
        (
            json!({"NumericGreaterThan": {"s3:signatureAge": "0"}}),
            false,
        ),
        (
            json!({"NumericGreaterThanIfExists": {"s3:signatureAge": "0"}}),
            true,
        ),
    ] {
        assert_eq!(holds(&condition, &bare), want, "{condition}");
    }
}

#[test]
fn what_is_not_understood_is_never_passed_over() {
    let request = ada("sts:AssumeRole", "x");
    let unjudged = |document: Value| evaluate(&[document], &request).unwrap_err();
    let statement = |more: Value| {
        // About something else than the request, and yet refused
        let mut fields = json!({"Effect": "Deny", "Action": "s3:GetObject", "Resource": "y"});
        for (name, value) in more.as_object().unwrap() {
            fields[name] = value.clone();
        }
        unjudged(policy(fields))
    };
    let condition = |condition: Value| statement(json!({"Condition": condition}));
    assert_eq!(
        statement(json!({"NotResource": "x"})),
        Unjudged::Element("NotResource".to_owned())
    );
    assert_eq!(
        statement(json!({"NotPrincipal": "*"})),
        Unjudged::Element("NotPrincipal".to_owned())
    );
    assert_eq!(
        statement(json!({"condition": {}})),
        Unjudged::Element("condition".to_owned())
    );
    assert_eq!(
        statement(json!({"Principal": {"Federated": "x"}})),
        Unjudged::Element("Federated".to_owned())
    );
    for operator in [
        "ArnLike",
        "DateLessThan",
        "ForAllValues:StringLike",
        "NullIfExists",
        "StringEqualsIgnoreCase",
        "stringequals",
        "NumericGreaterThanEquals",
    ] {
        let error = condition(json!({operator: {"s3:prefix": "x"}}));
        assert_eq!(error, Unjudged::Operator(operator.to_owned()));
    }
    assert_eq!(
        condition(json!({"StringEquals": {"s3:prefx": "x"}})),
        Unjudged::Key("s3:prefx".to_owned())
    );
    for (operator, key, value) in [
        ("StringEquals", "aws:SourceIp", "203.0.113.9"),
        ("IpAddress", "s3:prefix", "203.0.113.9"),
        ("Bool", "s3:prefix", "true"),
        ("NumericGreaterThan", "aws:SecureTransport", "1"),
    ] {
        let error = condition(json!({operator: {key: value}}));
        assert!(
            matches!(error, Unjudged::Type { .. }),
            "{operator} {key}: {error}"
        );
    }
    for (operator, key, value) in [
        ("IpAddress", "aws:SourceIp", "203.0.113"),
        ("Bool", "aws:SecureTransport", "yes"),
        ("NumericGreaterThan", "s3:signatureAge", "2m"),
        ("Null", "s3:prefix", "maybe"),
    ] {
        let error = condition(json!({operator: {key: value}}));
        assert!(
            matches!(error, Unjudged::BadValue { .. }),
            "{operator} {value}: {error}"
        );
    }
    for malformed in [
        json!([]),
        json!({"Version": "2012-10-17"}),
        policy(json!("all")),
        policy(json!({"Effect": "allow", "Action": "*", "Resource": "*"})),
        policy(json!({"Effect": "Allow", "Resource": "*"})),
        policy(json!({"Effect": "Allow", "Action": [], "Resource": "*"})),
        policy(json!({"Effect": "Allow", "Action": "*", "NotAction": "*", "Resource": "*"})),
        policy(json!({"Effect": "Allow", "Action": "*", "Resource": "a${b"})),
        policy(json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "ada"})),
    ] {
        let error = unjudged(malformed.clone());
        assert!(
            matches!(error, Unjudged::Malformed(_)),
            "{malformed}: {error}"
        );
    }
    let future = json!({"Version": "2030-01-01", "Statement": []});
    assert_eq!(unjudged(future), Unjudged::Version("2030-01-01".to_owned()));
    let unknown = policy(json!({"Effect": "Deny", "Action": "*", "Resource": "${aws:moon}"}));
    assert_eq!(unjudged(unknown), Unjudged::Variable("aws:moon".to_owned()));
    let odd = policy(json!({"Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}}));
    let request = request.with("aws:SourceIp", "here");
    assert!(matches!(
        evaluate(&[odd], &request),
        Err(Unjudged::BadValue { .. })
    ));
}
