//! The access log: a line per request, in S3's format, with nothing in it that opens anything.

use std::time::{Duration, Instant};

use presign::{Method, Target};
use tokio::io::AsyncWriteExt as _;

use crate::support::{World, bytes, etag};

const KEY: Target<'_> = Target::Object("a b/ü");

/// Splits a line as parsers of S3's logs do: at spaces, but not within quotes and brackets.
pub(crate) fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for c in line.chars() {
        if escaped {
            escaped = false;
        } else {
            match c {
                '\\' if quoted => {
                    escaped = true;
                    continue;
                }
                '"' => {
                    quoted = !quoted;
                    continue;
                }
                '[' if !quoted && fields.last().unwrap().is_empty() => quoted = true,
                ']' if quoted && fields.last().unwrap().starts_with('[') => quoted = false,
                ' ' if !quoted => {
                    fields.push(String::new());
                    continue;
                }
                _ => {}
            }
        }
        fields.last_mut().unwrap().push(c);
    }
    fields
}

#[tokio::test]
async fn a_line_tells_what_was_done_by_whom() {
    let world = World::start().await;
    let body = b"hello, world";
    let put = world.put("a b/ü", &[], body).await.ok();
    let query = [("x-grant", "grt_1")];
    let url = world.url(Method::Get, KEY, &[], &query);
    let agent = [
        ("user-agent", "an \"agent\" \\"),
        ("referer", "https://example.org/a"),
    ];
    let get = world.fetch("GET", &url, &agent, Vec::new()).await.ok();
    let lines = world.log();
    assert_eq!(lines.len(), 2);

    let first = fields(&lines[0]);
    assert_eq!(first.len(), 27);
    assert_eq!(first[6], "REST.PUT.OBJECT");
    assert_eq!(first[5], put.header("x-amz-request-id").unwrap());
    assert_eq!((first[11].as_str(), first[12].as_str()), ("-", "12"));

    let second = fields(&lines[1]);
    let signature = url.split_once("X-Amz-Signature=").unwrap().1;
    let target = url.strip_prefix(world.store.endpoint()).unwrap();
    let expected = [
        &first[0],
        "vision",
        "[15/Jan/2027:08:00:00 +0000]",
        "127.0.0.1",
        "vision%20signer",
        get.header("x-amz-request-id").unwrap(),
        "REST.GET.OBJECT",
        "a%20b/%C3%BC",
        &format!("GET {} HTTP/1.1", target.replace(signature, "REDACTED")),
        "200",
        "-",
        "12",
        "12",
        &second[13],
        &second[14],
        "https://example.org/a",
        "an \"agent\" \\",
        "-",
        get.header("x-amz-id-2").unwrap(),
        "SigV4",
        "-",
        "QueryString",
        &world.store.address().to_string(),
        "-",
        "-",
        "-",
        "us-east-1",
    ];
    assert_eq!(second, expected);
    assert!(second[8].contains("x-grant=grt_1"));
    for time in [&second[13], &second[14]] {
        time.parse::<u64>().unwrap();
    }
}

#[tokio::test]
async fn refused_requests_are_logged_with_their_code() {
    let world = World::start().await;
    let url = world.url(Method::Get, KEY, &[], &[]);
    world
        .fetch("GET", &url, &[], Vec::new())
        .await
        .refused(404, "NoSuchKey");
    world.fetch("HEAD", &url, &[], Vec::new()).await;
    world
        .fetch("GET", url.split_once('?').unwrap().0, &[], Vec::new())
        .await;
    let language = url.replace("/vision/", "/language/");
    world.fetch("GET", &language, &[], Vec::new()).await;
    let lines: Vec<_> = world.log().iter().map(|line| fields(line)).collect();
    let told: Vec<_> = lines
        .iter()
        .map(|line| [1, 4, 6, 9, 10, 19, 21].map(|field| line[field].as_str()))
        .collect();
    let (get, head) = ("REST.GET.OBJECT", "REST.HEAD.OBJECT");
    assert_eq!(
        told,
        [
            [
                "vision",
                "vision%20signer",
                get,
                "404",
                "NoSuchKey",
                "SigV4",
                "QueryString"
            ],
            [
                "vision",
                "-",
                head,
                "403",
                "SignatureDoesNotMatch",
                "SigV4",
                "QueryString"
            ],
            ["vision", "-", get, "403", "AccessDenied", "-", "-"],
            [
                "language",
                "-",
                get,
                "403",
                "SignatureDoesNotMatch",
                "SigV4",
                "QueryString"
            ],
        ]
    );
    // The error document's length; a HEAD has none
    assert!(lines[0][11].parse::<u64>().unwrap() > 100);
    assert_eq!(lines[1][11], "-");
}

