//! What can keep a request from being signed.

use thiserror::Error;

use crate::{
    BindFault, BucketFault, CredentialFault, EndpointFault, KeyFault, TermsFault, Timestamp,
};

/// Why a URL was not signed, or a part of the signer could not be made.
///
/// A constraint that cannot be signed is an error, never dropped.
///
/// ```
/// use presign::{Error, Ttl};
///
/// assert!(matches!(Ttl::from_seconds(0), Err(Error::TtlZero)));
/// ```
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The URL would be valid for no time at all.
    #[error("a signed URL must live for at least 1 second")]
    TtlZero,
    /// The URL would live longer than the signature scheme allows.
    #[error("a signed URL cannot live longer than `{max}` seconds")]
    TtlTooLong {
        /// The longest life, in seconds.
        max: u32,
    },
    /// The year does not have the four digits that the date format has room for.
    #[error("`{at}` seconds since 1970 is outside the years 1970 to 9999")]
    TimestampOutOfRange {
        /// Seconds since the Unix epoch.
        at: i64,
    },
    /// The credential ends before the URL would.
    #[error("the credential expires at `{at}`, before the URL would; ask for a shorter time")]
    CredentialExpiresFirst {
        /// When the credential expires.
        at: Timestamp,
    },
    /// The credential begins to be good only after the URL would.
    #[error("the credential is not valid before `{at}`, but the URL would be")]
    CredentialBeginsLater {
        /// When the credential begins.
        at: Timestamp,
    },
    /// The header cannot be made part of the signature.
    #[error("the header `{header}` cannot be bound: {fault}")]
    CannotBind {
        /// The name as given.
        header: Box<str>,
        /// What is wrong with it.
        fault: BindFault,
    },
    /// The query parameter cannot be made part of the signature.
    #[error("the query parameter `{name}` cannot be bound: {fault}")]
    CannotBindParameter {
        /// The name as given.
        name: Box<str>,
        /// What is wrong with it.
        fault: BindFault,
    },
    /// The object key is not one that the store takes.
    #[error("the object key {0}")]
    InvalidKey(KeyFault),
    /// A key of a batch is not one that the store takes.
    #[error("the object key at index `{index}` {fault}")]
    InvalidKeyInBatch {
        /// The key's place among the keys, from 0.
        index: usize,
        /// What is wrong with it.
        fault: KeyFault,
    },
    /// The store's address is not usable.
    #[error("the endpoint {0}")]
    InvalidEndpoint(EndpointFault),
    /// The bucket's name is not usable.
    #[error("the bucket name {0}")]
    InvalidBucket(BucketFault),
    /// The region, at Google the location, is empty, too long, or has a character outside
    /// `A-Z a-z 0-9 - _ .`.
    #[error("the region must have 1 to 64 characters out of letters, digits, `-`, `_` and `.`")]
    InvalidRegion,
    /// The credential cannot be used for signing.
    #[error("the credential {0}")]
    InvalidCredential(CredentialFault),
    /// The same query parameter was given twice.
    #[error("the query parameter `{name}` is given more than once")]
    DuplicateParameter {
        /// The parameter's name.
        name: Box<str>,
    },
    /// The query parameter is one that the signer itself sets, or has no name.
    #[error("the query parameter `{name}` belongs to the signature; leave it out")]
    ReservedParameter {
        /// The parameter's name.
        name: Box<str>,
    },
    /// The cryptographic library refused to sign with a key that it had accepted.
    #[error("the private key could not sign")]
    SigningFailed,
    /// No permission is known that allows the method together with these parameters.
    #[error("no permission is known that allows this request; give the permissions")]
    UnknownOperation,
    /// The terms of a shared access signature do not fit the credential, request or one another.
    #[error("the terms {0}")]
    InvalidTerms(TermsFault),
    /// The text is not a GUID.
    #[error("a GUID must be 32 hexadecimal digits, in groups of 8, 4, 4, 4 and 12 joined by `-`")]
    InvalidGuid,
    /// The HTTP method is not one of those that [`crate::Method`] lists.
    #[error("the method is none of `GET`, `HEAD`, `PUT`, `POST` and `DELETE`")]
    UnknownMethod,
}
