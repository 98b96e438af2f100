//! Google Cloud Storage: a request with whatever method, path, query, headers and time, and then with a
//! right signature.

use presign::{
    Received, Timestamp,
    gcs::{Addressing, Endpoint, HmacKey, Refusal, Signer, Verified, Verifier, VerifyingKey},
};

use crate::{
    input::Fields,
    seeds,
    v4::{self, Confirmed, SECRET},
    wire::Wire,
};

const SIGNATURE: &str = "X-Goog-Signature";

/// First field: the time in seconds, then the request.
pub(crate) fn run(input: &[u8]) {
    let mut fields = Fields::new(input);
    let Some(Ok(now)) = fields.text().map(str::parse) else {
        return;
    };
    let Some(wire) = Wire::read(&mut fields) else {
        return;
    };
    let now = Timestamp::from_unix_seconds(now);
    for verifier in [
        Verifier::new(),
        Verifier::new()
            .with_hosts(["storage.googleapis.com"])
            .with_bucket_host("mydomain.tld", "models"),
    ] {
        match verify(&verifier, &wire, now) {
            Ok(verified) => check(&verified, &wire, now),
            Err(Refusal::SignatureDoesNotMatch(mismatch)) => {
                let right =
                    wire.with_parameter(SIGNATURE, &v4::sign("GOOG4", &mismatch.string_to_sign));
                let verified =
                    verify(&verifier, &right, now).expect("what the verifier asks for is right");
                check(&verified, &right, now);
            }
            Err(refusal) => drop((refusal.to_string(), refusal.gcs_code(), refusal.status())),
        }
    }
}

/// The header that may say the payload's hash.
const CONTENT_SHA256: &str = "x-goog-content-sha256";

/// Every access id is known.
fn key(id: &str) -> Option<VerifyingKey> {
    HmacKey::new(id, SECRET).ok().map(Into::into)
}

fn verify(verifier: &Verifier, wire: &Wire, now: Timestamp) -> Result<Verified, Refusal> {
    let received = Received {
        method: &wire.method,
        raw_path: &wire.path,
        raw_query: &wire.query,
        headers: &wire.header_slices(),
    };
    let result = verifier.verify(&received, now, key);
    assert!(
        result.is_err() || received.scheme().is_some(),
        "accepted what is not signed"
    );
    result
}

fn check(verified: &Verified, wire: &Wire, now: Timestamp) {
    let confirmed = Confirmed {
        bucket: verified.resource.bucket(),
        key: verified.resource.key(),
        signed_headers: &verified.signed_headers,
        issued_at: verified.issued_at,
        expires_at: verified.expires_at,
        parameters: &verified.parameters,
    };
    let is_signed = |name: &str| {
        verified
            .signed_headers
            .iter()
            .any(|signed| **signed == *name)
    };
    confirmed.check("x-goog-", wire, now, |url, bucket, request, window| {
        // Google takes the payload's hash from this header whether it is signed or not; our signer
        // binds what is signed alone.
        if wire.header(CONTENT_SHA256).is_some() && !is_signed(CONTENT_SHA256) {
            return None;
        }
        let credential = wire.parameter("X-Goog-Credential")?;
        let location = credential.rsplit('/').nth(2)?;
        let endpoint = Endpoint::parse(url, Addressing::Path, bucket)
            .ok()?
            .with_location(location)
            .ok()?;
        // The verifier takes a host signed without its port as well.
        let as_signed = |endpoint| {
            let key = HmacKey::new(verified.authorizer.clone(), SECRET).ok()?;
            Signer::new(endpoint, key).sign(request, window).ok()
        };
        let with_port = as_signed(endpoint.clone())?;
        let ends_as = |url: &str| {
            wire.parameter(SIGNATURE)
                .is_some_and(|signature| url.ends_with(&signature))
        };
        if ends_as(with_port.expose()) {
            return Some(with_port);
        }
        as_signed(endpoint.with_unsigned_port())
    });
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    seeds::vectors(
        include_str!("../../../crates/presign/tests/data/google_python.json"),
        "vectors",
    )
    .iter()
    .map(|vector| vector.wire().write(&vector.number("at").to_string()))
    .collect()
}
