//! Well-formed requests that come at the wrong time, from the wrong place, with the wrong
//! key or for the wrong operation: the refusals, with the code and status that Azure gives.

use presign::{
    Timestamp,
    azure::{AccountKey, Credential, Permissions, Refusal, StoredPolicy, Verifier},
};

use crate::support::{
    FAILED, NOW, Wire, account_key, assert_refused, at, delegation_key, download, refuse, upload,
    verifier,
};

#[test]
fn the_time_must_be_within_the_window() {
    let wire = download();
    let verify = |now| wire.verify(&verifier(), now, &account_key());
    assert!(verify(NOW).is_ok());
    assert!(verify(at(599)).is_ok());
    let early = verify(at(-1)).unwrap_err();
    assert_eq!(early, Refusal::NotYetValid { starts_at: NOW });
    let late = verify(at(600)).unwrap_err();
    let expires_at = at(600);
    assert_eq!(late, Refusal::Expired { expires_at });
    for refusal in [early, late] {
        assert_eq!((refusal.status(), refusal.azure_code()), FAILED);
    }
    for now in [i64::MIN, i64::MAX] {
        assert!(verify(Timestamp::from_unix_seconds(now)).is_err());
    }
}

#[test]
fn the_key_must_be_within_its_life() {
    let wire = upload();
    let early = wire.with_parameter("skt", "2026-09-21T14:13:21Z");
    let starts_at = at(1);
    assert_refused(&early, &Refusal::KeyNotYetValid { starts_at }, FAILED);
    let late = wire.with_parameter("ske", "2026-09-21T14:13:20Z");
    let expires_at = NOW;
    assert_refused(&late, &Refusal::KeyExpired { expires_at }, FAILED);
}

#[test]
fn the_key_must_be_known() {
    let none: &[&Credential] = &[];
    let (account_key, delegation_key) = (account_key(), delegation_key());
    let policy = Some(StoredPolicy::default());
    for (wire, keys) in [
        (download(), none),
        (upload(), none),
        // A key of the other kind is not the one that is named, nor is another delegation.
        (download(), &[&delegation_key]),
        (upload(), &[&account_key]),
        (
            upload().with_parameter("ske", "2026-09-28T14:13:21Z"),
            &[&delegation_key],
        ),
    ] {
        let refusal = wire
            .verify_with(&verifier(), NOW, keys, policy)
            .unwrap_err();
        assert_eq!(refusal, Refusal::UnknownKey);
        assert_eq!((refusal.status(), refusal.azure_code()), FAILED);
    }
    // Either of an account's two keys will do.
    let other = AccountKey::new("b3RoZXI=").unwrap().into();
    for keys in [[&other, &account_key], [&account_key, &other]] {
        assert!(
            download()
                .verify_with(&verifier(), NOW, &keys, policy)
                .is_ok()
        );
    }
}

#[test]
fn stored_policies_set_what_the_url_does_not() {
    let (wire, key) = (download(), account_key());
    let verify = |policy| wire.verify_with(&verifier(), NOW, &[&key], policy);
    assert!(verify(Some(StoredPolicy::default())).is_ok());
    assert_eq!(verify(None), Err(Refusal::UnknownPolicy));
    let set = |name| Err(Refusal::SetByPolicy { name });
    let nothing = StoredPolicy::default();
    for (policy, name) in [
        (
            StoredPolicy {
                permissions: Some(Permissions::READ),
                ..nothing
            },
            "sp",
        ),
        (
            StoredPolicy {
                starts_at: Some(NOW),
                ..nothing
            },
            "st",
        ),
        (
            StoredPolicy {
                expires_at: Some(at(600)),
                ..nothing
            },
            "se",
        ),
    ] {
        assert_eq!(verify(Some(policy)), set(name));
    }
    for refusal in [Refusal::UnknownPolicy, Refusal::SetByPolicy { name: "sp" }] {
        assert_eq!((refusal.status(), refusal.azure_code()), FAILED);
    }
}

/// Signed by azure-storage-blob 12.31.1 with the policy alone, in version 2022-11-02:
/// `generate_blob_sas("teamvision", "models", "a", policy_id="run-42", account_key=...)`.
#[test]
fn stored_policies_can_set_everything() {
    let wire = Wire::new(
        "GET",
        "https://teamvision.blob.core.windows.net/models/a?sv=2022-11-02&si=run-42&sr=b&sig=l5zMTDrsMsaWO6v9uIfcoqwVq9Rcz3g3GVtQpo/NXHk%3D",
        &[],
    );
    let key = account_key();
    let verify = |policy| wire.verify_with(&verifier(), NOW, &[&key], Some(policy));
    let policy = StoredPolicy {
        permissions: Some(Permissions::READ),
        starts_at: Some(NOW),
        expires_at: Some(at(1)),
    };
    let verified = verify(policy).unwrap();
    assert_eq!(verified.permissions, Permissions::READ);
    assert_eq!(
        (verified.starts_at, verified.expires_at),
        (Some(NOW), at(1))
    );
    let missing = |name| Err(Refusal::MissingParameter { name });
    let without = |change: fn(&mut StoredPolicy)| {
        let mut changed = policy;
        change(&mut changed);
        verify(changed)
    };
    assert_eq!(without(|it| it.permissions = None), missing("sp"));
    assert_eq!(without(|it| it.expires_at = None), missing("se"));
    assert!(without(|it| it.starts_at = None).is_ok());
    let expires_at = NOW;
    assert_eq!(
        without(|it| it.expires_at = Some(NOW)),
        Err(Refusal::Expired { expires_at })
    );
    let starts_at = at(1);
    assert_eq!(
        without(|it| it.starts_at = Some(at(1))),
        Err(Refusal::NotYetValid { starts_at })
    );
    let mismatch = without(|it| it.permissions = Some(Permissions::WRITE));
    assert_eq!(
        mismatch.unwrap_err().azure_code(),
        "AuthorizationPermissionMismatch"
    );
}

