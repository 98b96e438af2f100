//! What the tests share: a credential, what it signs, and its verification.

use presign::{
    Method, Request, Target, Timestamp, Ttl, Window,
    s3::{Addressing, Credential, Endpoint, Refusal, Signer, Verified, Verifier},
};

pub(crate) use crate::wire::Wire;

pub(crate) const REGION: &str = "eu-west-1";
pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_369_353_600);

impl Wire {
    pub(crate) fn verify(
        &self,
        verifier: &Verifier,
        now: Timestamp,
        credential: &Credential,
    ) -> Result<Verified, Refusal> {
        self.receive(|received| {
            verifier.verify(received, now, |id| {
                (id == credential.access_key_id()).then_some(credential)
            })
        })
    }
}

pub(crate) fn credential() -> Credential {
    Credential::new(
        "AKIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    )
    .unwrap()
}

pub(crate) fn endpoint(addressing: Addressing) -> Endpoint {
    Endpoint::parse(
        "http://store.example.com:8333",
        addressing,
        "models",
        REGION,
    )
    .unwrap()
}

pub(crate) fn signer(credential: &Credential) -> Signer {
    Signer::new(endpoint(Addressing::Path), credential.clone())
}

pub(crate) fn window(ttl_seconds: u32) -> Window {
    Window {
        from: NOW,
        ttl: Ttl::from_seconds(ttl_seconds).unwrap(),
    }
}

/// An upload that binds headers and carries parameters, as received.
pub(crate) fn upload(credential: &Credential) -> Wire {
    let headers = [
        ("content-length", "5"),
        ("x-amz-checksum-crc32", "NhCmhg=="),
    ];
    let request = Request {
        method: Method::Put,
        target: Target::Object("run 1/weights+.bin"),
        headers: &headers,
        query: &[
            ("partNumber", "1"),
            ("uploadId", "u/1"),
            ("x-grant", "grt_01"),
        ],
    };
    let url = signer(credential).sign(&request, window(600)).unwrap();
    Wire::new("PUT", url.expose(), &headers)
}
