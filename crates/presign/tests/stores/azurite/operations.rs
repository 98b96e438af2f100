//! What URLs are for: uploads in blocks, listings, names that others normalise, response headers.

use super::*;

#[test]
fn an_upload_in_blocks_goes_through_one_permission() {
    for store in Azurite::find() {
        let blob = "blocks/weights.bin";
        let block = |id: &str| {
            store.sign(&Request {
                query: &[("comp", "block"), ("blockid", id)],
                ..Request::new(Method::Put, Target::Object(blob))
            })
        };
        let list = |method| {
            store.sign(&Request {
                query: &[("comp", "blocklist")],
                ..Request::new(method, Target::Object(blob))
            })
        };
        let body = "<BlockList><Latest>AA==</Latest><Latest>AQ==</Latest></BlockList>";
        check(&store, |table| {
            let first = block("AA==").with_body("hello ");
            let sent = first.but(|wire| wire.with_parameter("sig", "0"));
            table.changed("another signature", &first, &sent, NOT_SIGNED, FAILED);
            let sent = first.with_in_path("weights", "other");
            table.changed("another blob", &first, &sent, NOT_SIGNED, FAILED);
            let sent = first.with_method("GET").with_body("");
            table.changed("GET", &first, &sent, "403", DENIED);
            let second = first.but(|wire| wire.with_parameter("blockid", "AQ%3D%3D"));
            table.row(
                "another block by the same URL",
                &second.with_body("world"),
                "201",
                OK,
            );

            let create = Terms::new().with_permissions(Permissions::CREATE);
            let request = Request::new(Method::Put, Target::Object(blob));
            let sent = store
                .sign_with(&request, &create)
                .and_parameter("comp=block&blockid=AA%3D%3D");
            table.changed(
                "a block with the permission to create",
                &first,
                &sent.with_body("x"),
                "403",
                DENIED,
            );

            let complete = list(Method::Put).with_body(body);
            let sent = list(Method::Get).with_method("PUT").with_body(body);
            table.changed(
                "the list with a URL to read it",
                &complete,
                &sent,
                DENIED,
                DENIED,
            );
            let reply = table.row("the blob", &store.get(blob), "200", OK);
            assert_eq!(reply.text(), "hello world");
            let reply = table.row("the list of blocks", &list(Method::Get), "200", OK);
            assert_eq!(reply.text().matches("<Name>").count(), 2);
        });
    }
}

#[test]
fn methods_have_their_permissions() {
    for store in Azurite::find() {
        let blob = "methods/weights.bin";
        store.make(blob);
        let get = store.get(blob);
        check(&store, |table| {
            let reply = table.row(
                "HEAD with a URL for GET",
                &get.with_method("HEAD"),
                "200",
                OK,
            );
            assert_eq!(reply.header("content-length"), Some("5"));
            let reply = table.row(
                "a range",
                &get.but(|wire| wire.with_header("Range", "bytes=1-2")),
                "206",
                OK,
            );
            assert_eq!(reply.text(), "el");

            let listing = store.sign(&Request {
                query: &[("restype", "container"), ("comp", "list")],
                ..Request::new(Method::Get, Target::Bucket)
            });
            let reply = table.row("a listing", &listing, "200", OK);
            assert!(reply.text().contains(blob));
            let sent = listing.but(|wire| {
                wire.with_path(&format!("{}/{blob}", wire.path))
                    .with_query(&wire.query.replace("restype=container&comp=list&", ""))
            });
            table.changed(
                "a reading with a URL to list",
                &listing,
                &sent,
                DENIED,
                DENIED,
            );
            let sent =
                listing.but(|wire| wire.with_path(&wire.path.replace(store.own(), store.other())));
            table.changed(
                "another container's listing",
                &listing,
                &sent,
                NOT_SIGNED,
                FAILED,
            );

            let terms = Terms::new().with_permissions(Permissions::READ);
            let all = store.sign_with(&Request::new(Method::Get, Target::Bucket), &terms);
            let sent = all.but(|wire| wire.with_path(&format!("{}/{blob}", wire.path)));
            table.row("a blob with the container's URL", &sent, "200", OK);

            let delete = store.sign(&Request::new(Method::Delete, Target::Object(blob)));
            let sent = delete.with_method("GET");
            table.changed(
                "a reading with a URL to delete",
                &delete,
                &sent,
                DENIED,
                DENIED,
            );
            table.row("the deleted blob", &get, "404 BlobNotFound", OK);
        });
    }
}

#[test]
fn odd_names_are_written_and_read() {
    for store in Azurite::find() {
        check(&store, |table| {
            for odd in [
                "a b",
                "a+b",
                "a%b",
                "a%2Fb",
                "a%20b",
                "ü/\u{1F980}",
                "u\u{308}",
                "a?b",
                "a#b",
                "a&b=c;d",
                "a'()*!~$,:@",
            ] {
                let blob = format!("odd/{odd}");
                table.row(
                    &format!("PUT {odd}"),
                    &store.put(&blob).with_body(odd),
                    "201",
                    OK,
                );
                let reply = table.row(&format!("GET {odd}"), &store.get(&blob), "200", OK);
                assert_eq!(reply.text(), odd);
            }
        });
    }
}

#[test]
fn response_headers_hold() {
    for store in Azurite::find() {
        let blob = "response-headers/weights.bin";
        store.make(blob);
        let get = store.sign(&Request {
            query: &[
                ("rscd", "attachment; filename=\"a+b.bin\""),
                ("rsct", "text/x-signet"),
                ("rscc", "no-store"),
                ("rscl", "de"),
            ],
            ..Request::new(Method::Get, Target::Object(blob))
        });
        check(&store, |table| {
            let reply = table.row("as signed", &get, "200", OK);
            for (name, value) in [
                ("content-disposition", "attachment; filename=\"a+b.bin\""),
                ("content-type", "text/x-signet"),
                ("cache-control", "no-store"),
                ("content-language", "de"),
            ] {
                assert_eq!(reply.header(name), Some(value));
            }
            let sent = get.but(|wire| wire.with_parameter("rscd", "inline"));
            table.changed("another disposition", &get, &sent, NOT_SIGNED, FAILED);
            let sent = get.but(|wire| wire.without_parameter("rscc"));
            table.changed("no caching", &get, &sent, NOT_SIGNED, FAILED);
        });
    }
}
