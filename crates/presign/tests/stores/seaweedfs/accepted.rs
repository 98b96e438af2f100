//! What a URL may say besides method and key, and that it then holds.

use super::*;

#[test]
fn methods_and_hosts_that_are_signed_are_taken() {
    let Some(store) = SeaweedFs::find() else {
        return;
    };
    let key = "presign/signed/weights.bin";
    store.make(key);
    check(&store, |table| {
        let request = |method| Request::new(method, Target::Object(key));
        let head = store.sign(&request(Method::Head));
        let reply = table.row("HEAD", &head, "200", OK);
        assert_eq!(reply.header("content-length"), Some("5"));
        let get = head.with_method("GET");
        table.changed("GET with a URL for HEAD", &head, &get, MISMATCH, MISMATCH);

        let overriding = store.sign(&Request {
            query: &[
                (
                    "response-content-disposition",
                    "attachment; filename=\"a+b ü.bin\"",
                ),
                ("response-content-type", "text/x-signet"),
                ("response-cache-control", "no-store"),
            ],
            ..request(Method::Get)
        });
        let reply = table.row("response headers", &overriding, "200", OK);
        assert_eq!(reply.header("content-type"), Some("text/x-signet"));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let sent =
            overriding.but(|wire| wire.with_parameter("response-content-disposition", "inline"));
        table.changed(
            "another disposition",
            &overriding,
            &sent,
            MISMATCH,
            MISMATCH,
        );

        let port = store.server.address().split_once(':').unwrap().1;
        let endpoint = Endpoint::parse(
            &format!("http://s3.localhost:{port}"),
            Addressing::VirtualHost,
            &store.own().name,
            &store.region,
        )
        .unwrap();
        let signer = Signer::new(endpoint, store.own().credential.clone());
        let sent = send_as_signed(&signer, &request(Method::Get), window(0, 600));
        table.row("the bucket in the host", &sent, "200", OK);
        let host = format!("{}.s3.localhost:{port}", store.other().name);
        let changed = sent.with_other_header("Host", &host);
        table.changed(
            "another bucket in the host",
            &sent,
            &changed,
            MISMATCH,
            MISMATCH,
        );

        let ranged = Request {
            headers: &[("range", "bytes=1-2")],
            ..request(Method::Get)
        };
        let ranged = store.sign(&ranged);
        let reply = table.row("a bound range", &ranged, "206", OK);
        assert_eq!(reply.body, b"el");
        let sent = ranged.with_other_header("range", "bytes=0-4");
        table.changed("another range", &ranged, &sent, MISMATCH, MISMATCH);
        let sent = ranged.but(|wire| wire.without_header("range"));
        table.changed("no range", &ranged, &sent, MISMATCH, MISMATCH);

        let delete = store.sign(&request(Method::Delete));
        let sent = delete.with_in_path("signed", "known");
        table.changed(
            "the deletion of another key",
            &delete,
            &sent,
            MISMATCH,
            MISMATCH,
        );
        table.row(
            "GET after the deletion",
            &store.get(key),
            "404 NoSuchKey",
            OK,
        );
    });
}
