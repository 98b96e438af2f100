//! Signed URLs that were changed, beside themselves unchanged.

use super::*;
use crate::wait_until_past;

#[test]
fn a_changed_download_is_refused() {
    for store in Azurite::find() {
        let blob = "changed-download/weights.bin";
        store.make(blob);
        store.make("changed-download/other.bin");
        let get = store.get(blob);
        let with = |name: &str, value: &str| get.but(|wire| wire.with_parameter(name, value));
        let without = |name: &str| get.but(|wire| wire.without_parameter(name));
        let later = extended(window(0, 86_400).ends()).replace(':', "%3A");
        let earlier = extended(window(-7200, 1).from).replace(':', "%3A");
        let signature = get.wire.parameter("sig").to_owned();
        let flipped = if signature.starts_with('A') { "B" } else { "A" };
        check(&store, |table| {
            for (what, sent, verdict, ours) in [
                (
                    "another signature",
                    with("sig", &format!("{flipped}{}", &signature[1..])),
                    NOT_SIGNED,
                    FAILED,
                ),
                (
                    "no base64 for the signature",
                    with("sig", "0"),
                    NOT_SIGNED,
                    FAILED,
                ),
                ("a longer life", with("se", &later), NOT_SIGNED, FAILED),
                ("no end", without("se"), "403", FAILED),
                ("an earlier begin", with("st", &earlier), NOT_SIGNED, FAILED),
                ("no begin", without("st"), NOT_SIGNED, FAILED),
                ("more permissions", with("sp", "rw"), NOT_SIGNED, FAILED),
                ("another permission", with("sp", "w"), NOT_SIGNED, FAILED),
                ("the whole container", with("sr", "c"), NOT_SIGNED, FAILED),
                (
                    "another version",
                    with("sv", "2021-02-12"),
                    NOT_SIGNED,
                    FAILED,
                ),
                (
                    "a response header",
                    get.and_parameter("rsct=text%2Fhtml"),
                    NOT_SIGNED,
                    FAILED,
                ),
                (
                    "an address",
                    get.and_parameter("sip=127.0.0.1"),
                    NOT_SIGNED,
                    FAILED,
                ),
                (
                    "a stored policy",
                    get.and_parameter("si=run"),
                    NOT_SIGNED,
                    FAILED,
                ),
                (
                    "another blob",
                    get.with_in_path("weights", "other"),
                    NOT_SIGNED,
                    FAILED,
                ),
                (
                    "another container",
                    get.with_in_path(store.own(), store.other()),
                    NOT_SIGNED,
                    FAILED,
                ),
                (
                    "PUT",
                    get.with_method("PUT").but(as_block_blob),
                    DENIED,
                    DENIED,
                ),
                ("DELETE", get.with_method("DELETE"), DENIED, DENIED),
                (
                    "a list of blocks by PUT",
                    get.with_method("PUT").and_parameter("comp=blocklist"),
                    DENIED,
                    DENIED,
                ),
            ] {
                table.changed(what, &get, &sent, verdict, ours);
            }
            let protocols = if store.server.is_https() {
                "https%2Chttp"
            } else {
                "https"
            };
            table.changed(
                "other protocols",
                &get,
                &with("spr", protocols),
                "403",
                FAILED,
            );
        });
    }
}

#[test]
fn a_changed_delegated_key_is_refused() {
    for store in Azurite::find().iter().filter(|it| it.server.is_https()) {
        let blob = "changed-key/weights.bin";
        store.make(blob);
        let get = store.get(blob);
        let later = extended(window(0, 90_000).ends()).replace(':', "%3A");
        check(store, |table| {
            for (name, value) in [
                ("skoid", TENANT_ID),
                ("sktid", OBJECT_ID),
                ("skt", "2020-01-01"),
                ("ske", later.as_str()),
                ("sks", "q"),
                ("skv", "2021-02-12"),
            ] {
                let sent = get.but(|wire| wire.with_parameter(name, value));
                table.changed(&format!("another {name}"), &get, &sent, NOT_SIGNED, FAILED);
            }
        });
    }
}

#[test]
fn a_changed_upload_is_refused() {
    for store in Azurite::find() {
        let blob = "changed-upload/weights.bin";
        let put = store.put(blob);
        let create = Terms::new().with_permissions(Permissions::CREATE);
        let request = Request::new(Method::Put, Target::Object(blob));
        check(&store, |table| {
            for (what, sent, verdict, ours) in [
                (
                    "another signature",
                    put.but(|wire| wire.with_parameter("sig", "0")),
                    NOT_SIGNED,
                    FAILED,
                ),
                (
                    "another blob",
                    put.with_in_path("weights", "other"),
                    NOT_SIGNED,
                    FAILED,
                ),
                (
                    "a reading",
                    put.with_method("GET").with_body(""),
                    DENIED,
                    DENIED,
                ),
                (
                    "a deletion",
                    put.with_method("DELETE").with_body(""),
                    DENIED,
                    DENIED,
                ),
            ] {
                table.changed(what, &put, &sent, verdict, ours);
            }
            let only_create = store
                .sign_with(&request, &create)
                .with_body("hello")
                .but(as_block_blob);
            let what = "to overwrite with the permission to create";
            table.changed(what, &put, &only_create, "403", OK);
            let sent = only_create.but(|wire| wire.with_parameter("sp", "w"));
            table.changed(
                "to write instead of to create",
                &put,
                &sent,
                NOT_SIGNED,
                FAILED,
            );
            let request = Request::new(Method::Put, Target::Object("changed-upload/new.bin"));
            let sent = store
                .sign_with(&request, &create)
                .with_body("hello")
                .but(as_block_blob);
            table.row("a new blob with the permission to create", &sent, "201", OK);
        });
    }
}

#[test]
fn a_url_outside_its_time_is_refused() {
    for store in Azurite::find() {
        let blob = "expired/weights.bin";
        store.make(blob);
        let request = Request::new(Method::Get, Target::Object(blob));
        let terms = Terms::new();
        check(&store, |table| {
            let life = window(-10, 14);
            let short = store.sign_for(&request, &terms, life);
            table.row("still valid", &short, "200", OK);
            wait_until_past(life.ends());
            table.row("no longer valid", &short, NOT_SIGNED, FAILED);
            let good = store.get(blob);
            let old = store.sign_for(&request, &terms, window(-3000, 600));
            table.changed("expired long ago", &good, &old, NOT_SIGNED, FAILED);
            let early = store.sign_for(&request, &terms, window(600, 600));
            table.changed("not valid yet", &good, &early, NOT_SIGNED, FAILED);
        });
    }
}

#[test]
fn a_signature_by_a_wrong_key_is_refused() {
    for store in Azurite::find() {
        let blob = "wrong-key/weights.bin";
        store.make(blob);
        let request = Request::new(Method::Get, Target::Object(blob));
        let wrong: Credential = match store.credential.delegation() {
            None => AccountKey::new("c3dvcmRmaXNo").unwrap().into(),
            Some(id) => DelegationKey::new(id.clone(), "c3dvcmRmaXNo")
                .unwrap()
                .into(),
        };
        let signer = store.signer(&store.endpoint, &wrong);
        let sent = send_as_signed(&signer, &request, &Terms::new(), window(-60, 600));
        let good = store.get(blob);
        check(&store, |table| {
            table.changed("a wrong key", &good, &sent, NOT_SIGNED, FAILED);
            let sent = good.but(|wire| wire.with_query("comp=metadata"));
            table.changed("no signature", &good, &sent, NOT_SIGNED, FAILED);
        });
    }
}
