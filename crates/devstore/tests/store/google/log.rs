//! Google's requests in the access log: who did what under which grant, and nothing that opens anything.

use presign::{Method, Request, Target};

use super::{keys, sign, signer, start, url};
use crate::log::fields;

#[tokio::test]
async fn a_line_tells_what_was_done_by_whom_under_which_grant() {
    let names = ["GOOG1VISION", "vision%20account"];
    for (key, requester) in keys().into_iter().zip(names) {
        let world = start().await;
        let request = Request {
            method: Method::Put,
            target: Target::Object("a b/ü"),
            headers: &[],
            query: &[("X-Goog-Custom-Audit-Grant", "grt_1")],
        };
        let url = sign(&signer(&world, key, "vision"), &request);
        let answer = world.fetch("PUT", &url, &[], "hello").await.ok();
        let lines = world.log();
        assert_eq!(lines.len(), 1);
        let line = fields(&lines[0]);
        assert_eq!(line.len(), 27);
        let signature = url.split_once("X-Goog-Signature=").unwrap().1;
        assert!(!lines[0].contains(signature));
        let target = url.strip_prefix(world.store.endpoint()).unwrap();
        assert_eq!(
            line[8],
            format!("PUT {} HTTP/1.1", target.replace(signature, "REDACTED"))
        );
        assert!(line[8].contains("X-Goog-Custom-Audit-Grant=grt_1"));
        assert_eq!(
            [1, 4, 6, 7, 9, 12, 19, 21].map(|field| line[field].as_str()),
            [
                "vision",
                requester,
                "REST.PUT.OBJECT",
                "a%20b/%C3%BC",
                "200",
                "5",
                "SigV4",
                "QueryString"
            ]
        );
        assert_eq!(line[5], answer.header("x-guploader-uploadid").unwrap());
    }
}

#[tokio::test]
async fn a_refused_request_is_logged_with_googles_code_and_without_its_signature() {
    let world = start().await;
    let url = url(&world, Method::Get, Target::Object("k"), &[], &[]);
    let signature = url.split_once("X-Goog-Signature=").unwrap().1.to_owned();
    let lower_case = url.replace("X-Goog-", "x-goog-");
    for url in [&url, &url.replace("/k?", "/other?"), &lower_case] {
        world.fetch("GET", url, &[], "").await;
    }
    let lines = world.log();
    let told: Vec<_> = lines
        .iter()
        .map(|line| {
            assert!(!line.contains(&signature), "{line}");
            let line = fields(line);
            [4, 9, 10, 19].map(|field| line[field].clone())
        })
        .collect();
    assert_eq!(
        told,
        [
            ["GOOG1VISION", "404", "NoSuchKey", "SigV4"],
            ["-", "403", "SignatureDoesNotMatch", "SigV4"],
            ["-", "403", "SignatureDoesNotMatch", "SigV4"],
        ]
    );
}
