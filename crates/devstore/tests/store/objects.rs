//! Whole objects: what is put comes back, in whole or in part, under its own key.

use presign::{Method, Target};

use crate::support::{NOW, World, bytes, etag, sha256};

const KEY: Target<'_> = Target::Object("k");

#[tokio::test]
async fn an_object_comes_back_with_its_headers() {
    let world = World::start().await;
    let body = bytes(100_000, 1);
    let headers = [
        ("cache-control", "no-cache"),
        ("content-disposition", "attachment; filename=\"a b\""),
        ("content-encoding", "zstd"),
        ("content-language", "de"),
        ("content-type", "application/x-parquet"),
        ("expires", "Fri, 15 Jan 2027 09:00:00 GMT"),
        ("x-amz-meta-run", "7"),
    ];
    let put = world.put("k", &headers, &body).await.ok();
    assert_eq!(put.header("etag"), Some(etag(&body).as_str()));
    let read = world.get("k").await.ok();
    assert_eq!(read.status, 200);
    assert_eq!(read.body, body);
    let head = world
        .send(Method::Head, KEY, &[], &[], Vec::new())
        .await
        .ok();
    assert!(head.body.is_empty());
    for answer in [&read, &head] {
        for (name, value) in headers {
            assert_eq!(answer.header(name), Some(value));
        }
        assert_eq!(answer.header("content-length"), Some("100000"));
        assert_eq!(answer.header("etag"), Some(etag(&body).as_str()));
        assert_eq!(answer.header("accept-ranges"), Some("bytes"));
        assert_eq!(
            answer.header("last-modified"),
            Some("Fri, 15 Jan 2027 08:00:00 GMT")
        );
        assert_eq!(answer.header("date"), Some("Fri, 15 Jan 2027 08:00:00 GMT"));
        assert_eq!(answer.header("x-amz-request-id").unwrap().len(), 16);
        assert!(answer.header("x-amz-checksum-sha256").is_none());
    }
}

#[tokio::test]
async fn an_empty_object_is_an_object() {
    let world = World::start().await;
    world.put("k", &[], b"").await.ok();
    let read = world.get("k").await.ok();
    assert!(read.body.is_empty());
    assert_eq!(read.header("content-length"), Some("0"));
    assert_eq!(read.header("content-type"), Some("binary/octet-stream"));
    world.get("other").await.refused(404, "NoSuchKey");
    let head = world
        .send(Method::Head, Target::Object("other"), &[], &[], Vec::new())
        .await;
    assert_eq!((head.status, head.body.len()), (404, 0));
}

#[tokio::test]
async fn a_range_is_read_alone() {
    let world = World::start().await;
    let body = bytes(1000, 2);
    world.put("k", &[], &body).await.ok();
    let url = world.url(Method::Get, KEY, &[], &[]);
    let get = async |range: &str| {
        world
            .fetch("GET", &url, &[("range", range)], Vec::new())
            .await
    };
    for (range, from, to) in [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=990-", 990, 1000),
        ("bytes=990-5000", 990, 1000),
        ("bytes=-5", 995, 1000),
        ("bytes=-5000", 0, 1000),
    ] {
        let answer = get(range).await;
        assert_eq!(
            (answer.status, &answer.body[..]),
            (206, &body[from..to]),
            "{range}"
        );
        let expected = format!("bytes {from}-{}/1000", to - 1);
        assert_eq!(answer.header("content-range"), Some(expected.as_str()));
    }
    get("bytes=1000-").await.refused(416, "InvalidRange");
    get("bytes=-0").await.refused(416, "InvalidRange");
    for unreadable in ["bytes=0-1,5-6", "bytes=5-1", "lines=1-2"] {
        let answer = get(unreadable).await;
        assert_eq!(
            (answer.status, answer.body.len()),
            (200, 1000),
            "{unreadable}"
        );
    }
    // A range that was signed is the only one that the URL reads
    let url = world.url(Method::Get, KEY, &[("range", "bytes=0-4")], &[]);
    let answer = world
        .fetch("GET", &url, &[("range", "bytes=0-4")], Vec::new())
        .await;
    assert_eq!((answer.status, &answer.body[..]), (206, &body[..5]));
    let answer = world
        .fetch("GET", &url, &[("range", "bytes=0-5")], Vec::new())
        .await;
    answer.refused(403, "SignatureDoesNotMatch");
}

#[tokio::test]
async fn response_headers_are_overridden_as_signed() {
    let world = World::start().await;
    world
        .put("k", &[("content-type", "text/csv")], b"hello")
        .await
        .ok();
    let query = [
        ("response-cache-control", "no-store"),
        (
            "response-content-disposition",
            "attachment; filename=\"ü.csv\"",
        ),
        ("response-content-type", "text/plain"),
    ];
    let query = [
        query[0],
        (
            "response-content-disposition",
            "attachment; filename=\"a + b.csv\"",
        ),
        query[2],
    ];
    for method in [Method::Get, Method::Head] {
        let answer = world.send(method, KEY, &[], &query, Vec::new()).await.ok();
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("content-type"), Some("text/plain"));
        assert_eq!(
            answer.header("content-disposition"),
            Some("attachment; filename=\"a + b.csv\"")
        );
    }
}

