//! What is signed says exactly what was asked for; what cannot be said is an error.

use std::net::Ipv4Addr;

use presign::{
    BindFault, Error, KeyFault, Method, Request, Target, TermsFault, Timestamp, Ttl, Window,
    azure::{
        Agent, Credential, DelegationKey, DelegationKeyId, Endpoint, Guid, Permissions, Signer,
        Terms, Version,
    },
};

use crate::support::{
    NOW, Wire, account_key, at, correlation_id, delegation_key, delegation_key_id, signer, window,
};

const BLOB: Target<'_> = Target::Object("a");

/// All four kinds of signers; only the last binds requests.
fn signers() -> [Signer; 4] {
    [
        signer(Version::V2020_12_06, account_key()),
        signer(Version::V2026_04_06, account_key()),
        signer(Version::V2020_12_06, delegation_key()),
        signer(Version::V2026_04_06, delegation_key()),
    ]
}

fn permissions_of(signer: &Signer, request: &Request<'_>) -> String {
    let url = signer.sign(request, window(60)).unwrap();
    let wire = Wire::new(request.method.as_str(), url.expose(), &[]);
    format!("{} {}", wire.parameter("sr"), wire.parameter("sp"))
}

#[test]
fn permissions_are_the_least_that_the_request_usually_needs() {
    let version = ("versionid", "2026-03-01T10:11:12.1234567Z");
    let listing = [("restype", "container"), ("comp", "list")];
    for signer in signers() {
        for (method, target, query, expected) in [
            (Method::Get, BLOB, &[][..], "b r"),
            (Method::Head, BLOB, &[], "b r"),
            (Method::Put, BLOB, &[], "b w"),
            (
                Method::Put,
                BLOB,
                &[("comp", "block"), ("blockid", "AA==")],
                "b w",
            ),
            (Method::Put, BLOB, &[("comp", "blocklist")], "b w"),
            (Method::Delete, BLOB, &[], "b d"),
            (Method::Get, BLOB, &[version], "bv r"),
            (Method::Get, BLOB, &[("snapshot", "2026")], "bs r"),
            (Method::Delete, BLOB, &[version], "bv x"),
            (Method::Get, Target::Bucket, &listing, "c l"),
        ] {
            let request = Request {
                query,
                ..Request::new(method, target)
            };
            assert_eq!(permissions_of(&signer, &request), expected);
        }
    }
}

#[test]
fn requests_that_no_permission_allows_need_permissions_given() {
    let signer = signer(Version::V2020_12_06, account_key());
    for (method, target, query) in [
        (Method::Post, BLOB, &[][..]),
        (Method::Get, BLOB, &[("comp", "acl")]),
        (Method::Get, Target::Bucket, &[]),
        (Method::Put, Target::Bucket, &[("restype", "container")]),
        (Method::Delete, Target::Bucket, &[("restype", "container")]),
    ] {
        let request = Request {
            query,
            ..Request::new(method, target)
        };
        assert_eq!(
            signer.sign(&request, window(60)),
            Err(Error::UnknownOperation)
        );
    }
    let terms = Terms::new().with_permissions(Permissions::LIST | Permissions::READ);
    let request = Request::new(Method::Get, Target::Bucket);
    let url = signer.sign_with(&request, &terms, window(60)).unwrap();
    let wire = Wire::new("GET", url.expose(), &[]);
    assert_eq!((wire.parameter("sr"), wire.parameter("sp")), ("c", "rl"));
    assert_eq!(wire.path, "/models");
}

#[test]
fn permissions_given_must_allow_the_request() {
    let signer = signer(Version::V2020_12_06, account_key());
    let sign = |method, query, permissions| {
        let request = Request {
            query,
            ..Request::new(method, BLOB)
        };
        let terms = Terms::new().with_permissions(permissions);
        signer.sign_with(&request, &terms, window(60)).map(|_| ())
    };
    let fault = |fault| Err(Error::InvalidTerms(fault));
    let block = [("comp", "block"), ("blockid", "AA==")];
    assert_eq!(sign(Method::Put, &[], Permissions::CREATE), Ok(()));
    assert_eq!(sign(Method::Put, &block, Permissions::WRITE), Ok(()));
    for (method, query, permissions) in [
        (Method::Put, &[][..], Permissions::READ),
        (Method::Get, &[], Permissions::WRITE),
        (Method::Delete, &[], Permissions::WRITE | Permissions::READ),
        // Creating alone puts no blocks.
        (Method::Put, &block, Permissions::CREATE),
    ] {
        let refused = sign(method, query, permissions);
        assert_eq!(refused, fault(TermsFault::NotPermitted));
    }
    for permission in [Permissions::LIST, Permissions::FIND] {
        let refused = sign(Method::Get, &[], permission | Permissions::READ);
        assert_eq!(refused, fault(TermsFault::ContainerOnly));
    }
}

