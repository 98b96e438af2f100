//! Changes that leave a request the same: each is to be taken by both, or the table says which is stricter.

use super::*;

#[test]
fn other_spellings_of_the_same_request() {
    let Some(store) = SeaweedFs::find() else {
        return;
    };
    let key = "presign/harmless/a b/weights.bin";
    store.make(key);
    let get = store.sign(&Request {
        query: &[("response-content-type", "text/plain"), GRANT],
        ..Request::new(Method::Get, Target::Object(key))
    });
    let query =
        |old: &str, new: &str| get.but(|wire| wire.with_query(&wire.query.replace(old, new)));
    let reversed = get.but(|wire| {
        let parameters: Vec<_> = wire.query.rsplit('&').collect();
        wire.with_query(&parameters.join("&"))
    });
    check(&store, |table| {
        let mut row = |what: &str, sent: Sending, store, ours| {
            table.changed(what, &get, &sent, store, ours);
        };
        row("parameters in another order", reversed, "200", OK);
        row("%2f for %2F in the query", query("%2F", "%2f"), "200", OK);
        row(
            "a slash not escaped in the query",
            query("text%2Fplain", "text/plain"),
            "200",
            OK,
        );
        row(
            "a letter escaped in the query",
            query("=grt_01", "=%67rt_01"),
            "200",
            OK,
        );
        row(
            "a letter escaped in a name",
            query("x-grant=", "x-%67rant="),
            "200",
            OK,
        );
        row(
            "an ampersand more",
            query("&x-grant", "&&x-grant"),
            "200",
            OK,
        );
        row(
            "a letter escaped in the path",
            get.with_in_path("weights", "%77eights"),
            "200",
            OK,
        );
        row(
            "%2F for a slash of the key",
            get.with_in_path("harmless/a", "harmless%2Fa"),
            "200",
            OK,
        );
        row(
            "lower-case names of the signature",
            query("X-Amz-", "x-amz-"),
            DENIED,
            MALFORMED,
        );
        row(
            "a plus for a space in the path",
            get.with_in_path("a%20b", "a+b"),
            MISMATCH,
            MISMATCH,
        );
        row(
            "the signature in upper case",
            get.but(|wire| {
                let signature = wire.parameter("X-Amz-Signature").to_ascii_uppercase();
                wire.with_parameter("X-Amz-Signature", &signature)
            }),
            MISMATCH,
            MISMATCH,
        );
    });
}

#[test]
fn other_spellings_of_the_same_headers() {
    let Some(store) = SeaweedFs::find() else {
        return;
    };
    let key = "presign/harmless-headers/weights.bin";
    let headers = [
        ("content-type", "text/plain; charset=utf-8"),
        ("x-amz-meta-run", "42"),
    ];
    let put = store
        .sign(&Request {
            headers: &headers,
            ..Request::new(Method::Put, Target::Object(key))
        })
        .with_body("hello");
    let renamed = |old: &str, new: &str, value: &str| {
        put.but(|wire| wire.without_header(old).with_header(new, value))
    };
    check(&store, |table| {
        let mut row = |what: &str, sent: Sending, store, ours| {
            table.changed(what, &put, &sent, store, ours);
        };
        row(
            "a header's name in another case",
            renamed("x-amz-meta-run", "X-AMZ-Meta-Run", "42"),
            "200",
            OK,
        );
        row(
            "host in lower case",
            renamed("Host", "host", store.server.address()),
            "200",
            OK,
        );
        row(
            "blanks around a value",
            renamed("x-amz-meta-run", "x-amz-meta-run", "  42  "),
            "200",
            OK,
        );
        row(
            "blanks within a value",
            renamed(
                "content-type",
                "content-type",
                "text/plain;   charset=utf-8",
            ),
            "200",
            OK,
        );
        row(
            "a header's value in another case",
            renamed("content-type", "content-type", "TEXT/plain; charset=utf-8"),
            MISMATCH,
            MISMATCH,
        );
        for (name, value) in [
            ("User-Agent", "signet"),
            ("X-Forwarded-For", "203.0.113.7"),
            ("Cache-Control", "no-cache"),
            (
                "Traceparent",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            ),
        ] {
            row(
                name,
                put.but(|wire| wire.with_header(name, value)),
                "200",
                OK,
            );
        }
    });
}
