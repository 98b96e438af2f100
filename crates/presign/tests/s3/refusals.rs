//! Every way to be refused, with the code and status that S3 gives.

use presign::{
    Timestamp,
    s3::{Credential, Payload, Refusal, Resource, Verifier},
};

use crate::support::{NOW, REGION, Wire, credential, upload};

fn refuse(wire: &Wire) -> Refusal {
    wire.verify(&Verifier::new(REGION), NOW, &credential())
        .unwrap_err()
}

#[track_caller]
fn assert_refused(wire: &Wire, expected: &Refusal, status: u16, s3_code: &str) {
    let refusal = refuse(wire);
    assert_eq!(&refusal, expected);
    assert_eq!((refusal.status(), refusal.s3_code()), (status, s3_code));
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(NOW.unix_seconds() + seconds)
}

const QUERY_ERROR: &str = "AuthorizationQueryParametersError";

#[test]
fn the_untouched_request_is_accepted() {
    let verified = upload(&credential()).verify(&Verifier::new(REGION), NOW, &credential());
    let verified = verified.unwrap();
    assert_eq!(&*verified.access_key_id, credential().access_key_id());
    assert_eq!(
        verified.resource,
        Resource::Object {
            bucket: "models".into(),
            key: "run 1/weights+.bin".into()
        }
    );
    let names: Vec<_> = verified
        .parameters
        .iter()
        .map(|(name, _)| &**name)
        .collect();
    assert_eq!(names, ["partNumber", "uploadId", "x-grant"]);
    assert_eq!(verified.parameter("uploadId"), Some("u/1"));
    let signed: Vec<_> = verified.signed_headers.iter().map(|name| &**name).collect();
    assert_eq!(signed, ["content-length", "host", "x-amz-checksum-crc32"]);
    assert_eq!((verified.issued_at, verified.expires_at), (NOW, at(600)));
    assert_eq!(verified.payload, Payload::Unsigned);
}

#[test]
fn parameters_that_the_signature_needs_must_be_there_once() {
    let wire = upload(&credential());
    for name in [
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-SignedHeaders",
        "X-Amz-Signature",
    ] {
        let missing = Refusal::MissingParameter { name };
        assert_refused(&wire.without_parameter(name), &missing, 400, QUERY_ERROR);
        let value = wire.parameter(name);
        for again in [
            name.to_owned(),
            name.to_ascii_lowercase(),
            name.replace('-', "%2D"),
        ] {
            let doubled = wire.with_query(&format!("{}&{again}={value}", wire.query));
            let refusal = refuse(&doubled);
            assert!(
                matches!(refusal, Refusal::DuplicateParameter { .. }),
                "{again}: {refusal}"
            );
            assert_eq!((refusal.status(), refusal.s3_code()), (400, QUERY_ERROR));
        }
    }
}

#[test]
fn no_other_parameter_may_come_twice() {
    let wire = upload(&credential());
    let duplicate = Refusal::DuplicateParameter {
        name: "partNumber".into(),
    };
    for query in [
        format!("{}&partNumber=2", wire.query),
        format!("partNumber=2&{}", wire.query),
        format!("{}&part%4Eumber=1", wire.query),
    ] {
        assert_refused(&wire.with_query(&query), &duplicate, 400, QUERY_ERROR);
    }
}

#[test]
fn malformed_parameters_are_named() {
    let wire = upload(&credential());
    let scope = |date: &str, region: &str, service: &str, end: &str| {
        let value = format!("AKIAIOSFODNN7EXAMPLE/{date}/{region}/{service}/{end}");
        wire.with_parameter("X-Amz-Credential", &value)
    };
    for (changed, expected) in [
        (
            wire.with_parameter("X-Amz-Algorithm", "AWS4-HMAC-SHA1"),
            Refusal::UnsupportedAlgorithm,
        ),
        (
            wire.with_parameter(
                "X-Amz-Credential",
                "AKIAIOSFODNN7EXAMPLE/20130524/eu-west-1/s3",
            ),
            Refusal::MalformedCredential,
        ),
        (
            wire.with_parameter("X-Amz-Credential", "/20130524/eu-west-1/s3/aws4_request"),
            Refusal::MalformedCredential,
        ),
        (
            scope("20130525", REGION, "s3", "aws4_request"),
            Refusal::WrongScopeDate,
        ),
        (
            scope("20130524", "eu-west-2", "s3", "aws4_request"),
            Refusal::WrongRegion {
                expected: REGION.into(),
            },
        ),
        (
            scope("20130524", REGION, "ec2", "aws4_request"),
            Refusal::WrongService,
        ),
        (
            scope("20130524", REGION, "s3", "aws4"),
            Refusal::WrongTerminator,
        ),
        (
            wire.with_parameter("X-Amz-Date", "2013-05-24T00:00:00Z"),
            Refusal::MalformedDate,
        ),
        (
            wire.with_parameter("X-Amz-Date", "20130524T000000"),
            Refusal::MalformedDate,
        ),
    ] {
        assert_refused(&changed, &expected, 400, QUERY_ERROR);
    }
    for expires in [
        "",
        "0",
        "-5",
        "%2B600",
        "600.0",
        "604801",
        "4294967297",
        "1e3",
        "x",
    ] {
        let changed = wire.with_parameter("X-Amz-Expires", expires);
        assert_refused(&changed, &Refusal::InvalidExpires, 400, QUERY_ERROR);
    }
    for names in [
        "",
        ";host",
        "host;",
        "Host",
        "host;host",
        "x-amz-a;host",
        "host ;x",
        "h%C3%B6st;host",
    ] {
        let changed = wire.with_parameter("X-Amz-SignedHeaders", names);
        assert_refused(&changed, &Refusal::MalformedSignedHeaders, 400, QUERY_ERROR);
    }
    let changed = wire.with_parameter("X-Amz-SignedHeaders", "content-length;x-amz-checksum-crc32");
    assert_refused(&changed, &Refusal::HostNotSigned, 403, "AccessDenied");
}