#[tokio::test]
async fn reads_are_conditional() {
    let world = World::start().await;
    world.put("k", &[], b"hello").await.ok();
    let same = etag(b"hello");
    let other = etag(b"other");
    let (then, before) = (
        "Fri, 15 Jan 2027 08:00:00 GMT",
        "Fri, 15 Jan 2027 07:59:59 GMT",
    );
    let url = world.url(Method::Get, KEY, &[], &[]);
    for (name, value, status) in [
        ("if-match", same.as_str(), 200),
        ("if-match", "*", 200),
        ("if-match", other.as_str(), 412),
        ("if-none-match", other.as_str(), 200),
        ("if-none-match", same.as_str(), 304),
        ("if-modified-since", before, 200),
        ("if-modified-since", then, 304),
        ("if-unmodified-since", then, 200),
        ("if-unmodified-since", before, 412),
    ] {
        let answer = world.fetch("GET", &url, &[(name, value)], Vec::new()).await;
        assert_eq!(answer.status, status, "{name}: {value}");
        match status {
            200 => assert_eq!(answer.body, b"hello"),
            304 => {
                assert!(answer.body.is_empty());
                assert_eq!(answer.header("etag"), Some(same.as_str()));
            }
            _ => answer.refused(412, "PreconditionFailed"),
        }
    }
}

#[tokio::test]
async fn writes_are_conditional() {
    let world = World::start().await;
    let new = [("if-none-match", "*")];
    world.put("k", &new, b"first").await.ok();
    world
        .put("k", &new, b"second")
        .await
        .refused(412, "PreconditionFailed");
    assert_eq!(world.get("k").await.ok().body, b"first");
    let (first, third) = (etag(b"first"), etag(b"third"));
    world
        .put("k", &[("if-match", &third)], b"third")
        .await
        .refused(412, "PreconditionFailed");
    world.put("k", &[("if-match", &first)], b"third").await.ok();
    world
        .put("absent", &[("if-match", &first)], b"x")
        .await
        .refused(404, "NoSuchKey");
    assert_eq!(world.get("k").await.ok().body, b"third");
    assert_eq!(world.data_files("vision").len(), 1);
}

#[tokio::test]
async fn of_many_writers_who_want_a_new_key_one_gets_it() {
    let world = World::start().await;
    let url = world.url(Method::Put, KEY, &[("if-none-match", "*")], &[]);
    let puts = (0..16_u8).map(|number| {
        let header = [("if-none-match", "*")];
        let (world, url) = (&world, &url);
        async move {
            world
                .fetch("PUT", url, &header, vec![number; 70_000])
                .await
                .status
        }
    });
    let mut statuses = futures::future::join_all(puts).await;
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200);
    assert!(
        statuses[1..].iter().all(|status| *status == 412),
        "{statuses:?}"
    );
    assert_eq!(world.data_files("vision").len(), 1);
}

#[tokio::test]
async fn deleting_is_done_once_and_may_be_asked_twice() {
    let world = World::start().await;
    world.put("k", &[], b"hello").await.ok();
    for _ in 0..2 {
        let answer = world.send(Method::Delete, KEY, &[], &[], Vec::new()).await;
        assert_eq!(answer.status, 204);
        world.get("k").await.refused(404, "NoSuchKey");
    }
    assert!(world.data_files("vision").is_empty());
}

#[tokio::test]
async fn every_key_that_can_be_signed_is_a_key_of_its_own() {
    let world = World::start().await;
    let longest = "é".repeat(512);
    let keys = [
        "a b",
        "a+b",
        "a%20b",
        "a%2Fb",
        "a/b",
        "a//b",
        "a//",
        "A/B",
        "?",
        "#",
        "a?b#c&d=e",
        "\\",
        "\u{0}",
        "\u{1}\n",
        "\"<>'",
        "ü",
        "u\u{308}",
        "日本/🦀",
        "~-_.",
        "*!'();:@$,[]",
        ".x",
        "x.",
        longest.as_str(),
    ];
    for key in keys {
        world.put(key, &[], key.as_bytes()).await.ok();
    }
    let world = world.restart().await;
    for key in keys {
        assert_eq!(world.get(key).await.ok().body, key.as_bytes(), "{key:?}");
    }
    let query = [("list-type", "2"), ("encoding-type", "url")];
    let listed = world
        .send(Method::Get, Target::Bucket, &[], &query, Vec::new())
        .await
        .ok();
    let mut sorted = keys.to_vec();
    sorted.sort_unstable();
    let found: Vec<_> = listed
        .elements("Key")
        .iter()
        .map(|key| {
            percent_encoding::percent_decode_str(key)
                .decode_utf8()
                .unwrap()
                .into_owned()
        })
        .collect();
    assert_eq!(found, sorted);
}

#[tokio::test]
async fn objects_outlive_the_process_and_leftovers_do_not() {
    let world = World::start().await;
    let body = bytes(5000, 3);
    let headers = [
        ("x-amz-checksum-sha256", &*sha256(&body)),
        ("x-amz-meta-run", "7"),
    ];
    world.put("k", &headers, &body).await.ok();
    world.set_time(NOW + 60);
    let data = world.folder.path().join("store/vision/data");
    std::fs::write(data.join("half-written"), b"x").unwrap();
    let objects = world.folder.path().join("store/vision/objects");
    std::fs::write(objects.join("half-written.tmp"), b"{").unwrap();
    let world = world.restart().await;
    let mode = [("x-amz-checksum-mode", "ENABLED")];
    let read = world
        .send(Method::Get, KEY, &mode, &[], Vec::new())
        .await
        .ok();
    assert_eq!(read.body, body);
    assert_eq!(read.header("x-amz-meta-run"), Some("7"));
    assert_eq!(
        read.header("x-amz-checksum-sha256"),
        Some(sha256(&body).as_str())
    );
    assert_eq!(
        read.header("last-modified"),
        Some("Fri, 15 Jan 2027 08:00:00 GMT")
    );
    assert_eq!(world.data_files("vision").len(), 1);
    assert_eq!(std::fs::read_dir(objects).unwrap().count(), 1);
}
