//! Google Cloud Storage: V4 signing in the query string, and its verification.
//!
//! The specification is Google's pages [Canonical requests] and [Signatures].
//! It is AWS's Signature Version 4 in other words:
//!
//! 1. The canonical request: method, path, sorted query, the bound headers
//!    with `host` among them, and the payload line.
//! 2. The string to sign: algorithm, time, scope
//!    (`YYYYMMDD/<location>/storage/goog4_request`) and the SHA-256 of step 1.
//! 3. The signature, by one of three kinds of keys.
//!
//! | key | algorithm | type | cost of a URL |
//! |---|---|---|---|
//! | [HMAC key] of a service account | `GOOG4-HMAC-SHA256` | [`Signer`] with an [`HmacKey`] | two hashes; the key derived for a day is kept |
//! | private key of a service account | `GOOG4-RSA-SHA256` | [`Signer`] with a `ServiceAccountKey` (feature `gcs-rsa`) | an RSA signature: hundreds of times as much, so keep it off threads that must not block |
//! | Google's own key of a service account | `GOOG4-RSA-SHA256` | [`SignBlob`] | a call of IAM's [signBlob] by the caller |
//!
//! What is signed, by example: an upload of at most 5 MiB that replaces nothing
//! and leaves a trace in the bucket's audit log.
//!
//! ```
//! use presign::{Method, Request, Target, Timestamp, Ttl, Window, gcs};
//!
//! let endpoint = gcs::Endpoint::google("models")?;
//! let signer = gcs::Signer::new(endpoint, gcs::HmacKey::new("GOOG1EXAMPLE", "secret")?);
//! let upload = Request {
//!     method: Method::Put,
//!     target: Target::Object("run-1/weights.bin"),
//!     headers: &[
//!         ("x-goog-content-length-range", "0,5242880"),
//!         ("x-goog-if-generation-match", "0"),
//!     ],
//!     query: &[("X-Goog-Custom-Audit-Grant", "grt_01")],
//! };
//! let window = Window {
//!     from: Timestamp::from_unix_seconds(1_549_011_600),
//!     ttl: Ttl::from_seconds(600)?,
//! };
//! let url = signer.sign(&upload, window)?.into_exposed();
//! assert!(url.starts_with(
//!     "https://storage.googleapis.com/models/run-1/weights.bin?X-Goog-Algorithm=GOOG4-HMAC-SHA256"
//! ));
//! assert!(url.contains("&X-Goog-Custom-Audit-Grant=grt_01&"));
//! # Ok::<(), presign::Error>(())
//! ```
//!
//! # Signing and verifying
//!
//! Many URLs in one call, one of which then arrives:
//!
//! ```
//! use presign::{BatchRequest, Method, Timestamp, Ttl, UrlBuffer, Window, gcs};
//!
//! let key = gcs::HmacKey::new("GOOG1EXAMPLE", "secret")?;
//! let signer = gcs::Signer::new(gcs::Endpoint::google("models")?, key.clone());
//! let now = Timestamp::from_unix_seconds(1_790_000_000);
//! let window = Window { from: now, ttl: Ttl::from_seconds(3600)? };
//! let mut urls = UrlBuffer::new();
//! let keys = ["run-1/shard-0.pt", "run-1/shard-1.pt"];
//! signer.sign_batch(&BatchRequest::new(Method::Get), keys, window, &mut urls)?;
//!
//! let url = urls.get(1).unwrap().expose();
//! let received = url.strip_prefix("https://storage.googleapis.com").unwrap();
//! let (raw_path, raw_query) = received.split_once('?').unwrap();
//! let received = gcs::Received {
//!     method: "GET",
//!     raw_path,
//!     raw_query,
//!     headers: &[("host", b"storage.googleapis.com")],
//! };
//! let verifier = gcs::Verifier::new().with_hosts(["storage.googleapis.com"]);
//! let key = gcs::VerifyingKey::from(key);
//! let find_key = |authorizer: &str| (authorizer == "GOOG1EXAMPLE").then_some(&key);
//! let verified = verifier.verify(&received, now, find_key).unwrap();
//! assert_eq!(verified.resource.key(), Some("run-1/shard-1.pt"));
//!
//! let too_late = verifier.verify(&received, window.ends(), find_key).unwrap_err();
//! assert!(matches!(too_late, gcs::Refusal::Expired { .. }));
//! # Ok::<(), presign::Error>(())
//! ```
//!
//! # What can be bound
//!
//! - Any header, by giving it in [`Request::headers`](crate::Request::headers):
//!   `content-type`, `content-md5`, `x-goog-content-length-range`,
//!   `x-goog-if-generation-match`, `x-goog-meta-*` and so on. Whoever uses the
//!   URL must send it with the same value, and may send no `x-goog-*` or
//!   `x-amz-*` header besides. `x-goog-content-sha256` becomes the payload line
//!   as well. Headers that change on the way are refused
//!   ([`Error::CannotBind`](crate::Error::CannotBind)).
//! - Any query parameter, by giving it in [`Request::query`](crate::Request::query):
//!   `response-content-disposition` and its siblings, `generation`,
//!   `userProject`, `uploads`, `uploadId`, `partNumber`. Nobody can add another.
//! - `X-Goog-Custom-Audit-<key>` as a query parameter: the value appears in the
//!   [audit log]. Google takes four of them, with names of 64 characters in all
//!   and values of 1,200 at most; longer ones are signed here all the same.
//!
//! # Limits
//!
//! A URL lives for at most 7 days ([`Ttl::MAX`](crate::Ttl::MAX)), 12 hours with
//! [`SignBlob`], and is good from 15 minutes before its time. A key has 1 to
//! 1,024 bytes of UTF-8. No URL is revoked alone, but by deactivating its HMAC
//! key or deleting the service account's key. Google's pages
//! allow `POST` to signed URLs only to start a resumable upload
//! (`x-goog-resumable: start`); whether a bucket takes multipart's `POST`s, try
//! before relying on it. Not here: V2 signing, signing by the `Authorization`
//! header, policy documents for browsers' forms.
//!
//! # Requests in AWS's words
//!
//! Cloud Storage takes `AWS4-HMAC-SHA256` too, with the same HMAC keys. For
//! that use [`s3`](crate::s3) with the region `auto`; a receiver tells the two
//! apart by [`Received::scheme`]:
//!
//! ```
//! use presign::{Received, Scheme, Timestamp, gcs, s3};
//!
//! fn authorizer(received: &Received<'_>, now: Timestamp) -> Option<Box<str>> {
//!     let key = gcs::VerifyingKey::from(gcs::HmacKey::new("GOOG1EXAMPLE", "secret").ok()?);
//!     let credential = s3::Credential::new("GOOG1EXAMPLE", "secret").ok()?;
//!     match received.scheme()? {
//!         Scheme::Goog4 => {
//!             let verified = gcs::Verifier::new().verify(received, now, |_| Some(key)).ok()?;
//!             Some(verified.authorizer)
//!         }
//!         Scheme::Aws4 => {
//!             let verifier = s3::Verifier::new("auto");
//!             let verified = verifier.verify(received, now, |_| Some(credential)).ok()?;
//!             Some(verified.access_key_id)
//!         }
//!         _ => None,
//!     }
//! }
//! # let endpoint = s3::Endpoint::parse(
//! #     "https://storage.googleapis.com", s3::Addressing::Path, "models", "auto")?;
//! # let signer = s3::Signer::new(endpoint, s3::Credential::new("GOOG1EXAMPLE", "secret")?);
//! # let now = Timestamp::from_unix_seconds(0);
//! # let window = presign::Window { from: now, ttl: presign::Ttl::MAX };
//! # let request = presign::Request::new(presign::Method::Get, presign::Target::Object("a"));
//! # let url = signer.sign(&request, window)?.into_exposed();
//! # let received = Received {
//! #     method: "GET",
//! #     raw_path: "/models/a",
//! #     raw_query: url.split_once('?').unwrap().1,
//! #     headers: &[("host", b"storage.googleapis.com")],
//! # };
//! # assert_eq!(authorizer(&received, now).as_deref(), Some("GOOG1EXAMPLE"));
//! # Ok::<(), presign::Error>(())
//! ```
//!
//! [Canonical requests]: https://cloud.google.com/storage/docs/authentication/canonical-requests
//! [Signatures]: https://cloud.google.com/storage/docs/authentication/signatures
//! [HMAC key]: https://cloud.google.com/storage/docs/authentication/hmackeys
//! [signBlob]: https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signBlob
//! [audit log]: https://cloud.google.com/storage/docs/audit-logging

mod credential;
mod draft;
mod endpoint;
mod hmac_key;
mod refusal;
#[cfg(feature = "gcs-rsa")]
mod rsa;
mod sign_blob;
mod signer;
mod verified;
mod verifier;
mod verifying_key;

pub use credential::Credential;
pub use endpoint::{Addressing, Endpoint};
pub use hmac_key::HmacKey;
pub use refusal::Refusal;
#[cfg(feature = "gcs-rsa")]
pub use rsa::{RsaPublicKey, ServiceAccountKey};
pub use sign_blob::{SignBlob, Unsigned};
pub use signer::Signer;
pub use verified::{Algorithm, Payload, Verified};
pub use verifier::Verifier;
pub use verifying_key::VerifyingKey;

pub use crate::{
    Received,
    v4::{mismatch::Mismatch, resource::Resource},
};
