//! What is signed verifies; what was changed on the way does not, and all that
//! the scheme leaves open is listed.

use presign::{
    Error, Method, Request, Target, Timestamp,
    azure::{AddressRange, Agent, Credential, Guid, Permissions, Terms, Version},
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::support::{
    NOW, Wire, account_key, at, delegation_key, download, signer, upload, verifier, window,
};

/// A request with its key, terms and window, all made up.
#[derive(Clone, Debug)]
struct Case {
    version: Version,
    is_delegated: bool,
    method: Method,
    /// `None` for listing the container.
    blob: Option<String>,
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
    terms: Terms,
    ttl_seconds: u32,
}

impl Case {
    fn credential(&self) -> Credential {
        if self.is_delegated {
            delegation_key()
        } else {
            account_key()
        }
    }

    fn binds(&self) -> bool {
        self.is_delegated && self.version >= Version::V2026_04_06
    }

    fn wire(&self) -> Result<Wire, Error> {
        let headers: Vec<_> = self.headers.iter().map(|(a, b)| (&**a, &**b)).collect();
        let mut query: Vec<_> = self.query.iter().map(|(a, b)| (&**a, &**b)).collect();
        if self.blob.is_none() {
            query.extend([("restype", "container"), ("comp", "list")]);
        }
        let request = Request {
            method: self.method,
            target: self.blob.as_deref().map_or(Target::Bucket, Target::Object),
            headers: &headers,
            query: &query,
        };
        let url = signer(self.version, self.credential()).sign_with(
            &request,
            &self.terms,
            window(self.ttl_seconds),
        )?;
        Ok(Wire::new(self.method.as_str(), url.expose(), &headers))
    }

    fn verifies(&self, wire: &Wire) -> bool {
        wire.verify(&verifier(), NOW, &self.credential()).is_ok()
    }
}

fn unique<T>(pairs: Vec<(String, T)>) -> Vec<(String, T)> {
    let mut seen = std::collections::HashSet::new();
    pairs
        .into_iter()
        .filter(|(name, _)| seen.insert(name.to_ascii_lowercase()))
        .collect()
}

/// Any text but control characters, never empty.
fn text() -> impl Strategy<Value = String> {
    "[^\\p{Cc}]{1,20}|[a-z/.%+ ]{1,20}"
}

prop_compose! {
    fn case()(
        is_new in any::<bool>(),
        is_delegated in any::<bool>(),
        method in select(vec![Method::Get, Method::Head, Method::Put, Method::Delete]),
        blob in option::weighted(0.9, text()),
        headers in vec((select(vec!["content-length", "Content-Type", "x-ms-blob-type", "If-None-Match"])
            .prop_map(str::to_owned), "[!-~]{1,9}( [!-~]{1,9})?"), 0..3),
        bound in vec(("x-[a-z]{1,6}|X [é/]{1,4}", text()), 0..3),
        overrides in vec((select(vec!["rscc", "rscd", "rsce", "rscl", "rsct"]).prop_map(str::to_owned), text()), 0..3),
        snapshot in option::weighted(0.2, (select(vec!["snapshot", "versionid"]).prop_map(str::to_owned), text())),
        has_addresses in any::<bool>(),
        policy in option::of(text()),
        correlation_id in option::of(any::<u128>()),
        agent in option::of((any::<bool>(), any::<u128>())),
        ttl_seconds in 1..=604_800_u32,
    ) -> Case {
        let version = if is_new { Version::V2026_04_06 } else { Version::V2020_12_06 };
        let binds = is_new && is_delegated;
        let mut query = overrides;
        query.extend(bound.into_iter().filter(|_| binds));
        query.extend(snapshot.into_iter().filter(|_| blob.is_some()));
        let mut terms = Terms::new();
        if has_addresses {
            terms = terms.with_addresses(AddressRange::new([168, 1, 5, 60], [168, 1, 5, 70]).unwrap());
        }
        if is_delegated {
            terms = correlation_id.into_iter().fold(terms, |terms, id| terms.with_correlation_id(Guid::from_u128(id)));
            terms = agent.into_iter().fold(terms, |terms, (is_authorized, id)| {
                let id = Guid::from_u128(id);
                terms.with_agent(if is_authorized { Agent::Authorized(id) } else { Agent::Unauthorized(id) })
            });
        } else if let Some(policy) = &policy {
            terms = terms.with_stored_policy(policy).unwrap();
        }
        Case {
            version, is_delegated, terms, ttl_seconds,
            method: if blob.is_none() { Method::Get } else { method },
            blob,
            headers: if binds { unique(headers) } else { Vec::new() },
            query: unique(query),
        }
    }
}

/// Changes one character of an ASCII text into another.
fn change_character(text: &str, at: usize) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let at = at % characters.len();
    characters[at] = if characters[at] == 'a' { 'b' } else { 'a' };
    characters.into_iter().collect()
}

