//! S3: a request with whatever method, path, query, headers and time, and then with a right signature.

use presign::{
    Received, Timestamp,
    s3::{Addressing, Credential, Endpoint, Refusal, Signer, Verified, Verifier},
};

use crate::{
    input::Fields,
    seeds,
    v4::{self, Confirmed, SECRET},
    wire::Wire,
};

const SIGNATURE: &str = "X-Amz-Signature";

/// First field: the time in seconds and the region, then the request.
pub(crate) fn run(input: &[u8]) {
    let mut fields = Fields::new(input);
    let Some((now, region)) = fields.text().and_then(|first| first.split_once(' ')) else {
        return;
    };
    let (Ok(now), Some(wire)) = (now.parse(), Wire::read(&mut fields)) else {
        return;
    };
    let now = Timestamp::from_unix_seconds(now);
    for verifier in [
        Verifier::new(region),
        Verifier::new(region).with_hosts(["s3.us-east-1.amazonaws.com", "store.example.com:8333"]),
    ] {
        match verify(&verifier, &wire, now) {
            Ok(verified) => check(&verified, &wire, now, region),
            Err(Refusal::SignatureDoesNotMatch(mismatch)) => {
                let right =
                    wire.with_parameter(SIGNATURE, &v4::sign("AWS4", &mismatch.string_to_sign));
                let verified =
                    verify(&verifier, &right, now).expect("what the verifier asks for is right");
                check(&verified, &right, now, region);
            }
            Err(refusal) => drop((refusal.to_string(), refusal.s3_code(), refusal.status())),
        }
    }
}

/// Every access key is known, with the session token that came.
fn credential(wire: &Wire, id: &str) -> Option<Credential> {
    let credential = Credential::new(id, SECRET).ok()?;
    match wire.parameter("X-Amz-Security-Token") {
        None => Some(credential),
        Some(token) => credential.with_session(token, None).ok(),
    }
}

fn verify(verifier: &Verifier, wire: &Wire, now: Timestamp) -> Result<Verified, Refusal> {
    let received = Received {
        method: &wire.method,
        raw_path: &wire.path,
        raw_query: &wire.query,
        headers: &wire.header_slices(),
    };
    let result = verifier.verify(&received, now, |id| credential(wire, id));
    assert!(
        result.is_err() || received.is_presigned(),
        "accepted what is not signed"
    );
    result
}

fn check(verified: &Verified, wire: &Wire, now: Timestamp, region: &str) {
    let confirmed = Confirmed {
        bucket: verified.resource.bucket(),
        key: verified.resource.key(),
        signed_headers: &verified.signed_headers,
        issued_at: verified.issued_at,
        expires_at: verified.expires_at,
        parameters: &verified.parameters,
    };
    confirmed.check("x-amz-", wire, now, |url, bucket, request, window| {
        let credential = credential(wire, &verified.access_key_id)?;
        let endpoint = [Addressing::Path, Addressing::VirtualHost]
            .into_iter()
            .find_map(|addressing| {
                let url = match addressing {
                    Addressing::Path => url.to_owned(),
                    Addressing::VirtualHost => url.replacen(&format!("{bucket}."), "", 1),
                };
                let endpoint = Endpoint::parse(&url, addressing, bucket, region).ok()?;
                (wire.path.starts_with(&format!("/{bucket}")) == (addressing == Addressing::Path))
                    .then_some(endpoint)
            });
        Signer::new(endpoint?, credential)
            .sign(request, window)
            .ok()
    });
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    seeds::vectors(
        include_str!("../../../crates/presign/tests/data/botocore.json"),
        "",
    )
    .iter()
    .map(|vector| {
        vector.wire().write(&format!(
            "{} {}",
            vector.number("at"),
            vector.text("region")
        ))
    })
    .collect()
}
