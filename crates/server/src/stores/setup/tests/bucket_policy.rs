//! The bucket policy, request by request.

use super::*;

const IN: &str = "203.0.113.9";
const IN6: &str = "2001:db8:1::9";
const OUT: &str = "198.51.100.9";
const OUR_VPCE: &str = "vpce-0a1b2c3d4e5f60718";
const OTHER_VPCE: &str = "vpce-0ffffffffffffffff";
const GET: &str = "s3:GetObject";
const PUT: &str = "s3:PutObject";
const KEY: &str = "signet/team_018f0000000070008000000000000001/objects/a";

/// A request as it comes over the network: TLS, signed a second ago in the query, version 4.
fn from(who: &str, network: &str, action: &str, key: &str) -> Access {
    let caller = match who {
        "" => Caller::Anonymous,
        arn if arn.starts_with("arn:") => Caller::Aws(arn.to_owned()),
        service => Caller::Service(service.to_owned()),
    };
    let is_signed = caller != Caller::Anonymous;
    let request = Access::new(caller, action, &object(key)).with("aws:SecureTransport", "true");
    let request = match network {
        "" => request,
        id if id.starts_with("vpce-") => request.with("aws:SourceVpce", id),
        address => request.with("aws:SourceIp", address),
    };
    if !is_signed {
        return request;
    }
    request
        .with("s3:authType", "REST-QUERY-STRING")
        .with("s3:signatureversion", "AWS4-HMAC-SHA256")
        .with("s3:signatureAge", "1000")
}

fn by_header(request: Access) -> Access {
    request.with("s3:authType", "REST-HEADER")
}

#[test]
fn requests_pass_from_allowed_networks_and_endpoints_alone() {
    let policy = policy(&bucket());
    for (who, network, action, want) in [
        (SIGNING, IN, GET, "+Objects"),
        (SIGNING, IN, PUT, "+Objects"),
        (SIGNING, IN6, GET, "+Objects"),
        (SIGNING, OUR_VPCE, GET, "+Objects"),
        (SIGNING, OUR_VPCE, PUT, "+Objects"),
        (SIGNING, OUT, GET, "-Network"),
        (SIGNING, OUT, PUT, "-Network"),
        (SIGNING, "2001:db8:2::9", GET, "-Network"),
        (SIGNING, OTHER_VPCE, GET, "-Network"),
        (SIGNING, "10.0.0.9", GET, "-Network"),
        (SIGNING, "", GET, "-Network"),
        // The server itself works from everywhere
        (CONTROL, OUT, GET, "+Objects"),
        (CONTROL, OUT, "s3:AbortMultipartUpload", "+Objects"),
        (
            CONTROL,
            OTHER_VPCE,
            "s3:ListMultipartUploadParts",
            "+Objects",
        ),
        // Others are refused elsewhere, whatever their own permissions say
        (OTHER, OUT, GET, "-Network"),
        (OTHER, IN, GET, ""),
        ("", OUT, GET, "-Network"),
        // Services are not kept out; that they may come in is for others to say
        ("logging.s3.amazonaws.com", "", PUT, ""),
    ] {
        let request = from(who, network, action, KEY);
        assert_eq!(said(&policy, &request), want, "{who} {network} {action}");
    }
    let forwarded = from(OTHER, "", GET, KEY).with("aws:ViaAWSService", "true");
    assert_eq!(said(&policy, &forwarded), "");
}

#[test]
fn networks_alone_and_endpoints_alone_make_a_whole_rule() {
    let networks = policy(&S3Bucket {
        vpc_endpoints: Vec::new(),
        ..bucket()
    });
    let endpoints = policy(&S3Bucket {
        networks: Vec::new(),
        ..bucket()
    });
    let neither = policy(&S3Bucket {
        networks: Vec::new(),
        vpc_endpoints: Vec::new(),
        ..bucket()
    });
    for (policy, network, want) in [
        (&networks, IN, "+Objects"),
        (&networks, OUT, "-Network"),
        (&networks, OUR_VPCE, "-Network"),
        (&endpoints, OUR_VPCE, "+Objects"),
        (&endpoints, OTHER_VPCE, "-Network"),
        (&endpoints, IN, "-Network"),
        (&neither, OUT, "+Objects"),
        (&neither, OTHER_VPCE, "+Objects"),
    ] {
        let request = from(SIGNING, network, GET, KEY);
        assert_eq!(said(policy, &request), want, "{network}");
    }
}

