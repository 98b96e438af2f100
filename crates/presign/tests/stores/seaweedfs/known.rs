//! What SeaweedFS judges otherwise than S3 and our verifier do.

use super::*;

#[test]
fn what_the_store_does_not_check() {
    let Some(store) = SeaweedFs::find() else {
        return;
    };
    let key = "presign/known/weights.bin";
    store.make(key);
    let request = Request::new(Method::Get, Target::Object(key));
    let get = store.sign(&request);
    check(&store, |table| {
        let signer = store.signer("eu-west-9", &store.own().credential);
        let sent = send_as_signed(&signer, &request, window(0, 600));
        table.changed("signed for another region", &get, &sent, "200", MALFORMED);

        let sent = store.sign_for(&request, window(7200, 600));
        table.changed("signed in two hours", &get, &sent, "200", DENIED);
        let sent = store.sign_for(&request, window(300, 600));
        table.changed("signed by a clock 5 minutes ahead", &get, &sent, "200", OK);
    });
}

#[test]
fn what_only_the_store_can_know() {
    let Some(store) = SeaweedFs::find() else {
        return;
    };
    let key = "presign/known-by-store/weights.bin";
    store.make(key);
    let request = Request::new(Method::Get, Target::Object(key));
    let get = store.sign(&request);
    let signer = store.signer(&store.region, &store.other().credential);
    let sent = send_as_signed(&signer, &request, window(0, 600));
    check(&store, |table| {
        table.changed("a key without rights here", &get, &sent, DENIED, OK);
        let missing = store.get("presign/known-by-store/missing.bin");
        table.row("a missing object", &missing, "404 NoSuchKey", OK);
    });
}

#[test]
fn what_two_readers_could_read_in_two_ways() {
    let Some(store) = SeaweedFs::find() else {
        return;
    };
    let key = "presign/ambiguous/weights.bin";
    store.make(key);
    let get = store.get(key);
    let put = store.put(key);
    let hash = "0".repeat(64);
    check(&store, |table| {
        let sent = get.but(|wire| wire.with_header("Authorization", "Bearer token"));
        let invalid = "400 InvalidArgument";
        table.changed("a bearer token, too", &get, &sent, "200", invalid);
        let signature = get.wire.parameter("X-Amz-Signature");
        let sent = get.and_parameter(&format!("X-Amz-Signature={signature}"));
        table.changed("the signature twice", &get, &sent, "200", MALFORMED);
        let sent = put.but(|wire| wire.with_header("x-amz-content-sha256", &hash));
        let what = "the hash of another payload";
        table.changed(what, &put, &sent, "200", MISMATCH);
        let sent = put.but(|wire| wire.with_header("x-amz-content-sha256", "0"));
        table.changed("no hash for a payload's", &put, &sent, "200", invalid);
    });
}
