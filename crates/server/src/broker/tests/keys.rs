//! T12: the key that was checked is the key that the store received, byte for byte.

use super::fixture::{Fixture, put_request, request};
use crate::broker::Error;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use protocol::key::MAX_KEY_BYTES;
use protocol::transfer::UrlMethod;

/// Puts and gets an object by this key, and gives the raw path that the store saw for each.
async fn raw_paths(fixture: &Fixture, key: &str) -> [String; 2] {
    let body = key.as_bytes();
    let answer = fixture.put("mia", key, body).await;
    assert_eq!(answer.status, 200, "{key:?}: {answer:?}");
    let (url, _) = fixture.url("mia", UrlMethod::Get, key).await;
    let answer = fixture.send("GET", &url, &[], "").await;
    assert_eq!(answer.status, 200, "{key:?}: {answer:?}");
    assert_eq!(answer.body, body, "{key:?}");
    let log = fixture.access_log();
    let path = |line: &String| {
        let request = line.split('"').nth(1).unwrap();
        let target = request.split(' ').nth(1).unwrap();
        target.split('?').next().unwrap().to_owned()
    };
    let [.., put, get] = log.as_slice() else {
        panic!("two lines are missing");
    };
    [path(put), path(get)]
}

/// Reads `%XX` and nothing else: what any store must read.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first == b'%' {
            let (digits, tail) = tail.split_at(2);
            bytes.push(hex::decode(digits).unwrap()[0]);
            rest = tail;
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).unwrap()
}

async fn arrives_as_checked(fixture: &Fixture, key: &str) {
    let bucket = fixture.bucket(fixture.vision);
    let expected = format!(
        "/{}/{}{key}",
        bucket.place.container(),
        fixture.files(fixture.vision)
    );
    for raw in raw_paths(fixture, key).await {
        assert_eq!(decoded(&raw), expected);
    }
}

#[tokio::test]
async fn odd_keys_arrive_as_they_were_checked() {
    let fixture = Fixture::new().await;
    for key in [
        "a%2Fb",
        "a%2fb",
        "%2e%2e/x",
        "%252F",
        "100%",
        "a#b",
        "a?b=c",
        "a?X-Amz-Signature=0",
        "a+b",
        "a b",
        " a",
        "a ",
        "a;b",
        "a&b",
        "a=b",
        "a\\b",
        "..a",
        "a..",
        "a.",
        ".a",
        "...",
        "a:b",
        "*",
        "${aws:username}",
        "\"quoted\"",
        "<a>",
        "a|b",
        "~a",
        "'",
        "é",
        "e\u{301}",
        "日本語",
        "👩‍🔬.png",
        "\u{202e}txt",
        "\u{feff}bom",
        "\u{10ffff}",
    ] {
        arrives_as_checked(&fixture, key).await;
    }
}

#[tokio::test]
async fn names_that_only_look_equal_are_different_objects() {
    let fixture = Fixture::new().await;
    for (one, other) in [
        ("é", "e\u{301}"),
        ("a b", "a+b"),
        ("a%2Fb", "a/b"),
        ("A", "a"),
    ] {
        assert_eq!(fixture.put("mia", one, b"one").await.status, 200);
        let (url, _) = fixture.url("mia", UrlMethod::Get, other).await;
        let answer = fixture.send("GET", &url, &[], "").await;
        assert_eq!(answer.status, 404, "{one:?} is {other:?}");
    }
}

#[test]
fn any_key_arrives_as_it_was_checked() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let fixture = runtime.block_on(Fixture::new());
    let character = prop_oneof![
        4 => any::<char>(),
        4 => prop::sample::select("%#?+ ;&=/\\.:~*'\"<>|{}$@!,()[]^`é日👩".chars().collect::<Vec<_>>()),
        1 => prop::char::range('a', 'z'),
    ];
    let key = prop::collection::vec(character, 1..40)
        .prop_map(|characters| characters.into_iter().collect::<String>())
        .prop_filter("not a key", |key| key.parse::<protocol::FileKey>().is_ok());
    let config = ProptestConfig {
        cases: 96,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    TestRunner::new(config)
        .run(&key, |key| {
            runtime.block_on(arrives_as_checked(&fixture, &key));
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn the_whole_key_has_at_most_1024_bytes() {
    let fixture = Fixture::new().await;
    let room = MAX_KEY_BYTES - fixture.files(fixture.vision).len();
    // In bytes, not characters; no part of a path longer than a file system takes
    let key = |bytes: usize| {
        let mut key = "é".repeat(bytes / 2);
        key.push_str(&"x".repeat(bytes % 2));
        key
    };
    let longest = key(room);
    arrives_as_checked(&fixture, &longest).await;
    for method in [UrlMethod::Get, UrlMethod::Put] {
        let too_long = key(room + 1);
        let asked = match method {
            UrlMethod::Put => put_request(&too_long, b"a"),
            _ => request(method, &too_long),
        };
        let error = fixture.urls("mia", asked).await.unwrap_err();
        let Error::Invalid { field, reason } = error else {
            panic!("{error:?}");
        };
        assert_eq!(field, "objects[0].key");
        assert!(reason.contains("1025"), "{reason}");
    }
}
