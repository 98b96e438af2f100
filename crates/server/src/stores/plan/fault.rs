//! Why no credential was to be had. Holds nothing of what was sent or answered but an error's code.

use crate::stores::s3::xml;
use reqsign_core::ErrorKind;

/// Why no credential was to be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoCredential {
    /// The server has none where the plan says.
    #[error("the server has none where the plan looks for it")]
    Absent,
    /// Whoever gives credentials refused.
    #[error("it was refused, code `{}`", code.as_deref().unwrap_or("-"))]
    Refused {
        /// The error's code, where it has one.
        code: Option<Box<str>>,
    },
    /// The plan, or what the server's environment adds to it, does not do.
    #[error("the plan or the server's settings for it cannot be used")]
    Settings,
    /// Whoever gives credentials did not answer, or asks to be left alone.
    #[error("who gives it does not answer")]
    NoAnswer,
    /// What was given is no credential.
    #[error("what was given is no credential")]
    Unusable,
    /// What was given had ended already.
    #[error("what was given has ended already")]
    Ended,
}

impl NoCredential {
    /// What the operator can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Absent => "give the server the identity that the bucket's plan names",
            Self::Refused { .. } => {
                "check the identity's rights, the role's trust policy and the external id"
            }
            Self::Settings => "check the bucket's plan, and the server's environment",
            Self::NoAnswer => "check that the server reaches whoever gives the credential",
            Self::Unusable => "check the endpoint that gives the credential",
            Self::Ended => "check the server's clock",
        }
    }
}

impl From<reqsign_core::Error> for NoCredential {
    /// Messages may repeat what was sent, so they are left out.
    fn from(error: reqsign_core::Error) -> Self {
        let code = || {
            let mut context = error.context().iter();
            context.find_map(|text| xml::word(text.strip_prefix("error_code: ")?))
        };
        match error.kind() {
            _ if error.is_retryable() => Self::NoAnswer,
            ErrorKind::PermissionDenied | ErrorKind::CredentialInvalid => {
                Self::Refused { code: code() }
            }
            ErrorKind::ConfigInvalid | ErrorKind::RequestInvalid => Self::Settings,
            ErrorKind::RateLimited => Self::NoAnswer,
            // A code of theirs that the provider does not know is a refusal all the same
            ErrorKind::Unexpected => match code() {
                None => Self::Unusable,
                code => Self::Refused { code },
            },
        }
    }
}
