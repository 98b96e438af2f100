//! Signed URLs that were changed, beside themselves unchanged.

use super::*;
use crate::{wait_until_past, wire::Wire};

#[test]
fn a_changed_download_is_refused() {
    let Some(store) = SeaweedFs::find() else {
        return;
    };
    let key = "presign/changed-download/weights.bin";
    store.make(key);
    store.make("presign/changed-download/other.bin");
    let get = store.get(key);
    let with = |name: &str, value: &str| get.but(|wire| wire.with_parameter(name, value));
    let without = |name: &str| get.but(|wire| wire.without_parameter(name));
    let scope = get.wire.parameter("X-Amz-Credential").to_owned();
    let own_id = store.own().credential.access_key_id();
    let other_id = store.other().credential.access_key_id();
    let day = &get.wire.parameter("X-Amz-Date")[..8];
    let earlier = window(-60, 600).from.to_string();

    check(&store, |table| {
        let mut row = |what: &str, sent: Sending, store, ours| {
            table.changed(what, &get, &sent, store, ours);
        };
        let signature = "X-Amz-Signature";
        row(
            "another signature",
            get.with_last_character_changed(signature),
            MISMATCH,
            MISMATCH,
        );
        row(
            "a signature cut short",
            with(signature, &get.wire.parameter(signature)[..63]),
            MISMATCH,
            MISMATCH,
        );
        row("no signature", without(signature), "400", MALFORMED);
        row(
            "another key",
            get.with_in_path("weights", "other"),
            MISMATCH,
            MISMATCH,
        );
        row(
            "another bucket",
            get.with_in_path(&store.own().name, &store.other().name),
            MISMATCH,
            MISMATCH,
        );
        row("HEAD", get.with_method("HEAD"), "403", MISMATCH);
        row("PUT", get.with_method("PUT"), MISMATCH, MISMATCH);
        row("DELETE", get.with_method("DELETE"), MISMATCH, MISMATCH);
        row("POST", get.with_method("POST"), "405", MISMATCH);
        row(
            "a longer life",
            with("X-Amz-Expires", "601"),
            MISMATCH,
            MISMATCH,
        );
        row(
            "a life of more than 7 days",
            with("X-Amz-Expires", "604801"),
            "400",
            MALFORMED,
        );
        row("no life", without("X-Amz-Expires"), "400", MALFORMED);
        row(
            "another time of signing",
            with("X-Amz-Date", &earlier),
            MISMATCH,
            MISMATCH,
        );
        row(
            "another grant",
            with("x-grant", "grt_02"),
            MISMATCH,
            MISMATCH,
        );
        row("no grant", without("x-grant"), MISMATCH, MISMATCH);
        row(
            "a second grant",
            get.and_parameter("x-grant=grt_02"),
            MISMATCH,
            MALFORMED,
        );
        row(
            "a grant renamed",
            get.but(|wire| wire.with_query(&wire.query.replace("x-grant", "x-Grant"))),
            MISMATCH,
            MISMATCH,
        );
        row(
            "one more parameter",
            get.and_parameter("a=b"),
            MISMATCH,
            MISMATCH,
        );
        row(
            "another operation",
            get.and_parameter("tagging="),
            MISMATCH,
            MISMATCH,
        );
        row(
            "a response header",
            get.and_parameter("response-content-type=text%2Fhtml"),
            MISMATCH,
            MISMATCH,
        );
        row(
            "a session token",
            get.and_parameter("X-Amz-Security-Token=token"),
            "403",
            "400 InvalidToken",
        );
        row(
            "an unknown key id",
            with("X-Amz-Credential", &scope.replace(own_id, "SW00")),
            "403 InvalidAccessKeyId",
            "403 InvalidAccessKeyId",
        );
        row(
            "the other bucket's key id",
            with("X-Amz-Credential", &scope.replace(own_id, other_id)),
            MISMATCH,
            MISMATCH,
        );
        row(
            "another day in the scope",
            with("X-Amz-Credential", &scope.replace(day, "20130524")),
            MISMATCH,
            MALFORMED,
        );
        row(
            "another region in the scope",
            with(
                "X-Amz-Credential",
                &scope.replace(&store.region, "eu-west-9"),
            ),
            MISMATCH,
            MALFORMED,
        );
        row(
            "another service in the scope",
            with("X-Amz-Credential", &scope.replace("%2Fs3%2F", "%2Fec2%2F")),
            MISMATCH,
            MALFORMED,
        );
        row(
            "another end of the scope",
            with(
                "X-Amz-Credential",
                &scope.replace("aws4_request", "aws5_request"),
            ),
            MISMATCH,
            MALFORMED,
        );
        row(
            "another algorithm",
            with("X-Amz-Algorithm", "AWS4-HMAC-SHA1"),
            "400",
            MALFORMED,
        );
        row(
            "the host not among the signed headers",
            with("X-Amz-SignedHeaders", "range"),
            "403",
            DENIED,
        );
        row(
            "a further signed header",
            get.but(|wire| {
                wire.with_parameter("X-Amz-SignedHeaders", "host%3Brange")
                    .with_header("Range", "bytes=0-1")
            }),
            MISMATCH,
            MISMATCH,
        );
        row(
            "another host",
            get.with_other_header("Host", "store.example.com"),
            MISMATCH,
            "404 NoSuchBucket",
        );
    });
}

