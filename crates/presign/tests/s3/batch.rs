//! A batch must give what signing one by one gives, by whichever kernel and whatever the keys.

use presign::{
    BatchRequest, Error, Kernel, KeyFault, Method, Request, Target, Timestamp, UrlBuffer,
    s3::{Addressing, Credential, Signer, Verifier},
};
use proptest::{collection::vec, prelude::*};

use crate::support::{NOW, REGION, Wire, credential, endpoint, signer, window};

const HEADERS: &[(&str, &str)] = &[
    ("content-length", "5"),
    ("x-amz-checksum-crc32", "NhCmhg=="),
];
const QUERY: &[(&str, &str)] = &[("x-grant", "grt_01"), ("versionId", "a/b +")];

fn temporary(token_bytes: usize) -> Credential {
    let token = "IQoJb3JpZ2luX2Vj/+=".repeat(token_bytes.div_ceil(19));
    credential()
        .with_session(&token[..token_bytes], None)
        .unwrap()
}

/// Signs the keys in one batch by each kernel, and one by one, and compares.
fn assert_batch_is_sign(signer: &Signer, request: &BatchRequest<'_>, keys: &[impl AsRef<str>]) {
    let window = window(3600);
    let expected: Vec<_> = keys
        .iter()
        .map(|key| Request {
            method: request.method,
            target: Target::Object(key.as_ref()),
            headers: request.headers,
            query: request.query,
        })
        .map(|request| signer.sign(&request, window).unwrap())
        .collect();
    for kernel in Kernel::available() {
        let signer = signer.clone().with_kernel(kernel);
        let mut urls = UrlBuffer::new();
        let keys = keys.iter().map(AsRef::as_ref);
        signer.sign_batch(request, keys, window, &mut urls).unwrap();
        assert_eq!(urls.len(), expected.len(), "{kernel:?}");
        for (index, (url, expected)) in urls.iter().zip(&expected).enumerate() {
            assert_eq!(url.expose(), expected.expose(), "{kernel:?}, key {index}");
            assert_eq!(urls.get(index), Some(url));
        }
    }
}

fn key_of(length_bytes: usize) -> String {
    "datasets/vision/0123456789abcdef/"
        .chars()
        .cycle()
        .take(length_bytes)
        .collect()
}