proptest! {
    #[test]
    fn what_is_signed_verifies(case in case()) {
        let wire = case.wire().unwrap();
        let verified = wire.verify(&verifier(), NOW, &case.credential()).unwrap();
        prop_assert_eq!(&*verified.account, "teamvision");
        prop_assert_eq!(&*verified.container, "models");
        prop_assert_eq!(verified.blob.as_deref(), case.blob.as_deref());
        prop_assert_eq!(verified.starts_at, Some(NOW));
        prop_assert_eq!(verified.expires_at, window(case.ttl_seconds).ends());
        prop_assert_eq!(verified.signed_headers.len(), case.headers.len());
        for (name, value) in case.query.iter().filter(|(name, _)| !name.starts_with("rs")) {
            prop_assert_eq!(verified.parameter(name), Some(value.as_str()));
            prop_assert!(verified.is_signed_parameter(&name.to_ascii_lowercase()));
        }
    }

    #[test]
    fn another_blob_container_or_account_is_refused(case in case(), name in text()) {
        let wire = case.wire().unwrap();
        let other = Case { blob: Some(name), ..case.clone() }.wire().unwrap().path;
        if case.blob.is_some() && other != wire.path {
            prop_assert!(!case.verifies(&wire.with_path(&other)));
        }
        prop_assert!(!case.verifies(&wire.with_path(&wire.path.replacen("models", "model", 1))));
        let moved = wire.without_header("host").with_header("host", "teamaudio.blob.core.windows.net");
        prop_assert!(!case.verifies(&moved));
    }

    #[test]
    fn a_changed_character_of_path_or_query_is_refused(case in case(), at in any::<usize>(), in_path in any::<bool>()) {
        // A listing names its operation; where nothing binds that, a further test says what goes.
        prop_assume!(case.blob.is_some() || case.binds());
        let wire = case.wire().unwrap();
        let changed = if in_path {
            wire.with_path(&change_character(&wire.path, at))
        } else {
            wire.with_query(&change_character(&wire.query, at))
        };
        // The change may have spelled the same character, as `%2f` for `%2F` would.
        prop_assume!(!changed.query.eq_ignore_ascii_case(&wire.query) || in_path);
        prop_assume!(!changed.path.eq_ignore_ascii_case(&wire.path) || !in_path);
        prop_assert!(!case.verifies(&changed), "{:?}", changed);
    }

    #[test]
    fn a_missing_parameter_is_refused(case in case(), which in any::<prop::sample::Index>()) {
        let wire = case.wire().unwrap();
        let parameters: Vec<_> = wire.query.split('&').collect();
        let gone = which.index(parameters.len());
        prop_assume!(!parameters[gone].starts_with("comp=") && !parameters[gone].starts_with("restype="));
        let kept: Vec<_> = parameters
            .iter()
            .enumerate()
            .filter_map(|(index, parameter)| (index != gone).then_some(*parameter))
            .collect();
        prop_assert!(!case.verifies(&wire.with_query(&kept.join("&"))));
    }

    #[test]
    fn a_parameter_given_again_is_refused(case in case(), which in any::<prop::sample::Index>(), in_upper_case in any::<bool>()) {
        let wire = case.wire().unwrap();
        let parameters: Vec<_> = wire.query.split('&').collect();
        let (name, value) = parameters[which.index(parameters.len())].split_once('=').unwrap();
        let name = if in_upper_case { name.to_uppercase() } else { name.to_owned() };
        let doubled = wire.and_parameter(&format!("{name}={value}"));
        prop_assert!(!case.verifies(&doubled));
    }

    #[test]
    fn a_changed_or_missing_bound_header_is_refused(case in case(), value in "[!-~]{1,20}") {
        let wire = case.wire().unwrap();
        for (index, (name, old)) in case.headers.iter().enumerate() {
            prop_assume!(*old != value);
            let mut changed = wire.clone();
            changed.headers[index].1.clone_from(&value);
            prop_assert!(!case.verifies(&changed));
            prop_assert!(!case.verifies(&wire.without_header(name)));
            prop_assert!(!case.verifies(&wire.with_header(name, &value)));
        }
    }

    #[test]
    fn more_permissions_are_refused(case in case(), letters in "r?a?c?w?d?x?y?l?t?f?m?e?o?p?i?") {
        let wire = case.wire().unwrap();
        prop_assume!(wire.parameter("sp") != letters);
        prop_assert!(!case.verifies(&wire.with_parameter("sp", &letters)));
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
        prop_assert!(verify(-1 - offset).is_err());
    }
}

