//! The embedded development store: S3 over a folder, in process, on a port of its own.
//! Cloud Storage's XML API beside it, for requests that are signed by Google's scheme.
//!
//! It stands in for S3 in `signet dev`, `signet demo` and tests, and is as strict: a request must
//! carry a signature in its query that holds for exactly this request now, by a credential that is
//! good for the bucket, from a network that the bucket welcomes. Bodies are compared with the
//! digests that were sent along before anything is stored. Each answered request leaves a line in
//! the format of S3's server access log.
//!
//! The operations are those that pre-signed URLs are made for: get, head, put, delete, multipart
//! uploads, listings. Buckets exist by configuration; there is neither versioning nor ACLs.
//! `s3s` reads and writes S3's messages; what is decided and stored is decided and stored here.

mod access_log;
mod answer;
mod asked;
mod authentication;
mod body;
mod checksum;
mod cors;
mod counters;
mod dialect;
mod error;
mod folder;
mod front;
mod google;
mod headers;
mod length;
mod network;
mod operation;
mod query;
mod refusal;
mod s3;
mod server;
mod settings;

use std::sync::Arc;

use presign::Timestamp;

pub use counters::{RequestKind, Requests};
pub use error::Error;
pub use network::Network;
pub use operation::Operation;
pub use server::{Builder, DevStore};
pub use settings::{BucketSettings, CorsRule, Credential, Scope};

/// Where the store takes the time from.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Bytes that nobody can guess, for names that must not meet.
fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(
        clippy::expect_used,
        reason = "a system without random bytes can do nothing safely"
    )]
    aws_lc_rs::rand::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}