#[test]
fn headers_are_bound_where_the_signature_covers_them_or_not_at_all() {
    for signer in signers() {
        let request = Request {
            headers: &[("Content-Length", "5")],
            ..Request::new(Method::Put, BLOB)
        };
        let signed = signer.sign(&request, window(60));
        if signer.binds_requests() {
            let wire = Wire::new("PUT", signed.unwrap().expose(), &[]);
            assert_eq!(wire.parameter("srh"), "content-length");
        } else {
            assert_eq!(
                signed,
                Err(Error::CannotBind {
                    header: "Content-Length".into(),
                    fault: BindFault::NotCovered
                })
            );
        }
    }
    let binding = [false, false, false, true];
    assert_eq!(signers().map(|signer| signer.binds_requests()), binding);
}

#[test]
fn parameters_are_bound_where_the_signature_covers_them_or_name_the_operation() {
    for signer in signers() {
        let sign = |query| {
            let request = Request {
                query,
                ..Request::new(Method::Put, BLOB)
            };
            signer.sign(&request, window(60))
        };
        let block = [("comp", "block"), ("blockid", "AA==")];
        let url = sign(&block).unwrap();
        assert!(url.expose().contains("/a?comp=block&blockid=AA%3D%3D&sv="));
        let is_bound = url.expose().contains("&srq=comp,blockid&");
        assert_eq!(is_bound, signer.binds_requests());

        let granted = sign(&[("x-grant", "grt_01")]);
        if signer.binds_requests() {
            assert!(granted.unwrap().expose().contains("&srq=x-grant&"));
        } else {
            assert_eq!(
                granted,
                Err(Error::CannotBindParameter {
                    name: "x-grant".into(),
                    fault: BindFault::NotCovered
                })
            );
        }
    }
}

#[test]
fn ids_and_policies_need_their_kind_of_key() {
    let request = Request::new(Method::Get, BLOB);
    let id = correlation_id();
    let fault = |fault| Err(Error::InvalidTerms(fault));
    let with_policy = Terms::new().with_stored_policy("p").unwrap();
    for signer in signers() {
        let sign = |terms| signer.sign_with(&request, &terms, window(60)).map(|_| ());
        let (ids, policy) = if signer.delegation().is_some() {
            (Ok(()), fault(TermsFault::NeedsAccountKey))
        } else {
            (fault(TermsFault::NeedsDelegationKey), Ok(()))
        };
        assert_eq!(sign(Terms::new().with_correlation_id(id)), ids);
        assert_eq!(sign(Terms::new().with_agent(Agent::Authorized(id))), ids);
        assert_eq!(sign(Terms::new().with_agent(Agent::Unauthorized(id))), ids);
        assert_eq!(sign(with_policy.clone()), policy);
    }
}

#[test]
fn tls_is_required_unless_the_endpoint_has_none() {
    let url = |base_url| {
        let endpoint = Endpoint::parse(base_url, "teamvision", "models").unwrap();
        let signer = Signer::new(endpoint, Version::V2020_12_06, account_key());
        let url = signer.sign(&Request::new(Method::Get, BLOB), window(60));
        url.unwrap().into_exposed()
    };
    assert!(url("https://data.example.com").contains("&spr=https&sig="));
    assert!(url("http://127.0.0.1:10000/teamvision").contains("&spr=https%2Chttp&sig="));
}

