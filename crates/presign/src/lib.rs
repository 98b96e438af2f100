//! Signs and verifies pre-signed URLs for object stores, as pure functions.
//!
//! A pre-signed URL lets whoever holds it make exactly one kind of request to
//! a bucket, for a limited time, without a credential of its own. This crate
//! turns a [`Request`] and a [`Window`] of time into a [`SignedUrl`], and
//! recomputes the signature of a request that arrived, step by step as the
//! store does. Nothing here reads a clock, the environment, a file or a
//! socket: time and credentials are arguments, so every result repeats.
//!
//! One module per signature scheme; the types at the root are common to all:
//!
//! - [`s3`]: AWS Signature Version 4 in the query string, for S3 and the many
//!   stores that speak it.
//! - [`gcs`]: Google's V4 signing in the query string, for Cloud Storage.
//! - [`azure`]: shared access signatures, for Azure Blob Storage.
//!
//! ```
//! use presign::{Method, Request, Target, Timestamp, Ttl, Window, s3};
//!
//! let endpoint = s3::Endpoint::aws("us-east-1", "examplebucket")?;
//! let credential = s3::Credential::new(
//!     "AKIAIOSFODNN7EXAMPLE",
//!     "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
//! )?;
//! let signer = s3::Signer::new(endpoint, credential);
//! let url = signer.sign(
//!     &Request::new(Method::Get, Target::Object("reports/2013 Q2.csv")),
//!     Window {
//!         from: Timestamp::from_unix_seconds(1_369_353_600),
//!         ttl: Ttl::from_seconds(900)?,
//!     },
//! )?;
//! assert!(url.expose().starts_with(
//!     "https://examplebucket.s3.us-east-1.amazonaws.com/reports/2013%20Q2.csv?X-Amz-Algorithm="
//! ));
//! # Ok::<(), presign::Error>(())
//! ```
//!
//! Thousands of keys are best signed in one call, [`s3::Signer::sign_batch`],
//! [`gcs::Signer::sign_batch`] or [`azure::Signer::sign_batch`], which takes a
//! fraction of the time. The module `batch` does once what is the same for all keys, and hashes what is left many
//! messages at once, with what the processor has for it; these kernels, in
//! `kernel`, are the only place where `unsafe` appears.
//!
//! What must not leak does not print: [`SignedUrl`] and [`Secret`] hide
//! themselves in `Debug`, have no `Display`, and no error names their contents.

#![warn(missing_docs)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod address;
pub mod azure;
mod batch;
mod encode;
mod error;
mod fault;
pub mod gcs;
mod kernel;
mod received;
mod request;
pub mod s3;
mod secret;
mod signed_url;
mod time;
mod v4;

pub use batch::{BatchRequest, Iter, SignedUrlRef, UrlBuffer};
pub use error::Error;
pub use fault::{BindFault, BucketFault, CredentialFault, EndpointFault, KeyFault, TermsFault};
pub use kernel::Kernel;
pub use received::{Received, Scheme};
pub use request::{Method, Request, Target};
pub use secret::Secret;
pub use signed_url::SignedUrl;
pub use time::{Timestamp, Ttl, Window};
