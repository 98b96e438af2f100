//! Every way to be refused, with the code and status that Cloud Storage gives.

use presign::{
    Method, Request, Target, Timestamp,
    gcs::{Addressing, HmacKey, Payload, Refusal, Resource, Signer, Verifier},
};

use crate::support::{NOW, Wire, at, endpoint, hmac_key, upload, window};

fn refuse(wire: &Wire) -> Refusal {
    wire.verify(
        &Verifier::new(),
        NOW,
        hmac_key().access_id(),
        &hmac_key().into(),
    )
    .unwrap_err()
}

fn is_accepted(wire: &Wire) -> bool {
    let key = hmac_key().into();
    wire.verify(&Verifier::new(), NOW, hmac_key().access_id(), &key)
        .is_ok()
}

#[track_caller]
fn assert_refused(wire: &Wire, expected: &Refusal, status: u16, gcs_code: &str) {
    let refusal = refuse(wire);
    assert_eq!(&refusal, expected);
    assert_eq!((refusal.status(), refusal.gcs_code()), (status, gcs_code));
}

const MALFORMED: &str = "MalformedSecurityHeader";

#[test]
fn the_untouched_request_is_accepted() {
    let key = hmac_key().into();
    let wire = upload(hmac_key());
    let verified = wire.verify(&Verifier::new(), NOW, hmac_key().access_id(), &key);
    let verified = verified.unwrap();
    assert_eq!(&*verified.authorizer, hmac_key().access_id());
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
    assert_eq!(
        names,
        ["X-Goog-Custom-Audit-Grant", "partNumber", "uploadId"]
    );
    assert_eq!(verified.parameter("uploadId"), Some("u/1"));
    let signed: Vec<_> = verified.signed_headers.iter().map(|name| &**name).collect();
    assert_eq!(
        signed,
        [
            "host",
            "x-goog-content-length-range",
            "x-goog-if-generation-match"
        ]
    );
    assert_eq!((verified.issued_at, verified.expires_at), (NOW, at(600)));
    assert_eq!(verified.payload, Payload::Unsigned);
}

#[test]
fn parameters_that_the_signature_needs_must_be_there_once() {
    let wire = upload(hmac_key());
    for name in [
        "X-Goog-Algorithm",
        "X-Goog-Credential",
        "X-Goog-Date",
        "X-Goog-Expires",
        "X-Goog-SignedHeaders",
        "X-Goog-Signature",
    ] {
        let missing = Refusal::MissingParameter { name };
        assert_refused(&wire.without_parameter(name), &missing, 400, MALFORMED);
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
            assert_eq!((refusal.status(), refusal.gcs_code()), (400, MALFORMED));
        }
    }
}

#[test]
fn no_other_parameter_may_come_twice() {
    let wire = upload(hmac_key());
    let duplicate = Refusal::DuplicateParameter {
        name: "partNumber".into(),
    };
    for query in [
        format!("{}&partNumber=2", wire.query),
        format!("partNumber=2&{}", wire.query),
        format!("{}&part%4Eumber=1", wire.query),
    ] {
        assert_refused(&wire.with_query(&query), &duplicate, 400, MALFORMED);
    }
}

#[test]
fn malformed_parameters_are_named() {
    let wire = upload(hmac_key());
    let scope = |date: &str, service: &str, end: &str| {
        let value = format!("GOOG1EXAMPLE/{date}/auto/{service}/{end}");
        wire.with_parameter("X-Goog-Credential", &value)
    };
    for (changed, expected) in [
        (
            wire.with_parameter("X-Goog-Algorithm", "AWS4-HMAC-SHA256"),
            Refusal::UnsupportedAlgorithm,
        ),
        (
            wire.with_parameter("X-Goog-Algorithm", "goog4-hmac-sha256"),
            Refusal::UnsupportedAlgorithm,
        ),
        (
            wire.with_parameter("X-Goog-Credential", "GOOG1EXAMPLE/20190201/auto/storage"),
            Refusal::MalformedCredential,
        ),
        (
            wire.with_parameter("X-Goog-Credential", "/20190201/auto/storage/goog4_request"),
            Refusal::MalformedCredential,
        ),
        // The scope is one line of the string to sign.
        (
            wire.with_parameter(
                "X-Goog-Credential",
                "GOOG1EXAMPLE/20190201/auto%0A/storage/goog4_request",
            ),
            Refusal::MalformedCredential,
        ),
        (
            scope("20190202", "storage", "goog4_request"),
            Refusal::WrongScopeDate,
        ),
        (
            scope("20190201", "s3", "goog4_request"),
            Refusal::WrongService,
        ),
        (
            scope("20190201", "storage", "aws4_request"),
            Refusal::WrongTerminator,
        ),
        (
            wire.with_parameter("X-Goog-Date", "2019-02-01T09:00:00Z"),
            Refusal::MalformedDate,
        ),
        (
            wire.with_parameter("X-Goog-Date", "20190201T090000"),
            Refusal::MalformedDate,
        ),
    ] {
        assert_refused(&changed, &expected, 400, MALFORMED);
    }
    for expires in [
        "",
        "0",
        "-5",
        "%2B600",
        "600.0",
        "604801",
        "4294967297",
        "x",
    ] {
        let changed = wire.with_parameter("X-Goog-Expires", expires);
        assert_refused(&changed, &Refusal::InvalidExpires, 400, MALFORMED);
    }
    for names in ["", ";host", "host;", "Host", "host;host", "x-goog-a;host"] {
        let changed = wire.with_parameter("X-Goog-SignedHeaders", names);
        assert_refused(&changed, &Refusal::MalformedSignedHeaders, 400, MALFORMED);
    }
    let changed = wire.with_parameter("X-Goog-SignedHeaders", "x-goog-content-length-range");
    assert_refused(&changed, &Refusal::HostNotSigned, 400, MALFORMED);
}