#[test]
fn an_unsigned_request_is_refused() {
    let Some(store) = SeaweedFs::find() else {
        return;
    };
    let key = "presign/unsigned/weights.bin";
    store.make(key);
    let get = store.get(key);
    let sent = get.but(|wire| wire.with_query("x-grant=grt_01"));
    check(&store, |table| {
        table.changed("no signature at all", &get, &sent, DENIED, MALFORMED);
    });
}

#[test]
fn a_signature_by_a_wrong_secret_is_refused() {
    let Some(store) = SeaweedFs::find() else {
        return;
    };
    let key = "presign/wrong-secret/weights.bin";
    store.make(key);
    let request = Request::new(Method::Get, Target::Object(key));
    let wrong = Credential::new(store.own().credential.access_key_id(), "swordfish").unwrap();
    let signer = store.signer(&store.region, &wrong);
    let sent = send_as_signed(&signer, &request, window(0, 600));
    let good = store.sign(&request);
    check(&store, |table| {
        table.changed("a wrong secret", &good, &sent, MISMATCH, MISMATCH);
    });
}

#[test]
fn an_expired_url_is_refused() {
    let Some(store) = SeaweedFs::find() else {
        return;
    };
    let key = "presign/expired/weights.bin";
    store.make(key);
    let request = Request::new(Method::Get, Target::Object(key));
    check(&store, |table| {
        let life = window(0, 4);
        let short = store.sign_for(&request, life);
        table.row("still valid", &short, "200", OK);
        wait_until_past(life.ends());
        table.row("no longer valid", &short, DENIED, DENIED);
        let old = store.sign_for(&request, window(-7200, 60));
        let good = store.sign_for(&request, window(-7200, 9000));
        table.changed("expired two hours ago", &good, &old, DENIED, DENIED);
    });
}

#[test]
fn a_changed_listing_is_refused() {
    let Some(store) = SeaweedFs::find() else {
        return;
    };
    store.make("presign/listing/weights.bin");
    let good = store.sign(&Request {
        query: &[("list-type", "2"), ("prefix", "presign/listing/"), GRANT],
        ..Request::new(Method::Get, Target::Bucket)
    });
    check(&store, |table| {
        let reply = table.row("a listing", &good, "200", OK);
        assert_eq!(
            reply.element("Key").as_deref(),
            Some("presign/listing/weights.bin")
        );
        let mut row = |what: &str, change: fn(&Wire) -> Wire| {
            table.changed(what, &good, &good.but(change), MISMATCH, MISMATCH);
        };
        row("another prefix", |wire| wire.with_parameter("prefix", ""));
        row("no prefix", |wire| wire.without_parameter("prefix"));
        row("an object instead", |wire| {
            wire.with_path(&format!("{}/presign/listing/weights.bin", wire.path))
        });
    });
}
