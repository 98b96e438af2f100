//! What the tests share: keys, what they sign, and its verification.

use std::sync::OnceLock;

use presign::{
    Method, Request, Target, Timestamp, Ttl, Window,
    gcs::{
        Addressing, Credential, Endpoint, HmacKey, Refusal, ServiceAccountKey, Signer, Verified,
        Verifier, VerifyingKey,
    },
};
use serde::Deserialize;

pub(crate) use crate::{spelled_out::hexadecimal, wire::Wire};

pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_549_011_600);

impl Wire {
    pub(crate) fn verify(
        &self,
        verifier: &Verifier,
        now: Timestamp,
        authorizer: &str,
        key: &VerifyingKey,
    ) -> Result<Verified, Refusal> {
        self.receive(|received| {
            verifier.verify(received, now, |name| (name == authorizer).then_some(key))
        })
    }
}

/// Google's public dummy account, as a key file's two fields that matter.
pub(crate) struct ServiceAccount {
    pub(crate) email: String,
    pub(crate) base64: String,
}

impl ServiceAccount {
    pub(crate) fn read() -> Self {
        #[derive(Deserialize)]
        struct File {
            client_email: String,
            pkcs8_der_base64: String,
        }
        let file = include_str!("../data/google_service_account.json");
        let file: File = serde_json::from_str(file).unwrap();
        Self {
            email: file.client_email,
            base64: file.pkcs8_der_base64,
        }
    }

    pub(crate) fn pem(&self) -> String {
        let base64 = &self.base64;
        format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n")
    }

    /// Its key, read once: that takes longer than to sign.
    pub(crate) fn key(&self) -> ServiceAccountKey {
        static KEY: OnceLock<ServiceAccountKey> = OnceLock::new();
        let read = || ServiceAccountKey::from_pem(self.email.as_str(), &self.pem()).unwrap();
        KEY.get_or_init(read).clone()
    }
}

pub(crate) const HMAC_SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

pub(crate) fn hmac_key() -> HmacKey {
    HmacKey::new("GOOG1EXAMPLE", HMAC_SECRET).unwrap()
}

pub(crate) fn endpoint(addressing: Addressing) -> Endpoint {
    Endpoint::parse("http://store.example.com:4443", addressing, "models").unwrap()
}

pub(crate) fn window(ttl_seconds: u32) -> Window {
    Window {
        from: NOW,
        ttl: Ttl::from_seconds(ttl_seconds).unwrap(),
    }
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(NOW.unix_seconds() + seconds)
}

/// An upload that binds headers and carries parameters, as received.
pub(crate) fn upload(credential: impl Into<Credential>) -> Wire {
    let headers = [
        ("x-goog-content-length-range", "0,5242880"),
        ("x-goog-if-generation-match", "0"),
    ];
    let request = Request {
        method: Method::Put,
        target: Target::Object("run 1/weights+.bin"),
        headers: &headers,
        query: &[
            ("partNumber", "1"),
            ("uploadId", "u/1"),
            ("X-Goog-Custom-Audit-Grant", "grt_01"),
        ],
    };
    let url = Signer::new(endpoint(Addressing::Path), credential)
        .sign(&request, window(600))
        .unwrap();
    Wire::new("PUT", url.expose(), &headers)
}
