//! A batch must give what signing one by one gives, by whichever kernel and with either kind of key.

use presign::{
    BatchRequest, BindFault, Error, Kernel, KeyFault, Method, Request, Target, TermsFault,
    UrlBuffer, Window,
    azure::{Agent, Credential, Endpoint, Guid, Permissions, Signer, Terms, Version},
};
use proptest::{collection::vec, prelude::*};

use crate::support::{
    NOW, Wire, account_key, at, correlation_id, delegation_key, endpoint, signer, verifier, window,
};

const VERSIONS: [Version; 2] = [Version::V2020_12_06, Version::V2026_04_06];
const OVERRIDES: &[(&str, &str)] = &[
    ("rscd", "attachment; filename=\"a+b\""),
    ("rscc", "no-store"),
];
const SNAPSHOT: &[(&str, &str)] = &[("snapshot", "2026-03-01T10:11:12.1234567Z")];
/// Only a delegated key of the later version binds these.
const HEADERS: &[(&str, &str)] = &[("content-length", "5"), ("x-ms-meta-run", "a b")];
const BOUND: &[(&str, &str)] = &[("x-grant", "grt/01"), ("rsct", "text/plain")];

/// Both kinds of keys in both versions.
fn signers() -> Vec<Signer> {
    let with_key = |key: Credential| VERSIONS.map(|version| signer(version, key.clone()));
    [account_key(), delegation_key()].map(with_key).concat()
}

/// Signs for the names in one batch by each kernel, and one by one, and compares.
fn assert_batch_is_sign(
    signer: &Signer,
    request: &BatchRequest<'_>,
    terms: &Terms,
    names: &[impl AsRef<str>],
) {
    let window = window(3600);
    let expected: Vec<_> = names
        .iter()
        .map(|name| Request {
            method: request.method,
            target: Target::Object(name.as_ref()),
            headers: request.headers,
            query: request.query,
        })
        .map(|request| signer.sign_with(&request, terms, window).unwrap())
        .collect();
    for kernel in Kernel::available() {
        let signer = signer.clone().with_kernel(kernel);
        let mut urls = UrlBuffer::new();
        let names = names.iter().map(AsRef::as_ref);
        signer
            .sign_batch_with(request, terms, names, window, &mut urls)
            .unwrap();
        assert_eq!(urls.len(), expected.len(), "{kernel:?}");
        for (index, (url, expected)) in urls.iter().zip(&expected).enumerate() {
            assert_eq!(url.expose(), expected.expose(), "{kernel:?}, name {index}");
            assert_eq!(urls.get(index), Some(url));
        }
    }
}

fn name_of(length: usize) -> String {
    "datasets/vision/0123456789abcdef-"
        .chars()
        .cycle()
        .take(length)
        .collect()
}

fn any_name() -> impl Strategy<Value = String> {
    let long_stem = "teams/0198c0f0-b7a0-7c1f-8d3e-5a6b7c8d9e0f/datasets/imagenet/train";
    let not_control = |text: String| text.chars().filter(|c| !c.is_control()).collect::<String>();
    prop_oneof![
        4 => "[a-z0-9/._~-]{1,100}",
        2 => "[a-f0-9]{60}",
        2 => "[a-f0-9]{1,3}".prop_map(move |suffix| format!("{long_stem}/{suffix}")),
        1 => (1..=1024_usize).prop_map(name_of),
        2 => any::<String>().prop_map(move |text| format!("k{}", not_control(text))),
        1 => "[ +%?#&=ü]{1,1024}",
    ]
}

