//! What is signed verifies; what was changed on the way does not.

use hmac::{Hmac, KeyInit, Mac};
use presign::{
    BindFault, Error, Method, Request, Target, Timestamp, Ttl, Window,
    gcs::{Addressing, Credential, Refusal, Signer, Verified, Verifier, VerifyingKey},
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use sha2::{Digest, Sha256};

use crate::{
    made_up::{change_character, method, unique},
    support::{NOW, ServiceAccount, Wire, endpoint, hexadecimal, hmac_key, upload, window},
};

/// A request with its key and window, all made up.
#[derive(Clone, Debug)]
struct Case {
    rsa: bool,
    addressing: Addressing,
    method: Method,
    key: Option<String>,
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
    ttl_seconds: u32,
}

impl Case {
    fn credential(&self) -> Credential {
        if self.rsa {
            ServiceAccount::read().key().into()
        } else {
            hmac_key().into()
        }
    }

    fn wire(&self) -> Result<Wire, Error> {
        let headers: Vec<_> = self.headers.iter().map(|(a, b)| (&**a, &**b)).collect();
        let query: Vec<_> = self.query.iter().map(|(a, b)| (&**a, &**b)).collect();
        let request = Request {
            method: self.method,
            target: self.key.as_deref().map_or(Target::Bucket, Target::Object),
            headers: &headers,
            query: &query,
        };
        let url = Signer::new(endpoint(self.addressing), self.credential())
            .sign(&request, window(self.ttl_seconds))?;
        Ok(Wire::new(self.method.as_str(), url.expose(), &headers))
    }

    fn verifier(&self) -> Verifier {
        match self.addressing {
            Addressing::BucketHost => {
                Verifier::new().with_bucket_host("store.example.com:4443", "models")
            }
            _ => Verifier::new().with_hosts(["store.example.com:4443"]),
        }
    }

    fn verify_at(&self, wire: &Wire, now: Timestamp) -> Result<Verified, Refusal> {
        let credential = self.credential();
        let key = match &credential {
            Credential::Hmac(key) => VerifyingKey::from(key.clone()),
            Credential::ServiceAccount(key) => VerifyingKey::from(key),
            other => panic!("{other:?}"),
        };
        wire.verify(&self.verifier(), now, credential.authorizer(), &key)
    }

    fn verify(&self, wire: &Wire) -> Result<Verified, Refusal> {
        self.verify_at(wire, NOW)
    }
}

fn header_name() -> impl Strategy<Value = String> {
    select(vec![
        "Content-Type",
        "content-md5",
        "x-goog-content-length-range",
        "X-Goog-If-Generation-Match",
        "x-goog-content-sha256",
        "x-goog-meta-a",
        "x-goog-user-project",
        "header/with/slash",
    ])
    .prop_map(str::to_owned)
}

prop_compose! {
    fn case()(
        rsa in prop::bool::weighted(0.2),
        addressing in select(vec![Addressing::Path, Addressing::VirtualHost, Addressing::BucketHost]),
        method in method(),
        key in option::weighted(0.9, prop_oneof![".{1,40}", "[a-z/.%+ ]{1,20}", "(\u{0}|\u{fc}|u\u{308}|\n|#|\\?){1,9}"]),
        headers in vec((header_name(), "[ -~äö\t]{0,20}"), 0..4),
        query in vec(("[A-Za-z-]{1,8}|.{1,4}|X-Goog-Custom-Audit-[a-z]{1,9}", ".{0,12}"), 0..4),
        ttl_seconds in 1..=604_800_u32,
    ) -> Case {
        Case {
            rsa, addressing, method, key, ttl_seconds,
            headers: unique(headers),
            query: unique(query),
        }
    }
}

proptest! {
    #[test]
    fn what_is_signed_verifies(case in case()) {
        let verified = case.verify(&case.wire().unwrap()).unwrap();
        prop_assert_eq!(verified.resource.bucket(), Some("models"));
        prop_assert_eq!(verified.resource.key(), case.key.as_deref());
        prop_assert_eq!(verified.expires_at, window(case.ttl_seconds).ends());
        prop_assert_eq!(verified.parameters.len(), case.query.len());
        for (name, value) in &case.query {
            prop_assert_eq!(verified.parameter(name), Some(value.as_str()));
        }
    }

    #[test]
    fn another_method_is_refused(case in case(), method in method()) {
        prop_assume!(method != case.method);
        let mut wire = case.wire().unwrap();
        method.as_str().clone_into(&mut wire.method);
        prop_assert!(case.verify(&wire).is_err());
    }

    #[test]
    fn a_changed_character_of_the_path_is_refused(case in case(), at in any::<usize>()) {
        let wire = case.wire().unwrap();
        let changed = wire.with_path(&change_character(&wire.path, at));
        prop_assert!(case.verify(&changed).is_err(), "{:?}", changed);
        for longer in [format!("{}a", wire.path), format!("/{}", wire.path)] {
            prop_assert!(case.verify(&wire.with_path(&longer)).is_err());
        }
    }

    #[test]
    fn a_changed_character_of_the_query_is_refused(case in case(), at in any::<usize>()) {
        let wire = case.wire().unwrap();
        let changed = wire.with_query(&change_character(&wire.query, at));
        // The change may have spelled the same character, as `%2f` for `%2F` would.
        prop_assume!(!changed.query.eq_ignore_ascii_case(&wire.query));
        prop_assert!(case.verify(&changed).is_err(), "{:?}", changed);
    }

    #[test]
    fn a_changed_character_of_the_host_is_refused(case in case(), at in any::<usize>()) {
        let wire = case.wire().unwrap();
        let host = wire.headers.last().unwrap().1.clone();
        let changed = wire.without_header("host").with_header("host", &change_character(&host, at));
        prop_assert!(case.verify(&changed).is_err());
        let any_host = changed.verify(&Verifier::new(), NOW, hmac_key().access_id(), &hmac_key().into());
        prop_assert!(any_host.is_err());
    }

    #[test]
    fn another_parameter_is_refused(case in case(), name in "[a-z]{1,8}", value in "[a-z]{0,8}") {
        let wire = case.wire().unwrap();
        let changed = wire.with_query(&format!("{}&{name}={value}", wire.query));
        prop_assert!(case.verify(&changed).is_err());
        for (name, _) in &case.query {
            let escapes: Vec<_> = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let encoded = escapes.concat();
            let doubled = wire.with_query(&format!("{}&{encoded}=x", wire.query));
            prop_assert!(case.verify(&doubled).is_err());
        }
    }

    #[test]
    fn a_missing_parameter_is_refused(case in case(), which in any::<prop::sample::Index>()) {
        let wire = case.wire().unwrap();
        let mut parameters: Vec<_> = wire.query.split('&').collect();
        parameters.remove(which.index(parameters.len()));
        let changed = wire.with_query(&parameters.join("&"));
        prop_assert!(case.verify(&changed).is_err());
    }

    #[test]
    fn a_changed_or_missing_signed_header_is_refused(case in case(), value in "[!-~]{0,20}") {
        let wire = case.wire().unwrap();
        for (index, (name, _)) in case.headers.iter().enumerate() {
            let old = wire.headers[index].1.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assume!(old != value);
            let mut changed = wire.clone();
            changed.headers[index].1.clone_from(&value);
            prop_assert!(case.verify(&changed).is_err());
            let gone = wire.without_header(name);
            prop_assert!(case.verify(&gone).is_err());
            let twice = wire.with_header(name, &value);
            prop_assert!(case.verify(&twice).is_err());
        }
    }

    #[test]
    fn times_outside_the_window_are_refused(case in case(), offset in 0..1_000_000_i64) {
        let wire = case.wire().unwrap();
        let ttl = i64::from(case.ttl_seconds);
        let verify = |seconds| {
            case.verify_at(&wire, Timestamp::from_unix_seconds(NOW.unix_seconds() + seconds))
        };
        prop_assert!(verify(offset % ttl).is_ok());
        prop_assert!(verify(ttl + offset).is_err());
        prop_assert!(verify(-901 - offset).is_err());
    }

    #[test]
    fn a_longer_life_is_refused(case in case(), ttl_seconds in 1..=604_800_u32) {
        prop_assume!(ttl_seconds != case.ttl_seconds);
        let changed = case.wire().unwrap().with_parameter("X-Goog-Expires", &ttl_seconds.to_string());
        prop_assert!(case.verify(&changed).is_err());
    }
}

fn verify(wire: &Wire) -> Result<Verified, Refusal> {
    wire.verify(
        &Verifier::new(),
        NOW,
        hmac_key().access_id(),
        &hmac_key().into(),
    )
}

/// Other spellings of the same request: all that verifies besides the very bytes that were signed.
#[test]
fn harmless_spellings_verify() {
    let wire = upload(hmac_key());
    let reversed: Vec<_> = wire.query.split('&').rev().collect();
    for (what, changed) in [
        (
            "lower-case escapes in the query",
            wire.with_query(&wire.query.replace("%2F", "%2f")),
        ),
        (
            "slashes not escaped in the query",
            wire.with_query(&wire.query.replace("%2F", "/")),
        ),
        (
            "needless escapes of a value",
            wire.with_query(&wire.query.replace("grt_01", "grt%5F01")),
        ),
        (
            "needless escapes of a name",
            wire.with_query(&wire.query.replace("partNumber", "p%61rtNumber")),
        ),
        (
            "another order of parameters",
            wire.with_query(&reversed.join("&")),
        ),
        (
            "empty parameters",
            wire.with_query(&format!("&{}&&", wire.query)),
        ),
        (
            "the one name that is not signed, in lower case",
            wire.with_query(&wire.query.replace("X-Goog-Signature", "x-goog-signature")),
        ),
        ("other headers", wire.with_header("Accept", "*/*")),
        (
            "a payload hash that says the same",
            wire.with_header("X-Goog-Content-SHA256", "UNSIGNED-PAYLOAD"),
        ),
        ("blanks around a header", {
            let changed = wire.without_header("x-goog-if-generation-match");
            changed.with_header("X-Goog-If-Generation-Match", "  0\t")
        }),
    ] {
        let verified = verify(&changed).unwrap_or_else(|refusal| panic!("{what}: {refusal}"));
        assert_eq!(
            verified.resource.key(),
            Some("run 1/weights+.bin"),
            "{what}"
        );
        assert_eq!(verified.parameter("uploadId"), Some("u/1"), "{what}");
    }
}

/// What S3 takes, and Cloud Storage may not: the path is signed as it is sent.
#[test]
fn other_spellings_of_the_path_are_refused() {
    let wire = upload(hmac_key());
    assert_eq!(wire.path, "/models/run%201/weights%2B.bin");
    for (what, path) in [
        ("lower-case escapes", "/models/run%201/weights%2b.bin"),
        ("slashes escaped", "/models%2Frun%201/weights%2B.bin"),
        ("needless escapes", "/%6Dodels/run%201/weights%2B.bin"),
        ("a plus not escaped", "/models/run%201/weights+.bin"),
        ("a slash more", "/models//run%201/weights%2B.bin"),
        ("a slash at the end", "/models/run%201/weights%2B.bin/"),
        ("dots", "/models/./run%201/weights%2B.bin"),
    ] {
        let refusal = verify(&wire.with_path(path)).unwrap_err();
        assert_eq!(refusal.gcs_code(), "SignatureDoesNotMatch", "{what}");
    }
    let upper_case = wire.parameter("X-Goog-Signature").to_uppercase();
    let changed = wire.with_parameter("X-Goog-Signature", &upper_case);
    let refusal = verify(&changed).unwrap_err();
    assert_eq!(refusal.gcs_code(), "SignatureDoesNotMatch");
}

#[test]
fn a_port_may_be_left_out_of_the_signature_but_not_of_the_request() {
    let request = Request::new(Method::Get, Target::Object("a"));
    let result = |with_port: bool, host: &str| {
        let endpoint = endpoint(Addressing::Path);
        let endpoint = if with_port {
            endpoint
        } else {
            endpoint.with_unsigned_port()
        };
        let url = Signer::new(endpoint, hmac_key())
            .sign(&request, window(60))
            .unwrap();
        let wire = Wire::new("GET", url.expose(), &[]);
        verify(&wire.without_header("host").with_header("host", host)).is_ok()
    };
    for (signed, host, accepted) in [
        (true, "store.example.com:4443", true),
        (true, "store.example.com", false),
        (true, "store.example.com:4444", false),
        (false, "store.example.com:4443", true),
        (false, "store.example.com", true),
        (false, "store.example.com:", false),
        (false, "store.example.com:4443:1", false),
        (false, "other.example.com:4443", false),
    ] {
        assert_eq!(result(signed, host), accepted, "{signed} {host}");
    }
}

/// A URL in the spelling of gsutil, signed by hand.
#[test]
fn names_of_the_signature_may_be_in_lower_case() {
    let query = "x-goog-algorithm=GOOG4-HMAC-SHA256\
                 &x-goog-credential=GOOG1EXAMPLE%2F20190201%2Feu%2Fstorage%2Fgoog4_request\
                 &x-goog-date=20190201T090000Z&x-goog-expires=60&x-goog-signedheaders=host";
    let canonical_request =
        format!("GET\n/models/a\n{query}\nhost:store\n\nhost\nUNSIGNED-PAYLOAD");
    let string_to_sign = format!(
        "GOOG4-HMAC-SHA256\n20190201T090000Z\n20190201/eu/storage/goog4_request\n{}",
        hexadecimal(&Sha256::digest(canonical_request))
    );
    let secret = b"GOOG4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_vec();
    let steps = [
        "20190201",
        "eu",
        "storage",
        "goog4_request",
        &string_to_sign,
    ];
    let signature = steps.iter().fold(secret, |key, step| {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(step.as_bytes());
        mac.finalize().into_bytes().to_vec()
    });
    let url = format!(
        "https://store/models/a?{query}&x-goog-signature={}",
        hexadecimal(&signature)
    );
    let verified = verify(&Wire::new("GET", &url, &[])).unwrap();
    assert_eq!(verified.resource.key(), Some("a"));
    assert!(verified.parameters.is_empty());
}

#[test]
fn requests_that_would_lose_something_are_not_signed() {
    let signer = Signer::new(endpoint(Addressing::Path), hmac_key());
    let sign = |query: &[(&str, &str)], headers: &[(&str, &str)]| {
        let request = Request {
            query,
            headers,
            ..Request::new(Method::Get, Target::Object("a"))
        };
        signer.sign(&request, window(60)).map(|_| ())
    };
    assert_eq!(sign(&[("uploads", ""), ("Uploads", "")], &[]), Ok(()));
    assert_eq!(
        sign(&[("a", "1"), ("b", "1"), ("a", "1")], &[]),
        Err(Error::DuplicateParameter { name: "a".into() })
    );
    for name in [
        "",
        "X-Goog-Date",
        "x-goog-expires",
        "X-GOOG-SIGNATURE",
        "X-Goog-Content-Sha256",
        "GoogleAccessId",
        "X-Amz-Signature",
    ] {
        let reserved = Error::ReservedParameter { name: name.into() };
        assert_eq!(sign(&[(name, "1")], &[]), Err(reserved));
    }
    for (name, value, fault) in [
        ("a b", "1", BindFault::Name),
        (
            "x-goog-meta-a",
            "1\r\nx-goog-acl: public-read",
            BindFault::Value,
        ),
        ("Host", "1", BindFault::SetBySigner),
        ("Authorization", "1", BindFault::SetBySigner),
        ("X-Goog-Date", "20190201T090001Z", BindFault::SetBySigner),
        ("User-Agent", "1", BindFault::NotEndToEnd),
        ("X-Cloud-Trace-Context", "1", BindFault::NotEndToEnd),
    ] {
        let header = name.into();
        let unbound = Error::CannotBind { header, fault };
        assert_eq!(sign(&[], &[(name, value)]), Err(unbound));
    }
    assert_eq!(sign(&[], &[("x-goog-date", " 20190201T090000Z ")]), Ok(()));
    assert_eq!(
        sign(&[], &[("x-goog-meta-a", "1"), ("X-Goog-Meta-A", "2")]),
        Err(Error::CannotBind {
            header: "X-Goog-Meta-A".into(),
            fault: BindFault::Duplicate
        })
    );
}

#[test]
fn times_that_cannot_be_written_are_not_signed() {
    let signer = Signer::new(endpoint(Addressing::Path), hmac_key());
    for at in [-1, 253_402_300_800, i64::MAX, i64::MIN] {
        let window = Window {
            from: Timestamp::from_unix_seconds(at),
            ttl: Ttl::MAX,
        };
        let request = Request::new(Method::Get, Target::Object("a"));
        assert_eq!(
            signer.sign(&request, window).map(|_| ()),
            Err(Error::TimestampOutOfRange { at })
        );
    }
}
