//! An upload in parts, each step by a URL of its own.

use super::*;

const KEY: &str = "presign/multipart/weights.bin";
/// All parts but the last have at least this size.
const PART_BYTES: usize = 5 * 1024 * 1024;

fn step(store: &SeaweedFs, method: Method, query: &[(&str, &str)]) -> Sending {
    let query: Vec<_> = query.iter().copied().chain([GRANT]).collect();
    store.sign(&Request {
        query: &query,
        ..Request::new(method, Target::Object(KEY))
    })
}

#[test]
fn an_upload_in_parts_goes_through_its_urls_alone() {
    let Some(store) = SeaweedFs::find() else {
        return;
    };
    check(&store, |table| {
        let create = step(&store, Method::Post, &[("uploads", "")]);
        let sent = create.but(|wire| wire.without_parameter("uploads"));
        table.row("creation without `uploads`", &sent, "405", MISMATCH);
        let sent = create.but(|wire| wire.with_query(&wire.query.replace("uploads=", "uploads")));
        let reply = table.row("creation by `uploads` without `=`", &sent, "200", OK);
        let unused = reply.element("UploadId").unwrap();
        let reply = table.row("creation", &create, "200", OK);
        let id = reply.element("UploadId").unwrap();

        let part = |number: &str| {
            let query = [("partNumber", number), ("uploadId", &id)];
            step(&store, Method::Put, &query)
        };
        let first = part("1").with_body(vec![b'a'; PART_BYTES]);
        let mut row = |what: &str, sent: Sending| {
            table.row(what, &sent.with_body("a"), MISMATCH, MISMATCH);
        };
        row(
            "another part's number",
            first.but(|wire| wire.with_parameter("partNumber", "2")),
        );
        row(
            "another upload",
            first.but(|wire| wire.with_parameter("uploadId", &unused)),
        );
        row(
            "the whole object",
            first.but(|wire| {
                wire.without_parameter("partNumber")
                    .without_parameter("uploadId")
            }),
        );
        row("another key", first.with_in_path("weights", "other"));

        let etag = |reply: Reply| reply.header("etag").unwrap().to_owned();
        let first = etag(table.row("part 1", &first, "200", OK));
        let second = etag(table.row("part 2", &part("2").with_body("b"), "200", OK));

        let list = step(&store, Method::Get, &[("uploadId", &id)]);
        let reply = table.row("the list of parts", &list, "200", OK);
        assert_eq!(reply.text().matches("<PartNumber>").count(), 2);
        let sent = list.but(|wire| wire.with_parameter("uploadId", &unused));
        table.changed(
            "the list of another upload",
            &list,
            &sent,
            MISMATCH,
            MISMATCH,
        );

        let body = format!(
            "<CompleteMultipartUpload>\
             <Part><PartNumber>1</PartNumber><ETag>{first}</ETag></Part>\
             <Part><PartNumber>2</PartNumber><ETag>{second}</ETag></Part>\
             </CompleteMultipartUpload>"
        );
        let complete = step(&store, Method::Post, &[("uploadId", &id)]).with_body(body);
        let sent = complete.but(|wire| wire.with_parameter("uploadId", &unused));
        table.row(
            "the completion of another upload",
            &sent,
            MISMATCH,
            MISMATCH,
        );
        let sent = complete.with_method("DELETE").with_body("");
        table.row(
            "an abort by the completion's URL",
            &sent,
            MISMATCH,
            MISMATCH,
        );
        table.row("completion", &complete, "200", OK);
        let reply = table.row("the object", &store.get(KEY), "200", OK);
        assert_eq!(reply.body.len(), PART_BYTES + 1);

        let abort = step(&store, Method::Delete, &[("uploadId", &unused)]);
        let sent = abort.but(|wire| wire.without_parameter("uploadId"));
        table.changed(
            "a deletion by the abort's URL",
            &abort,
            &sent,
            MISMATCH,
            MISMATCH,
        );
        let query = [("partNumber", "1"), ("uploadId", unused.as_str())];
        let late = step(&store, Method::Put, &query).with_body("a");
        table.row("a part after the abort", &late, "404 NoSuchUpload", OK);
    });
}
