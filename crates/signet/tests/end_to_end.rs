//! The binary against the binary: what a member types, and what the store sees.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

#[path = "support/world.rs"]
mod support;

use serde_json::Value;
use std::process::Command;
use support::{World, noise, signet, write};
use testkit::process::ADMIN_TOKEN;

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

/// The command under a shell that lets few files be open at a time.
fn with_few_open_files(command: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell
        .env_clear()
        .args(["-c", "ulimit -Sn 64; exec \"$0\" \"$@\""])
        .arg(command.get_program())
        .args(command.get_args());
    let set = |(name, value): (_, Option<_>)| Some((name, value?));
    shell.envs(command.get_envs().filter_map(set));
    shell
}

#[tokio::test(flavor = "multi_thread")]
async fn more_files_go_at_a_time_than_a_shell_lets_be_open() {
    let world = World::begin(None).await;
    let data = tempfile::tempdir().unwrap();
    for n in 0..300 {
        write(data.path(), &format!("{n}"), &noise(n, 1_000));
    }
    let copy = data.path().join("copy");
    let (source, target) = (data.path().to_str().unwrap(), copy.to_str().unwrap());
    for arguments in [["put", source, "vision/p/c"], ["get", "vision/p/c", target]] {
        let output = with_few_open_files(&world.signet(&arguments)).output();
        let output = output.unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {told}", arguments[0]);
    }
    assert_eq!(std::fs::read_dir(&copy).unwrap().count(), 300);
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
    let unknown = signet(&world.broker, &"ab12".repeat(16), &["whoami"])
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
        ADMIN_TOKEN,
        "secret-of-",
    ] {
        for (place, text) in &told {
            assert!(!text.contains(secret), "T28, T30: `{secret}` is in {place}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_checked_from_the_command_line() {
    let world = World::begin(None).await;
    let admin = ADMIN_TOKEN;
    let verify = |arguments: &[&str]| {
        let arguments = [&["bucket", "verify", "vision"], arguments].concat();
        let output = signet(&world.broker, admin, &arguments).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        (output.status.code().unwrap(), text)
    };
    let (code, text) = verify(&[]);
    assert_eq!(code, 0, "{text}");
    for line in ["ok   put  ", "warn tls  ", "skip cors.put  "] {
        assert!(
            text.lines().any(|it| it.starts_with(line)),
            "{line}: {text}"
        );
    }
    // The embedded store of these tests has no rules for browsers
    let origin = ["--origin", "https://signet.example.com"];
    let (code, text) = verify(&origin);
    assert_eq!(code, 6, "{text}");
    let mut lines = text.lines();
    assert!(
        lines.any(|line| line.starts_with("FAIL cors.put  ")),
        "{text}"
    );
    let hint = lines.next().unwrap().trim_start();
    assert!(
        hint.starts_with("hint: add to the bucket's CORS rules"),
        "{hint}"
    );
    let (code, text) = verify(&[&origin[..], &["--json"]].concat());
    assert_eq!(code, 6, "{text}");
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["verdict"], "failed");
    assert_eq!(report["capabilities"]["multipart"], true);
}

/// T15: the store is reached at the address of the audience that the machine says it belongs to.
#[tokio::test(flavor = "multi_thread")]
async fn a_machine_of_an_audience_reaches_the_store_at_its_address() {
    let world = World::begin(None).await;
    let data = tempfile::tempdir().unwrap();
    write(data.path(), "large.bin", &noise(1, 40 << 20));
    write(data.path(), "small", b"x");
    let source = data.path().to_str().unwrap();
    let copy = data.path().join("copy");
    let reached = || {
        let log = world.access_log();
        log.lines()
            .filter(|line| line.contains(" localhost:"))
            .count()
    };
    let put = ["put", source, "vision/p/c", "--audience", "vpc"];
    let (code, told) = run(&world, &put);
    assert_eq!(code, 0, "{told}");
    let there = reached();
    assert!(there >= 4, "{}", world.access_log());
    let output = world
        .signet(&["get", "vision/p/c", copy.to_str().unwrap()])
        .env("SIGNET_AUDIENCE", "vpc")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(std::fs::read(copy.join("small")).unwrap(), b"x");
    assert!(reached() > there);

    let (code, told) = run(&world, &["url", "vision", "a", "--audience", "vpc"]);
    assert_eq!(code, 0, "{told}");
    let url = told["urls"][0]["url"].as_str().unwrap();
    assert!(url.starts_with("http://localhost:"));
    for audience in ["browser", "internal"] {
        let (code, told) = run(&world, &["url", "vision", "a", "--audience", audience]);
        assert_eq!(code, 2, "{told}");
        assert!(told["error"].as_str().unwrap().contains("`vpc`"), "{told}");
    }
    let pinned = ["url", "vision", "a", "--network", "203.0.113.0/24"];
    let (code, told) = run(&world, &pinned);
    assert_eq!(code, 2, "{told}");
    assert!(told["error"].as_str().unwrap().contains("to no network"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_says_from_which_networks_a_team_is_used() {
    let world = World::begin(None).await;
    let set = |arguments: &[&str]| {
        let output = signet(&world.broker, ADMIN_TOKEN, arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let asked = || run(&world, &["url", "vision", "a"]).0;
    assert_eq!(asked(), 0);
    for of in [["team", "vision"], ["bucket", "vision"]] {
        let [kind, name] = of;
        let told = set(&[kind, "set-networks", name, "203.0.113.0/24", "2001:db8::1"]);
        assert!(told.contains("203.0.113.0/24 2001:db8::1"), "{told}");
        assert_eq!(asked(), 4, "{kind}");
        set(&[kind, "set-networks", name, "127.0.0.0/8", "203.0.113.0/24"]);
        assert_eq!(asked(), 0, "{kind}");
        set(&[kind, "set-networks", name, "203.0.113.0/24"]);
        assert_eq!(asked(), 4, "{kind}");
        let told = set(&[kind, "set-networks", name, "--all"]);
        assert!(told.contains("every network"), "{told}");
        assert_eq!(asked(), 0, "{kind}");
    }
    let limit = ["limit", "set", "--team", "vision", "--allowed-network"];
    set(&[
        &limit[..],
        &["203.0.113.0/24", "--allowed-network", "10.0.0.0/8"],
    ]
    .concat());
    assert_eq!(asked(), 4);
    assert!(set(&["limit", "list"]).contains("203.0.113.0/24 10.0.0.0/8"));
}
