//! The keys that a signer can have.

use super::HmacKey;
#[cfg(feature = "gcs-rsa")]
use super::ServiceAccountKey;
use crate::Timestamp;

/// A key that signs here, without a call to anybody.
///
/// ```
/// use presign::gcs::{Credential, HmacKey};
///
/// let credential = Credential::from(HmacKey::new("GOOG1EXAMPLE", "secret")?);
/// assert_eq!(credential.authorizer(), "GOOG1EXAMPLE");
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Credential {
    /// A symmetric key: the fast way.
    Hmac(HmacKey),
    /// A service account's private key.
    #[cfg(feature = "gcs-rsa")]
    ServiceAccount(ServiceAccountKey),
}

impl Credential {
    /// The access id or e-mail address, which every signed URL shows.
    pub fn authorizer(&self) -> &str {
        match self {
            Self::Hmac(key) => key.access_id(),
            #[cfg(feature = "gcs-rsa")]
            Self::ServiceAccount(key) => key.client_email(),
        }
    }

    /// The first second at which the key is no longer good, if that is known.
    pub fn expires_at(&self) -> Option<Timestamp> {
        match self {
            Self::Hmac(key) => key.expires_at(),
            #[cfg(feature = "gcs-rsa")]
            Self::ServiceAccount(key) => key.expires_at(),
        }
    }
}

impl From<HmacKey> for Credential {
    fn from(key: HmacKey) -> Self {
        Self::Hmac(key)
    }
}

#[cfg(feature = "gcs-rsa")]
impl From<ServiceAccountKey> for Credential {
    fn from(key: ServiceAccountKey) -> Self {
        Self::ServiceAccount(key)
    }
}
