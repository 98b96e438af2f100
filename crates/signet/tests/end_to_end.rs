//! The binary against the binary: what a member types, and what the store sees.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

#[path = "support/world.rs"]
mod support;

use serde_json::Value;
use support::{World, noise, write};

fn run(world: &World, arguments: &[&str]) -> (i32, Value) {
    let mut all = vec!["--json"];
    all.extend(arguments);
    let output = world.signet(&all).output().unwrap();
    let code = output.status.code().unwrap();
    let text = if code == 0 {
        output.stdout
    } else {
        output.stderr
    };
    let text = String::from_utf8(text).unwrap();
    let value = serde_json::from_str(text.lines().last().unwrap_or("null"));
    (code, value.unwrap_or_else(|_| panic!("not JSON: {text}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_put_comes_back_and_no_byte_goes_up_twice() {
    let world = World::begin(None).await;
    let data = tempfile::tempdir().unwrap();
    write(data.path(), "large.bin", &noise(1, 40 << 20));
    write(data.path(), "sub/größe 1.txt", b"x");
    write(data.path(), "empty", b"");
    let source = data.path().to_str().unwrap();

    let (code, first) = run(
        &world,
        &[
            "put",
            source,
            "vision/p/c",
            "--type",
            "dataset",
            "--alias",
            "prod",
        ],
    );
    assert_eq!(
        (code, first["uploaded_bytes"].as_u64()),
        (0, Some((40 << 20) + 1)),
        "{first}"
    );
    let (code, again) = run(&world, &["put", source, "vision/p/c"]);
    assert_eq!(
        (
            code,
            again["uploaded_bytes"].as_u64(),
            again["unchanged"].as_bool()
        ),
        (0, Some(0), Some(true))
    );

    let copy = tempfile::tempdir().unwrap();
    let target = copy.path().join("copy");
    let (code, got) = run(
        &world,
        &["get", "vision/p/c:prod", target.to_str().unwrap()],
    );
    assert_eq!(code, 0, "{got}");
    for name in ["large.bin", "sub/größe 1.txt", "empty"] {
        assert!(
            std::fs::read(data.path().join(name)).unwrap()
                == std::fs::read(target.join(name)).unwrap(),
            "{name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_are_as_documented() {
    let world = World::begin(None).await;
    let data = tempfile::tempdir().unwrap();
    write(data.path(), "a", b"a");
    let source = data.path().to_str().unwrap();
    let codes = [
        (0, run(&world, &["whoami"]).0),
        (2, run(&world, &["put", source, "vision/p/c:v1"]).0),
        (4, run(&world, &["get", "vision/p/absent", "x"]).0),
        (4, run(&world, &["put", source, "language/p/c"]).0),
        (4, run(&world, &["user", "create", "eve"]).0),
    ];
    for (number, (expected, code)) in codes.into_iter().enumerate() {
        assert_eq!(expected, code, "line {number}");
    }
    let unknown = support::signet(&world.broker, &"ab12".repeat(16), &["whoami"])
        .output()
        .unwrap();
    assert_eq!(unknown.status.code(), Some(3), "an unknown token");
    let mut nobody = world.signet(&["whoami"]);
    let nobody = nobody.env_remove("SIGNET_TOKEN").output().unwrap();
    assert_eq!(nobody.status.code(), Some(3), "no token");
    let mut nowhere = world.signet(&["whoami"]);
    let nowhere = nowhere
        .env("SIGNET_SERVER", "http://127.0.0.1:1")
        .output()
        .unwrap();
    assert_eq!(nowhere.status.code(), Some(6), "no server");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_cannot_be_told_apart_or_read_are_refused_before_anything_is_sent() {
    use std::os::unix::ffi::OsStrExt as _;
    let world = World::begin(None).await;
    let data = tempfile::tempdir().unwrap();
    write(data.path(), "fine", b"fine");
    std::fs::write(
        data.path().join(std::ffi::OsStr::from_bytes(b"bad\xff")),
        b"x",
    )
    .unwrap();
    let before = world.store.requests().total();
    let (code, error) = run(
        &world,
        &["put", data.path().to_str().unwrap(), "vision/p/c"],
    );
    assert_eq!(code, 2, "{error}");
    assert!(error["error"].as_str().unwrap().contains("bad"), "{error}");
    assert_eq!(world.store.requests().total(), before, "something was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_in_the_log_of_a_whole_session() {
    let mut world = World::begin(None).await;
    let data = tempfile::tempdir().unwrap();
    write(data.path(), "large.bin", &noise(2, 33 << 20));
    write(data.path(), "small", b"small");
    let source = data.path().to_str().unwrap();
    assert_eq!(run(&world, &["put", source, "vision/p/c"]).0, 0);
    let copy = tempfile::tempdir().unwrap();
    assert_eq!(
        run(
            &world,
            &["get", "vision/p/c", copy.path().to_str().unwrap()]
        )
        .0,
        0
    );
    assert_eq!(
        run(
            &world,
            &["get", "vision/p/none", copy.path().to_str().unwrap()]
        )
        .0,
        4
    );
    let events = client::collect_pages(async |after: Option<String>| {
        let filter = client::api::EventFilter {
            after,
            ..client::api::EventFilter::default()
        };
        world.admin().list_events(&filter).await
    });
    let mut told = vec![(
        "the ledger".to_owned(),
        format!("{:?}", events.await.unwrap()),
    )];
    world.broker.kill().unwrap();
    told.push(("the log".to_owned(), world.broker.log()));
    // The databases, as whoever steals a backup reads them
    for file in std::fs::read_dir(world.broker.folder()).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            told.push((path.display().to_string(), text));
        }
    }
    assert!(told.iter().any(|(place, _)| place.ends_with("signet.db")));
    for secret in [
        "X-Amz-Signature",
        "X-Amz-Credential",
        &world.token,
        testkit::process::ADMIN_TOKEN,
        "secret-of-",
    ] {
        for (place, text) in &told {
            assert!(!text.contains(secret), "T28, T30: `{secret}` is in {place}");
        }
    }
}
