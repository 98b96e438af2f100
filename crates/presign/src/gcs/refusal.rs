//! Why a request was not accepted, in Cloud Storage's terms.

use thiserror::Error;

use crate::{
    Timestamp,
    v4::{fault::Fault, mismatch::Mismatch},
};

/// The step at which verification failed. `Display` is a message for whoever sent the request.
///
/// ```
/// use presign::{Timestamp, gcs::{Received, Verifier, VerifyingKey}};
///
/// let received = Received {
///     method: "GET",
///     raw_path: "/models/weights.bin",
///     raw_query: "X-Goog-Algorithm=GOOG4-RSA-SHA256",
///     headers: &[("host", b"store")],
/// };
/// let refusal = Verifier::new()
///     .verify(&received, Timestamp::from_unix_seconds(0), |_| None::<VerifyingKey>)
///     .unwrap_err();
/// assert_eq!(refusal.gcs_code(), "MalformedSecurityHeader");
/// assert_eq!(refusal.status(), 400);
/// ```
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Path or query has a broken escape, is not UTF-8, or the path does not begin with a slash.
    #[error("the path or query could not be decoded")]
    InvalidUri,
    /// A header that matters is not UTF-8, or `Host` is missing or there twice.
    #[error("the header `{name}` is missing, repeated or not UTF-8")]
    InvalidHeader {
        /// The header's name.
        name: Box<str>,
    },
    /// The host is none of the verifier's.
    #[error("the host is none of this store's")]
    UnknownHost,
    /// Another kind of authentication stands beside the query's.
    #[error("only one authentication mechanism is allowed")]
    SeveralMechanisms,
    /// A parameter that the signature needs is not there.
    #[error("the query parameter `{name}` is missing")]
    MissingParameter {
        /// The parameter's name.
        name: &'static str,
    },
    /// A parameter is there twice, so that readers could take either.
    #[error("the query parameter `{name}` is given more than once")]
    DuplicateParameter {
        /// The parameter's name.
        name: Box<str>,
    },
    /// The algorithm is not one of Google's two.
    #[error("`X-Goog-Algorithm` must be `GOOG4-RSA-SHA256` or `GOOG4-HMAC-SHA256`")]
    UnsupportedAlgorithm,
    /// The credential does not have five fields.
    #[error("`X-Goog-Credential` must be `<authorizer>/YYYYMMDD/<location>/storage/goog4_request`")]
    MalformedCredential,
    /// The scope's day is not that of `X-Goog-Date`.
    #[error("the date in `X-Goog-Credential` must be that of `X-Goog-Date`")]
    WrongScopeDate,
    /// The scope is for another service.
    #[error("the service in `X-Goog-Credential` must be `storage`")]
    WrongService,
    /// The scope does not end in `goog4_request`.
    #[error("`X-Goog-Credential` must end in `goog4_request`")]
    WrongTerminator,
    /// The date is not in the basic ISO form.
    #[error("`X-Goog-Date` must be of the form `YYYYMMDD'T'HHMMSS'Z'`")]
    MalformedDate,
    /// The life is not a number from 1 to 604,800.
    #[error("`X-Goog-Expires` must be a number of seconds from 1 to 604800")]
    InvalidExpires,
    /// The names are not lower-case, unique, sorted and joined by `;`.
    #[error("`X-Goog-SignedHeaders` must be sorted lower-case names joined by `;`")]
    MalformedSignedHeaders,
    /// The signature does not say for which host it is.
    #[error("`X-Goog-SignedHeaders` must contain `host`")]
    HostNotSigned,
    /// It was signed too far in the future for clocks that merely differ.
    #[error("the request is not valid yet")]
    NotYetValid {
        /// When it says it was signed.
        issued_at: Timestamp,
    },
    /// Its time is over.
    #[error("the request has expired")]
    Expired {
        /// The first second at which it was no longer valid.
        expires_at: Timestamp,
    },
    /// Headers that change what a request does are not covered by the signature.
    #[error("there were headers in the request that were not signed: `{}`", names.join("`, `"))]
    UnsignedHeaders {
        /// Their lower-case names.
        names: Vec<Box<str>>,
    },
    /// A header that the signature covers was not sent.
    #[error("the signed header `{name}` is missing")]
    MissingSignedHeader {
        /// The header's name.
        name: Box<str>,
    },
    /// Nobody of this name has a key for this algorithm.
    #[error("the authorizer is not known to sign with this algorithm")]
    UnknownAuthorizer,
    /// All is well-formed, but the signature is for another request or by another key.
    #[error("the signature does not match the request")]
    SignatureDoesNotMatch(Box<Mismatch>),
}

impl Refusal {
    /// The `Code` of Cloud Storage's error body.
    ///
    /// Google documents the codes, but not which of them answers what. That an
    /// expired URL is an `ExpiredToken`, and a faulty date, life or set of
    /// headers a `MalformedSecurityHeader`, is what users of the service
    /// report; the rest is the nearest code of the list.
    pub fn gcs_code(&self) -> &'static str {
        match self {
            Self::InvalidUri => "InvalidURI",
            Self::InvalidHeader { .. } | Self::SeveralMechanisms => "InvalidArgument",
            Self::UnknownHost => "NoSuchBucket",
            Self::MissingParameter { .. }
            | Self::DuplicateParameter { .. }
            | Self::UnsupportedAlgorithm
            | Self::MalformedCredential
            | Self::WrongScopeDate
            | Self::WrongService
            | Self::WrongTerminator
            | Self::MalformedDate
            | Self::InvalidExpires
            | Self::MalformedSignedHeaders
            | Self::HostNotSigned
            | Self::UnsignedHeaders { .. }
            | Self::MissingSignedHeader { .. } => "MalformedSecurityHeader",
            Self::NotYetValid { .. } => "AccessDenied",
            Self::Expired { .. } => "ExpiredToken",
            Self::UnknownAuthorizer => "InvalidAccessKeyId",
            Self::SignatureDoesNotMatch(_) => "SignatureDoesNotMatch",
        }
    }

    /// The HTTP status that belongs to the code.
    pub fn status(&self) -> u16 {
        match self.gcs_code() {
            "AccessDenied" | "InvalidAccessKeyId" | "SignatureDoesNotMatch" => 403,
            "NoSuchBucket" => 404,
            _ => 400,
        }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::InvalidUri => Self::InvalidUri,
            Fault::InvalidHeader { name } => Self::InvalidHeader { name },
            Fault::UnknownHost => Self::UnknownHost,
            Fault::SeveralMechanisms => Self::SeveralMechanisms,
            Fault::MissingParameter { name } => Self::MissingParameter { name },
            Fault::DuplicateParameter { name } => Self::DuplicateParameter { name },
            Fault::UnsupportedAlgorithm => Self::UnsupportedAlgorithm,
            Fault::MalformedCredential => Self::MalformedCredential,
            Fault::WrongScopeDate => Self::WrongScopeDate,
            Fault::WrongService => Self::WrongService,
            Fault::WrongTerminator => Self::WrongTerminator,
            Fault::MalformedDate => Self::MalformedDate,
            Fault::InvalidExpires => Self::InvalidExpires,
            Fault::MalformedSignedHeaders => Self::MalformedSignedHeaders,
            Fault::HostNotSigned => Self::HostNotSigned,
            Fault::NotYetValid { issued_at } => Self::NotYetValid { issued_at },
            Fault::Expired { expires_at } => Self::Expired { expires_at },
            Fault::UnsignedHeaders { names } => Self::UnsignedHeaders { names },
            Fault::MissingSignedHeader { name } => Self::MissingSignedHeader { name },
        }
    }
}
