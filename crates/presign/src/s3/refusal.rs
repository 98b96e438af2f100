//! Why a request was not accepted, in S3's terms.

use thiserror::Error;

use crate::{
    Timestamp,
    v4::{fault::Fault, mismatch::Mismatch},
};

/// The step at which verification failed. `Display` is a message for whoever sent the request.
///
/// ```
/// use presign::{Timestamp, s3::{Received, Credential, Refusal, Verifier}};
///
/// let received = Received {
///     method: "GET",
///     raw_path: "/models/weights.bin",
///     raw_query: "X-Amz-Algorithm=AWS4-HMAC-SHA256",
///     headers: &[("host", b"store")],
/// };
/// let refusal = Verifier::new("us-east-1")
///     .verify(&received, Timestamp::from_unix_seconds(0), |_| None::<Credential>)
///     .unwrap_err();
/// assert_eq!(refusal.s3_code(), "AuthorizationQueryParametersError");
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
    /// The algorithm is not `AWS4-HMAC-SHA256`.
    #[error("`X-Amz-Algorithm` must be `AWS4-HMAC-SHA256`")]
    UnsupportedAlgorithm,
    /// The credential does not have five fields.
    #[error("`X-Amz-Credential` must be `<access key id>/YYYYMMDD/<region>/s3/aws4_request`")]
    MalformedCredential,
    /// The scope's day is not that of `X-Amz-Date`.
    #[error("the date in `X-Amz-Credential` must be that of `X-Amz-Date`")]
    WrongScopeDate,
    /// The scope is for another region.
    #[error("the region in `X-Amz-Credential` is wrong; expecting `{expected}`")]
    WrongRegion {
        /// The verifier's region.
        expected: Box<str>,
    },
    /// The scope is for another service.
    #[error("the service in `X-Amz-Credential` must be `s3`")]
    WrongService,
    /// The scope does not end in `aws4_request`.
    #[error("`X-Amz-Credential` must end in `aws4_request`")]
    WrongTerminator,
    /// The date is not in the basic ISO form.
    #[error("`X-Amz-Date` must be of the form `YYYYMMDD'T'HHMMSS'Z'`")]
    MalformedDate,
    /// The life is not a number from 1 to 604,800.
    #[error("`X-Amz-Expires` must be a number of seconds from 1 to 604800")]
    InvalidExpires,
    /// The names are not lower-case, unique, sorted and joined by `;`.
    #[error("`X-Amz-SignedHeaders` must be sorted lower-case names joined by `;`")]
    MalformedSignedHeaders,
    /// The signature does not say for which host it is.
    #[error("`X-Amz-SignedHeaders` must contain `host`")]
    HostNotSigned,
    /// The payload's hash is neither `UNSIGNED-PAYLOAD` nor a SHA-256.
    #[error("`x-amz-content-sha256` must be `UNSIGNED-PAYLOAD` or a SHA-256 in hexadecimal")]
    UnsupportedPayload,
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
    /// Headers that change what an S3 request does are not covered by the signature.
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
    /// Nobody has this access key.
    #[error("the access key id is not known")]
    UnknownAccessKey,
    /// The session token is missing, not expected or another.
    #[error("the session token is not the credential's")]
    InvalidToken,
    /// The temporary credential has ended.
    #[error("the session token has expired")]
    ExpiredToken,
    /// All is well-formed, but the signature is for another request or by another key.
    #[error("the signature does not match the request")]
    SignatureDoesNotMatch(Box<Mismatch>),
}

impl Refusal {
    /// The `Code` of S3's error body.
    pub fn s3_code(&self) -> &'static str {
        match self {
            Self::InvalidUri => "InvalidURI",
            Self::InvalidHeader { .. } => "InvalidRequest",
            Self::UnknownHost => "NoSuchBucket",
            Self::SeveralMechanisms | Self::UnsupportedPayload => "InvalidArgument",
            Self::MissingParameter { .. }
            | Self::DuplicateParameter { .. }
            | Self::UnsupportedAlgorithm
            | Self::MalformedCredential
            | Self::WrongScopeDate
            | Self::WrongRegion { .. }
            | Self::WrongService
            | Self::WrongTerminator
            | Self::MalformedDate
            | Self::InvalidExpires
            | Self::MalformedSignedHeaders => "AuthorizationQueryParametersError",
            Self::HostNotSigned
            | Self::NotYetValid { .. }
            | Self::Expired { .. }
            | Self::UnsignedHeaders { .. } => "AccessDenied",
            Self::UnknownAccessKey => "InvalidAccessKeyId",
            Self::InvalidToken => "InvalidToken",
            Self::ExpiredToken => "ExpiredToken",
            Self::MissingSignedHeader { .. } | Self::SignatureDoesNotMatch(_) => {
                "SignatureDoesNotMatch"
            }
        }
    }

    /// The HTTP status that belongs to the code.
    pub fn status(&self) -> u16 {
        match self.s3_code() {
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
