//! Why a request was not accepted, in Azure's terms.

use std::fmt;

use thiserror::Error;

use super::permissions::Permissions;
use crate::Timestamp;

/// The step at which verification failed. `Display` is a message for whoever sent the request.
///
/// ```
/// use presign::{Timestamp, azure::{Credential, Received, Verifier}};
///
/// let received = Received {
///     method: "GET",
///     raw_path: "/teamvision/models/weights.bin",
///     raw_query: "sig=AA",
///     headers: &[("host", b"127.0.0.1:10000")],
///     is_https: false,
///     client_address: [127, 0, 0, 1].into(),
/// };
/// let refusal = Verifier::new()
///     .verify(&received, Timestamp::from_unix_seconds(0), |_| None::<Credential>, |_| None)
///     .unwrap_err();
/// assert_eq!(refusal.azure_code(), "AuthenticationFailed");
/// assert_eq!(refusal.status(), 403);
/// ```
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Path or query has a broken escape or is not UTF-8, or the path does not begin with a
    /// slash or holds a control character.
    #[error("the path or query could not be decoded")]
    InvalidUri,
    /// A header that matters is not UTF-8, is repeated, or is `Host` and missing.
    #[error("the header `{name}` is missing, repeated or not UTF-8")]
    InvalidHeader {
        /// The header's name.
        name: Box<str>,
    },
    /// The host is none of the verifier's.
    #[error("the host is none of this service's")]
    UnknownHost,
    /// The path names no account or no container.
    #[error("the path names no container")]
    NoContainer,
    /// Another kind of authentication stands beside the query's.
    #[error("only one authentication mechanism is allowed")]
    SeveralMechanisms,
    /// A parameter that the signature needs is not there or empty.
    #[error("the query parameter `{name}` is missing")]
    MissingParameter {
        /// The parameter's name.
        name: &'static str,
    },
    /// A parameter is there twice, in whatever case, so that readers could take either.
    #[error("the query parameter `{name}` is given more than once")]
    DuplicateParameter {
        /// The parameter's name.
        name: Box<str>,
    },
    /// A parameter of the signature has a value that it may not have, or not beside the others.
    #[error("the query parameter `{name}` has a value that is not allowed here")]
    InvalidParameter {
        /// The parameter's name.
        name: &'static str,
    },
    /// The signature is of a version that is too old, or none that is known.
    #[error("`sv` must be a service version from `2020-12-06` on that is known here")]
    UnsupportedVersion,
    /// The signature is for one user, whose own token must come with it.
    #[error("signatures that are bound to a user are not supported")]
    UserBound,
    /// The signature is for a blob, but the request is for a container.
    #[error("the signature is for a blob, which the path does not name")]
    WrongResource,
    /// It begins to be valid later.
    #[error("the signature is not valid yet")]
    NotYetValid {
        /// When it begins.
        starts_at: Timestamp,
    },
    /// Its time is over.
    #[error("the signature has expired")]
    Expired {
        /// The first second at which it was no longer valid.
        expires_at: Timestamp,
    },
    /// The delegated key begins to be good later.
    #[error("the delegation key is not valid yet")]
    KeyNotYetValid {
        /// When it begins.
        starts_at: Timestamp,
    },
    /// The delegated key's time is over.
    #[error("the delegation key has expired")]
    KeyExpired {
        /// The first second at which it was no longer good.
        expires_at: Timestamp,
    },
    /// A header that the signature covers was not sent.
    #[error("the header `{name}`, named in `srh`, is missing")]
    MissingSignedHeader {
        /// The header's name.
        name: Box<str>,
    },
    /// A query parameter that the signature covers was not sent.
    #[error("the query parameter `{name}`, named in `srq`, is missing")]
    MissingSignedParameter {
        /// The parameter's name.
        name: Box<str>,
    },
    /// The account is not known, or has not delegated such a key.
    #[error("the key is not known")]
    UnknownKey,
    /// All is well-formed, but the signature is for another request or by another key.
    #[error("the signature does not match the request")]
    SignatureDoesNotMatch(Box<Mismatch>),
    /// The container has no such stored access policy.
    #[error("the stored access policy is not known")]
    UnknownPolicy,
    /// What the stored access policy sets, the URL may not set again.
    #[error("the query parameter `{name}` is set by the stored access policy already")]
    SetByPolicy {
        /// The parameter's name.
        name: &'static str,
    },
    /// The signature is for requests over TLS.
    #[error("the signature does not permit this protocol")]
    ProtocolMismatch,
    /// The signature is for requests from elsewhere.
    #[error("the signature does not permit this client address")]
    AddressMismatch,
    /// The signature permits other operations than this, or no signature could permit it.
    #[error("the signature does not permit this operation")]
    PermissionMismatch {
        /// Any one of these would, if there are any.
        any_of: Option<Permissions>,
    },
}