#[test]
fn a_wrong_network_does_not_lock_the_admin_out() {
    let policy = policy(&bucket());
    for action in [
        "s3:PutBucketPolicy",
        "s3:DeleteBucketPolicy",
        "s3:GetBucketPolicy",
    ] {
        let request = Access::new(
            Caller::Aws(OTHER.to_owned()),
            action,
            "arn:aws:s3:::acme-data",
        )
        .with("aws:SecureTransport", "true")
        .with("aws:SourceIp", OUT);
        assert_eq!(said(&policy, &request), "", "{action}");
    }
    let elsewhere = from(OTHER, OUT, GET, "other-application/a");
    assert_eq!(
        said(&policy, &elsewhere),
        "",
        "objects of others are not ours to guard"
    );
}

#[test]
fn the_signing_identity_makes_urls_and_nothing_else() {
    let policy = policy(&bucket());
    for action in [GET, PUT, "s3:DeleteObject", "s3:AbortMultipartUpload"] {
        let query = from(SIGNING, IN, action, KEY);
        assert_eq!(said(&policy, &query), "+Objects", "{action}");
        let header = by_header(query.clone());
        assert_eq!(said(&policy, &header), "-QueryOnly", "{action}");
        let form = query.with("s3:authType", "POST");
        assert_eq!(said(&policy, &form), "-QueryOnly", "{action}");
        let control = by_header(from(CONTROL, OUT, action, KEY));
        assert_eq!(said(&policy, &control), "+Objects", "{action}");
    }
    let beside = by_header(from(SIGNING, OUT, GET, "other-application/a"));
    assert_eq!(said(&policy, &beside), "-QueryOnly");
}

#[test]
fn one_identity_is_guarded_only_if_the_server_signs_in_the_query() {
    let one = |control_auth| S3Bucket {
        control: None,
        control_auth,
        ..bucket()
    };
    let header = by_header(from(SIGNING, IN, GET, KEY));
    assert_eq!(
        said(&policy(&one(ControlAuth::Query)), &header),
        "-QueryOnly"
    );
    assert_eq!(
        said(&policy(&one(ControlAuth::Header)), &header),
        "+Objects"
    );
    let setup = one(ControlAuth::Header).setup().unwrap();
    let warnings = &setup.of(Kind::BucketPolicy).next().unwrap().warnings;
    assert!(
        warnings
            .iter()
            .any(|w| w.contains("signatures in headers cannot be refused")),
        "{warnings:?}"
    );
    // Naming the same identity twice is naming it once
    let twice = S3Bucket {
        control: Some(SIGNING.parse().unwrap()),
        control_auth: ControlAuth::Header,
        ..bucket()
    };
    assert_eq!(policy(&twice), policy(&one(ControlAuth::Header)));
}

#[test]
fn one_identity_is_not_exempt_from_the_network() {
    let one = S3Bucket {
        control: None,
        ..bucket()
    };
    let policy = policy(&one);
    assert_eq!(said(&policy, &from(SIGNING, OUT, GET, KEY)), "-Network");
    let list = |network: &str| {
        Access::new(
            Caller::Aws(SIGNING.to_owned()),
            "s3:ListBucket",
            "arn:aws:s3:::acme-data",
        )
        .with("aws:SecureTransport", "true")
        .with("aws:SourceIp", network)
        .with("s3:prefix", VISION)
    };
    assert_eq!(said(&policy, &list(IN)), "+List");
    assert_eq!(said(&policy, &list(OUT)), "-NetworkList");
    let setup = one.setup().unwrap();
    let warnings = &setup.of(Kind::BucketPolicy).next().unwrap().warnings;
    assert!(
        warnings.iter().any(|w| w.contains("is not exempt")),
        "{warnings:?}"
    );
}

#[test]
fn clear_text_and_old_signatures_are_refused() {
    let policy = policy(&bucket());
    for who in [SIGNING, CONTROL, OTHER, ""] {
        let clear = from(who, IN, GET, KEY).with("aws:SecureTransport", "false");
        assert_eq!(said(&policy, &clear), "-Tls", "{who}");
    }
    for who in [SIGNING, CONTROL] {
        let second = from(who, IN, GET, KEY).with("s3:signatureversion", "AWS");
        assert_eq!(said(&policy, &second), "-SignatureVersion", "{who}");
    }
    let unsigned = from("", IN, GET, KEY);
    assert_eq!(said(&policy, &unsigned), "-SignatureVersion");
    let service = from("logging.s3.amazonaws.com", "", PUT, KEY).with("s3:signatureversion", "AWS");
    assert_eq!(said(&policy, &service), "");
}

