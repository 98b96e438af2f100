//! S3: AWS Signature Version 4 in the query string, and its verification.
//!
//! The specification is [Authenticating Requests: Using Query Parameters][query] of the Amazon S3
//! API Reference; other stores follow it. Its steps:
//!
//! 1. The *canonical request*: a line each for method, path and sorted query, all encoded once;
//!    the bound headers, `host` always among them, and a list of their names; the payload line.
//! 2. The *string to sign*: `AWS4-HMAC-SHA256`, the time, the *scope*
//!    (`YYYYMMDD/<region>/s3/aws4_request`) and the SHA-256 of step 1.
//! 3. The *signing key*: a chain of four HMAC-SHA256, which begins with the secret and takes date,
//!    region, service and `aws4_request`. So a key is good for one day and region.
//! 4. The *signature*: the HMAC-SHA256 of step 2 with that key, as the parameter `X-Amz-Signature`.
//!
//! [`Signer`] and [`Verifier`] share those steps and nothing else: the signer writes the URL and
//! hashes what of it is signed, the verifier puts each text together from what it received. Both
//! are tested against URLs made by AWS's own SDK.
//!
//! # One URL
//!
//! An upload of five bytes, and what the store does when it arrives.
//!
//! ```
//! use presign::{Method, Request, Target, Timestamp, Ttl, Window, s3};
//!
//! let address = "https://store.example.com";
//! let endpoint = s3::Endpoint::parse(address, s3::Addressing::Path, "models", "eu-west-1")?;
//! let credential = s3::Credential::new("AKIAIOSFODNN7EXAMPLE", "swordfish")?;
//! let signer = s3::Signer::new(endpoint, credential.clone());
//! let now = Timestamp::from_unix_seconds(1_790_000_000);
//!
//! let upload = Request {
//!     method: Method::Put,
//!     target: Target::Object("run 1/weights.bin"),
//!     headers: &[("content-length", "5"), ("x-amz-checksum-crc32", "NhCmhg==")],
//!     query: &[("x-grant", "grt_01")],
//! };
//! let url = signer.sign(&upload, Window { from: now, ttl: Ttl::from_seconds(600)? })?;
//!
//! let received = url.expose().strip_prefix(address).unwrap();
//! let (raw_path, raw_query) = received.split_once('?').unwrap();
//! let received = s3::Received {
//!     method: "PUT",
//!     raw_path,
//!     raw_query,
//!     headers: &[
//!         ("host", b"store.example.com"),
//!         ("content-length", b"5"),
//!         ("x-amz-checksum-crc32", b"NhCmhg=="),
//!     ],
//! };
//! let verifier = s3::Verifier::new("eu-west-1").with_hosts(["store.example.com"]);
//! let find_credential = |access_key_id: &str| {
//!     (access_key_id == credential.access_key_id()).then_some(&credential)
//! };
//! let verified = verifier.verify(&received, now, find_credential).unwrap();
//! assert_eq!(verified.resource.key(), Some("run 1/weights.bin"));
//! assert_eq!(verified.parameter("x-grant"), Some("grt_01"));
//!
//! // Another method is another request.
//! let changed = s3::Received { method: "DELETE", ..received };
//! let refusal = verifier.verify(&changed, now, find_credential).unwrap_err();
//! assert!(matches!(refusal, s3::Refusal::SignatureDoesNotMatch(_)));
//! # Ok::<(), presign::Error>(())
//! ```
//!
//! # Many URLs
//!
//! ```
//! use presign::{BatchRequest, Method, Timestamp, Ttl, UrlBuffer, Window, s3};
//!
//! # let endpoint = s3::Endpoint::aws("us-east-1", "examplebucket")?;
//! # let signer = s3::Signer::new(endpoint, s3::Credential::new("AKIA", "secret")?);
//! let keys: Vec<_> = (0..1000).map(|shard| format!("run-1/shard-{shard:05}.pt")).collect();
//! let window = Window {
//!     from: Timestamp::from_unix_seconds(1_790_000_000),
//!     ttl: Ttl::from_seconds(3600)?,
//! };
//! let mut urls = UrlBuffer::new();
//! let keys = keys.iter().map(String::as_str);
//! signer.sign_batch(&BatchRequest::new(Method::Get), keys, window, &mut urls)?;
//! assert_eq!(urls.len(), 1000);
//! # Ok::<(), presign::Error>(())
//! ```
//!
//! # What can be bound
//!
//! - The method, the host, the path and all query parameters: always. Nobody can add a parameter,
//!   such as `versionId` or `partNumber`; give what is to be there in
//!   [`Request::query`](crate::Request::query). Parameters that begin with `x-`, such as `x-grant`
//!   above, S3 ignores but for its [access log].
//! - Any header, by giving it in [`Request::headers`](crate::Request::headers): `content-length`,
//!   `content-type`, `if-none-match`, `x-amz-meta-*` and so on. Whoever uses the URL must send it
//!   with the same value, and may send no `x-amz-*` header besides; of others, as many as they
//!   like. Headers that change on the way are refused
//!   ([`Error::CannotBind`](crate::Error::CannotBind)).
//! - Not the body: the payload line is `UNSIGNED-PAYLOAD`. Bind `content-md5` or an
//!   `x-amz-checksum-*` header instead, which the store then checks, and `content-length`.
//!
//! # Limits
//!
//! - A URL lives for at most 7 days ([`Ttl::MAX`](crate::Ttl::MAX)), and never longer than the
//!   session of a temporary credential, which the store knows even where
//!   [`Credential::with_session`] was not told its end.
//! - It is good from 15 minutes before its time, as clocks differ.
//! - A key has 1 to 1,024 bytes of UTF-8 and is signed as it stands; most clients resolve `.` and
//!   `..` in paths before they send, so such keys cannot be reached by a URL.
//! - No URL is revoked alone: delete or deactivate the access key, or deny by policy.
//! - Not here: Signature Version 2, Version 4A for several regions at once, signing by the
//!   `Authorization` header, signed chunks, `POST` policies for browsers' forms.
//!
//! # Credentials
//!
//! The session token of a temporary credential becomes part of every URL; with 800 characters it
//! makes the URL three times as long, and signing two and a half times as slow.
//!
//! [access log]: https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
//! [query]: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html

mod aws;
mod credential;
mod endpoint;
mod refusal;
mod signer;
mod verified;
mod verifier;

pub use aws::{AwsAddress, AwsPartition};
pub use credential::Credential;
pub use endpoint::{Addressing, Endpoint};
pub use refusal::Refusal;
pub use signer::Signer;
pub use verified::{Payload, Verified};
pub use verifier::Verifier;

pub use crate::{
    Received,
    v4::{mismatch::Mismatch, resource::Resource},
};
