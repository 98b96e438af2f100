//! S3: AWS Signature Version 4 in the query string, and its verification.
//!
//! The specification is "Authenticating Requests: Using Query Parameters (AWS
//! Signature Version 4)" of the Amazon S3 API Reference. Its steps: a canonical
//! request is hashed into a string to sign, which is signed with a key derived
//! for one day, region and service. The payload is never
//! part of the signature (`UNSIGNED-PAYLOAD`): bind `content-md5` or an
//! `x-amz-checksum-*` header instead, which the store then checks.
//!
//! [`Signer`] and [`Verifier`] share those steps and nothing else: the signer
//! lays the texts out as a template for many keys, the verifier puts each
//! together again from what it received. Both are tested against URLs made by
//! AWS's own SDK.

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
