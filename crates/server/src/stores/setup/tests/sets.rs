//! Whole sets, to be read, and what holds for all of them.

use super::*;
use std::collections::BTreeSet;

fn snapshot(name: &str, setup: &Setup) {
    let settings = || {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("snapshots");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings
    };
    settings().bind(|| {
        insta::assert_json_snapshot!(name, setup);
        insta::assert_json_snapshot!(format!("{name}_terraform"), setup.terraform());
    });
}

#[test]
fn the_set_for_two_identities() {
    snapshot("s3_two_identities", &bucket().setup().unwrap());
}

#[test]
fn the_set_for_a_role() {
    snapshot("s3_role", &bucket_with_role().setup().unwrap());
}

#[test]
fn the_set_for_another_store() {
    snapshot("s3_compatible", &compatible_bucket().setup().unwrap());
}

#[test]
fn the_set_for_gcs() {
    snapshot("gcs", &clouds::gcs().setup().unwrap());
}

#[test]
fn the_set_for_azure() {
    snapshot("azure", &clouds::azure().setup().unwrap());
}

#[test]
fn each_document_says_what_it_is_and_how_it_is_applied() {
    for setup in [
        bucket().setup().unwrap(),
        bucket_with_role().setup().unwrap(),
        compatible_bucket().setup().unwrap(),
        clouds::gcs().setup().unwrap(),
        clouds::azure().setup().unwrap(),
    ] {
        let files: BTreeSet<&str> = setup.documents.iter().map(|d| d.file.as_str()).collect();
        assert_eq!(files.len(), setup.documents.len(), "{files:?}");
        for document in &setup.documents {
            let name = document.kind.as_str();
            let json = serde_json::to_value(document.kind).unwrap();
            assert_eq!(json, name);
            assert!(
                !document.title.is_empty() && !document.apply.is_empty(),
                "{name}"
            );
            assert!(!document.reasons.is_empty(), "{name}");
            let is_read = document.apply.contains(&document.file);
            let is_whole = matches!(document.kind, Kind::SessionPolicy)
                || document.apply.starts_with("az storage cors add");
            assert!(is_read || is_whole, "{name}: {}", document.apply);
            if let Some(statements) = document.body.get("Statement").and_then(Value::as_array)
                && document.kind != Kind::SessionPolicy
            {
                let sids: Vec<&str> = statements
                    .iter()
                    .map(|each| each["Sid"].as_str().unwrap())
                    .collect();
                let parts: Vec<&str> = document
                    .reasons
                    .iter()
                    .map(|reason| reason.part.as_str())
                    .collect();
                assert_eq!(sids, parts, "{name}");
                assert!(
                    sids.iter()
                        .all(|sid| sid.bytes().all(|b| b.is_ascii_alphanumeric()))
                );
            }
        }
    }
}

#[test]
fn no_allowed_action_is_a_pattern() {
    for setup in [bucket(), bucket_with_role(), compatible_bucket()].map(|b| b.setup().unwrap()) {
        for document in &setup.documents {
            let statements = document.body.get("Statement").and_then(Value::as_array);
            for statement in statements.into_iter().flatten() {
                if statement["Effect"] == "Allow" {
                    let actions = statement["Action"].to_string();
                    assert!(!actions.contains('*'), "{}: {actions}", document.file);
                }
            }
        }
    }
}

#[test]
fn every_partition_has_arns_of_its_own() {
    for (partition, region, via) in [
        (Partition::Aws, "eu-west-1", "s3.eu-west-1.amazonaws.com"),
        (
            Partition::AwsCn,
            "cn-north-1",
            "s3.cn-north-1.amazonaws.com.cn",
        ),
        (
            Partition::AwsUsGov,
            "us-gov-west-1",
            "s3.us-gov-west-1.amazonaws.com",
        ),
    ] {
        let name = partition.as_str();
        let own = |text: &str| text.replace("arn:aws:", &format!("arn:{name}:"));
        let base = bucket_with_role();
        let bucket = S3Bucket {
            store: S3Store::Aws(partition),
            region: region.parse().unwrap(),
            signing: own(base.signing.as_str()).parse().unwrap(),
            kms_key: Some(
                format!("arn:{name}:kms:{region}:111122223333:key/1234abcd")
                    .parse()
                    .unwrap(),
            ),
            assume_role: Some(AssumeRole {
                principal: own("arn:aws:iam::444455556666:user/signet")
                    .parse()
                    .unwrap(),
                external_id: "bkt_1".parse().unwrap(),
            }),
            ..base
        };
        assert_eq!(Partition::of(&bucket.region), partition);
        let setup = bucket.setup().unwrap();
        let text = serde_json::to_string(&setup).unwrap() + &setup.terraform().to_string();
        for at in text.match_indices("arn:").map(|(at, _)| at) {
            assert!(
                text[at..].starts_with(&format!("arn:{name}:")),
                "{}",
                &text[at..at + 40]
            );
        }
        assert!(text.contains(via), "{via}");
    }
}

