//! Changes that leave a request allowed: each is to be taken by both, or the table says which is stricter.

use super::*;

#[test]
fn other_spellings_and_what_no_signature_covers() {
    for store in Azurite::find() {
        let blob = "harmless/a b/weights.bin";
        store.make(blob);
        let get = store.sign(&Request {
            query: &[("rsct", "text/plain")],
            ..Request::new(Method::Get, Target::Object(blob))
        });
        let query =
            |old: &str, new: &str| get.but(|wire| wire.with_query(&wire.query.replace(old, new)));
        let header = |name: &str, value: &str| get.but(|wire| wire.with_header(name, value));
        let reversed = get.but(|wire| {
            let parameters: Vec<_> = wire.query.rsplit('&').collect();
            wire.with_query(&parameters.join("&"))
        });
        check(&store, |table| {
            for (what, sent, verdict, ours) in [
                ("parameters in another order", reversed, "200", OK),
                ("%2f for %2F in the query", query("%2F", "%2f"), "200", OK),
                ("%3a for %3A in times", query("%3A", "%3a"), "200", OK),
                ("colons not escaped", query("%3A", ":"), "200", OK),
                (
                    "a slash not escaped",
                    query("text%2Fplain", "text/plain"),
                    "200",
                    OK,
                ),
                (
                    "a letter escaped in the query",
                    query("sr=b", "sr=%62"),
                    "200",
                    OK,
                ),
                ("an ampersand more", query("&sr=", "&&sr="), "200", OK),
                (
                    "a letter escaped in the path",
                    get.with_in_path("weights", "%77eights"),
                    "200",
                    OK,
                ),
                (
                    "%2F for a slash of the name",
                    get.with_in_path("harmless/a", "harmless%2Fa"),
                    "200",
                    OK,
                ),
                (
                    "one more parameter",
                    get.and_parameter("x-grant=grt_01"),
                    "200",
                    OK,
                ),
                ("a timeout", get.and_parameter("timeout=30"), "200", OK),
                (
                    "a request's id",
                    header("x-ms-client-request-id", "grt_01"),
                    "200",
                    OK,
                ),
                (
                    "a version of the request",
                    header("x-ms-version", "2021-02-12"),
                    "200",
                    OK,
                ),
                (
                    "a content type",
                    header("Content-Type", "text/html"),
                    "200",
                    OK,
                ),
                ("a user agent", header("User-Agent", "signet"), "200", OK),
                (
                    "an origin",
                    header("X-Forwarded-For", "203.0.113.7"),
                    "200",
                    OK,
                ),
                (
                    "host in lower case",
                    get.but(|wire| {
                        wire.without_header("Host")
                            .with_header("host", store.server.address())
                    }),
                    "200",
                    OK,
                ),
                (
                    "a plus for a space in the path",
                    get.with_in_path("a%20b", "a+b"),
                    NOT_SIGNED,
                    FAILED,
                ),
                (
                    "the signature's name in upper case",
                    query("&sig=", "&SIG="),
                    NOT_SIGNED,
                    OK,
                ),
            ] {
                table.changed(what, &get, &sent, verdict, ours);
            }
            let put = store.put("harmless/upload.bin");
            for (name, value) in [
                ("Content-Type", "text/html"),
                ("x-ms-meta-run", "42"),
                ("X-MS-Blob-Content-Type", "text/html"),
                ("Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="),
            ] {
                let sent = put.but(|wire| wire.with_header(name, value));
                table.changed(name, &put, &sent, "201", OK);
            }
            table.changed("a longer body", &put, &put.with_body("hello!"), "201", OK);
            let sent = put.but(|wire| wire.with_header("Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA=="));
            table.changed("a body of another MD5", &put, &sent, "400 Md5Mismatch", OK);
        });
    }
}
