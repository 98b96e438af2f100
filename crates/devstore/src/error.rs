//! Why a store does not start.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder, or a record in it, cannot be read or written.
    #[error("the folder `{}` cannot be opened", root.display())]
    Folder {
        /// The root that was given.
        root: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another store is running over the folder.
    #[error("the folder `{}` is in use by another store; give this one a folder of its own", .0.display())]
    FolderInUse(PathBuf),
    /// The access log cannot be opened for appending.
    #[error("the access log `{}` cannot be opened", path.display())]
    AccessLog {
        /// The path that was given.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The address cannot be listened on.
    #[error("`{address}` cannot be listened on; port 0 takes a free one")]
    Listen {
        /// The address that was given.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// S3 would not take the bucket's name.
    #[error("`{0}` is no bucket name: 3 to 63 of `a`-`z`, `0`-`9`, `-` and `.`")]
    InvalidBucketName(String),
    /// Two buckets have one name.
    #[error("the bucket `{0}` is given twice")]
    DuplicateBucket(String),
    /// Two credentials of one kind have one id.
    #[error("the credential `{0}` is given twice")]
    DuplicateCredential(String),
    /// A credential's scope names a bucket that is not there.
    #[error("the credential `{access_key_id}` is for the bucket `{bucket}`, which is not there")]
    UnknownBucket {
        /// The credential.
        access_key_id: String,
        /// The name in its scope.
        bucket: String,
    },
    /// Not an address or a network in CIDR notation.
    #[error("`{0}` is no network: write an address, or one with a prefix as in `10.0.0.0/8`")]
    InvalidNetwork(String),
    /// An origin or header of a CORS rule has more than one wildcard.
    #[error("`{0}` has more than one `*`")]
    InvalidCorsPattern(String),
}
