//! The RSA keys of service accounts: private to sign, public to verify.

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use rustls_pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer, pem::PemObject};
use zeroize::Zeroizing;

use super::draft::check_service_account;
use crate::{CredentialFault, Error, Timestamp};

/// A service account's private key, taken apart once and cheap to clone.
///
/// ```
/// use presign::gcs::ServiceAccountKey;
///
/// # let file = include_str!(concat!(
/// #     env!("CARGO_MANIFEST_DIR"),
/// #     "/tests/data/google_service_account.json"
/// # ));
/// # let base64 = file.split('"').max_by_key(|text| text.len()).unwrap();
/// # let private_key = format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n");
/// // `client_email` and `private_key` of the JSON file that Google hands out.
/// let key = ServiceAccountKey::from_pem("signer@project.iam.gserviceaccount.com", &private_key)?;
/// assert_eq!(key.client_email(), "signer@project.iam.gserviceaccount.com");
/// assert!(!format!("{key:?}").contains("PRIVATE"));
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone)]
pub struct ServiceAccountKey {
    client_email: Box<str>,
    key_pair: Arc<RsaKeyPair>,
    public_key: RsaPublicKey,
    expires_at: Option<Timestamp>,
}

impl ServiceAccountKey {
    /// Takes the account's e-mail address and its private key, PKCS#8 in PEM,
    /// of which the caller's copy is the caller's to wipe.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCredential`] if the address is not printable ASCII or
    /// holds a `/`, or if the key is not an RSA key of 2,048 to 8,192 bits.
    pub fn from_pem(client_email: impl Into<Box<str>>, pem: &str) -> Result<Self, Error> {
        let client_email = check_service_account(client_email.into())?;
        let unusable = || Error::InvalidCredential(CredentialFault::PrivateKey);
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| unusable())?;
        let der = Zeroizing::new(der);
        let key_pair = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| unusable())?;
        let public_key =
            RsaPublicKey::from_der(key_pair.public_key().as_ref()).map_err(|_| unusable())?;
        Ok(Self {
            client_email,
            public_key,
            key_pair: Arc::new(key_pair),
            expires_at: None,
        })
    }

    /// Says when the key will end, so that no URL is signed to outlive it.
    #[must_use]
    pub fn with_expiry(mut self, at: Timestamp) -> Self {
        self.expires_at = Some(at);
        self
    }

    /// The account's e-mail address, which every signed URL shows.
    pub fn client_email(&self) -> &str {
        &self.client_email
    }

    /// The first second at which the key is no longer good, if that is known.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// The half that verifies.
    pub fn public_key(&self) -> &RsaPublicKey {
        &self.public_key
    }

    /// Signs with PKCS #1 v1.5 and SHA-256.
    pub(super) fn sign(&self, message: &str) -> Result<Vec<u8>, Error> {
        let mut signature = vec![0; self.key_pair.public_modulus_len()];
        // This padding is not random: the source of randomness is only asked for.
        self.key_pair
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message.as_bytes(),
                &mut signature,
            )
            .map_err(|_| Error::SigningFailed)?;
        Ok(signature)
    }
}

impl fmt::Debug for ServiceAccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccountKey")
            .field("client_email", &self.client_email)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// A service account's public key.
///
/// ```
/// use presign::{CredentialFault, Error, gcs::RsaPublicKey};
///
/// let refused = RsaPublicKey::from_pem("not a key").unwrap_err();
/// assert_eq!(refused, Error::InvalidCredential(CredentialFault::PublicKey));
/// ```
#[derive(Clone)]
pub struct RsaPublicKey(ParsedPublicKey);

impl RsaPublicKey {
    /// Takes a `SubjectPublicKeyInfo` in PEM (`BEGIN PUBLIC KEY`).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCredential`] if it is not an RSA key of 2,048 to 8,192 bits.
    pub fn from_pem(pem: &str) -> Result<Self, Error> {
        let der = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| Error::InvalidCredential(CredentialFault::PublicKey))?;
        Self::from_der(&der)
    }

    fn from_der(der: &[u8]) -> Result<Self, Error> {
        ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der)
            .map(Self)
            .map_err(|_| Error::InvalidCredential(CredentialFault::PublicKey))
    }

    pub(super) fn verifies(&self, message: &str, signature: &[u8]) -> bool {
        self.0.verify_sig(message.as_bytes(), signature).is_ok()
    }
}

impl fmt::Debug for RsaPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RsaPublicKey").finish_non_exhaustive()
    }
}
