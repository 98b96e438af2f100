//! The worked example of AWS's documentation.
//!
//! Amazon S3 API Reference, "Authenticating Requests: Using Query Parameters
//! (AWS Signature Version 4)", section "An Example".

use presign::{
    Method, Request, Target, Timestamp, Ttl, Window,
    s3::{Addressing, Credential, Endpoint, Refusal, Resource, Signer, Verifier},
};

use crate::support::Wire;

const SIGNATURE: &str = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";

fn url() -> String {
    let endpoint = Endpoint::parse(
        "https://s3.amazonaws.com",
        Addressing::VirtualHost,
        "examplebucket",
        "us-east-1",
    );
    let window = Window {
        from: Timestamp::from_basic_iso8601("20130524T000000Z").unwrap(),
        ttl: Ttl::from_seconds(86_400).unwrap(),
    };
    Signer::new(endpoint.unwrap(), credential())
        .sign(
            &Request::new(Method::Get, Target::Object("test.txt")),
            window,
        )
        .unwrap()
        .into_exposed()
        .into()
}

fn credential() -> Credential {
    Credential::new(
        "AKIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    )
    .unwrap()
}

#[test]
fn the_documented_url_is_signed() {
    assert_eq!(
        url(),
        format!(
            "https://examplebucket.s3.amazonaws.com/test.txt\
             ?X-Amz-Algorithm=AWS4-HMAC-SHA256\
             &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
             &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
             &X-Amz-Signature={SIGNATURE}"
        )
    );
}

#[test]
fn the_documented_url_is_verified() {
    let verifier = Verifier::new("us-east-1").with_hosts(["s3.amazonaws.com"]);
    let noon = Timestamp::from_basic_iso8601("20130524T120000Z").unwrap();
    let accepted = Wire::new("GET", &url(), &[])
        .verify(&verifier, noon, &credential())
        .unwrap();
    assert_eq!(
        accepted.resource,
        Resource::Object {
            bucket: "examplebucket".into(),
            key: "test.txt".into()
        }
    );
    assert_eq!(accepted.expires_at.to_string(), "20130525T000000Z");
}

#[test]
fn a_mismatch_shows_the_documented_texts() {
    let verifier = Verifier::new("us-east-1");
    let noon = Timestamp::from_basic_iso8601("20130524T120000Z").unwrap();
    let wrong_secret = Credential::new("AKIAIOSFODNN7EXAMPLE", "guessed").unwrap();
    let refusal = Wire::new("GET", &url(), &[]).verify(&verifier, noon, &wrong_secret);
    let Err(Refusal::SignatureDoesNotMatch(mismatch)) = refusal else {
        panic!("{refusal:?}");
    };
    assert_eq!(
        &*mismatch.canonical_request,
        "GET\n/test.txt\n\
         X-Amz-Algorithm=AWS4-HMAC-SHA256\
         &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
         &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\n\
         host:examplebucket.s3.amazonaws.com\n\nhost\nUNSIGNED-PAYLOAD"
    );
    assert_eq!(
        &*mismatch.string_to_sign,
        "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n\
         3bfa292879f6447bbcda7001decf97f4a54dc650c8942174ae0a9121cf58ad04"
    );
}