#[test]
fn any_location_is_taken_but_not_changed() {
    let key = hmac_key().into();
    let endpoint = endpoint(Addressing::Path).with_location("europe-west4");
    let url = Signer::new(endpoint.unwrap(), hmac_key())
        .sign(&Request::new(Method::Get, Target::Object("a")), window(60))
        .unwrap();
    let wire = Wire::new("GET", url.expose(), &[]);
    let verify = |wire: &Wire| wire.verify(&Verifier::new(), NOW, hmac_key().access_id(), &key);
    assert!(verify(&wire).is_ok());
    let changed = wire.with_query(&wire.query.replace("europe-west4", "auto"));
    assert_eq!(
        verify(&changed).unwrap_err().gcs_code(),
        "SignatureDoesNotMatch"
    );
}

#[test]
fn the_time_must_be_within_the_window() {
    let wire = upload(hmac_key());
    let key = hmac_key().into();
    let verify = |now| wire.verify(&Verifier::new(), now, hmac_key().access_id(), &key);
    assert!(verify(at(-900)).is_ok());
    assert!(verify(at(599)).is_ok());
    let early = verify(at(-901)).unwrap_err();
    assert_eq!(early, Refusal::NotYetValid { issued_at: NOW });
    assert_eq!((early.status(), early.gcs_code()), (403, "AccessDenied"));
    let late = verify(at(600)).unwrap_err();
    let expires_at = at(600);
    assert_eq!(late, Refusal::Expired { expires_at });
    assert_eq!((late.status(), late.gcs_code()), (400, "ExpiredToken"));
    for now in [i64::MIN, i64::MAX] {
        assert!(verify(Timestamp::from_unix_seconds(now)).is_err());
    }
}

#[test]
fn extension_headers_must_be_signed() {
    let wire = upload(hmac_key());
    let changed = wire
        .with_header("X-Goog-Acl", "public-read")
        .with_header("x-goog-user-project", "payer")
        .with_header("x-amz-meta-a", "");
    let unsigned = Refusal::UnsignedHeaders {
        names: vec![
            "x-goog-acl".into(),
            "x-goog-user-project".into(),
            "x-amz-meta-a".into(),
        ],
    };
    assert_refused(&changed, &unsigned, 400, MALFORMED);
    // None of them says what Cloud Storage is to do beyond what is signed.
    let changed = wire
        .with_header("User-Agent", "curl")
        .with_header("Content-Type", "text/plain")
        .with_header("x-goog-content-sha256", "UNSIGNED-PAYLOAD");
    assert!(is_accepted(&changed));
}

#[test]
fn signed_headers_must_be_sent() {
    let wire = upload(hmac_key());
    for name in ["x-goog-content-length-range", "x-goog-if-generation-match"] {
        let missing = Refusal::MissingSignedHeader { name: name.into() };
        assert_refused(&wire.without_header(name), &missing, 400, MALFORMED);
    }
}

#[test]
fn one_mechanism_is_enough() {
    let wire = upload(hmac_key());
    let several = Refusal::SeveralMechanisms;
    let changed = wire.with_header("Authorization", "Bearer x");
    assert_refused(&changed, &several, 400, "InvalidArgument");
    for parameter in [
        "Signature=x",
        "GoogleAccessId=x",
        "AWSAccessKeyId=x",
        "googleaccessid=x",
        "X-Amz-Signature=x",
        "X-Amz-Algorithm=AWS4-HMAC-SHA256",
        "x-amz-credential=x",
    ] {
        let changed = wire.with_query(&format!("{parameter}&{}", wire.query));
        assert_refused(&changed, &several, 400, "InvalidArgument");
    }
}