#[test]
fn what_is_of_another_partition_or_account_is_refused() {
    let elsewhere = S3Bucket {
        signing: "arn:aws-cn:iam::111122223333:role/signet".parse().unwrap(),
        ..bucket()
    };
    assert!(matches!(
        elsewhere.setup(),
        Err(Error::OtherPartition { .. })
    ));
    let key = S3Bucket {
        kms_key: Some(
            "arn:aws-cn:kms:cn-north-1:111122223333:key/1234abcd"
                .parse()
                .unwrap(),
        ),
        ..bucket()
    };
    assert!(matches!(key.setup(), Err(Error::OtherPartition { .. })));
    let nobody = S3Bucket {
        control: Some("arn:aws:iam:::user/signet".parse().unwrap()),
        ..bucket()
    };
    assert!(matches!(nobody.setup(), Err(Error::NotOfAws { .. })));
    let user = S3Bucket {
        signing: "arn:aws:iam::111122223333:user/signet".parse().unwrap(),
        ..bucket_with_role()
    };
    assert!(matches!(user.setup(), Err(Error::NotARole { .. })));
}

#[test]
fn settings_that_cannot_be_right_are_refused() {
    let nobody = S3Bucket {
        teams: Vec::new(),
        ..bucket()
    };
    assert_eq!(nobody.setup().unwrap_err(), Error::NoTeam);
    for root in ["signet/", "signetx/team_1/", "team_1/"] {
        let outside = S3Bucket {
            teams: vec![team("vision", root)],
            ..bucket()
        };
        let error = outside.setup().unwrap_err();
        assert!(
            matches!(error, Error::OutsidePrefix { .. }),
            "{root}: {error:?}"
        );
    }
    let circular = S3Bucket {
        access_log: Some(AccessLog {
            target: Place::new("acme-data", "logs/").unwrap(),
        }),
        ..bucket()
    };
    assert_eq!(circular.setup().unwrap_err(), Error::LogsItself);
}

#[test]
fn networks_that_cannot_work_are_warned_of() {
    let odd = S3Bucket {
        networks: vec!["10.0.0.0/8".parse().unwrap(), "0.0.0.0/0".parse().unwrap()],
        max_signature_age_seconds: Some(700_000),
        ..bucket()
    };
    let setup = odd.setup().unwrap();
    let warnings = setup
        .of(Kind::BucketPolicy)
        .next()
        .unwrap()
        .warnings
        .join("\n");
    assert!(warnings.contains("`10.0.0.0/8` is private"), "{warnings}");
    assert!(
        warnings.contains("`0.0.0.0/0` lets in every address"),
        "{warnings}"
    );
    assert!(warnings.contains("never applies"), "{warnings}");
}

#[test]
fn the_trust_asks_for_identity_and_external_id() {
    let setup = bucket_with_role().setup().unwrap();
    let trust = body(&setup, Kind::RoleTrust);
    let assume = |who: &str, id: Option<&str>| {
        let request = Access::new(Caller::Aws(who.to_owned()), "sts:AssumeRole", SIGNING);
        let request = match id {
            Some(id) => request.with("sts:ExternalId", id),
            None => request,
        };
        said(&trust, &request)
    };
    let signet = "arn:aws:iam::444455556666:user/signet";
    let id = "bkt_018f0000000070008000000000000009";
    assert_eq!(assume(signet, Some(id)), "+Assume");
    assert_eq!(assume(signet, Some("bkt_other")), "");
    assert_eq!(assume(signet, None), "");
    assert_eq!(assume(OTHER, Some(id)), "");
}

