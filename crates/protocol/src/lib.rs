//! What crosses the wire between Signet and its clients: names, typed ids, paths, digests, sizes,
//! times, bodies, events and error codes.
//!
//! Every type parses on the way in ([`std::str::FromStr`], and serde through it), so a value that
//! exists is valid. Nothing here reads a clock, the environment or a socket.
#![warn(missing_docs)]

pub mod admin;
pub mod artifact;
pub mod audit;
pub mod bucket;
pub mod digest;
pub mod error;
pub mod id;
pub mod key;
pub mod layout;
pub mod name;
pub mod network;
pub mod page;
pub mod parse;
pub mod path;
pub mod problem;
pub mod role;
pub mod secret;
pub mod time;
pub mod token;
pub mod transfer;

pub use digest::{Algorithm, Digest, Md5Digest, Sha256Digest};
pub use error::ParseError;
pub use id::Id;
pub use key::{FileKey, ObjectKey};
pub use name::{
    Alias, BucketName, CollectionName, PrincipalName, ProjectName, TeamName, VersionRef,
};
pub use network::Network;
pub use page::Page;
pub use path::EntryPath;
pub use problem::{ErrorCode, Problem};
pub use role::Role;
pub use secret::SecretText;
pub use time::Timestamp;
