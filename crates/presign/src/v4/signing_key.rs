//! Step 3: the signing key, derived from the secret for one day, region and service.

use std::sync::{Arc, PoisonError, RwLock};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{access_key::AccessKey, dialect::Dialect, stamp::Stamp, string_to_sign::StringToSign};
use crate::{Timestamp, batch::HmacKey, encode, kernel::Seal};

/// What signing keys are derived from, but for the day.
pub(crate) struct KeySource<'a> {
    pub(crate) dialect: &'static Dialect,
    pub(crate) access_key: &'a AccessKey,
    pub(crate) region: &'a str,
}

/// The derived key, already absorbed.
pub(crate) struct SigningKey(HmacKey);

impl SigningKey {
    pub(crate) fn derive(source: &KeySource<'_>, day: Timestamp) -> Self {
        let dialect = source.dialect;
        let secret =
            Zeroizing::new([dialect.key_prefix, source.access_key.secret().expose()].concat());
        let day_key = mac(keyed(secret.as_bytes()), day.date().as_bytes());
        let region_key = mac(keyed(&*day_key), source.region.as_bytes());
        let service_key = mac(keyed(&*region_key), dialect.service.as_bytes());
        let signing_key = mac(keyed(&*service_key), dialect.terminator.as_bytes());
        Self(HmacKey::new(&*signing_key))
    }

    /// Absorbs the beginning of the string to sign.
    pub(super) fn seal(&self, stamp: &Stamp) -> Seal {
        let mut string_to_sign = self.0.inner();
        for piece in stamp.string_to_sign() {
            string_to_sign.absorb(piece.as_bytes());
        }
        string_to_sign.seal(&self.0)
    }

    /// Whether the text is the signature, without telling by time how much of it is.
    pub(crate) fn verifies(&self, string_to_sign: &StringToSign<'_>, signature: &str) -> bool {
        let pieces = string_to_sign.pieces().map(str::as_bytes);
        let mac = self.0.finish(&self.0.inner().digest(&pieces));
        let expected = encode::hex_digits(&mac);
        expected.ct_eq(signature.as_bytes()).into()
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
pub(crate) struct DayKey {
    day: i64,
    pub(crate) scope: String,
    /// The value of the credential parameter, encoded.
    pub(crate) credential: String,
    pub(crate) key: SigningKey,
}

impl DayKey {
    fn new(source: &KeySource<'_>, time: Timestamp) -> Self {
        let scope = source.dialect.scope(time, source.region);
        let credential = format!("{}/{scope}", source.access_key.id());
        Self {
            day: time.day(),
            credential: encode::component(&credential).into_owned(),
            key: SigningKey::derive(source, time),
            scope,
        }
    }
}

/// Keeps the keys of an even and an odd day, so that around midnight both
/// days' URLs are signed without deriving a key for each.
#[derive(Default)]
pub(crate) struct DayKeys {
    even: RwLock<Option<Arc<DayKey>>>,
    odd: RwLock<Option<Arc<DayKey>>>,
}

impl DayKeys {
    /// Gives the day's key, deriving it if the day is a new one.
    pub(crate) fn get(&self, source: &KeySource<'_>, time: Timestamp) -> Arc<DayKey> {
        let day = time.day();
        let slot = if day % 2 == 0 { &self.even } else { &self.odd };
        // A poisoned lock holds a whole value all the same: it is replaced in one step.
        let kept = slot.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(kept) = kept.filter(|kept| kept.day == day) {
            return kept;
        }
        let derived = Arc::new(DayKey::new(source, time));
        *slot.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&derived));
        derived
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v4::dialect::AWS;

    const DAY_SECONDS: i64 = 86_400;

    #[test]
    fn keys_are_derived_once_a_day() {
        let source = KeySource {
            dialect: &AWS,
            access_key: &AccessKey::new("AKIA".into(), "secret".into()).unwrap(),
            region: "eu-west-1",
        };
        let keys = DayKeys::default();
        let at = |seconds| keys.get(&source, Timestamp::from_unix_seconds(seconds));
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
