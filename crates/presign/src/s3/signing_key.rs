//! Step 3: the signing key, derived from the secret for one day, region and service.

use std::sync::{Arc, PoisonError, RwLock};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{
    credential::Credential,
    string_to_sign::{SERVICE, StringToSign, TERMINATOR, scope},
};
use crate::{Secret, Timestamp, encode};

/// An HMAC with the derived key already absorbed.
pub(super) struct SigningKey(Hmac<Sha256>);

impl SigningKey {
    pub(super) fn derive(secret: &Secret, day: Timestamp, region: &str) -> Self {
        let secret = Zeroizing::new(["AWS4", secret.expose()].concat());
        let day_key = mac(keyed(secret.as_bytes()), day.date().as_bytes());
        let region_key = mac(keyed(&*day_key), region.as_bytes());
        let service_key = mac(keyed(&*region_key), SERVICE.as_bytes());
        let signing_key = mac(keyed(&*service_key), TERMINATOR.as_bytes());
        Self(keyed(&*signing_key))
    }

    /// Gives the signature in lower-case hexadecimal.
    pub(super) fn sign(&self, string_to_sign: &StringToSign<'_>) -> String {
        let mut hmac = self.0.clone();
        for piece in string_to_sign.pieces() {
            hmac.update(piece.as_bytes());
        }
        encode::hex(&hmac.finalize().into_bytes().into())
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    #[expect(
        clippy::expect_used,
        reason = "HMAC is defined for keys of every length"
    )]
    Hmac::new_from_slice(key).expect("HMAC takes keys of every length")
}

fn mac(mut hmac: Hmac<Sha256>, message: &[u8]) -> Zeroizing<[u8; 32]> {
    hmac.update(message);
    Zeroizing::new(hmac.finalize().into_bytes().into())
}

/// What stays the same in all URLs of one credential, region and day.
pub(super) struct DayKey {
    day: i64,
    pub(super) scope: String,
    /// The value of `X-Amz-Credential`, encoded.
    pub(super) credential: String,
    pub(super) key: SigningKey,
}

impl DayKey {
    fn new(credential: &Credential, region: &str, time: Timestamp) -> Self {
        let scope = scope(time, region);
        let id = credential.access_key_id();
        Self {
            day: time.day(),
            credential: encode::component(&format!("{id}/{scope}")).into_owned(),
            key: SigningKey::derive(credential.secret_access_key(), time, region),
            scope,
        }
    }
}

/// Keeps the keys of an even and an odd day, so that around midnight both
/// days' URLs are signed without deriving a key for each.
#[derive(Default)]
pub(super) struct DayKeys {
    even: RwLock<Option<Arc<DayKey>>>,
    odd: RwLock<Option<Arc<DayKey>>>,
}

impl DayKeys {
    /// Gives the day's key, deriving it if the day is a new one.
    pub(super) fn get(
        &self,
        credential: &Credential,
        region: &str,
        time: Timestamp,
    ) -> Arc<DayKey> {
        let day = time.day();
        let slot = if day % 2 == 0 { &self.even } else { &self.odd };
        // A poisoned lock holds a whole value all the same: it is replaced in one step.
        let kept = slot.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(kept) = kept.filter(|kept| kept.day == day) {
            return kept;
        }
        let derived = Arc::new(DayKey::new(credential, region, time));
        *slot.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&derived));
        derived
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_SECONDS: i64 = 86_400;

    #[test]
    fn keys_are_derived_once_a_day() {
        let credential = Credential::new("AKIA", "secret").unwrap();
        let keys = DayKeys::default();
        let at = |seconds| {
            keys.get(
                &credential,
                "eu-west-1",
                Timestamp::from_unix_seconds(seconds),
            )
        };
        let today = at(DAY_SECONDS);
        assert_eq!(today.scope, "19700102/eu-west-1/s3/aws4_request");
        assert_eq!(
            today.credential,
            "AKIA%2F19700102%2Feu-west-1%2Fs3%2Faws4_request"
        );
        let yesterday = at(DAY_SECONDS - 1);
        assert_eq!(yesterday.scope, "19700101/eu-west-1/s3/aws4_request");
        assert!(Arc::ptr_eq(&today, &at(2 * DAY_SECONDS - 1)));
        assert!(Arc::ptr_eq(&yesterday, &at(0)));
        let two_days_later = at(3 * DAY_SECONDS);
        assert_eq!(two_days_later.scope, "19700104/eu-west-1/s3/aws4_request");
        assert!(!Arc::ptr_eq(&today, &at(DAY_SECONDS)));
    }
}