#[test]
fn signatures_age_in_milliseconds() {
    let aged = |seconds| {
        policy(&S3Bucket {
            max_signature_age_seconds: Some(seconds),
            ..bucket()
        })
    };
    let request =
        |millis: u64| from(SIGNING, IN, GET, KEY).with("s3:signatureAge", &millis.to_string());
    assert_eq!(said(&aged(3600), &request(3_600_000)), "+Objects");
    assert_eq!(said(&aged(3600), &request(3_600_001)), "-Age");
    assert_eq!(said(&aged(120), &request(120_000)), "+Objects");
    assert_eq!(said(&aged(120), &request(120_001)), "-Age");
    let unlimited = policy(&S3Bucket {
        max_signature_age_seconds: None,
        ..bucket()
    });
    assert_eq!(said(&unlimited, &request(604_800_000)), "+Objects");
}

#[test]
fn an_age_below_two_minutes_is_refused() {
    for seconds in [0, 1, 119] {
        let short = S3Bucket {
            max_signature_age_seconds: Some(seconds),
            ..bucket()
        };
        let error = short.setup().unwrap_err();
        assert_eq!(error, Error::SignatureAge { seconds, min: 120 });
    }
}

#[test]
fn nobody_reaches_beyond_the_roots() {
    let policy = policy(&bucket());
    for who in [SIGNING, CONTROL] {
        for key in [
            "signet/team_018f0000000070008000000000000001",
            "signet/team_018f00000000700080000000000000010/a",
            "signet/team_018f0000000070008000000000000003/a",
            "signet/a",
            "a",
        ] {
            assert_eq!(said(&policy, &from(who, IN, GET, key)), "", "{who} {key}");
        }
        for action in [
            "s3:GetObjectAcl",
            "s3:PutObjectAcl",
            "s3:GetObjectVersion",
            "s3:PutObjectTagging",
        ] {
            assert_eq!(said(&policy, &from(who, IN, action, KEY)), "", "{action}");
        }
    }
}

#[test]
fn only_the_server_lists_and_only_beneath_the_roots() {
    let policy = policy(&bucket());
    let list = |who: &str, prefix: Option<&str>| {
        let request = Access::new(
            Caller::Aws(who.to_owned()),
            "s3:ListBucket",
            "arn:aws:s3:::acme-data",
        )
        .with("aws:SecureTransport", "true")
        .with("aws:SourceIp", IN);
        match prefix {
            Some(prefix) => request.with("s3:prefix", prefix),
            None => request,
        }
    };
    assert_eq!(said(&policy, &list(CONTROL, Some(VISION))), "+List");
    assert_eq!(
        said(&policy, &list(CONTROL, Some(&format!("{SPEECH}objects/")))),
        "+List"
    );
    assert_eq!(said(&policy, &list(CONTROL, Some("signet/"))), "");
    assert_eq!(said(&policy, &list(CONTROL, Some(""))), "");
    assert_eq!(said(&policy, &list(CONTROL, None)), "");
    assert_eq!(said(&policy, &list(SIGNING, Some(VISION))), "");
}

#[test]
fn another_store_gets_only_what_stores_share() {
    let policy = policy(&compatible_bucket());
    let signing = "arn:aws:iam:::user/signet";
    assert_eq!(
        said(&policy, &by_header(from(signing, IN, GET, KEY))),
        "+Objects"
    );
    assert_eq!(said(&policy, &from(signing, OUT, GET, KEY)), "-Network");
    let clear = from(signing, IN, GET, KEY).with("aws:SecureTransport", "false");
    assert_eq!(said(&policy, &clear), "-Tls");
    let admin = Access::new(
        Caller::Aws(OTHER.to_owned()),
        "s3:DeleteBucketPolicy",
        "arn:aws:s3:::acme-data",
    )
    .with("aws:SecureTransport", "false");
    assert_eq!(
        said(&policy, &admin),
        "",
        "a store without TLS stays manageable"
    );
    let text = policy.to_string();
    for unknown in [
        "signatureAge",
        "signatureversion",
        "authType",
        "SourceVpce",
        "PrincipalArn",
        "ViaAWSService",
        "PrincipalIsAWSService",
        "kms:",
    ] {
        assert!(!text.contains(unknown), "{unknown}");
    }
}

/// What is written holds URLs as the live check reads it.
#[test]
fn the_check_finds_in_our_policy_what_it_holds_urls_to() {
    let settings = bucket();
    let told = |signer| {
        let policy = policy(&settings);
        held_to(&policy, &object(KEY), signer).unwrap()
    };
    let age = settings.max_signature_age_seconds.unwrap();
    for (signer, networks) in [
        (Some(SIGNING), true),
        // The server's own identity is exempt
        (Some(CONTROL), false),
        (None, false),
    ] {
        let held = told(signer);
        assert_eq!(held.networks, networks, "{signer:?}");
        assert_eq!(held.max_signature_age_seconds.map(u64::from), Some(age));
    }
}
