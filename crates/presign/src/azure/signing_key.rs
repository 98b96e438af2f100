//! The HMAC key of an account or of a delegation, decoded and absorbed once.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use crate::{CredentialFault, Error, Secret, batch::HmacKey, kernel::to_bytes};

/// A key that is absorbed, so that no signature has to do it again; wiped when
/// dropped, as its copies are.
#[derive(Clone)]
pub(super) struct SigningKey(HmacKey);

impl SigningKey {
    /// Decodes a key from base64, the form in which Azure gives every key.
    pub(super) fn from_base64(text: &Secret) -> Result<Self, Error> {
        let key = STANDARD.decode(text.expose()).map(Zeroizing::new);
        match key {
            Ok(key) if !key.is_empty() => Ok(Self(HmacKey::new(&key))),
            _ => Err(Error::InvalidCredential(CredentialFault::Base64Key)),
        }
    }

    /// Signs the string to sign.
    pub(super) fn sign(&self, string_to_sign: &[u8]) -> [u8; 32] {
        let inner = self.0.inner().digest(&[string_to_sign]);
        to_bytes(&self.0.finish(&inner))
    }

    pub(super) const fn hmac(&self) -> &HmacKey {
        &self.0
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(hidden)")
    }
}

/// Reads a signature from base64.
pub(super) fn decode(text: &str) -> Option<[u8; 32]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::hex;

    /// Test case 2 of RFC 4231, section 4.3: the key `Jefe`.
    #[test]
    fn signatures_are_hmac_sha256_with_the_decoded_key() {
        let key = SigningKey::from_base64(&"SmVmZQ==".into()).unwrap();
        for _ in 0..2 {
            let signature = key.sign(b"what do ya want for nothing?");
            assert_eq!(
                hex(&signature),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            );
        }
    }

    #[test]
    fn signatures_come_back_from_base64() {
        let signature = [0xfb; 32];
        let text = STANDARD.encode(signature);
        assert_eq!(decode(&text), Some(signature));
        let unpadded = text.trim_end_matches('=');
        for broken in ["", unpadded, &text.replace('+', "-"), &text[4..]] {
            assert_eq!(decode(broken), None, "{broken}");
        }
    }

    #[test]
    fn what_is_not_base64_is_no_key() {
        for text in ["", "====", "SmVmZQ", "SmVm ZQ==", "ключ"] {
            let fault = SigningKey::from_base64(&text.into()).unwrap_err();
            assert_eq!(fault, Error::InvalidCredential(CredentialFault::Base64Key));
        }
    }
}