#[test]
fn a_url_lives_within_its_delegated_key() {
    let sign = |key_starts_at, key_expires_at| {
        let id = DelegationKeyId {
            starts_at: key_starts_at,
            expires_at: key_expires_at,
            ..delegation_key_id()
        };
        let key = DelegationKey::new(id, "c3dvcmRmaXNo").unwrap();
        let signer = signer(Version::V2020_12_06, key.into());
        assert_eq!(signer.credential_expires_at(), Some(key_expires_at));
        let request = Request::new(Method::Get, BLOB);
        signer.sign(&request, window(60)).map(|_| ())
    };
    assert_eq!(sign(NOW, at(60)), Ok(()));
    assert_eq!(
        sign(NOW, at(59)),
        Err(Error::CredentialExpiresFirst { at: at(59) })
    );
    assert_eq!(
        sign(at(1), at(60)),
        Err(Error::CredentialBeginsLater { at: at(1) })
    );
    // A window's seven days are all that a key may live.
    assert!(Ttl::from_seconds(604_801).is_err());
}

#[test]
fn times_that_cannot_be_written_are_not_signed() {
    let signer = signer(Version::V2020_12_06, account_key());
    let sign = |seconds, ttl| {
        let window = Window {
            from: Timestamp::from_unix_seconds(seconds),
            ttl,
        };
        let request = Request::new(Method::Get, BLOB);
        signer.sign(&request, window).map(|_| ())
    };
    let end = 253_402_300_800;
    let minute = Ttl::from_seconds(60).unwrap();
    assert_eq!(sign(0, minute), Ok(()));
    assert_eq!(sign(end - 61, minute), Ok(()));
    for (from, at) in [
        (-1, -1),
        (i64::MIN, i64::MIN),
        (end, end),
        (i64::MAX, i64::MAX),
        (end - 60, end),
    ] {
        assert_eq!(sign(from, minute), Err(Error::TimestampOutOfRange { at }));
    }
}

#[test]
fn names_that_the_service_does_not_take_are_not_signed() {
    let signer = signer(Version::V2020_12_06, account_key());
    let sign = |name| {
        let request = Request::new(Method::Get, Target::Object(name));
        signer.sign(&request, window(60)).map(|_| ())
    };
    assert_eq!(sign(""), Err(Error::InvalidKey(KeyFault::Empty)));
    assert_eq!(
        sign("a\nb"),
        Err(Error::InvalidKey(KeyFault::ControlCharacter))
    );
    assert!(matches!(
        sign(&"ü".repeat(1025)),
        Err(Error::InvalidKey(KeyFault::TooManyCharacters { .. }))
    ));
}

#[test]
fn every_term_is_in_the_url() {
    let terms = Terms::new()
        .with_permissions(Permissions::READ | Permissions::TAGS)
        .with_addresses(Ipv4Addr::new(203, 0, 113, 7))
        .with_correlation_id(correlation_id())
        .with_agent(Agent::Authorized(Guid::from_u128(1)));
    let request = Request {
        query: &[("rscc", "no-store"), ("versionid", "v/1")],
        ..Request::new(Method::Get, Target::Object("run 1/ü"))
    };
    let url = signer(Version::V2026_04_06, delegation_key())
        .sign_with(&request, &terms, window(60))
        .unwrap()
        .into_exposed();
    let (before, signature) = url.split_once("&sig=").unwrap();
    assert_eq!(
        before,
        "https://teamvision.blob.core.windows.net/models/run%201/%C3%BC\
         ?versionid=v%2F1&sv=2026-04-06&st=2026-09-21T14%3A13%3A20Z&se=2026-09-21T14%3A14%3A20Z\
         &sr=bv&sp=rt&spr=https&sip=203.0.113.7\
         &skoid=4e5c8a4e-6f4b-4c4b-9d5e-0d7a1f0a3c11&sktid=72f988bf-86f1-41af-91ab-2d7cd011db47\
         &skt=2026-09-21T14%3A13%3A20Z&ske=2026-09-28T14%3A13%3A20Z&sks=b&skv=2026-04-06\
         &saoid=00000000-0000-0000-0000-000000000001&scid=0192f5a4-6c1b-7000-8000-00000000002a\
         &rscc=no-store"
    );
    assert!(signature.len() >= 44);
}

#[test]
fn clones_sign_alike() {
    let signer = signer(Version::V2020_12_06, account_key());
    let sign = |signer: &Signer| signer.sign(&Request::new(Method::Get, BLOB), window(60));
    assert_eq!(sign(&signer), sign(&signer.clone()));
    let other: Credential = delegation_key();
    assert_ne!(
        sign(&signer),
        sign(&crate::support::signer(Version::V2020_12_06, other))
    );
}
