//! The keys that a verifier can be given.

use super::{Algorithm, HmacKey};
#[cfg(feature = "gcs-rsa")]
use super::{RsaPublicKey, ServiceAccountKey};
#[cfg(feature = "gcs-rsa")]
use crate::encode;
use crate::v4::{
    authentication::Authentication,
    dialect::GOOGLE,
    signing_key::{KeySource, SigningKey},
    string_to_sign::StringToSign,
};

/// A key that tells whether a signature is its owner's.
///
/// ```
/// use presign::gcs::{HmacKey, VerifyingKey};
///
/// let key = VerifyingKey::from(HmacKey::new("GOOG1EXAMPLE", "swordfish")?);
/// assert!(!format!("{key:?}").contains("swordfish"));
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum VerifyingKey {
    /// For `GOOG4-HMAC-SHA256`: the key that signs also verifies.
    Hmac(HmacKey),
    /// For `GOOG4-RSA-SHA256`.
    #[cfg(feature = "gcs-rsa")]
    Rsa(RsaPublicKey),
}

impl VerifyingKey {
    /// The algorithm that the key is for; signatures by another are not its owner's.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Hmac(_) => Algorithm::HmacSha256,
            #[cfg(feature = "gcs-rsa")]
            Self::Rsa(_) => Algorithm::RsaSha256,
        }
    }

    pub(super) fn verifies(
        &self,
        string_to_sign: &StringToSign<'_>,
        authentication: &Authentication<'_>,
    ) -> bool {
        match self {
            Self::Hmac(key) => {
                let source = KeySource {
                    dialect: &GOOGLE,
                    access_key: key.access_key(),
                    region: authentication.region(),
                };
                SigningKey::derive(&source, authentication.issued_at)
                    .verifies(string_to_sign, authentication.signature)
            }
            #[cfg(feature = "gcs-rsa")]
            Self::Rsa(key) => encode::from_hex(authentication.signature)
                .is_some_and(|signature| key.verifies(&string_to_sign.text(), &signature)),
        }
    }
}

impl From<HmacKey> for VerifyingKey {
    fn from(key: HmacKey) -> Self {
        Self::Hmac(key)
    }
}

#[cfg(feature = "gcs-rsa")]
impl From<RsaPublicKey> for VerifyingKey {
    fn from(key: RsaPublicKey) -> Self {
        Self::Rsa(key)
    }
}

#[cfg(feature = "gcs-rsa")]
impl From<&ServiceAccountKey> for VerifyingKey {
    fn from(key: &ServiceAccountKey) -> Self {
        Self::Rsa(key.public_key().clone())
    }
}
