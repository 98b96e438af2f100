//! Sessions of one team, with names that were made to reach further.

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn scope(root: &str) -> SessionScope {
    SessionScope {
        store: S3Store::Aws(Partition::Aws),
        place: Place::new("acme-data", "").unwrap(),
        region: "eu-west-1".parse().unwrap(),
        root: root.parse().unwrap(),
        operations: SessionOperation::ALL.into(),
        networks: Vec::new(),
        kms_key: None,
    }
}

fn read(scope: &SessionScope) -> Value {
    serde_json::from_str(&session_policy(scope).unwrap()).unwrap()
}

/// A request in whose context there is a name for every variable that somebody could try.
fn request(action: &str, resource: &str) -> Access {
    Access::new(Caller::Aws(SIGNING.to_owned()), action, resource)
        .with("aws:username", "ada")
        .with("aws:userid", "AIDA")
        .with("aws:SourceIp", "203.0.113.9")
}

fn allows(policy: &Value, action: &str, key: &str) -> bool {
    let decision = evaluate(std::slice::from_ref(policy), &request(action, &object(key)));
    matches!(decision.unwrap(), Decision::Allow(_))
}

fn lists(policy: &Value, prefix: &str) -> bool {
    let request = request("s3:ListBucket", "arn:aws:s3:::acme-data").with("s3:prefix", prefix);
    let decision = evaluate(std::slice::from_ref(policy), &request);
    matches!(decision.unwrap(), Decision::Allow(_))
}

#[test]
fn a_session_is_for_one_team() {
    let policy = read(&scope("table/"));
    assert!(allows(&policy, "s3:GetObject", "table/x"));
    for key in [
        "table_other/x",
        "tableX",
        "table",
        "tabl",
        "other/table/x",
        "table\\x",
    ] {
        assert!(!allows(&policy, "s3:GetObject", key), "{key}");
        assert!(!allows(&policy, "s3:PutObject", key), "{key}");
        assert!(!lists(&policy, key), "{key}");
    }
    assert!(lists(&policy, "table/"));
    let vision = read(&scope(VISION));
    assert!(allows(
        &vision,
        "s3:PutObject",
        &format!("{VISION}objects/a")
    ));
    assert!(!allows(
        &vision,
        "s3:PutObject",
        &format!("{SPEECH}objects/a")
    ));
    let elsewhere = request("s3:GetObject", "arn:aws:s3:::acme-other/table/x");
    let decision = evaluate(&[read(&scope("table/"))], &elsewhere).unwrap();
    assert_eq!(decision, Decision::NotAllowed);
}

#[test]
fn a_session_is_for_what_it_was_made_for() {
    let reads = read(&SessionScope {
        operations: [SessionOperation::Read].into(),
        ..scope("a/")
    });
    assert!(allows(&reads, "s3:GetObject", "a/x"));
    for action in [
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:GetObjectAcl",
        "s3:GetObjectVersion",
    ] {
        assert!(!allows(&reads, action, "a/x"), "{action}");
    }
    assert!(!lists(&reads, "a/"));
    let nothing = SessionScope {
        operations: [].into(),
        ..scope("a/")
    };
    assert_eq!(session_policy(&nothing), Err(Error::NoOperation));
    let text = session_policy(&scope("a/")).unwrap();
    let policy: Value = serde_json::from_str(&text).unwrap();
    for statement in policy["Statement"].as_array().unwrap() {
        let actions = statement["Action"].to_string();
        assert!(
            !actions.contains('*'),
            "some stores refuse wildcards: {actions}"
        );
    }
}

#[test]
fn a_session_can_be_bound_to_networks() {
    let policy = read(&SessionScope {
        networks: vec!["203.0.113.0/24".parse().unwrap()],
        ..scope("a/")
    });
    let from = |network: Option<&str>, action: &str, resource: &str| {
        let request =
            Access::new(Caller::Aws(SIGNING.to_owned()), action, resource).with("s3:prefix", "a/");
        let request = match network {
            Some(address) => request.with("aws:SourceIp", address),
            None => request,
        };
        matches!(
            evaluate(std::slice::from_ref(&policy), &request).unwrap(),
            Decision::Allow(_)
        )
    };
    for (action, resource) in [
        ("s3:GetObject", object("a/x")),
        ("s3:ListBucket", "arn:aws:s3:::acme-data".to_owned()),
    ] {
        assert!(from(Some("203.0.113.9"), action, &resource), "{action}");
        assert!(!from(Some("198.51.100.9"), action, &resource), "{action}");
        assert!(!from(None, action, &resource), "{action}");
    }
}

#[test]
fn a_session_uses_the_key_through_s3_alone() {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd";
    let with = |operation| SessionScope {
        operations: [operation].into(),
        networks: vec!["203.0.113.0/24".parse().unwrap()],
        kms_key: Some(key.parse().unwrap()),
        ..scope("a/")
    };
    let may = |scope: &SessionScope, action: &str, via: Option<&str>| {
        // S3 asks, from nowhere
        let request = Access::new(Caller::Aws(SIGNING.to_owned()), action, key);
        let request = match via {
            Some(via) => request.with("kms:ViaService", via),
            None => request,
        };
        matches!(
            evaluate(&[read(scope)], &request).unwrap(),
            Decision::Allow(_)
        )
    };
    let s3 = Some("s3.eu-west-1.amazonaws.com");
    let (reads, writes) = (with(SessionOperation::Read), with(SessionOperation::Write));
    assert!(may(&reads, "kms:Decrypt", s3));
    assert!(!may(&reads, "kms:GenerateDataKey", s3));
    assert!(may(&writes, "kms:Decrypt", s3));
    assert!(may(&writes, "kms:GenerateDataKey", s3));
    assert!(!may(&writes, "kms:Decrypt", None));
    assert!(!may(
        &writes,
        "kms:Decrypt",
        Some("ec2.eu-west-1.amazonaws.com")
    ));
    assert!(!may(&with(SessionOperation::Delete), "kms:Decrypt", s3));
    let compatible = SessionScope {
        store: S3Store::Compatible,
        ..writes
    };
    let error = session_policy(&compatible).unwrap_err();
    assert_eq!(error, Error::NotInStore { what: "KMS key" });
}