#[test]
fn the_role_may_what_its_sessions_need_and_no_more() {
    let setup = bucket_with_role().setup().unwrap();
    let permissions = body(&setup, Kind::RolePermissions);
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let may = |action: &str, resource: &str| {
        let request = Access::new(Caller::Aws(SIGNING.to_owned()), action, resource)
            .with("kms:ViaService", "s3.eu-west-1.amazonaws.com")
            .with("s3:prefix", SPEECH);
        said(&permissions, &request)
    };
    assert_eq!(
        may("s3:PutObject", &object(&format!("{VISION}a"))),
        "+Objects"
    );
    assert_eq!(may("s3:PutObject", &object("signet/a")), "");
    assert_eq!(may("s3:PutObjectAcl", &object(&format!("{VISION}a"))), "");
    assert_eq!(may("s3:ListBucket", "arn:aws:s3:::acme-data"), "+List");
    assert_eq!(may("kms:Decrypt", key), "+Key");
    assert_eq!(
        may(
            "kms:Decrypt",
            "arn:aws:kms:eu-west-1:111122223333:key/other"
        ),
        ""
    );
    assert_eq!(may("kms:ScheduleKeyDeletion", key), "");
}

#[test]
fn only_this_buckets_log_is_delivered() {
    let setup = bucket().setup().unwrap();
    let grant = body(&setup, Kind::LogTargetPolicy);
    let deliver = |who: Caller, source: &str, key: &str| {
        let resource = format!("arn:aws:s3:::acme-logs/{key}");
        let request = Access::new(who, "s3:PutObject", &resource).with("aws:SourceArn", source);
        said(&grant, &request)
    };
    let service = || Caller::Service("logging.s3.amazonaws.com".to_owned());
    assert_eq!(
        deliver(service(), "arn:aws:s3:::acme-data", "acme-data/1"),
        "+LogDelivery"
    );
    assert_eq!(deliver(service(), "arn:aws:s3:::other", "acme-data/1"), "");
    assert_eq!(
        deliver(service(), "arn:aws:s3:::acme-data", "elsewhere/1"),
        ""
    );
    let eve = Caller::Aws(OTHER.to_owned());
    assert_eq!(deliver(eve, "arn:aws:s3:::acme-data", "acme-data/1"), "");
}

#[test]
fn terraform_keeps_every_policy_to_the_letter() {
    let hostile = S3Bucket {
        place: Place::new("acme-data", "a*${x}%{y}/").unwrap(),
        teams: vec![team("vision", "a*${x}%{y}/\"b/")],
        ..bucket()
    };
    let setup = hostile.setup().unwrap();
    let file = setup.terraform();
    let label = "aws_s3_bucket_policy";
    let resource = file["resource"][label]
        .as_object()
        .unwrap()
        .values()
        .next()
        .unwrap();
    let text = resource["policy"].as_str().unwrap();
    // As Terraform reads it: what is not doubled is a template
    let doubled = text.matches("$${").count() + text.matches("%%{").count();
    assert_eq!(
        doubled,
        text.matches("${").count() + text.matches("%{").count()
    );
    let read = text.replace("$${", "${").replace("%%{", "%{");
    let policy: Value = serde_json::from_str(&read).unwrap();
    assert_eq!(policy, body(&setup, Kind::BucketPolicy));
    assert_eq!(resource["bucket"], "acme-data");
    let rule = file["resource"]["aws_s3_bucket_lifecycle_configuration"]
        .as_object()
        .unwrap();
    let rule = rule.values().next().unwrap();
    assert_eq!(rule["rule"][0]["filter"]["prefix"], "a*$${x}%%{y}/");
}

#[test]
fn terraform_has_a_block_for_everything_that_is_applied() {
    for setup in [
        bucket().setup().unwrap(),
        bucket_with_role().setup().unwrap(),
        clouds::gcs().setup().unwrap(),
        clouds::azure().setup().unwrap(),
    ] {
        let file = setup.terraform();
        let resources = file["resource"].as_object().unwrap();
        let outputs = file.get("output").and_then(Value::as_object);
        let blocks: usize = resources
            .values()
            .map(|each| each.as_object().unwrap().len())
            .sum();
        let applied = setup
            .documents
            .iter()
            .filter(|d| d.kind != Kind::SessionPolicy);
        assert_eq!(
            blocks + outputs.map_or(0, serde_json::Map::len),
            applied.count()
        );
    }
}