#[test]
fn the_protocol_must_be_permitted() {
    let mut wire = download();
    wire.is_https = false;
    let expected = (403, "AuthorizationProtocolMismatch");
    assert_refused(&wire, &Refusal::ProtocolMismatch, expected);
}

#[test]
fn the_client_address_must_be_permitted() {
    let mut wire = download();
    for (address, is_inside) in [
        ("168.1.5.59", false),
        ("168.1.5.60", true),
        ("168.1.5.70", true),
        ("168.1.5.71", false),
        ("::ffff:168.1.5.65", true),
        ("2001:db8::1", false),
    ] {
        wire.client = address.parse().unwrap();
        if is_inside {
            assert!(wire.verify(&verifier(), NOW, &account_key()).is_ok());
        } else {
            let expected = (403, "AuthorizationSourceIPMismatch");
            assert_refused(&wire, &Refusal::AddressMismatch, expected);
        }
    }
}

#[test]
fn the_operation_must_be_permitted() {
    let wire = download();
    let listing = "restype=container&comp=list";
    for (changed, any_of) in [
        (wire.with_method("PUT"), Some("cw")),
        (wire.with_method("DELETE"), Some("d")),
        (
            wire.with_method("PUT")
                .and_parameter("comp=block&blockid=AA=="),
            Some("w"),
        ),
        (
            wire.with_method("PUT").and_parameter("Comp=BlockList"),
            Some("w"),
        ),
        (wire.and_parameter("comp=tags"), Some("t")),
        (
            wire.with_method("DELETE").and_parameter("versionid=1"),
            Some("x"),
        ),
        (wire.with_method("POST"), None),
        (wire.with_method("OPTIONS"), None),
        (wire.and_parameter("comp=acl"), None),
        (wire.and_parameter(listing), None),
    ] {
        let refusal = refuse(&changed);
        let Refusal::PermissionMismatch { any_of: found } = &refusal else {
            panic!("{refusal}: {changed:?}");
        };
        assert_eq!(found.map(|it| it.to_string()).as_deref(), any_of);
        assert_eq!(refusal.azure_code(), "AuthorizationPermissionMismatch");
        assert_eq!(refusal.status(), 403);
    }
}

#[test]
fn hosts_decide_whether_the_path_begins_with_the_account() {
    let service = Verifier::new().with_hosts(["Blob.core.windows.net", "127.0.0.1:10000"]);
    let verify = |host: &str, path: &str| {
        let mut wire = download().without_header("host").with_header("host", host);
        path.clone_into(&mut wire.path);
        wire.verify(&service, NOW, &account_key())
    };
    let path = "/models/run%201/weights%2B.bin";
    let with_account = format!("/teamvision{path}");
    for (host, path) in [
        ("teamvision.blob.core.windows.net", path),
        ("TEAMVISION.Blob.core.windows.net", path),
        ("blob.core.windows.net", &with_account),
        ("127.0.0.1:10000", &with_account),
        ("teamvision.127.0.0.1:10000", path),
    ] {
        let verified = verify(host, path).unwrap();
        assert_eq!(&*verified.account, "teamvision", "{host}");
        assert_eq!(&*verified.container, "models", "{host}");
    }
    for host in [
        "teamvision.blob.core.windows.org",
        "xblob.core.windows.net",
        "127.0.0.1",
        "evil.test",
    ] {
        let refusal = verify(host, path).unwrap_err();
        assert_eq!(refusal, Refusal::UnknownHost, "{host}");
        assert_eq!(
            (refusal.status(), refusal.azure_code()),
            (404, "ResourceNotFound")
        );
    }
    for (host, path) in [
        ("127.0.0.1:10000", "/teamvision"),
        (".blob.core.windows.net", path),
    ] {
        assert_eq!(verify(host, path), Err(Refusal::NoContainer));
    }
    // Another account's host is another resource.
    let refusal = verify("teamaudio.blob.core.windows.net", path).unwrap_err();
    assert!(matches!(refusal, Refusal::SignatureDoesNotMatch(_)));
}
