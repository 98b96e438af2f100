//! Requests that are not well-formed, whose signature is not theirs, or that
//! name no place: the refusals, with the code and status that Azure gives.

use presign::{
    Method, Request, Target,
    azure::{Permissions, Refusal, Version},
};

use crate::support::{
    FAILED, NOW, Wire, account_key, assert_refused, at, correlation_id, delegation_key,
    delegation_key_id, download, refuse, signer, upload, verifier, window,
};

#[test]
fn the_untouched_requests_are_accepted() {
    let verified = download().verify(&verifier(), NOW, &account_key()).unwrap();
    assert_eq!(verified.blob.as_deref(), Some("run 1/weights+.bin"));
    assert_eq!(verified.permissions, Permissions::READ);
    assert_eq!(verified.policy.as_deref(), Some("run-42"));
    assert_eq!((verified.delegation, verified.correlation_id), (None, None));
    let disposition = "attachment; filename=\"a+b\"".into();
    assert_eq!(
        verified.response_headers,
        [("content-disposition", disposition)]
    );
    assert!(verified.parameters.is_empty());

    let verified = upload()
        .verify(&verifier(), NOW, &delegation_key())
        .unwrap();
    assert_eq!(verified.permissions, Permissions::WRITE);
    assert_eq!(verified.delegation, Some(delegation_key_id()));
    assert_eq!(verified.correlation_id, Some(correlation_id()));
    let names = |names: &[Box<str>]| names.join(" ");
    assert_eq!(
        names(&verified.signed_headers),
        "content-length content-md5"
    );
    assert_eq!(names(&verified.signed_parameters), "comp blockid x-grant");
    assert!(verified.is_signed_header("content-md5"));
    assert_eq!(verified.parameter("Comp"), Some("block"));
    assert_eq!(
        (verified.starts_at, verified.expires_at),
        (Some(NOW), at(600))
    );
}

#[test]
fn parameters_that_the_signature_needs_must_be_there_once() {
    for (wire, names) in [
        (download(), &["sv", "sr", "sig"][..]),
        (
            upload(),
            &[
                "sv", "sr", "sp", "se", "sig", "skoid", "sktid", "skt", "ske", "sks", "skv",
            ],
        ),
    ] {
        for name in names {
            let missing = Refusal::MissingParameter { name };
            assert_refused(&wire.without_parameter(name), &missing, FAILED);
            assert_refused(&wire.with_parameter(name, ""), &missing, FAILED);
            let value = wire.parameter(name);
            for again in [
                (*name).to_owned(),
                name.to_uppercase(),
                format!("%73{}", &name[1..]),
            ] {
                let doubled = wire.and_parameter(&format!("{again}={value}"));
                let refusal = refuse(&doubled);
                assert!(
                    matches!(refusal, Refusal::DuplicateParameter { .. }),
                    "{again}: {refusal}"
                );
                assert_eq!(refusal.azure_code(), "InvalidQueryParameterValue");
                assert_eq!(refusal.status(), 400);
            }
        }
    }
}

#[test]
fn without_a_policy_permissions_and_expiry_are_needed() {
    let request = Request::new(Method::Get, Target::Object("a"));
    let url = signer(Version::V2020_12_06, account_key())
        .sign(&request, window(60))
        .unwrap();
    let wire = Wire::new("GET", url.expose(), &[]);
    for name in ["sp", "se"] {
        let missing = Refusal::MissingParameter { name };
        assert_refused(&wire.without_parameter(name), &missing, FAILED);
    }
}

#[test]
fn values_that_may_not_be_are_named() {
    let (download, upload) = (download(), upload());
    for (wire, name, values) in [
        (&download, "sr", &["d", "B", "bx"][..]),
        (&download, "sp", &["z", "wr", "rr", "R"]),
        (
            &download,
            "st",
            &["yesterday", "2026-09-21T14:13", "1790000000"],
        ),
        (
            &download,
            "se",
            &["never", "2026-13-01", "2026-09-21%2014:13:20Z"],
        ),
        (
            &download,
            "spr",
            &["http", "HTTPS", "http,https", "https,", "ftp"],
        ),
        (
            &download,
            "sip",
            &["::1", "168.1.5", "168.1.5.70-168.1.5.60", "0.0.0.0/0"],
        ),
        (&download, "sig", &["AA", "AAAA", "%20", "a-_="]),
        (&download, "si", &["run%0A42"]),
        (&download, "rscd", &["a%0Ab", "a%0D%0Ab"]),
        (
            &upload,
            "skoid",
            &["me", "4e5c8a4e6f4b4c4b9d5e0d7a1f0a3c11"],
        ),
        (&upload, "sktid", &["us"]),
        (&upload, "skt", &["now"]),
        (&upload, "ske", &["later"]),
        (
            &upload,
            "scid",
            &["grt_01", "{0192f5a4-6c1b-7000-8000-00000000002a}"],
        ),
        (
            &upload,
            "srh",
            &[",", "content-length,", "a,A", "a%20b", "a:b"],
        ),
        (&upload, "srq", &[",", "comp,", "comp,COMP", "a:b", "a%0Ab"]),
    ] {
        for value in values {
            let changed = wire.with_parameter(name, value);
            assert_refused(&changed, &Refusal::InvalidParameter { name }, FAILED);
        }
    }
}

