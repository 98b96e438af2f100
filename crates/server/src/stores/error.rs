//! What can go wrong with a store. Holds no URL, no signature and nothing else that a store sent but
//! its error code and request id.

use super::{Forbidden, seal};

/// A request to a store, by S3's name for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoreOperation {
    /// Begins an upload in parts.
    CreateMultipartUpload,
    /// Sends a part.
    UploadPart,
    /// Lists the parts of an upload.
    ListParts,
    /// Puts the parts together.
    CompleteMultipartUpload,
    /// Drops the parts.
    AbortMultipartUpload,
    /// Reads an object's size and checksums.
    HeadObject,
    /// Reads an object.
    GetObject,
    /// Writes an object.
    PutObject,
    /// Deletes an object.
    DeleteObject,
}

impl StoreOperation {
    /// S3's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateMultipartUpload => "CreateMultipartUpload",
            Self::UploadPart => "UploadPart",
            Self::ListParts => "ListParts",
            Self::CompleteMultipartUpload => "CompleteMultipartUpload",
            Self::AbortMultipartUpload => "AbortMultipartUpload",
            Self::HeadObject => "HeadObject",
            Self::GetObject => "GetObject",
            Self::PutObject => "PutObject",
            Self::DeleteObject => "DeleteObject",
        }
    }
}

impl StoreOperation {
    /// Whether "there is none" is an answer, and no error. Azure's lists of blocks are of one blob.
    pub(super) fn asks_for_one_object(self) -> bool {
        matches!(self, Self::HeadObject | Self::GetObject | Self::ListParts)
    }
}

impl std::fmt::Display for StoreOperation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A store could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bucket's credential cannot be opened.
    #[error("the bucket's secret access key {0}")]
    Sealed(#[from] seal::Error),
    /// The bucket's address or credential cannot be used, or a request cannot be signed for it.
    #[error("a request to the bucket cannot be signed: {0}")]
    Sign(#[from] presign::Error),
    /// The bucket's credential is for another store than the bucket is in.
    #[error("the bucket's credential is for another store than the bucket is in")]
    OtherStore,
    /// The bucket's plan is one that this server does not know.
    #[error("the bucket's credential plan is not one that this server knows")]
    PlanUnknown(protocol::bucket::PlanKind),
    /// The store answered with an error.
    #[error("the store refused {operation} with status {status}, code `{}`", code.as_deref().unwrap_or("-"))]
    Refused {
        /// What was asked.
        operation: StoreOperation,
        /// The HTTP status.
        status: u16,
        /// The store's error code.
        code: Option<Box<str>>,
        /// The store's id of the request.
        request_id: Option<Box<str>>,
    },
    /// The store could not be reached, or could not answer, after all attempts.
    #[error("the store did not answer {operation}: {cause}")]
    Unavailable {
        /// What was asked.
        operation: StoreOperation,
        /// What happened last.
        cause: Cause,
    },
    /// The store answered something that is not S3.
    #[error("the store answered {operation} with something unexpected: {what}")]
    Unexpected {
        /// What was asked.
        operation: StoreOperation,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The server may not connect to the store.
    #[error("the server does not talk to the bucket's store: {0}")]
    Forbidden(#[from] Forbidden),
    /// The HTTP client could not be made.
    #[error("no HTTP client could be made")]
    Client(#[source] reqwest::Error),
}

/// Why a store did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// No connection.
    #[error("no connection")]
    Connect,
    /// No answer in time.
    #[error("timed out")]
    Timeout,
    /// The connection broke.
    #[error("the connection broke")]
    Broken,
    /// The store is overloaded or failing.
    #[error("status {status}, code `{}`", code.as_deref().unwrap_or("-"))]
    Status {
        /// The HTTP status.
        status: u16,
        /// The store's error code.
        code: Option<Box<str>>,
        /// The store's id of the request.
        request_id: Option<Box<str>>,
    },
}

impl Error {
    /// The store's error code.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. }
            | Self::Unavailable {
                cause: Cause::Status { code, .. },
                ..
            } => code.as_deref(),
            _ => None,
        }
    }

    /// The store's id of the request.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Refused { request_id, .. }
            | Self::Unavailable {
                cause: Cause::Status { request_id, .. },
                ..
            } => request_id.as_deref(),
            _ => None,
        }
    }

    /// True when the store says that it does not know the upload: completed, aborted or never begun.
    pub fn is_no_such_upload(&self) -> bool {
        self.code() == Some("NoSuchUpload")
    }

    /// What the operator can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Sealed(seal::Error::UnknownKey { .. }) => {
                "add the key that sealed the bucket's credential to the seal keys"
            }
            Self::Sealed(_) => "register the bucket again with its credential",
            Self::Forbidden(forbidden) => forbidden.hint(),
            Self::Unavailable { .. } => "check that the store is up and reachable from the server",
            Self::Refused { status, .. } => match self.code() {
                Some("InvalidAccessKeyId" | "SignatureDoesNotMatch") => {
                    "the store does not know the bucket's credential; check access key id, secret and region"
                }
                Some("AccessDenied") => {
                    "the bucket's credential may not do this; allow it to read, write, list parts and abort uploads"
                }
                Some("NoSuchBucket") => "the bucket does not exist in the store; check its name",
                Some("RequestTimeTooSkewed") => "the clocks of server and store differ; check both",
                Some("AuthorizationHeaderMalformed" | "AuthorizationQueryParametersError") => {
                    "the bucket is in another region; check its region"
                }
                Some("ExpiredToken") => "the bucket's credential has expired",
                _ if (300..400).contains(status) => {
                    "the bucket is somewhere else; check endpoint, region and addressing"
                }
                _ => return None,
            },
            _ => return None,
        })
    }
}