/// In the string to sign, the lines of bound parameters are told apart by newlines alone. If
/// values could hold those, the lines of all but the first could move into its value, and the
/// rest of the query would be free.
#[test]
fn lines_cannot_move_between_fields() {
    let wire = upload();
    assert_eq!(wire.parameter("srq"), "comp,blockid,x-grant");
    let moved = wire
        .with_parameter("srq", "comp")
        .with_parameter("comp", "block%0Ablockid:AA==%0Ax-grant:grt/01");
    assert!(moved.verify(&verifier(), NOW, &delegation_key()).is_err());
    let absorbed = wire
        .without_parameter("srh")
        .and_parameter("ses=%0Acontent-length:5%0Acontent-md5:XUFAKrxLKna5cZ2REBfFkg==");
    assert!(
        absorbed
            .verify(&verifier(), NOW, &delegation_key())
            .is_err()
    );
    let renamed = wire
        .with_parameter("srq", "comp:block%0Ablockid,x-grant")
        .and_parameter("comp:block%0Ablockid=AA==");
    assert!(renamed.verify(&verifier(), NOW, &delegation_key()).is_err());
}

/// Other spellings of the same request, and all that the scheme does not sign: what verifies
/// besides the very bytes that were made.
#[test]
fn harmless_changes_verify() {
    let wire = download();
    assert_eq!(wire.path, "/models/run%201/weights%2B.bin");
    let reversed: Vec<_> = wire.query.split('&').rev().collect();
    for (what, changed) in [
        (
            "lower-case escapes in the path",
            wire.with_path("/models/run%201/weights%2b.bin"),
        ),
        (
            "lower-case escapes in the query",
            wire.with_query(&wire.query.replace("%3A", "%3a")),
        ),
        (
            "slashes escaped in the path",
            wire.with_path("/models%2Frun%201%2Fweights%2B.bin"),
        ),
        (
            "characters not escaped in the query",
            wire.with_query(&wire.query.replace("%3A", ":").replace("%2F", "/")),
        ),
        (
            "spaces written as plus in the query",
            wire.with_query(&wire.query.replace("%20", "+")),
        ),
        (
            "needless escapes in the path",
            wire.with_path("/%6Dodels/run%201/weights%2B.bin"),
        ),
        (
            "needless escapes of a name",
            wire.with_query(&wire.query.replace("sip=", "%73ip=")),
        ),
        (
            "names in upper case",
            wire.with_query(&wire.query.replace("sp=", "SP=").replace("sip=", "Sip=")),
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
        ("a field that is empty", wire.and_parameter("rsct=")),
        ("HEAD for GET", wire.with_method("HEAD")),
        (
            "another operation that the permission allows",
            wire.and_parameter("comp=metadata"),
        ),
        (
            "a snapshot of the blob",
            wire.and_parameter("snapshot=2026"),
        ),
        (
            "a version of the blob",
            wire.and_parameter("versionid=2026"),
        ),
        (
            "parameters of no meaning",
            wire.and_parameter("x-grant=grt_02"),
        ),
        ("headers", wire.with_header("Accept", "*/*")),
        (
            "headers of the service",
            wire.with_header("x-ms-version", "2020-12-06"),
        ),
    ] {
        let verified = wire_verified(&changed);
        assert_eq!(verified.as_deref(), Some("run 1/weights+.bin"), "{what}");
    }
    let mut elsewhere = wire.clone();
    elsewhere.client = [168, 1, 5, 70].into();
    assert!(wire_verified(&elsewhere).is_some());
}

fn wire_verified(wire: &Wire) -> Option<Box<str>> {
    let verified = wire.verify(&verifier(), NOW, &account_key());
    verified
        .unwrap_or_else(|refusal| panic!("{refusal}: {wire:?}"))
        .blob
}

/// Where the signature covers headers and parameters, less is open.
#[test]
fn what_is_not_bound_is_open() {
    let wire = upload();
    let is_accepted = |wire: &Wire| wire.verify(&verifier(), NOW, &delegation_key()).is_ok();
    for (what, changed) in [
        ("an order of headers", {
            let mut changed = wire.clone();
            changed.headers.reverse();
            changed
        }),
        (
            "blanks around a bound header",
            wire.without_header("content-length")
                .with_header("Content-Length", " \t5 "),
        ),
        (
            "a header that is not bound",
            wire.with_header("If-None-Match", "*"),
        ),
        (
            "a parameter that is not bound",
            wire.and_parameter("timeout=30"),
        ),
        (
            "a comma that is escaped",
            wire.with_query(&wire.query.replace("comp,blockid", "comp%2Cblockid")),
        ),
    ] {
        assert!(is_accepted(&changed), "{what}");
    }
    for (what, changed) in [
        ("another block", wire.with_parameter("blockid", "AQ==")),
        ("the block list", wire.with_parameter("comp", "blocklist")),
        ("no operation", wire.without_parameter("comp")),
        ("another grant", wire.with_parameter("x-grant", "grt%2F02")),
        (
            "another length",
            wire.without_header("content-length")
                .with_header("content-length", "6"),
        ),
        (
            "fewer bound headers",
            wire.with_parameter("srh", "content-length"),
        ),
        (
            "another order of bound headers",
            wire.with_parameter("srh", "content-md5,content-length"),
        ),
        (
            "another order of bound parameters",
            wire.with_parameter("srq", "blockid,comp,x-grant"),
        ),
        (
            "names of bound parameters in another case",
            wire.with_parameter("srq", "Comp,blockid,x-grant"),
        ),
        (
            "nothing bound",
            wire.without_parameter("srh").without_parameter("srq"),
        ),
    ] {
        assert!(!is_accepted(&changed), "{what}");
    }
}

/// In `2020-12-06` blocks and their list are put under one signature.
#[test]
fn without_binding_one_url_serves_every_block() {
    let request = Request::new(Method::Put, Target::Object("weights.bin"));
    let url = signer(Version::V2020_12_06, account_key())
        .sign(&request, window(600))
        .unwrap();
    let wire = Wire::new("PUT", url.expose(), &[]);
    for operation in [
        "comp=block&blockid=AA==",
        "comp=block&blockid=AQ==",
        "comp=blocklist",
    ] {
        let verified = wire
            .and_parameter(operation)
            .verify(&verifier(), at(1), &account_key())
            .unwrap();
        assert_eq!(verified.permissions, Permissions::WRITE);
        assert!(!verified.is_signed_parameter("comp"));
        assert!(verified.parameter("comp").is_some());
    }
}