fn any_terms() -> impl Strategy<Value = Terms> {
    let addresses = std::net::Ipv4Addr::new(203, 0, 113, 7);
    (any::<bool>(), any::<bool>()).prop_map(move |(create, from_there)| {
        let mut terms = Terms::new();
        if create {
            terms = terms.with_permissions(Permissions::CREATE);
        }
        if from_there {
            terms = terms.with_addresses(addresses);
        }
        terms
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_batch_of_any_names_is_signed_as_one_by_one(
        names in vec(any_name(), 0..=200),
        signer in proptest::sample::select(signers()),
        terms in any_terms(),
        query in proptest::sample::select(vec![&[][..], OVERRIDES, SNAPSHOT, BOUND]),
        with_headers: bool,
        tied: bool,
    ) {
        let binds = signer.binds_requests();
        let terms = match (tied, signer.delegation()) {
            (false, _) => terms,
            (true, None) => terms.with_stored_policy("run 42/ü").unwrap(),
            (true, Some(_)) => terms
                .with_correlation_id(correlation_id())
                .with_agent(Agent::Unauthorized(Guid::from_u128(7))),
        };
        let request = BatchRequest {
            method: Method::Put,
            headers: if with_headers && binds { HEADERS } else { &[] },
            query: if query == BOUND && !binds { &[] } else { query },
        };
        assert_batch_is_sign(&signer, &request, &terms, &names);
    }
}

#[test]
fn every_batch_size_is_signed() {
    let names: Vec<_> = (0..200).map(|i| format!("shard-{i:05}.parquet")).collect();
    for signer in signers() {
        for size in 0..=200 {
            let request = BatchRequest::new(Method::Get);
            assert_batch_is_sign(&signer, &request, &Terms::new(), &names[..size]);
        }
    }
}

#[test]
fn every_name_length_is_signed() {
    let request = BatchRequest::new(Method::Get);
    let names: Vec<_> = (1..=1024).map(name_of).collect();
    for signer in signers() {
        assert_batch_is_sign(&signer, &request, &Terms::new(), &names);
    }
    let signer = signer(Version::V2020_12_06, account_key());
    for name in &names {
        assert_batch_is_sign(&signer, &request, &Terms::new(), &[name; 16]);
    }
}

/// The string to sign begins with less than a block, with a whole one, and with more.
#[test]
fn containers_with_names_of_every_length_are_signed_for() {
    let names: Vec<_> = (0..40).map(|i| format!("a b/{i}")).collect();
    for length in 3..=63 {
        let endpoint =
            Endpoint::parse("http://127.0.0.1:10000/abc", "abc", &"c".repeat(length)).unwrap();
        let signer = Signer::new(endpoint, Version::V2020_12_06, account_key());
        let request = BatchRequest::new(Method::Get);
        assert_batch_is_sign(&signer, &request, &Terms::new(), &names);
    }
}

#[test]
fn the_verifier_accepts_what_a_batch_signed() {
    let names: Vec<_> = (0..100)
        .map(|i| format!("run 1/{i}/weights+.bin"))
        .collect();
    for (credential, headers, query) in [
        (account_key(), &[][..], OVERRIDES),
        (delegation_key(), HEADERS, BOUND),
    ] {
        let request = BatchRequest {
            method: Method::Put,
            headers,
            query,
        };
        let mut urls = UrlBuffer::new();
        signer(Version::V2026_04_06, credential.clone())
            .sign_batch(
                &request,
                names.iter().map(String::as_str),
                window(600),
                &mut urls,
            )
            .unwrap();
        for (url, name) in urls.iter().zip(&names) {
            let verified = Wire::new("PUT", url.expose(), headers)
                .verify(&verifier(), NOW, &credential)
                .unwrap();
            assert_eq!(verified.blob.as_deref(), Some(name.as_str()));
        }
    }
}

#[test]
fn an_invalid_name_is_told_by_its_place_and_leaves_nothing_behind() {
    let too_long = "ü".repeat(1025);
    let too_deep = "/".repeat(254);
    for signer in signers() {
        let request = BatchRequest::new(Method::Get);
        let mut urls = UrlBuffer::new();
        signer
            .sign_batch(&request, ["kept"], window(60), &mut urls)
            .unwrap();
        let kept = urls.get(0).unwrap().to_owned();
        for name in ["", "a\nb", "a\u{85}", &too_long, &too_deep] {
            // Far enough behind that URLs have been written before it is seen.
            let mut names = vec!["a"; 1000];
            names[700] = name;
            let refused = signer.sign_batch(&request, names, window(60), &mut urls);
            let one = Request::new(Method::Get, Target::Object(name));
            match (refused, signer.sign(&one, window(60))) {
                (
                    Err(Error::InvalidKeyInBatch { index, fault }),
                    Err(Error::InvalidKey(of_one)),
                ) => assert_eq!((index, fault), (700, of_one)),
                other => panic!("{other:?}"),
            }
            assert_eq!(urls.len(), 1);
            assert_eq!(urls.get(0).unwrap().to_owned(), kept);
        }
    }
    let in_batch = signer(Version::V2020_12_06, account_key()).sign_batch(
        &BatchRequest::new(Method::Get),
        ["a", ""],
        window(60),
        &mut UrlBuffer::new(),
    );
    let fault = KeyFault::Empty;
    assert_eq!(in_batch, Err(Error::InvalidKeyInBatch { index: 1, fault }));
}

#[test]
fn a_batch_is_refused_for_what_one_is_refused_for() {
    let plain = BatchRequest::new(Method::Get);
    let none = Terms::new();
    let refusal = |credential, request: &BatchRequest<'_>, terms: &Terms, from| {
        let signer = signer(Version::V2026_04_06, credential);
        let mut urls = UrlBuffer::new();
        let window = Window { from, ..window(60) };
        let batch = signer.sign_batch_with(request, terms, ["a"], window, &mut urls);
        let one = Request {
            method: request.method,
            target: Target::Object("a"),
            headers: request.headers,
            query: request.query,
        };
        let single = signer.sign_with(&one, terms, window);
        assert_eq!(batch.as_ref(), single.as_ref().map(|_| &()));
        // As for an empty batch, and one with an invalid name.
        for names in [&[][..], &[""]] {
            let names = names.iter().copied();
            let again = signer.sign_batch_with(request, terms, names, window, &mut urls);
            assert_eq!(batch, again);
        }
        assert!(urls.is_empty());
        batch.unwrap_err()
    };
    assert_eq!(
        refusal(delegation_key(), &plain, &none, at(604_800 - 59)),
        Error::CredentialExpiresFirst { at: at(604_800) }
    );
    assert_eq!(
        refusal(delegation_key(), &plain, &none, at(-1)),
        Error::CredentialBeginsLater { at: NOW }
    );
    let with_headers = BatchRequest {
        headers: HEADERS,
        ..plain
    };
    assert_eq!(
        refusal(account_key(), &with_headers, &none, NOW),
        Error::CannotBind {
            header: "content-length".into(),
            fault: BindFault::NotCovered
        }
    );
    let with_parameter = BatchRequest {
        query: BOUND,
        ..plain
    };
    assert_eq!(
        refusal(account_key(), &with_parameter, &none, NOW),
        Error::CannotBindParameter {
            name: "x-grant".into(),
            fault: BindFault::NotCovered
        }
    );
    let doubled = BatchRequest {
        query: &[("rscc", "1"), ("RSCC", "2")],
        ..plain
    };
    assert_eq!(
        refusal(account_key(), &doubled, &none, NOW),
        Error::DuplicateParameter {
            name: "rscc".into()
        }
    );
    let reserved = BatchRequest {
        query: &[("sp", "rwd")],
        ..plain
    };
    assert_eq!(
        refusal(delegation_key(), &reserved, &none, NOW),
        Error::ReservedParameter { name: "sp".into() }
    );
    let unknown = BatchRequest::new(Method::Post);
    assert_eq!(
        refusal(account_key(), &unknown, &none, NOW),
        Error::UnknownOperation
    );
    for (credential, terms, fault) in [
        (
            account_key(),
            none.clone().with_correlation_id(correlation_id()),
            TermsFault::NeedsDelegationKey,
        ),
        (
            delegation_key(),
            none.clone().with_stored_policy("run-42").unwrap(),
            TermsFault::NeedsAccountKey,
        ),
        (
            account_key(),
            none.clone().with_permissions(Permissions::WRITE),
            TermsFault::NotPermitted,
        ),
        (
            account_key(),
            none.clone().with_permissions(Permissions::LIST),
            TermsFault::ContainerOnly,
        ),
    ] {
        let refused = refusal(credential, &plain, &terms, NOW);
        assert_eq!(refused, Error::InvalidTerms(fault));
    }
}

#[test]
fn batches_follow_one_another_in_a_buffer() {
    let account = Signer::new(endpoint(), Version::V2020_12_06, account_key());
    let delegated = Signer::new(endpoint(), Version::V2026_04_06, delegation_key());
    let request = BatchRequest::new(Method::Delete);
    let mut urls = UrlBuffer::new();
    for (signer, names) in [(&account, &["a", "b c"][..]), (&delegated, &["d"])] {
        signer
            .sign_batch(&request, names.iter().copied(), window(60), &mut urls)
            .unwrap();
    }
    let paths: Vec<_> = urls
        .iter()
        .map(|url| Wire::new("DELETE", url.expose(), &[]).path)
        .collect();
    assert_eq!(paths, ["/models/a", "/models/b%20c", "/models/d"]);
}
