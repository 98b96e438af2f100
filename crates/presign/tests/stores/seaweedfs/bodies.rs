//! Uploads whose headers are bound: what was bound has to be sent.

use super::*;

const HELLO_MD5: &str = "XUFAKrxLKna5cZ2REBfFkg==";
const HELLO_CRC32: &str = "NhCmhg==";
const HELLO_SHA256: &str = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";

fn upload(store: &SeaweedFs, key: &str, headers: &[(&str, &str)]) -> Sending {
    let request = Request {
        headers,
        query: &[GRANT],
        ..Request::new(Method::Put, Target::Object(key))
    };
    store.sign(&request).with_body("hello")
}

#[test]
fn a_bound_header_holds() {
    let Some(store) = SeaweedFs::find() else {
        return;
    };
    let key = "presign/bound/weights.bin";
    check(&store, |table| {
        for (name, value, other) in [
            ("content-type", "text/plain", "text/html"),
            ("content-md5", HELLO_MD5, "AAAAAAAAAAAAAAAAAAAAAA=="),
            ("x-amz-checksum-crc32", HELLO_CRC32, "AAAAAA=="),
            (
                "x-amz-checksum-sha256",
                HELLO_SHA256,
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            ),
            ("x-amz-meta-run", "42", "43"),
            ("x-amz-storage-class", "STANDARD", "GLACIER"),
        ] {
            let good = upload(&store, key, &[(name, value)]);
            let sent = good.with_other_header(name, other);
            let what = format!("another {name}");
            table.changed(&what, &good, &sent, MISMATCH, MISMATCH);
            let sent = good.but(|wire| wire.without_header(name));
            table.changed(&format!("no {name}"), &good, &sent, MISMATCH, MISMATCH);
            let sent = good.but(|wire| wire.with_header(name, other));
            table.changed(&format!("{name} twice"), &good, &sent, MISMATCH, MISMATCH);
        }
        let good = upload(&store, key, &[("content-length", "5")]);
        let longer = good
            .with_other_header("content-length", "6")
            .with_body("hello!");
        table.changed("a longer body", &good, &longer, MISMATCH, MISMATCH);
        let shorter = good
            .with_other_header("content-length", "4")
            .with_body("hell");
        table.changed("a shorter body", &good, &shorter, MISMATCH, MISMATCH);
    });
}

/// Whether the body is what the bound header says is for the store to check.
#[test]
fn a_body_that_is_not_the_bound_one_is_refused() {
    let Some(store) = SeaweedFs::find() else {
        return;
    };
    let key = "presign/digest/weights.bin";
    check(&store, |table| {
        for (name, value) in [
            ("content-md5", HELLO_MD5),
            ("x-amz-checksum-crc32", HELLO_CRC32),
            ("x-amz-checksum-sha256", HELLO_SHA256),
        ] {
            let good = upload(&store, key, &[(name, value)]);
            let sent = good.with_body("jello");
            let what = format!("a body of another {name}");
            table.changed(&what, &good, &sent, "400 BadDigest", OK);
        }
    });
}

#[test]
fn what_was_not_signed_must_not_be_added() {
    let Some(store) = SeaweedFs::find() else {
        return;
    };
    let key = "presign/unsigned-headers/weights.bin";
    store.make(key);
    let put = store.put(key);
    let source = format!("/{}/{key}", store.own().name);
    check(&store, |table| {
        for (name, value) in [
            ("x-amz-acl", "public-read"),
            ("x-amz-meta-run", "42"),
            ("x-amz-tagging", "a=b"),
            ("x-amz-storage-class", "GLACIER"),
            ("x-amz-copy-source", source.as_str()),
            ("X-Amz-Acl", "public-read"),
        ] {
            let sent = put.but(|wire| wire.with_header(name, value));
            table.changed(name, &put, &sent, MISMATCH, DENIED);
        }
    });
}

#[test]
fn a_create_only_upload_creates_once() {
    let Some(store) = SeaweedFs::find() else {
        return;
    };
    let key = "presign/create-only/weights.bin";
    let good = upload(&store, key, &[("if-none-match", "*")]);
    check(&store, |table| {
        let sent = good.but(|wire| wire.without_header("if-none-match"));
        table.changed("without the condition", &good, &sent, MISMATCH, MISMATCH);
        table.row("a second time", &good, "412 PreconditionFailed", OK);
        let delete = store.sign(&Request::new(Method::Delete, Target::Object(key)));
        table.row("a deletion", &delete, "204", OK);
    });
}
