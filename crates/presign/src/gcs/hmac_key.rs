//! A symmetric key of a service account or user.

use crate::{Error, Secret, Timestamp, v4::access_key::AccessKey};

/// An HMAC key: an access id and a secret.
///
/// ```
/// use presign::{Timestamp, gcs::HmacKey};
///
/// let ends = Timestamp::from_unix_seconds(1_700_000_000);
/// let key = HmacKey::new("GOOG1EXAMPLE", "swordfish")?.with_expiry(ends);
/// assert_eq!(key.access_id(), "GOOG1EXAMPLE");
/// assert_eq!(key.expires_at(), Some(ends));
/// assert!(!format!("{key:?}").contains("swordfish"));
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct HmacKey {
    access_key: AccessKey,
    expires_at: Option<Timestamp>,
}

impl HmacKey {
    /// Takes the two halves as Google shows them when it makes the key.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCredential`] if either half is empty, or if the id is
    /// not printable ASCII or holds a `/`.
    pub fn new(access_id: impl Into<Box<str>>, secret: impl Into<Secret>) -> Result<Self, Error> {
        Ok(Self {
            access_key: AccessKey::new(access_id.into(), secret.into())?,
            expires_at: None,
        })
    }

    /// Says when the key will be deactivated, so that no URL is signed to outlive it.
    #[must_use]
    pub fn with_expiry(mut self, at: Timestamp) -> Self {
        self.expires_at = Some(at);
        self
    }

    /// The public half, which every signed URL shows.
    pub fn access_id(&self) -> &str {
        self.access_key.id()
    }

    /// The first second at which the key is no longer good, if that is known.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    pub(super) fn access_key(&self) -> &AccessKey {
        &self.access_key
    }
}
