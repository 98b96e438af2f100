//! The access key that signs, long-term or temporary.

use crate::{CredentialFault, Error, Secret, Timestamp, v4::access_key::AccessKey};

/// An AWS-style access key: an id, a secret, and for temporary ones a session token.
///
/// ```
/// use presign::{Timestamp, s3::Credential};
///
/// let expires_at = Timestamp::from_unix_seconds(1_700_000_000);
/// let credential = Credential::new("ASIAIOSFODNN7EXAMPLE", "swordfish")?
///     .with_session("token", Some(expires_at))?;
/// assert_eq!(credential.access_key_id(), "ASIAIOSFODNN7EXAMPLE");
/// assert_eq!(credential.expires_at(), Some(expires_at));
/// assert!(!format!("{credential:?}").contains("swordfish"));
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Credential {
    access_key: AccessKey,
    session_token: Option<Secret>,
    expires_at: Option<Timestamp>,
}

impl Credential {
    /// Makes a long-term credential.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCredential`] if either part is empty, or if the id is
    /// not printable ASCII or holds a `/`, which separates the fields of the
    /// credential scope.
    pub fn new(
        access_key_id: impl Into<Box<str>>,
        secret_access_key: impl Into<Secret>,
    ) -> Result<Self, Error> {
        Ok(Self {
            access_key: AccessKey::new(access_key_id.into(), secret_access_key.into())?,
            session_token: None,
            expires_at: None,
        })
    }

    /// Makes it a temporary one; without `expires_at` its end is not known and not checked.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCredential`] if the token is empty.
    pub fn with_session(
        self,
        session_token: impl Into<Secret>,
        expires_at: Option<Timestamp>,
    ) -> Result<Self, Error> {
        let session_token = session_token.into();
        if session_token.is_empty() {
            return Err(Error::InvalidCredential(CredentialFault::SessionToken));
        }
        Ok(Self {
            session_token: Some(session_token),
            expires_at,
            ..self
        })
    }

    /// The public half, which every signed URL shows.
    pub fn access_key_id(&self) -> &str {
        self.access_key.id()
    }

    /// The secret half.
    pub fn secret_access_key(&self) -> &Secret {
        self.access_key.secret()
    }

    /// The session token of a temporary credential.
    pub fn session_token(&self) -> Option<&Secret> {
        self.session_token.as_ref()
    }

    /// The first second at which the store no longer takes the credential.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    pub(super) fn access_key(&self) -> &AccessKey {
        &self.access_key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusable_credentials_are_refused() {
        for id in ["", "AKIA/x", "AKIA x", "AKIA\n", "ÄKIA"] {
            let fault = Credential::new(id, "secret").unwrap_err();
            assert_eq!(
                fault,
                Error::InvalidCredential(CredentialFault::AccessKeyId)
            );
        }
        let fault = Credential::new("AKIA", "").unwrap_err();
        assert_eq!(
            fault,
            Error::InvalidCredential(CredentialFault::SecretAccessKey)
        );
        let fault = Credential::new("AKIA", "s")
            .unwrap()
            .with_session("", None)
            .unwrap_err();
        assert_eq!(
            fault,
            Error::InvalidCredential(CredentialFault::SessionToken)
        );
    }
}
