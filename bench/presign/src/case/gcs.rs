//! Google Cloud Storage: the HMAC key of a service account, and the RSA key of one.

use std::sync::LazyLock;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
};
use presign::{
    Timestamp,
    gcs::{HmacKey, Received, ServiceAccountKey, Verifier, VerifyingKey},
};

use super::{Wire, assert_known};

pub const BUCKET: &str = "examplebucket";
pub const CLIENT_EMAIL: &str = "signer@example.iam.gserviceaccount.com";
/// As long as that of a service account is.
const ACCESS_ID: &str = "GOOG1EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE";
const SECRET: &str = "bGoa+V7g/yqDXvKRqq+JTFn4uQZbPiQJo4pf9RzJ";

pub fn hmac_key() -> HmacKey {
    assert_eq!(ACCESS_ID.len(), 61);
    HmacKey::new(ACCESS_ID, SECRET).expect("an HMAC key")
}

/// The PKCS#8 of a key of 2,048 bits, made anew for each run.
pub fn rsa_key() -> &'static [u8] {
    static KEY: LazyLock<Pkcs8V1Der<'static>> = LazyLock::new(|| {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key pair");
        pair.as_der().expect("PKCS#8")
    });
    KEY.as_ref()
}

/// Panics unless the URL verifies at the moment it was signed.
pub fn check(name: &str, url: &str, key: impl Into<VerifyingKey>) {
    let key = key.into();
    let wire = Wire::new(url);
    let received = Received {
        method: "GET",
        raw_path: wire.path,
        raw_query: wire.query,
        headers: &[("host", wire.host.as_bytes())],
    };
    let date = wire.parameter("X-Goog-Date");
    let now = Timestamp::from_basic_iso8601(date).expect("a basic date");
    let verified = Verifier::new()
        .verify(&received, now, |_| Some(&key))
        .unwrap_or_else(|refusal| panic!("{name}: {refusal}: {url}"));
    assert_eq!(verified.resource.bucket(), Some(BUCKET), "{name}");
    assert_known(name, verified.resource.key());
}

/// The service account's key as this crate takes it.
pub fn service_account_key() -> ServiceAccountKey {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let base64 = STANDARD.encode(rsa_key());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n");
    ServiceAccountKey::from_pem(CLIENT_EMAIL, &pem).expect("a key")
}