#[tokio::test]
async fn operations_have_s3s_names() {
    let world = World::start().await;
    let key = Target::Object("k");
    let created = world
        .send(Method::Post, key, &[], &[("uploads", "")], Vec::new())
        .await
        .ok();
    let id = created.element("UploadId").unwrap();
    let part = [("partNumber", "1"), ("uploadId", id.as_str())];
    world.send(Method::Put, key, &[], &part, "hello").await.ok();
    world
        .send(Method::Get, key, &[], &[("uploadId", &id)], Vec::new())
        .await
        .ok();
    world
        .send(
            Method::Get,
            Target::Bucket,
            &[],
            &[("uploads", "")],
            Vec::new(),
        )
        .await
        .ok();
    let list = format!(
        "<CompleteMultipartUpload><Part><ETag>{}</ETag><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>",
        etag(b"hello")
    );
    world
        .send(Method::Post, key, &[], &[("uploadId", &id)], list)
        .await
        .ok();
    world
        .send(Method::Head, key, &[], &[], Vec::new())
        .await
        .ok();
    world
        .send(Method::Delete, key, &[], &[("uploadId", &id)], Vec::new())
        .await;
    world
        .send(Method::Delete, key, &[], &[], Vec::new())
        .await
        .ok();
    world
        .send(
            Method::Get,
            Target::Bucket,
            &[],
            &[("list-type", "2")],
            Vec::new(),
        )
        .await
        .ok();
    world
        .send(Method::Head, Target::Bucket, &[], &[], Vec::new())
        .await
        .ok();
    let names: Vec<_> = world
        .log()
        .iter()
        .map(|line| fields(line)[6].clone())
        .collect();
    assert_eq!(
        names,
        [
            "REST.POST.UPLOADS",
            "REST.PUT.PART",
            "REST.GET.UPLOAD",
            "REST.GET.UPLOADS",
            "REST.POST.UPLOAD",
            "REST.HEAD.OBJECT",
            "REST.DELETE.UPLOAD",
            "REST.DELETE.OBJECT",
            "REST.GET.BUCKET",
            "REST.HEAD.BUCKET",
        ]
    );
}

/// As S3 does: whoever has sent all of a request cannot undo it by leaving, and the log has it.
#[tokio::test]
async fn what_was_sent_whole_is_done_and_logged_though_its_client_has_gone() {
    let world = World::start().await;
    for round in 0..20 {
        let key = format!("k{round}");
        let url = world.url(Method::Put, Target::Object(&key), &[], &[]);
        let target = url.strip_prefix(world.store.endpoint()).unwrap();
        let address = world.store.address();
        let body = bytes(100_000, round);
        let head = format!(
            "PUT {target} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();
        drop(stream);
        let began = Instant::now();
        let lines = loop {
            let lines = world.log();
            if usize::try_from(round).unwrap() * 2 < lines.len() {
                break lines;
            }
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "no line for {key}"
            );
            tokio::task::yield_now().await;
        };
        let line = fields(lines.last().unwrap());
        assert_eq!(
            [&*line[6], &*line[7], &*line[9]],
            ["REST.PUT.OBJECT", &*key, "200"]
        );
        assert_eq!(world.get(&key).await.ok().body, body);
    }
}