#[test]
fn a_policy_that_sts_would_refuse_is_refused_first() {
    let networks = (0..=255).map(|n| format!("203.0.{n}.0/24").parse().unwrap());
    let many = SessionScope {
        networks: networks.collect(),
        ..scope("a/")
    };
    let error = session_policy(&many).unwrap_err();
    assert!(
        matches!(error, Error::SessionPolicyTooLong { got, max: 2048 } if got > 2048),
        "{error:?}"
    );
    // The limit counts characters, not bytes
    let wide = scope(&format!("{}/", "é".repeat(400)));
    let text = session_policy(&wide).unwrap();
    assert!(text.len() > text.chars().count());
}

#[test]
fn a_root_outside_of_the_place_is_refused() {
    for root in ["b/", "signet/", "signetx/a/"] {
        let scope = SessionScope {
            place: Place::new("acme-data", "signet/").unwrap(),
            ..scope(root)
        };
        assert_eq!(
            session_policy(&scope),
            Err(Error::RootOutsidePrefix),
            "{root}"
        );
    }
}

#[test]
fn stores_that_may_not_know_the_escape_get_no_pattern() {
    for root in ["a*/", "a?/", "a$/", "${aws:username}/"] {
        let scope = SessionScope {
            store: S3Store::Compatible,
            ..scope(root)
        };
        let error = session_policy(&scope).unwrap_err();
        assert!(
            matches!(error, Error::CannotEscape { .. }),
            "{root}: {error:?}"
        );
    }
}

#[test]
fn the_evaluator_sees_what_an_unescaped_name_would_open() {
    let raw = |pattern: &str| {
        json!({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "s3:GetObject", "Resource": object(pattern)
        }})
    };
    assert!(allows(&raw("a*/*"), "s3:GetObject", "ab/x"));
    assert!(allows(&raw("a?/*"), "s3:GetObject", "ab/x"));
    assert!(allows(&raw("${aws:username}/*"), "s3:GetObject", "ada/x"));
    assert!(!allows(&read(&scope("a*/")), "s3:GetObject", "ab/x"));
    assert!(!allows(&read(&scope("a?/")), "s3:GetObject", "ab/x"));
    assert!(!allows(
        &read(&scope("${aws:username}/")),
        "s3:GetObject",
        "ada/x"
    ));
    assert!(allows(
        &read(&scope("${aws:username}/")),
        "s3:GetObject",
        "${aws:username}/x"
    ));
}

fn component() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ab*?${}\"'\\\\:, _é]{1,8}",
        Just("${aws:username}".to_owned()),
        Just("${*}".to_owned()),
        Just("*".to_owned()),
        Just("\"],\"Resource\":[\"*".to_owned()),
    ]
}

fn root() -> impl Strategy<Value = String> {
    prop::collection::vec(component(), 1..4).prop_map(|parts| format!("{}/", parts.join("/")))
}

/// Keys close to the root: what its characters would stand for as patterns, and its neighbours.
fn near(root: &str) -> impl Strategy<Value = String> + use<> {
    let root = root.to_owned();
    (any::<u8>(), "[ab*?${}/]{0,4}", "[ab/*]{0,3}").prop_map(move |(how, middle, end)| {
        let stem = root.trim_end_matches('/');
        match how % 7 {
            0 => format!("{root}{end}"),
            1 => format!("{stem}{middle}/{end}"),
            2 => format!("{}{end}", root.replacen('*', &middle, 1)),
            3 => format!("{}{end}", root.replacen('?', &middle, 1)),
            4 => format!("{}{end}", root.replace("${aws:username}", "ada")),
            5 => format!("{}{end}", root.replace("${*}", &middle)),
            _ => format!("{middle}{root}{end}"),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_session_never_reaches_beyond_its_root(
        (root, key) in root().prop_flat_map(|root| (Just(root.clone()), near(&root)))
    ) {
        let policy = read(&scope(&root));
        let is_inside = key.starts_with(&root);
        prop_assert_eq!(allows(&policy, "s3:GetObject", &key), is_inside);
        prop_assert_eq!(allows(&policy, "s3:PutObject", &key), is_inside);
        prop_assert_eq!(lists(&policy, &key), is_inside);
    }

    #[test]
    fn a_bucket_policy_never_reaches_beyond_its_roots(
        (root, key) in root().prop_flat_map(|root| (Just(root.clone()), near(&root)))
    ) {
        let policy = policy(&S3Bucket {
            place: Place::new("acme-data", "").unwrap(),
            teams: vec![team("hostile", &root)],
            networks: Vec::new(),
            vpc_endpoints: Vec::new(),
            ..bucket()
        });
        let request = request("s3:GetObject", &object(&key))
            .with("aws:SecureTransport", "true")
            .with("s3:authType", "REST-QUERY-STRING")
            .with("s3:signatureversion", "AWS4-HMAC-SHA256")
            .with("s3:signatureAge", "1");
        let want = if key.starts_with(&root) { "+Objects" } else { "" };
        prop_assert_eq!(said(&policy, &request), want);
    }
}
