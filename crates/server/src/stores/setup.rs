//! What an admin applies at the cloud, so that a registered bucket is set up right and safely.
//!
//! Pure: settings in, documents out. Nothing here asks a cloud, and nothing here holds a secret. Each
//! document says for each of its statements why it is there, and how it is applied. The evaluator
//! judges requests by such documents, as the cloud does, so that what is written is also tested.

mod arn;
mod azure;
mod document;
mod error;
pub mod evaluate;
mod gcs;
mod merge;
mod network;
mod place;
mod s3;
mod statement;
mod terraform;
#[cfg(test)]
mod tests;

pub use arn::{KeyArn, Partition, PrincipalArn, Region};
pub use azure::{AzureContainer, AzureName, SubnetId};
pub use document::{Document, Kind, Reason, Setup};
pub use error::Error;
pub use gcs::{GcsBucket, ProjectId, ServiceAccount};
pub use merge::{MAX_BUCKET_POLICY_BYTES, Merged, merge, merge_rules};
pub use network::Network;
pub use place::{Place, Root, Team};
pub use protocol::bucket::Origin;
pub use s3::{
    AccessLog, AssumeRole, ControlAuth, ExternalId, MAX_SESSION_POLICY_CHARACTERS,
    MIN_SIGNATURE_AGE_SECONDS, S3Bucket, S3Store, SessionOperation, SessionScope, VpcEndpointId,
    session_policy,
};

/// Makes a string that is checked when it is parsed.
macro_rules! checked_text {
    ($(#[$meta:meta])* $name:ident, $kind:literal, $check:expr) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = protocol::ParseError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let check: fn(&str) -> Result<(), protocol::error::Fault> = $check;
                check(text).map_err(|fault| fault.of($kind))?;
                Ok(Self(text.into()))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
use checked_text;