#[test]
fn what_cannot_be_decoded_is_refused() {
    let wire = upload(hmac_key());
    for changed in [
        wire.with_path("/models/%"),
        wire.with_path("/models/%zz"),
        wire.with_path("/models/%ff"),
        wire.with_path("/models/ü"),
        wire.with_path("/models/a b"),
        wire.with_path("/models/a\nb"),
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
    let wire = upload(hmac_key());
    let invalid = Refusal::InvalidHeader {
        name: "host".into(),
    };
    assert_refused(
        &wire.without_header("host"),
        &invalid,
        400,
        "InvalidArgument",
    );
    let twice = wire.with_header("host", "store.example.com:4443");
    assert_refused(&twice, &invalid, 400, "InvalidArgument");
}

#[test]
fn hosts_decide_what_the_path_means() {
    let refuse = |verifier: &Verifier, host: &str| {
        let wire = upload(hmac_key())
            .without_header("host")
            .with_header("host", host);
        // The host is not the signed one: what counts here is how far it comes.
        wire.verify(verifier, NOW, hmac_key().access_id(), &hmac_key().into())
            .unwrap_err()
    };
    let bound = Verifier::new().with_bucket_host("Data.example.com", "models");
    let both = bound.clone().with_hosts(["storage.example.com:4443"]);
    for (host, by_bound, by_both) in [
        ("data.example.com", true, true),
        ("DATA.EXAMPLE.COM", true, true),
        ("models.data.example.com", false, false),
        ("data.example.com:80", false, false),
        ("storage.example.com:4443", false, true),
        ("models.storage.example.com:4443", false, true),
        (".storage.example.com:4443", false, false),
        ("storage.example.com", false, false),
        ("evil.test", false, false),
    ] {
        for (verifier, known) in [(&bound, by_bound), (&both, by_both)] {
            let refusal = refuse(verifier, host);
            if known {
                assert_eq!(refusal.gcs_code(), "SignatureDoesNotMatch", "{host}");
            } else {
                assert_eq!(refusal, Refusal::UnknownHost, "{host}");
                assert_eq!(
                    (refusal.status(), refusal.gcs_code()),
                    (404, "NoSuchBucket")
                );
            }
        }
    }
}

#[test]
fn the_authorizer_must_be_known() {
    let wire = upload(hmac_key());
    let stranger = HmacKey::new("GOOG1STRANGER", "secret").unwrap();
    let key = stranger.clone().into();
    let refusal = wire
        .verify(&Verifier::new(), NOW, stranger.access_id(), &key)
        .unwrap_err();
    assert_eq!(refusal, Refusal::UnknownAuthorizer);
    assert_eq!(
        (refusal.status(), refusal.gcs_code()),
        (403, "InvalidAccessKeyId")
    );
}

#[test]
fn a_payload_hash_is_part_of_the_signature() {
    let key = hmac_key().into();
    let hash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    // Signed for any payload: claiming one afterwards breaks the signature.
    for claimed in [hash, "", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"] {
        let changed = upload(hmac_key()).with_header("x-goog-content-sha256", claimed);
        let refusal = refuse(&changed);
        assert_eq!(
            (refusal.status(), refusal.gcs_code()),
            (403, "SignatureDoesNotMatch")
        );
    }
    let headers = [("X-Goog-Content-SHA256", hash)];
    let request = Request {
        headers: &headers,
        ..Request::new(Method::Put, Target::Object("a"))
    };
    let url = Signer::new(endpoint(Addressing::Path), hmac_key())
        .sign(&request, window(60))
        .unwrap();
    let wire = Wire::new("PUT", url.expose(), &headers);
    let verified = wire.verify(&Verifier::new(), NOW, hmac_key().access_id(), &key);
    let payload = verified.unwrap().payload;
    assert!(matches!(
        payload,
        Payload::Sha256([0x2c, 0xf2, .., 0x98, 0x24])
    ));
}

#[test]
fn nothing_secret_is_told() {
    let secret_header = ("x-goog-encryption-key", "c3dvcmRmaXNo");
    let request = Request {
        headers: &[secret_header],
        ..Request::new(Method::Put, Target::Object("a"))
    };
    let signer = Signer::new(endpoint(Addressing::Path), hmac_key());
    let url = signer.sign(&request, window(60)).unwrap();
    let mut wire = Wire::new("PUT", url.expose(), &[secret_header]);
    let signature = wire.parameter("X-Goog-Signature").to_owned();
    wire.method = "GET".to_owned();
    let refusal = refuse(&wire);
    let Refusal::SignatureDoesNotMatch(mismatch) = &refusal else {
        panic!("{refusal:?}");
    };
    let told = format!(
        "{refusal} {refusal:?} {} {} {signer:?} {url:?}",
        mismatch.canonical_request, mismatch.string_to_sign
    );
    for secret in ["c3dvcmRmaXNo", &signature, "wJalrXUtnFEMI"] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
    assert!(told.contains("x-goog-encryption-key:(hidden)"));
    assert!(told.contains("GET\n/models/a\nX-Goog-Algorithm=GOOG4-HMAC-SHA256&"));
}
