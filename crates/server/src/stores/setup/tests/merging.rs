//! Our part beside others' parts.

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn theirs() -> Value {
    json!({
        "Version": "2012-10-17",
        "Id": "acme",
        "Statement": [
            {"Sid": "Backup", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999988887777:role/backup"},
             "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-data/backup/${aws:username}/*"},
            {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": "arn:aws:s3:::acme-data"},
            {"Sid": "Signetish", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
             "Resource": "arn:aws:s3:::acme-data/public/*"},
        ],
    })
}

fn statements(policy: &Value) -> &Vec<Value> {
    policy["Statement"].as_array().unwrap()
}

#[test]
fn statements_of_others_stay_as_they_are_and_where_they_are() {
    let ours = policy(&bucket());
    let merged = merge(Some(&theirs()), &ours).unwrap().body;
    let all = statements(&merged);
    assert_eq!(all[..3], statements(&theirs())[..]);
    assert_eq!(all[3..], statements(&ours)[..]);
    assert_eq!(merged["Id"], "acme");
}

#[test]
fn merging_twice_is_merging_once() {
    let ours = policy(&bucket());
    let once = merge(Some(&theirs()), &ours).unwrap();
    assert_eq!(merge(Some(&once.body), &ours).unwrap(), once);
    let alone = merge(None, &ours).unwrap().body;
    assert_eq!(alone, ours);
}

#[test]
fn what_we_no_longer_want_goes_and_another_registration_stays() {
    let ours = policy(&bucket());
    let beside = policy(&S3Bucket {
        place: Place::new("acme-data", "other/").unwrap(),
        teams: vec![team("vision", "other/team_1/")],
        ..bucket()
    });
    let both = merge(Some(&merge(Some(&theirs()), &beside).unwrap().body), &ours)
        .unwrap()
        .body;
    assert_eq!(
        statements(&both).len(),
        3 + statements(&beside).len() + statements(&ours).len()
    );
    let fewer = policy(&S3Bucket {
        networks: Vec::new(),
        vpc_endpoints: Vec::new(),
        max_signature_age_seconds: None,
        ..bucket()
    });
    let after = merge(Some(&both), &fewer).unwrap().body;
    assert_eq!(statements(&fewer).len(), statements(&ours).len() - 2);
    assert_eq!(
        statements(&after).len(),
        3 + statements(&beside).len() + statements(&fewer).len()
    );
}

#[test]
fn a_single_statement_is_a_list_of_one() {
    let one = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": "*"
    }});
    let merged = merge(Some(&one), &policy(&bucket())).unwrap().body;
    assert_eq!(statements(&merged)[0], one["Statement"]);
}

#[test]
fn an_older_policy_is_raised_only_if_it_means_the_same() {
    let old = |resource: &str| {
        json!({"Version": "2008-10-17", "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": resource}
        ]})
    };
    let ours = policy(&bucket());
    let plain = merge(Some(&old("arn:aws:s3:::acme-data/public/*")), &ours).unwrap();
    assert_eq!(plain.body["Version"], "2012-10-17");
    assert_eq!(plain.warnings.len(), 1);
    let variable = merge(
        Some(&old("arn:aws:s3:::acme-data/${aws:username}/*")),
        &ours,
    );
    assert!(
        matches!(variable, Err(Error::NotMergeable { .. })),
        "{variable:?}"
    );
}

#[test]
fn what_is_no_policy_is_refused() {
    let ours = policy(&bucket());
    for other in [
        json!(null),
        json!([]),
        json!("{\"Statement\": []}"),
        json!({}),
        json!({"Policy": "{}"}),
        json!({"Statement": "all"}),
        json!({"Statement": [{"Action": "s3:*"}]}),
        json!({"Statement": [], "Rules": []}),
    ] {
        let result = merge(Some(&other), &ours);
        assert!(
            matches!(result, Err(Error::NotMergeable { .. })),
            "{other}: {result:?}"
        );
    }
}

#[test]
fn a_policy_that_a_bucket_does_not_take_is_warned_of() {
    let statement = |n: usize| {
        json!({"Sid": format!("Filler{n}"), "Effect": "Deny", "Principal": "*",
               "Action": "s3:DeleteBucket", "Resource": "arn:aws:s3:::acme-data"})
    };
    let big: Vec<Value> = (0..200).map(statement).collect();
    let big = json!({"Version": "2012-10-17", "Statement": big});
    let merged = merge(Some(&big), &policy(&bucket())).unwrap();
    assert!(
        merged.warnings.iter().any(|w| w.contains("20480")),
        "{:?}",
        merged.warnings
    );
    let of_teams = |count: usize| {
        let teams = (0..count).map(|n| team(&format!("t{n}"), &format!("signet/team_{n:032}/")));
        let crowded = S3Bucket {
            teams: teams.collect(),
            ..bucket()
        };
        let setup = crowded.setup().unwrap();
        setup
            .of(Kind::BucketPolicy)
            .next()
            .unwrap()
            .warnings
            .clone()
    };
    let warnings = of_teams(100);
    assert!(
        !warnings.iter().any(|w| w.contains("20480")),
        "{warnings:?}"
    );
    let warnings = of_teams(200);
    assert!(warnings.iter().any(|w| w.contains("20480")), "{warnings:?}");
}

#[test]
fn rules_of_others_stay_as_well() {
    let setup = bucket().setup().unwrap();
    let cors = setup.of(Kind::Cors).next().unwrap();
    let there = json!({"CORSRules": [
        {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://acme.example.com"]},
        {"ID": "SignetCors", "AllowedMethods": ["GET"], "AllowedOrigins": ["https://b.example.com"]},
    ]});
    let merged = cors.merged_into(Some(&there)).unwrap();
    let rules = merged.body["CORSRules"].as_array().unwrap();
    assert_eq!(rules[..2], there["CORSRules"].as_array().unwrap()[..]);
    assert_eq!(rules.len(), 3);
    assert_eq!(cors.merged_into(Some(&merged.body)).unwrap(), merged);

    let lifecycle = setup.of(Kind::Lifecycle).next().unwrap();
    let there = json!({
        "TransitionDefaultMinimumObjectSize": "all_storage_classes_128K",
        "Rules": [{"ID": "Old logs", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 30}}],
    });
    let merged = lifecycle.merged_into(Some(&there)).unwrap();
    assert_eq!(merged.body["Rules"][0], there["Rules"][0]);
    assert_eq!(merged.body["Rules"].as_array().unwrap().len(), 2);
    assert!(
        merged
            .body
            .get("TransitionDefaultMinimumObjectSize")
            .is_none()
    );
    assert_eq!(merged.warnings.len(), 1);
    let wrong = lifecycle.merged_into(Some(&json!({"CORSRules": []})));
    assert!(matches!(wrong, Err(Error::NotMergeable { .. })));
}

proptest! {
    #[test]
    fn no_statement_of_others_is_lost(sids in prop::collection::vec(prop::option::of("(Signet)?[a-f0-9]{0,8}[A-Z]?"), 0..6)) {
        let foreign: Vec<Value> = sids
            .iter()
            .map(|sid| match sid {
                Some(sid) => json!({"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}),
                None => json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}),
            })
            .collect();
        let ours = policy(&bucket());
        let there = json!({"Version": "2012-10-17", "Statement": foreign});
        let once = merge(Some(&there), &ours).unwrap();
        prop_assert_eq!(&statements(&once.body)[..foreign.len()], &foreign[..]);
        prop_assert_eq!(merge(Some(&once.body), &ours).unwrap(), once);
    }
}
