//! Keys and paths as they come in (T12): what was checked is what is signed, or the answer is a 422 that
//! names the field. Nothing is cleaned up in between.

use crate::requests::{CONTENT, begin};
use crate::support::{TestApp, Who, sha256};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use protocol::artifact::{RegisteredEntries, RegisteredEntry};
use protocol::transfer::Urls;
use serde_json::{Value, json};

const URLS: &str = "/v1/teams/vision/urls";

/// Text as somebody would write it who wants another key than the one that is checked.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "..", ".", "/", "//", "/../", "%2F", "%2e%2e", "%00", "%", "\0", "\n", "\r\n", "#", "?", "&",
            "=", "+", " ", ";", "\\", "C:", "\u{e9}", "e\u{301}", "\u{202e}", "\u{feff}", "👩‍🔬",
            "&x-grant=grt_0", "?X-Amz-Signature=0", "\u{7f}", "\u{85}",
        ]).prop_map(str::to_owned),
        2 => any::<char>().prop_map(String::from),
        2 => "[a-zA-Z0-9]{1,8}",
        // Near the longest key, in bytes
        1 => (900_usize..1100).prop_map(|bytes| "k".repeat(bytes)),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// Whether a whole key may be used: by the documented rule, told a second time.
fn is_key(text: &str) -> bool {
    text.len() <= 1024
        && !text.chars().any(char::is_control)
        && text
            .split('/')
            .all(|component| !matches!(component, "" | "." | ".."))
}

fn is_path(text: &str) -> bool {
    let drive = text.get(1..2) == Some(":") && text.as_bytes()[0].is_ascii_alphabetic();
    is_key(text) && !text.contains('\\') && !drive
}

/// Path and parameters of a URL, decoded by the plain rule and no other.
fn target(url: &str) -> (String, Vec<(String, String)>) {
    let (_, rest) = url.split_once("://").unwrap();
    let (_, target) = rest.split_at(rest.find('/').unwrap());
    let (path, query) = target.split_once('?').unwrap();
    assert!(
        !query.contains(['?', '#']) && !path.contains(['#', ';', '+', '&']),
        "{url}"
    );
    let pairs = query.split('&').map(|pair| {
        let (name, value) = pair.split_once('=').unwrap();
        (decoded(name), decoded(value))
    });
    (decoded(path), pairs.collect())
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits: Vec<u8> = rest.by_ref().take(2).collect();
            bytes.extend(hex::decode(digits).unwrap());
        } else {
            assert!(
                byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte),
                "{text}"
            );
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn for_any_text(check: &impl AsyncFn(&TestApp, &str)) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let app = runtime.block_on(TestApp::start());
    let config = ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    TestRunner::new(config)
        .run(&text(), |text| {
            runtime.block_on(check(&app, &text));
            Ok(())
        })
        .unwrap();
    runtime.block_on(app.shutdown());
}

/// T12, T37, and T3: a team's root ends in a separator, and nothing a client writes leads out of it.
#[test]
fn any_key_is_signed_as_it_was_sent_or_refused_by_its_place_in_the_body() {
    for_any_text(&async |app, key| {
        let team = app
            .running
            .app()
            .directory
            .team_named(&"vision".parse().unwrap());
        let root = format!("{}/files/", team.unwrap().id);
        for (who, request) in [
            (
                Who::Viewer,
                json!({"method": "get", "objects": [{"key": "good"}, {"key": key}]}),
            ),
            (
                Who::Member,
                json!({"method": "put", "objects": [{"key": "good",
                "sha256": sha256(CONTENT).to_hex(), "size_bytes": CONTENT.len(),
            }, {"key": key, "sha256": sha256(CONTENT).to_hex(), "size_bytes": CONTENT.len()}]}),
            ),
        ] {
            let answer = app.ask(who, "POST", URLS, request).await;
            let fits = is_key(&format!("{root}{key}")) && key != "good";
            if !fits {
                assert_eq!(answer.status, 422, "{key:?}: {}", answer.text);
                let problem: protocol::Problem = answer.json();
                assert_eq!(problem.field.as_deref(), Some("objects[1].key"), "{key:?}");
                continue;
            }
            let urls: Urls = answer.expect(200);
            assert_eq!(urls.urls[1].key.as_str(), key);
            let (path, query) = target(urls.urls[1].url.expose());
            assert_eq!(path, format!("/vision/{root}{key}"));
            // The one grant that the store's log will name is the one that was recorded
            let grants: Vec<_> = query.iter().filter(|(name, _)| name == "x-grant").collect();
            assert_eq!(grants, [&("x-grant".to_owned(), urls.grant_id.to_string())]);
        }
    });
}