#[test]
fn parameters_that_do_not_fit_together_are_named() {
    let (download, upload) = (download(), upload());
    let id = "0192f5a4-6c1b-7000-8000-00000000002a";
    for (changed, name) in [
        (upload.and_parameter("si=run-42"), "si"),
        (
            upload
                .and_parameter(&format!("saoid={id}"))
                .and_parameter(&format!("suoid={id}")),
            "suoid",
        ),
        // Whoever names what is to be bound relies on it.
        (download.and_parameter("srh=content-length"), "srh"),
        (download.and_parameter("srq=comp"), "srq"),
        (upload.with_parameter("sv", "2025-07-05"), "srh"),
    ] {
        assert_refused(&changed, &Refusal::InvalidParameter { name }, FAILED);
    }
    for (resource, name) in [("bs", "snapshot"), ("bv", "versionid")] {
        let changed = download.with_parameter("sr", resource);
        assert_refused(&changed, &Refusal::MissingParameter { name }, FAILED);
    }
    for name in ["sduoid", "skdutid"] {
        let changed = upload.and_parameter(&format!("{name}={id}"));
        assert_refused(&changed, &Refusal::UserBound, FAILED);
    }
}

#[test]
fn only_known_versions_are_read() {
    for version in [
        "2018-11-09",
        "2020-10-02",
        "2020-12-07",
        "2030-01-01",
        "latest",
        "2020-12-06 ",
    ] {
        let changed = download().with_parameter("sv", version);
        assert_refused(&changed, &Refusal::UnsupportedVersion, FAILED);
    }
    // Another version is another signature, even where the string is of the same form.
    for version in ["2021-02-12", "2026-10-06"] {
        let changed = download().with_parameter("sv", version);
        assert!(matches!(
            refuse(&changed),
            Refusal::SignatureDoesNotMatch(_)
        ));
    }
}

#[test]
fn a_signature_for_a_blob_needs_one() {
    for path in ["/models", "/models/"] {
        let changed = download().with_path(path);
        assert_refused(&changed, &Refusal::WrongResource, FAILED);
    }
    for path in ["/", "//a"] {
        let changed = download().with_path(path);
        assert_refused(&changed, &Refusal::NoContainer, (400, "InvalidUri"));
    }
}

#[test]
fn what_is_bound_must_be_sent() {
    let wire = upload();
    for name in ["content-length", "content-md5"] {
        let missing = Refusal::MissingSignedHeader { name: name.into() };
        assert_refused(&wire.without_header(name), &missing, FAILED);
        let twice = wire.with_header(name, "5");
        let invalid = Refusal::InvalidHeader { name: name.into() };
        assert_refused(&twice, &invalid, (400, "InvalidHeaderValue"));
    }
    for name in ["comp", "blockid", "x-grant"] {
        let missing = Refusal::MissingSignedParameter { name: name.into() };
        assert_refused(&wire.without_parameter(name), &missing, FAILED);
        let changed = wire.with_parameter(name, "a%0Ab");
        assert_refused(&changed, &missing, FAILED);
    }
}

#[test]
fn one_mechanism_is_enough() {
    let changed = download().with_header("Authorization", "Bearer x");
    let expected = (400, "InvalidAuthenticationInfo");
    assert_refused(&changed, &Refusal::SeveralMechanisms, expected);
}

#[test]
fn what_cannot_be_decoded_is_refused() {
    let wire = download();
    for changed in [
        wire.with_path("/models/%"),
        wire.with_path("/models/%zz"),
        wire.with_path("/models/%ff"),
        wire.with_path("/models/a%0Ab"),
        wire.with_path("models/a"),
        wire.with_path(""),
        wire.with_path("*"),
        wire.and_parameter("a=%"),
        wire.and_parameter("%C3="),
    ] {
        assert_refused(&changed, &Refusal::InvalidUri, (400, "InvalidUri"));
    }
}

#[test]
fn the_host_must_be_there_once() {
    let wire = download();
    let invalid = Refusal::InvalidHeader {
        name: "host".into(),
    };
    let expected = (400, "InvalidHeaderValue");
    assert_refused(&wire.without_header("host"), &invalid, expected);
    let twice = wire.with_header("host", "teamvision.blob.core.windows.net");
    assert_refused(&twice, &invalid, expected);
}

#[test]
fn nothing_secret_is_told() {
    let secrets = [
        ("x-ms-encryption-key", "c3dvcmRmaXNo"),
        (
            "X-Ms-Copy-Source",
            "https://other.example/a?sig=c2lnbmF0dXJl",
        ),
    ];
    let request = Request {
        headers: &secrets,
        ..Request::new(Method::Put, Target::Object("a"))
    };
    let credential = delegation_key();
    let signer = signer(Version::V2026_04_06, credential.clone());
    let url = signer.sign(&request, window(60)).unwrap();
    let wire = Wire::new("PUT", url.expose(), &secrets);
    assert!(wire.verify(&verifier(), NOW, &credential).is_ok());
    let signature = wire.parameter("sig").to_owned();
    let refusal = refuse(&wire.with_path("/models/b"));
    let Refusal::SignatureDoesNotMatch(mismatch) = &refusal else {
        panic!("{refusal:?}");
    };
    let told = format!(
        "{refusal} {refusal:?} {} {signer:?} {url:?} {credential:?} {:?}",
        mismatch.string_to_sign,
        account_key()
    );
    for secret in [
        "c3dvcmRmaXNo",
        "c2lnbmF0dXJl",
        &signature,
        "Y29ycmVjdCBob3JzZSBiYXR0ZXJ5",
    ] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
    assert!(told.contains("x-ms-encryption-key:(hidden)\nx-ms-copy-source:(hidden)\n"));
}
