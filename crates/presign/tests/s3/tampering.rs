//! What is signed verifies; what was changed on the way does not.

use presign::{
    Error, Method, Request, Target, Timestamp, Ttl, Window,
    s3::{Addressing, Credential, Signer, Verifier},
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::{
    made_up::{change_character, method, unique},
    support::{NOW, REGION, Wire, credential, endpoint, upload, window},
};

/// A request with its credential and window, all made up.
#[derive(Clone, Debug)]
struct Case {
    virtual_host: bool,
    token: Option<String>,
    method: Method,
    key: Option<String>,
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
    ttl_seconds: u32,
}

impl Case {
    fn credential(&self) -> Credential {
        match &self.token {
            Some(token) => credential().with_session(token.as_str(), None).unwrap(),
            None => credential(),
        }
    }

    fn wire(&self) -> Result<Wire, Error> {
        let addressing = if self.virtual_host {
            Addressing::VirtualHost
        } else {
            Addressing::Path
        };
        let headers: Vec<_> = self.headers.iter().map(|(a, b)| (&**a, &**b)).collect();
        let query: Vec<_> = self.query.iter().map(|(a, b)| (&**a, &**b)).collect();
        let request = Request {
            method: self.method,
            target: self.key.as_deref().map_or(Target::Bucket, Target::Object),
            headers: &headers,
            query: &query,
        };
        let url = Signer::new(endpoint(addressing), self.credential())
            .sign(&request, window(self.ttl_seconds))?;
        Ok(Wire::new(self.method.as_str(), url.expose(), &headers))
    }
}

fn verifier() -> Verifier {
    Verifier::new(REGION).with_hosts(["store.example.com:8333"])
}

fn header_name() -> impl Strategy<Value = String> {
    select(vec![
        "content-length",
        "Content-Type",
        "content-md5",
        "If-None-Match",
        "x-amz-checksum-sha256",
        "X-Amz-Server-Side-Encryption",
        "x-amz-meta-a",
        "x-amz-storage-class",
    ])
    .prop_map(str::to_owned)
}

prop_compose! {
    fn case()(
        virtual_host in any::<bool>(),
        token in option::of("[A-Za-z0-9+/=]{1,40}"),
        method in method(),
        key in option::weighted(0.9, prop_oneof![".{1,40}", "[a-z/.%+ ]{1,20}", "(\u{0}|\u{fc}|u\u{308}|\n|#|\\?){1,9}"]),
        headers in vec((header_name(), "[ -~äö\t]{0,20}"), 0..4),
        query in vec(("[A-Za-z-]{1,8}|.{1,4}", ".{0,12}"), 0..4),
        ttl_seconds in 1..=604_800_u32,
    ) -> Case {
        Case {
            virtual_host, token, method, key, ttl_seconds,
            headers: unique(headers),
            query: unique(query),
        }
    }
}

proptest! {
    #[test]
    fn what_is_signed_verifies(case in case()) {
        let wire = case.wire().unwrap();
        let verified = wire.verify(&verifier(), NOW, &case.credential()).unwrap();
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
        prop_assert!(wire.verify(&verifier(), NOW, &case.credential()).is_err());
    }

    #[test]
    fn another_key_is_refused(case in case(), key in prop_oneof![".{1,20}", "[a-z/.%+ ]{1,8}"]) {
        prop_assume!(case.key.as_deref() != Some(&*key));
        let mut wire = case.wire().unwrap();
        let other = Case { key: Some(key), ..case.clone() };
        wire.path = other.wire().unwrap().path;
        prop_assert!(wire.verify(&verifier(), NOW, &case.credential()).is_err());
    }

    #[test]
    fn a_changed_character_of_path_or_query_is_refused(case in case(), at in any::<usize>(), in_path in any::<bool>()) {
        let wire = case.wire().unwrap();
        let changed = if in_path {
            wire.with_path(&change_character(&wire.path, at))
        } else {
            wire.with_query(&change_character(&wire.query, at))
        };
        // The change may have spelled the same character, as `%2f` for `%2F` would.
        prop_assume!(!changed.query.eq_ignore_ascii_case(&wire.query) || in_path);
        prop_assume!(!changed.path.eq_ignore_ascii_case(&wire.path) || !in_path);
        prop_assert!(changed.verify(&verifier(), NOW, &case.credential()).is_err(), "{:?}", changed);
    }

    #[test]
    fn another_parameter_is_refused(case in case(), name in "[a-z]{1,8}", value in "[a-z]{0,8}") {
        let wire = case.wire().unwrap();
        let changed = wire.with_query(&format!("{}&{name}={value}", wire.query));
        prop_assert!(changed.verify(&verifier(), NOW, &case.credential()).is_err());
        for (name, _) in &case.query {
            let escapes: Vec<_> = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let encoded = escapes.concat();
            let doubled = wire.with_query(&format!("{}&{encoded}=x", wire.query));
            prop_assert!(doubled.verify(&verifier(), NOW, &case.credential()).is_err());
        }
    }

    #[test]
    fn a_missing_parameter_is_refused(case in case(), which in any::<prop::sample::Index>()) {
        let wire = case.wire().unwrap();
        let parameters: Vec<_> = wire.query.split('&').collect();
        let gone = which.index(parameters.len());
        let kept: Vec<_> = parameters
            .iter()
            .enumerate()
            .filter_map(|(index, parameter)| (index != gone).then_some(*parameter))
            .collect();
        let changed = wire.with_query(&kept.join("&"));
        prop_assert!(changed.verify(&verifier(), NOW, &case.credential()).is_err());
    }

    #[test]
    fn a_changed_or_missing_signed_header_is_refused(case in case(), value in "[!-~]{0,20}") {
        let wire = case.wire().unwrap();
        for (index, (name, _)) in case.headers.iter().enumerate() {
            let old = wire.headers[index].1.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assume!(old != value);
            let mut changed = wire.clone();
            changed.headers[index].1.clone_from(&value);
            prop_assert!(changed.verify(&verifier(), NOW, &case.credential()).is_err());
            let gone = wire.without_header(name);
            prop_assert!(gone.verify(&verifier(), NOW, &case.credential()).is_err());
            let twice = wire.with_header(name, &value);
            prop_assert!(twice.verify(&verifier(), NOW, &case.credential()).is_err());
        }
    }

    #[test]
    fn another_host_is_refused(case in case(), host in "[a-z]{1,8}") {
        let wire = case.wire().unwrap();
        for other in [
            format!("{host}.example.com:8333"),
            format!("{host}.store.example.com:8333"),
            "store.example.com".to_owned(),
            "store.example.com:8334".to_owned(),
        ] {
            prop_assume!(!wire.headers.iter().any(|(_, value)| *value == other));
            let changed = wire.without_header("host").with_header("host", &other);
            for verifier in [verifier(), Verifier::new(REGION)] {
                prop_assert!(changed.verify(&verifier, NOW, &case.credential()).is_err());
            }
        }
    }

    #[test]
    fn times_outside_the_window_are_refused(case in case(), offset in 0..1_000_000_i64) {
        let wire = case.wire().unwrap();
        let ttl = i64::from(case.ttl_seconds);
        let verify = |seconds| {
            let now = Timestamp::from_unix_seconds(NOW.unix_seconds() + seconds);
            wire.verify(&verifier(), now, &case.credential())
        };
        prop_assert!(verify(offset % ttl).is_ok());
        prop_assert!(verify(ttl + offset).is_err());
        prop_assert!(verify(-901 - offset).is_err());
    }

    #[test]
    fn a_longer_life_is_refused(case in case(), ttl_seconds in 1..=604_800_u32) {
        prop_assume!(ttl_seconds != case.ttl_seconds);
        let changed = case.wire().unwrap().with_parameter("X-Amz-Expires", &ttl_seconds.to_string());
        prop_assert!(changed.verify(&verifier(), NOW, &case.credential()).is_err());
    }
}

/// Other spellings of the same request: all that verifies besides the very bytes that were signed.
#[test]
fn harmless_spellings_verify() {
    let wire = upload(&credential());
    assert_eq!(wire.path, "/models/run%201/weights%2B.bin");
    let reversed: Vec<_> = wire.query.split('&').rev().collect();
    for (what, changed) in [
        (
            "lower-case escapes in the path",
            wire.with_path("/models/run%201/weights%2b.bin"),
        ),
        (
            "lower-case escapes in the query",
            wire.with_query(&wire.query.replace("%2F", "%2f")),
        ),
        (
            "slashes escaped in the path",
            wire.with_path("/models%2Frun%201%2Fweights%2B.bin"),
        ),
        (
            "slashes not escaped in the query",
            wire.with_query(&wire.query.replace("%2F", "/")),
        ),
        (
            "needless escapes in the path",
            wire.with_path("/%6Dodels/run%201/weights%2B.bin"),
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
            "a plus not escaped in the path",
            wire.with_path("/models/run%201/weights+.bin"),
        ),
        (
            "another order of parameters",
            wire.with_query(&reversed.join("&")),
        ),
        (
            "empty parameters",
            wire.with_query(&format!("&{}&&", wire.query)),
        ),
        ("other headers", wire.with_header("Accept", "*/*")),
        ("blanks around a header", {
            let value = "  5\t";
            wire.without_header("content-length")
                .with_header("Content-Length", value)
        }),
    ] {
        let verified = changed.verify(&verifier(), NOW, &credential());
        let verified = verified.unwrap_or_else(|refusal| panic!("{what}: {refusal}"));
        assert_eq!(
            verified.resource.key(),
            Some("run 1/weights+.bin"),
            "{what}"
        );
        assert_eq!(verified.parameter("uploadId"), Some("u/1"), "{what}");
        assert_eq!(verified.parameter("x-grant"), Some("grt_01"), "{what}");
    }
}

#[test]
fn known_hosts_keep_the_bucket_of_the_host_apart_from_the_path() {
    let signer = Signer::new(endpoint(Addressing::VirtualHost), credential());
    let request = Request::new(Method::Get, Target::Object("other/a"));
    let url = signer.sign(&request, window(60)).unwrap();
    let wire = Wire::new("GET", url.expose(), &[]);
    let resource = |verifier: Verifier| {
        let verified = wire.verify(&verifier, NOW, &credential()).unwrap();
        let part = |text: Option<&str>| text.unwrap().to_owned();
        (
            part(verified.resource.bucket()),
            part(verified.resource.key()),
        )
    };
    assert_eq!(resource(verifier()), ("models".into(), "other/a".into()));
    // Without hosts there are no virtual ones: every path begins with a bucket.
    assert_eq!(
        resource(Verifier::new(REGION)),
        ("other".into(), "a".into())
    );
}

#[test]
fn requests_that_would_lose_something_are_not_signed() {
    let signer = Signer::new(endpoint(Addressing::Path), credential());
    let sign = |query: &[(&str, &str)]| {
        let request = Request {
            query,
            ..Request::new(Method::Get, Target::Object("a"))
        };
        signer.sign(&request, window(60)).map(|_| ())
    };
    assert_eq!(sign(&[("uploads", ""), ("Uploads", "")]), Ok(()));
    assert_eq!(
        sign(&[("a", "1"), ("b", "1"), ("a", "1")]),
        Err(Error::DuplicateParameter { name: "a".into() })
    );
    for name in [
        "",
        "X-Amz-Date",
        "x-amz-expires",
        "X-AMZ-SIGNATURE",
        "X-Amz-Content-Sha256",
    ] {
        let reserved = Error::ReservedParameter { name: name.into() };
        assert_eq!(sign(&[(name, "1")]), Err(reserved));
    }
}

#[test]
fn a_url_does_not_outlive_its_credential() {
    let at = |seconds| Timestamp::from_unix_seconds(NOW.unix_seconds() + seconds);
    let sign = |expires_at| {
        let credential = credential()
            .with_session("token", Some(expires_at))
            .unwrap();
        Signer::new(endpoint(Addressing::Path), credential)
            .sign(&Request::new(Method::Get, Target::Object("a")), window(60))
            .map(|_| ())
    };
    assert_eq!(sign(at(60)), Ok(()));
    assert_eq!(
        sign(at(59)),
        Err(Error::CredentialExpiresFirst { at: at(59) })
    );
}

#[test]
fn times_that_cannot_be_written_are_not_signed() {
    let signer = Signer::new(endpoint(Addressing::Path), credential());
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