#[test]
fn the_time_must_be_within_the_window() {
    let wire = upload(&credential());
    let verify = |now| wire.verify(&Verifier::new(REGION), now, &credential());
    assert!(verify(at(-900)).is_ok());
    assert!(verify(at(599)).is_ok());
    let early = verify(at(-901)).unwrap_err();
    assert_eq!(early, Refusal::NotYetValid { issued_at: NOW });
    let late = verify(at(600)).unwrap_err();
    assert_eq!(
        late,
        Refusal::Expired {
            expires_at: at(600)
        }
    );
    for refusal in [early, late] {
        assert_eq!((refusal.status(), refusal.s3_code()), (403, "AccessDenied"));
    }
    for now in [i64::MIN, i64::MAX] {
        assert!(verify(Timestamp::from_unix_seconds(now)).is_err());
    }
}

#[test]
fn x_amz_headers_must_be_signed() {
    let wire = upload(&credential());
    let changed = wire
        .with_header("X-Amz-Acl", "public-read")
        .with_header("x-amz-meta-a", "");
    let unsigned = Refusal::UnsignedHeaders {
        names: vec!["x-amz-acl".into(), "x-amz-meta-a".into()],
    };
    assert_refused(&changed, &unsigned, 403, "AccessDenied");
    // Neither says what S3 is to do.
    let changed = wire
        .with_header("User-Agent", "curl")
        .with_header("Content-Type", "text/plain")
        .with_header("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
    assert!(
        changed
            .verify(&Verifier::new(REGION), NOW, &credential())
            .is_ok()
    );
}

#[test]
fn signed_headers_must_be_sent() {
    let wire = upload(&credential());
    for name in ["content-length", "x-amz-checksum-crc32"] {
        let missing = Refusal::MissingSignedHeader { name: name.into() };
        assert_refused(
            &wire.without_header(name),
            &missing,
            403,
            "SignatureDoesNotMatch",
        );
    }
}

#[test]
fn one_mechanism_is_enough() {
    let wire = upload(&credential());
    for changed in [
        wire.with_header("Authorization", "AWS4-HMAC-SHA256 Credential=x"),
        wire.with_query(&format!("{}&Signature=x", wire.query)),
        wire.with_query(&format!("AWSAccessKeyId=x&{}", wire.query)),
    ] {
        assert_refused(
            &changed,
            &Refusal::SeveralMechanisms,
            400,
            "InvalidArgument",
        );
    }
}

#[test]
fn what_cannot_be_decoded_is_refused() {
    let wire = upload(&credential());
    for changed in [
        wire.with_path("/models/%"),
        wire.with_path("/models/%zz"),
        wire.with_path("/models/%ff"),
        wire.with_path("models/a"),
        wire.with_path(""),
        wire.with_path("*"),
        wire.with_query(&format!("{}&a=%", wire.query)),
        wire.with_query(&format!("{}&%C3=", wire.query)),
    ] {
        assert_refused(&changed, &Refusal::InvalidUri, 400, "InvalidURI");
    }
}

#[test]
fn the_host_must_be_there_once() {
    let wire = upload(&credential());
    let invalid = Refusal::InvalidHeader {
        name: "host".into(),
    };
    assert_refused(
        &wire.without_header("host"),
        &invalid,
        400,
        "InvalidRequest",
    );
    let twice = wire.with_header("host", "store.example.com:8333");
    assert_refused(&twice, &invalid, 400, "InvalidRequest");
}

#[test]
fn hosts_decide_what_the_path_means() {
    let resource = |hosts: &[&str], host: &str, path: &str| {
        let mut wire = upload(&credential())
            .without_header("host")
            .with_header("host", host);
        path.clone_into(&mut wire.path);
        // The host is not the signed one: what counts here is how far it comes.
        wire.verify(&Verifier::new(REGION).with_hosts(hosts), NOW, &credential())
            .unwrap_err()
    };
    let hosts = ["Store.example.com:8333", "example.com:8333"];
    for (host, known) in [
        ("store.example.com:8333", true),
        ("models.store.example.com:8333", true),
        ("MODELS.STORE.EXAMPLE.COM:8333", true),
        ("models.example.com:8333", true),
        ("store.example.com", false),
        (".store.example.org:8333", false),
        ("xexample.com:8333", false),
        (".example.com:8333", false),
        ("evil.test", false),
    ] {
        let refusal = resource(&hosts, host, "/a");
        let expected = if known {
            "SignatureDoesNotMatch"
        } else {
            "NoSuchBucket"
        };
        assert_eq!(refusal.s3_code(), expected, "{host}");
    }
    assert_eq!(resource(&hosts, "evil.test", "/a").status(), 404);
}

#[test]
fn the_access_key_must_be_known() {
    let wire = upload(&credential());
    let stranger = Credential::new("AKIASTRANGER", "secret").unwrap();
    let refusal = wire
        .verify(&Verifier::new(REGION), NOW, &stranger)
        .unwrap_err();
    assert_eq!(refusal, Refusal::UnknownAccessKey);
    assert_eq!(
        (refusal.status(), refusal.s3_code()),
        (403, "InvalidAccessKeyId")
    );
}

#[test]
fn session_tokens_must_be_the_credentials() {
    let session = |token: &str, expires_at| credential().with_session(token, expires_at).unwrap();
    let temporary = session("to/ken", Some(at(700)));
    let wire = upload(&temporary);
    let verifier = Verifier::new(REGION);
    assert!(wire.verify(&verifier, NOW, &temporary).is_ok());

    for (wire, credential) in [
        (&wire, session("to/ken2", None)),
        (&wire, credential()),
        (&wire.without_parameter("X-Amz-Security-Token"), temporary),
        (&upload(&credential()), session("to/ken", None)),
    ] {
        let refusal = wire.verify(&verifier, NOW, &credential).unwrap_err();
        assert_eq!(refusal, Refusal::InvalidToken);
        assert_eq!((refusal.status(), refusal.s3_code()), (400, "InvalidToken"));
    }
    let ended = session("to/ken", Some(at(10)));
    assert!(wire.verify(&verifier, at(9), &ended).is_ok());
    let refusal = wire.verify(&verifier, at(10), &ended).unwrap_err();
    assert_eq!(refusal, Refusal::ExpiredToken);
    assert_eq!((refusal.status(), refusal.s3_code()), (400, "ExpiredToken"));
}

#[test]
fn a_payload_hash_is_part_of_the_signature() {
    let wire = upload(&credential());
    let hash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    // Signed for any payload: claiming one afterwards breaks the signature.
    let changed = wire.with_header("x-amz-content-sha256", hash);
    assert_eq!(refuse(&changed).s3_code(), "SignatureDoesNotMatch");
    for odd in [
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "",
        "2CF2",
        &hash.to_uppercase(),
    ] {
        let changed = wire.with_header("x-amz-content-sha256", odd);
        assert_refused(
            &changed,
            &Refusal::UnsupportedPayload,
            400,
            "InvalidArgument",
        );
    }
}

#[test]
fn nothing_secret_is_told() {
    let secret_header = ("x-amz-server-side-encryption-customer-key", "c3dvcmRmaXNo");
    let temporary = credential().with_session("correct+horse", None).unwrap();
    let request = presign::Request {
        headers: &[secret_header],
        ..presign::Request::new(presign::Method::Put, presign::Target::Object("a"))
    };
    let signer = crate::support::signer(&temporary);
    let url = signer.sign(&request, crate::support::window(60)).unwrap();
    let mut wire = Wire::new("PUT", url.expose(), &[secret_header]);
    let signature = wire.parameter("X-Amz-Signature").to_owned();
    wire.method = "GET".to_owned();
    let refusal = wire
        .verify(&Verifier::new(REGION), NOW, &temporary)
        .unwrap_err();
    let Refusal::SignatureDoesNotMatch(mismatch) = &refusal else {
        panic!("{refusal:?}");
    };
    let told = format!(
        "{refusal} {refusal:?} {} {} {signer:?} {url:?} {temporary:?}",
        mismatch.canonical_request, mismatch.string_to_sign
    );
    for secret in [
        "c3dvcmRmaXNo",
        "horse",
        &signature,
        credential().secret_access_key().expose(),
    ] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
    assert!(told.contains("X-Amz-Security-Token=%28hidden%29"));
    assert!(told.contains("customer-key:(hidden)"));
}