/// T12: a name in an artifact never becomes part of a key.
#[test]
fn any_path_is_kept_as_it_was_sent_or_refused_by_its_place_in_the_body() {
    for_any_text(&async |app, path| {
        let draft = begin(app, "train").await;
        let entry = |path: &str| {
            json!({
                "path": path, "size_bytes": CONTENT.len(),
                "digest": format!("sha256:{}", sha256(CONTENT).to_hex()),
            })
        };
        let entries = json!({"entries": [entry("good"), entry(path)]});
        let answer = app
            .ask(
                Who::Member,
                "POST",
                &format!("/v1/versions/{draft}/entries"),
                entries,
            )
            .await;
        if !is_path(path) {
            assert_eq!(answer.status, 422, "{path:?}: {}", answer.text);
            let problem: protocol::Problem = answer.json();
            assert_eq!(
                problem.field.as_deref(),
                Some("entries[1].path"),
                "{path:?}"
            );
            return;
        }
        let registered: RegisteredEntries = answer.expect(200);
        let RegisteredEntry::Put { object_id, request } = &registered.entries[1] else {
            panic!("{registered:?}");
        };
        let team = app
            .running
            .app()
            .directory
            .team_named(&"vision".parse().unwrap());
        let (signed, _) = target(request.url.expose());
        assert_eq!(
            signed,
            format!("/vision/{}/objects/{object_id}", team.unwrap().id)
        );
    });
}

/// T8: no URL for no key, and none for whatever begins with something.
#[tokio::test]
async fn a_request_without_a_key_or_for_a_policy_is_refused() {
    let app = TestApp::start().await;
    for (body, field) in [
        (
            json!({"method": "get", "objects": [{"key": ""}]}),
            "objects[0].key",
        ),
        (
            json!({"method": "get", "objects": [{"key": null}]}),
            "objects[0].key",
        ),
        (
            json!({"method": "get", "objects": [{"key": 1}]}),
            "objects[0].key",
        ),
        (json!({"method": "get", "objects": [{}]}), "objects[0]"),
        (json!({"method": "get", "objects": []}), "objects"),
        (json!({"method": "get"}), ""),
        (
            json!({"method": "post", "objects": [{"key": "a"}]}),
            "method",
        ),
        (
            json!({"method": "get", "objects": [{"key": "a"}], "starts_with": ""}),
            "starts_with",
        ),
        (
            json!({"method": "put", "objects": [{"starts_with": ""}]}),
            "objects[0].starts_with",
        ),
    ] {
        let answer = app.ask(Who::Admin, "POST", URLS, body.clone()).await;
        assert_eq!(answer.status, 422, "T8 {body}: {}", answer.text);
        let problem: protocol::Problem = answer.json();
        assert_eq!(problem.field.unwrap_or_default(), field, "{body}");
    }
    let upload = json!({"key": "", "size_bytes": 40 << 20, "digest": "sha256-composite/16777216:"});
    let answer = app
        .ask(Who::Member, "POST", "/v1/teams/vision/uploads", upload)
        .await;
    assert_eq!(answer.status, 422, "T8: {}", answer.text);
    assert!(app.events("url:issue").await.is_empty());
    let nothing = app.ask(Who::Admin, "POST", URLS, Value::Null).await;
    assert!((400..=422).contains(&nothing.status), "{}", nothing.text);
    app.shutdown().await;
}
