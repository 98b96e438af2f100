//! What Azurite judges otherwise than Azure and our verifier do.

use std::net::Ipv4Addr;

use presign::azure::AddressRange;

use super::*;

#[test]
fn addresses_are_signed_but_not_checked() {
    for store in Azurite::find() {
        let blob = "addresses/weights.bin";
        store.make(blob);
        let request = Request::new(Method::Get, Target::Object(blob));
        let sign = |addresses: AddressRange| {
            store.sign_with(&request, &Terms::new().with_addresses(addresses))
        };
        let local = sign(Ipv4Addr::LOCALHOST.into());
        check(&store, |table| {
            table.row("from loopback", &local, "200", OK);
            let range = AddressRange::new([127, 0, 0, 0], [127, 0, 0, 9]).unwrap();
            table.row("from a range with loopback", &sign(range), "200", OK);
            let elsewhere = sign(Ipv4Addr::new(203, 0, 113, 7).into());
            let refusal = "403 AuthorizationSourceIPMismatch";
            table.changed("from elsewhere", &local, &elsewhere, "200", refusal);
            let sent = local.but(|wire| wire.without_parameter("sip"));
            table.changed("without the address", &local, &sent, NOT_SIGNED, FAILED);
            let sent = local.but(|wire| wire.with_parameter("sip", "127.0.0.2"));
            table.changed("with another address", &local, &sent, NOT_SIGNED, FAILED);
        });
    }
}

#[test]
fn a_url_for_tls_works_over_tls_only() {
    for store in Azurite::find() {
        let blob = "protocols/weights.bin";
        store.make(blob);
        let good = store.get(blob);
        // Where URLs for TLS go: the signature is the same for every address of the account.
        let endpoint = format!("https://{}/{}", store.server.address(), store.account);
        let signer = store.signer(&endpoint, &store.credential);
        let request = Request::new(Method::Get, Target::Object(blob));
        let sent = send_as_signed(&signer, &request, &Terms::new(), window(-60, 600));
        check(&store, |table| {
            if store.server.is_https() {
                table.row("over TLS", &sent, "200", OK);
            } else {
                let refusal = "403 AuthorizationProtocolMismatch";
                table.changed("over plain HTTP", &good, &sent, refusal, refusal);
            }
        });
    }
}

#[test]
fn what_it_does_not_know_it_refuses() {
    for store in Azurite::find().iter().filter(|it| it.server.is_https()) {
        let blob = "unknown/weights.bin";
        store.make(blob);
        let good = store.get(blob);
        let request = Request::new(Method::Get, Target::Object(blob));
        let terms = Terms::new().with_correlation_id(Guid::from_u128(42));
        let correlated = store.sign_with(&request, &terms);
        let endpoint = Endpoint::parse(&store.endpoint, &store.account, store.own()).unwrap();
        let signer = Signer::new(endpoint, Version::V2026_04_06, store.credential.clone());
        check(store, |table| {
            table.changed("a correlation id", &good, &correlated, NOT_SIGNED, OK);
            let newest = send_as_signed(&signer, &request, &Terms::new(), window(-60, 600));
            table.row("the version that binds requests", &newest, "200", OK);
            let bound = Request {
                headers: &[("x-ms-client-request-id", "grt_01")],
                ..request
            };
            let bound = send_as_signed(&signer, &bound, &Terms::new(), window(-60, 600))
                .but(|wire| wire.with_header("x-ms-client-request-id", "grt_01"));
            table.changed("a bound header", &good, &bound, NOT_SIGNED, OK);
        });
    }
}

#[test]
fn what_two_readers_could_read_in_two_ways() {
    for store in Azurite::find() {
        let blob = "ambiguous/weights.bin";
        store.make(blob);
        let get = store.get(blob);
        check(&store, |table| {
            let twice = "400 InvalidQueryParameterValue";
            let sent = get.and_parameter("sp=rw");
            table.changed("the permissions twice", &get, &sent, "403", twice);
            let sent = get.and_parameter("comp=list&restype=container");
            table.changed("a listing of a blob", &get, &sent, "200", DENIED);
            let sent = get.and_parameter("x=1&x=2");
            table.changed("another parameter twice", &get, &sent, "200", twice);
            let sent = get.but(|wire| wire.with_header("Authorization", "Bearer token"));
            let refusal = "400 InvalidAuthenticationInfo";
            table.changed("a bearer token, too", &get, &sent, "200", refusal);
            for (what, new) in [
                ("a segment up", "a/../weights.bin"),
                ("escaped dots", "a/%2e%2e/weights.bin"),
                ("a slash more", "/weights.bin"),
                ("a slash at the end", "weights.bin/"),
            ] {
                let sent = get.with_in_path("weights.bin", new);
                table.changed(what, &get, &sent, NOT_SIGNED, FAILED);
            }
        });
    }
}