impl Refusal {
    /// The `Code` of Azure's error body, and the value of its `x-ms-error-code` header.
    pub fn azure_code(&self) -> &'static str {
        match self {
            Self::InvalidUri | Self::NoContainer => "InvalidUri",
            Self::InvalidHeader { .. } => "InvalidHeaderValue",
            Self::UnknownHost => "ResourceNotFound",
            Self::SeveralMechanisms => "InvalidAuthenticationInfo",
            Self::DuplicateParameter { .. } => "InvalidQueryParameterValue",
            Self::MissingParameter { .. }
            | Self::InvalidParameter { .. }
            | Self::UnsupportedVersion
            | Self::UserBound
            | Self::WrongResource
            | Self::NotYetValid { .. }
            | Self::Expired { .. }
            | Self::KeyNotYetValid { .. }
            | Self::KeyExpired { .. }
            | Self::MissingSignedHeader { .. }
            | Self::MissingSignedParameter { .. }
            | Self::UnknownKey
            | Self::SignatureDoesNotMatch(_)
            | Self::UnknownPolicy
            | Self::SetByPolicy { .. } => "AuthenticationFailed",
            Self::ProtocolMismatch => "AuthorizationProtocolMismatch",
            Self::AddressMismatch => "AuthorizationSourceIPMismatch",
            Self::PermissionMismatch { .. } => "AuthorizationPermissionMismatch",
        }
    }

    /// The HTTP status that belongs to the code.
    pub fn status(&self) -> u16 {
        match self.azure_code() {
            "ResourceNotFound" => 404,
            code if code.starts_with("Auth") => 403,
            _ => 400,
        }
    }
}

/// What the verifier signed, so that a sender can compare it with its own; Azure
/// shows it as `AuthenticationErrorDetail`.
///
/// It holds no secret: the signature is not in it, and values of headers such
/// as customer-provided encryption keys are replaced by `(hidden)`.
///
/// ```
/// use presign::{Timestamp, azure::{AccountKey, Credential, Received, Refusal, Verifier}};
///
/// let credential = Credential::from(AccountKey::new("c3dvcmRmaXNo")?);
/// let received = Received {
///     method: "GET",
///     raw_path: "/teamvision/models/weights.bin",
///     raw_query: "sv=2020-12-06&sr=b&sp=r&se=2030-01-01\
///         &sig=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
///     headers: &[("host", b"127.0.0.1:10000")],
///     is_https: false,
///     client_address: [127, 0, 0, 1].into(),
/// };
/// let now = Timestamp::from_unix_seconds(0);
/// let refusal = Verifier::new()
///     .verify(&received, now, |_| Some(&credential), |_| None)
///     .unwrap_err();
/// let Refusal::SignatureDoesNotMatch(mismatch) = refusal else { panic!("{refusal}") };
/// assert!(mismatch.string_to_sign.starts_with(
///     "r\n\n2030-01-01\n/blob/teamvision/models/weights.bin\n"
/// ));
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mismatch {
    /// The string to sign, secrets hidden.
    pub string_to_sign: Box<str>,
}

impl fmt::Debug for Mismatch {
    /// Shows nothing: the string may hold users' data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mismatch").finish_non_exhaustive()
    }
}
