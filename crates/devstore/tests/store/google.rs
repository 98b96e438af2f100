//! Cloud Storage's XML API, with URLs from `presign`'s Google signer.

mod log;
mod objects;
mod schemes;
mod signatures;
mod uploads;
mod words;

use std::sync::OnceLock;

use devstore::{Builder, Credential, Scope};
use presign::gcs::{self, Addressing, Endpoint, HmacKey, RsaPublicKey, ServiceAccountKey, Signer};
use presign::{Method, Request, Target, Timestamp, Ttl, Window};
use serde::Deserialize;

use crate::support::{Answer, NOW, TTL_SECONDS, World};

pub(crate) const KEY: Target<'_> = Target::Object("k");
const ABSENT: (&str, &str) = ("x-goog-if-generation-match", "0");

/// A store that knows two HMAC keys and a service account beside its S3 keys.
pub(crate) async fn start() -> World {
    World::with(credentials).await
}

pub(crate) fn credentials(builder: Builder) -> Builder {
    let scope = |bucket: &str| Scope::Buckets(vec![bucket.to_owned()]);
    let public = include_str!("../data/google_service_account_public.pem");
    let public = RsaPublicKey::from_pem(public).unwrap();
    builder
        .credential(Credential::gcs_hmac(hmac("GOOG1VISION"), scope("vision")))
        .credential(Credential::gcs_hmac(
            hmac("GOOG1LANGUAGE"),
            scope("language"),
        ))
        .credential(Credential::gcs_hmac(hmac("GOOG1ALL"), Scope::All))
        .credential(
            Credential::gcs_rsa(account().client_email(), public, scope("vision"))
                .owned_by("vision account"),
        )
}

pub(crate) fn hmac(id: &str) -> HmacKey {
    HmacKey::new(id, format!("secret of {id}")).unwrap()
}

/// Google's public dummy account.
pub(crate) fn account() -> ServiceAccountKey {
    #[derive(Deserialize)]
    struct File {
        client_email: String,
        pkcs8_der_base64: String,
    }
    static KEY: OnceLock<ServiceAccountKey> = OnceLock::new();
    KEY.get_or_init(|| {
        let file = include_str!("../data/google_service_account.json");
        let file: File = serde_json::from_str(file).unwrap();
        let base64 = file.pkcs8_der_base64;
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n");
        ServiceAccountKey::from_pem(file.client_email, &pem).unwrap()
    })
    .clone()
}

/// Both kinds of keys that are good for `vision`.
pub(crate) fn keys() -> [gcs::Credential; 2] {
    [hmac("GOOG1VISION").into(), account().into()]
}

pub(crate) fn signer(world: &World, key: impl Into<gcs::Credential>, bucket: &str) -> Signer {
    let endpoint = Endpoint::parse(world.store.endpoint(), Addressing::Path, bucket).unwrap();
    Signer::new(endpoint, key)
}

pub(crate) fn sign(signer: &Signer, request: &Request<'_>) -> String {
    let window = Window {
        from: Timestamp::from_unix_seconds(NOW),
        ttl: Ttl::from_seconds(TTL_SECONDS).unwrap(),
    };
    signer.sign(request, window).unwrap().into_exposed().into()
}

/// A URL for `vision`, signed now with its HMAC key.
pub(crate) fn url(
    world: &World,
    method: Method,
    target: Target<'_>,
    headers: &[(&str, &str)],
    query: &[(&str, &str)],
) -> String {
    let request = Request {
        method,
        target,
        headers,
        query,
    };
    sign(&signer(world, hmac("GOOG1VISION"), "vision"), &request)
}

/// Signs and sends a request to `vision`, with exactly the headers that were signed.
pub(crate) async fn send(
    world: &World,
    method: Method,
    target: Target<'_>,
    headers: &[(&str, &str)],
    query: &[(&str, &str)],
    body: impl Into<reqwest::Body>,
) -> Answer {
    let url = url(world, method, target, headers, query);
    world.fetch(method.as_str(), &url, headers, body).await
}

pub(crate) async fn put(world: &World, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    send(world, Method::Put, KEY, headers, &[], body.to_vec()).await
}

pub(crate) async fn get(world: &World) -> Answer {
    send(world, Method::Get, KEY, &[], &[], Vec::new()).await
}

/// Status and code of a refusal in Google's form.
#[track_caller]
pub(crate) fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(
        answer.outcome(),
        (status, code.to_owned()),
        "{}",
        answer.text()
    );
    assert!(
        answer
            .element("Message")
            .is_some_and(|text| !text.is_empty())
    );
    assert_eq!(answer.element("RequestId"), None);
    googles(answer);
}

/// An answer of Google's: its own id, and no word of Amazon's.
#[track_caller]
pub(crate) fn googles(answer: &Answer) {
    assert!(answer.header("x-guploader-uploadid").is_some());
    for (name, value) in &answer.headers {
        assert!(!name.as_str().starts_with("x-amz-"), "{name}: {value:?}");
    }
    let text = answer.text();
    assert!(!text.contains("<Checksum"), "{text}");
}

/// What `x-goog-hash` says, in order.
pub(crate) fn hashes(answer: &Answer) -> Vec<&str> {
    let values = answer.headers.get_all("x-goog-hash").iter();
    values.map(|value| value.to_str().unwrap()).collect()
}

/// A body's CRC32C as `x-goog-hash` has it.
pub(crate) fn crc32c(body: &[u8]) -> String {
    use base64::Engine;
    let sum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32Iscsi, body);
    let bytes = u32::try_from(sum).unwrap().to_be_bytes();
    let base64 = base64::engine::general_purpose::STANDARD.encode(bytes);
    format!("crc32c={base64}")
}

/// A body's MD5 as `x-goog-hash` has it.
pub(crate) fn md5(body: &[u8]) -> String {
    format!("md5={}", crate::support::md5(body))
}

/// A body's SHA-256 as `x-goog-content-sha256` has it.
pub(crate) fn sha256(body: &[u8]) -> String {
    use aws_lc_rs::digest::{SHA256, digest};
    hex::encode(digest(&SHA256, body))
}