fn any_key() -> impl Strategy<Value = String> {
    let long_stem = "teams/0198c0f0-b7a0-7c1f-8d3e-5a6b7c8d9e0f/datasets/imagenet/train";
    prop_oneof![
        4 => "[a-z0-9/._~-]{1,100}",
        2 => "[a-f0-9]{60}",
        2 => "[a-f0-9]{1,3}".prop_map(move |suffix| format!("{long_stem}/{suffix}")),
        1 => (1..=1024_usize).prop_map(key_of),
        2 => any::<String>().prop_map(|text| format!("k{}", text.chars().take(255).collect::<String>())),
        1 => "[ +%ü]{1,341}".prop_map(|text| text.chars().take(341).collect()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_batch_of_any_keys_is_signed_as_one_by_one(
        keys in vec(any_key(), 0..=200),
        with_headers: bool,
        with_query: bool,
        token_bytes in prop_oneof![Just(None), (1..900_usize).prop_map(Some)],
        path_style: bool,
    ) {
        let addressing = if path_style { Addressing::Path } else { Addressing::VirtualHost };
        let credential = token_bytes.map_or_else(credential, temporary);
        let signer = Signer::new(endpoint(addressing), credential);
        let request = BatchRequest {
            headers: if with_headers { HEADERS } else { &[] },
            query: if with_query { QUERY } else { &[] },
            ..BatchRequest::new(Method::Put)
        };
        assert_batch_is_sign(&signer, &request, &keys);
    }
}

#[test]
fn every_batch_size_is_signed() {
    let keys: Vec<_> = (0..200).map(|i| format!("shard-{i:05}.parquet")).collect();
    for size in 0..=200 {
        let request = BatchRequest::new(Method::Get);
        assert_batch_is_sign(&signer(&credential()), &request, &keys[..size]);
    }
}

#[test]
fn every_key_length_is_signed() {
    let signer = signer(&credential());
    let request = BatchRequest::new(Method::Get);
    let keys: Vec<_> = (1..=1024).map(key_of).collect();
    assert_batch_is_sign(&signer, &request, &keys);
    for key in &keys {
        assert_batch_is_sign(&signer, &request, &[key; 16]);
    }
}

#[test]
fn a_common_beginning_may_come_and_go() {
    let stem = key_of(90);
    let with_stem =
        |stem: &str, count| -> Vec<_> { (0..count).map(|i| format!("{stem}{i:04}")).collect() };
    let keys = [
        with_stem(&stem, 256),
        with_stem(&stem[..80], 256),
        with_stem("", 256),
        with_stem(&stem, 40),
    ]
    .concat();
    let request = BatchRequest::new(Method::Head);
    assert_batch_is_sign(&signer(&credential()), &request, &keys);
    // Alone, equal, and with nothing but the beginning.
    assert_batch_is_sign(&signer(&credential()), &request, &[&stem]);
    assert_batch_is_sign(&signer(&credential()), &request, &vec![&stem; 300]);
    let ends: Vec<_> = (60..=90).map(|length| &stem[..length]).collect();
    assert_batch_is_sign(&signer(&credential()), &request, &ends);
}

#[test]
fn urls_of_a_batch_verify() {
    let credential = temporary(800);
    let request = BatchRequest {
        headers: HEADERS,
        query: QUERY,
        ..BatchRequest::new(Method::Put)
    };
    let keys: Vec<_> = (0..100)
        .map(|i| format!("run 1/{i}/weights+.bin"))
        .collect();
    let mut urls = UrlBuffer::new();
    signer(&credential)
        .sign_batch(
            &request,
            keys.iter().map(String::as_str),
            window(600),
            &mut urls,
        )
        .unwrap();
    let verifier = Verifier::new(REGION).with_hosts(["store.example.com:8333"]);
    for (url, key) in urls.iter().zip(&keys) {
        let wire = Wire::new("PUT", url.expose(), HEADERS);
        let accepted = wire.verify(&verifier, NOW, &credential).unwrap();
        assert_eq!(accepted.resource.key(), Some(key.as_str()));
        assert_eq!(accepted.parameter("versionId"), Some("a/b +"));
    }
}

#[test]
fn batches_follow_one_another_in_a_buffer() {
    let signer = signer(&credential());
    let request = BatchRequest::new(Method::Get);
    let mut urls = UrlBuffer::new();
    signer
        .sign_batch(&request, ["a", "b"], window(60), &mut urls)
        .unwrap();
    signer
        .sign_batch(&request, ["c"], window(60), &mut urls)
        .unwrap();
    let paths: Vec<_> = urls
        .iter()
        .map(|url| Wire::new("GET", url.expose(), &[]).path)
        .collect();
    assert_eq!(paths, ["/models/a", "/models/b", "/models/c"]);
    assert_eq!((urls.len(), urls.get(3)), (3, None));
    urls.clear();
    assert!(urls.is_empty() && urls.get(0).is_none());
    signer
        .sign_batch(&request, [], window(60), &mut urls)
        .unwrap();
    assert!(urls.is_empty());
}

#[test]
fn an_invalid_key_is_named_and_leaves_nothing_behind() {
    let signer = signer(&credential());
    let request = BatchRequest::new(Method::Get);
    let mut urls = UrlBuffer::new();
    signer
        .sign_batch(&request, ["kept"], window(60), &mut urls)
        .unwrap();
    let kept = urls.get(0).unwrap().to_owned();
    // Far enough behind that URLs have been written before it is seen.
    let mut keys = vec!["a"; 1000];
    keys[700] = "";
    let refused = signer.sign_batch(&request, keys.iter().copied(), window(60), &mut urls);
    let named = |index, fault| Err(Error::InvalidKeyInBatch { index, fault });
    assert_eq!(refused, named(700, KeyFault::Empty));
    let long = key_of(1025);
    let refused = signer.sign_batch(&request, ["a", &long], window(60), &mut urls);
    let too_long = KeyFault::TooLong {
        length_bytes: 1025,
        max_bytes: 1024,
    };
    assert_eq!(refused, named(1, too_long));
    assert_eq!(
        urls.iter()
            .map(presign::SignedUrlRef::to_owned)
            .collect::<Vec<_>>(),
        [kept]
    );
}

#[test]
fn a_batch_is_refused_for_what_one_is_refused_for() {
    let expires_at = Timestamp::from_unix_seconds(NOW.unix_seconds() + 59);
    let expiring = credential()
        .with_session("token", Some(expires_at))
        .unwrap();
    let mut urls = UrlBuffer::new();
    let mut refusal = |signer: &Signer, request: &BatchRequest<'_>| {
        let batch = signer.sign_batch(request, ["a"], window(60), &mut urls);
        let one = Request {
            method: request.method,
            target: Target::Object("a"),
            headers: request.headers,
            query: request.query,
        };
        assert_eq!(
            batch.as_ref(),
            signer.sign(&one, window(60)).as_ref().map(|_| &())
        );
        batch.unwrap_err()
    };
    let plain = BatchRequest::new(Method::Get);
    assert_eq!(
        refusal(&signer(&expiring), &plain),
        Error::CredentialExpiresFirst { at: expires_at }
    );
    let bound_host = BatchRequest {
        headers: &[("host", "x")],
        ..plain
    };
    assert!(matches!(
        refusal(&signer(&credential()), &bound_host),
        Error::CannotBind { .. }
    ));
    let doubled = BatchRequest {
        query: &[("a", "1"), ("a", "2")],
        ..plain
    };
    assert!(matches!(
        refusal(&signer(&credential()), &doubled),
        Error::DuplicateParameter { .. }
    ));
    assert!(urls.is_empty());
}

#[test]
fn nothing_of_a_batch_prints() {
    let mut urls = UrlBuffer::new();
    let request = BatchRequest::new(Method::Get);
    signer(&credential())
        .sign_batch(&request, ["a"], window(60), &mut urls)
        .unwrap();
    for text in [
        format!("{urls:?}"),
        format!("{:?}", urls.iter()),
        format!("{:?}", urls.get(0)),
    ] {
        assert!(text.contains("hidden") && !text.contains("http"), "{text}");
    }
}
