//! Seals the buckets' credentials for the database: AES-256-GCM (NIST SP 800-38D).
//!
//! A sealed value is `version ‖ length of key id ‖ key id ‖ nonce ‖ ciphertext ‖ tag`. What it belongs
//! to (bucket, field, revision) is authenticated with it, so that a value moved to another row, or put
//! back from an older one, does not open.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use presign::Secret;
use protocol::id::BucketId;
use std::sync::Arc;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const KEY_BYTES: usize = 32;
const MAX_KEY_ID_BYTES: usize = 32;

/// Why a value could not be sealed or opened, or the keys could not be read. Never holds any of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text of the keys is not of its form.
    #[error(
        "seal key {position} is not of the form `id:64 hexadecimal digits`, with an id of 1 to 32 letters, digits, `-` and `_`"
    )]
    KeyForm {
        /// Which key, from 1.
        position: usize,
    },
    /// Two keys have the same id.
    #[error("the seal key `{id}` is given twice")]
    DuplicateKey {
        /// The id.
        id: Box<str>,
    },
    /// The value was sealed under a key that is not among those given.
    #[error("sealed under the key `{id}`, which is not configured; add it to the seal keys")]
    UnknownKey {
        /// The id.
        id: Box<str>,
    },
    /// The value is not a sealed one, belongs elsewhere, or was changed.
    #[error("does not open: it was changed, or belongs to something else")]
    Broken,
}

/// What a sealed value belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The bucket.
    pub bucket: BucketId,
    /// The field.
    pub field: &'a str,
    /// The revision of the credential.
    pub revision: i64,
}

impl Place<'_> {
    /// The place of a bucket's credential plan.
    pub fn plan(bucket: BucketId, revision: i64) -> Self {
        Self {
            bucket,
            field: "plan",
            revision,
        }
    }

    /// Unambiguous, as every field but the last has a fixed length.
    fn associated_data(&self, header: &[u8]) -> Vec<u8> {
        let mut data = b"signet/seal/1\0".to_vec();
        data.extend_from_slice(self.bucket.uuid().as_bytes());
        data.extend_from_slice(&self.revision.to_be_bytes());
        data.extend_from_slice(&[u8::try_from(header.len()).unwrap_or(u8::MAX)]);
        data.extend_from_slice(header);
        data.extend_from_slice(self.field.as_bytes());
        data
    }
}

struct Key {
    id: Box<str>,
    key: RandomizedNonceKey,
}

/// The keys that seal. The first one seals; each opens what it sealed.
#[derive(Clone)]
pub struct SealKeys(Arc<[Key]>);

impl SealKeys {
    /// Reads one or more `id:64 hexadecimal digits`, apart by commas or white space.
    ///
    /// # Errors
    /// When there is none, or one is not of this form.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut keys: Vec<Key> = Vec::new();
        let words = text.split(|c: char| c == ',' || c.is_whitespace());
        for (index, word) in words.filter(|word| !word.is_empty()).enumerate() {
            let position = index + 1;
            let form = || Error::KeyForm { position };
            let (id, digits) = word.split_once(':').ok_or_else(form)?;
            let mut bytes = Zeroizing::new([0; KEY_BYTES]);
            hex::decode_to_slice(digits, bytes.as_mut_slice()).map_err(|_| form())?;
            let key = key(id, &bytes).ok_or_else(form)?;
            if keys.iter().any(|known| known.id == key.id) {
                return Err(Error::DuplicateKey { id: id.into() });
            }
            keys.push(key);
        }
        if keys.is_empty() {
            return Err(Error::KeyForm { position: 1 });
        }
        Ok(Self(keys.into()))
    }

    /// One key from its bytes, for servers that live no longer than their key.
    ///
    /// # Errors
    /// When the id is not of its form.
    pub fn from_bytes(id: &str, bytes: &[u8; KEY_BYTES]) -> Result<Self, Error> {
        let key = key(id, bytes).ok_or(Error::KeyForm { position: 1 })?;
        Ok(Self(Arc::from([key])))
    }

    /// The id of the key that seals.
    pub fn sealing_key_id(&self) -> &str {
        self.0.first().map_or("", |key| &key.id)
    }

    /// Seals a secret for its place.
    ///
    /// # Errors
    /// When the library fails, which it does not for a secret of any real length.
    pub fn seal(&self, place: &Place<'_>, secret: &str) -> Result<Vec<u8>, Error> {
        let key = self.0.first().ok_or(Error::Broken)?;
        let mut sealed = vec![VERSION, u8::try_from(key.id.len()).unwrap_or(u8::MAX)];
        sealed.extend_from_slice(key.id.as_bytes());
        let aad = Aad::from(place.associated_data(&sealed));
        let mut text = Zeroizing::new(secret.as_bytes().to_vec());
        // Room for the tag, lest growing leaves a copy of the secret behind
        text.reserve_exact(AES_256_GCM.tag_len());
        let nonce = key
            .key
            .seal_in_place_append_tag(aad, &mut *text)
            .map_err(|_| Error::Broken)?;
        sealed.extend_from_slice(nonce.as_ref());
        sealed.extend_from_slice(&text);
        Ok(sealed)
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    /// When it was sealed under an unknown key, for another place, or was changed.
    pub fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Secret, Error> {
        let parts = Parts::of(sealed).ok_or(Error::Broken)?;
        let key = self
            .0
            .iter()
            .find(|key| &*key.id == parts.key_id)
            .ok_or_else(|| Error::UnknownKey {
                id: parts.key_id.into(),
            })?;
        let aad = Aad::from(place.associated_data(parts.header));
        let mut text = Zeroizing::new(parts.ciphertext.to_vec());
        let opened = key
            .key
            .open_in_place(Nonce::from(parts.nonce), aad, &mut text)
            .map_err(|_| Error::Broken)?;
        let secret = std::str::from_utf8(opened).map_err(|_| Error::Broken)?;
        Ok(Secret::new(secret))
    }
}

impl std::fmt::Debug for SealKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids: Vec<_> = self.0.iter().map(|key| &key.id).collect();
        f.debug_struct("SealKeys")
            .field("ids", &ids)
            .finish_non_exhaustive()
    }
}

fn key(id: &str, bytes: &[u8; KEY_BYTES]) -> Option<Key> {
    let known = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let fits = (1..=MAX_KEY_ID_BYTES).contains(&id.len()) && id.bytes().all(known);
    let key = RandomizedNonceKey::new(&AES_256_GCM, bytes).ok()?;
    fits.then(|| Key { id: id.into(), key })
}

struct Parts<'a> {
    header: &'a [u8],
    key_id: &'a str,
    nonce: &'a [u8; NONCE_LEN],
    ciphertext: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(sealed: &'a [u8]) -> Option<Self> {
        let (&[version, id_bytes], _) = sealed.split_first_chunk::<2>()?;
        if version != VERSION {
            return None;
        }
        let (header, rest) = sealed.split_at_checked(2 + usize::from(id_bytes))?;
        let key_id = std::str::from_utf8(header.get(2..)?).ok()?;
        let (nonce, ciphertext) = rest.split_first_chunk()?;
        Some(Self {
            header,
            key_id,
            nonce,
            ciphertext,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    fn keys(id: &str, byte: u8) -> SealKeys {
        SealKeys::from_bytes(id, &[byte; 32]).unwrap()
    }

    fn place(bucket: u64, revision: i64) -> Place<'static> {
        Place::plan(BucketId::from_parts(bucket, [1; 10]), revision)
    }

    #[test]
    fn a_sealed_secret_opens_in_its_place_alone() {
        let keys = keys("a", 1);
        let sealed = keys.seal(&place(1, 1), SECRET).unwrap();
        assert_eq!(keys.open(&place(1, 1), &sealed).unwrap().expose(), SECRET);
        assert_eq!(keys.open(&place(2, 1), &sealed).unwrap_err(), Error::Broken);
        assert_eq!(keys.open(&place(1, 2), &sealed).unwrap_err(), Error::Broken);
        let other_field = Place {
            field: "session_token",
            ..place(1, 1)
        };
        assert_eq!(keys.open(&other_field, &sealed).unwrap_err(), Error::Broken);
    }

    #[test]
    fn a_wrong_key_does_not_open() {
        let sealed = keys("a", 1).seal(&place(1, 1), SECRET).unwrap();
        // Another key by the same id
        assert_eq!(
            keys("a", 2).open(&place(1, 1), &sealed).unwrap_err(),
            Error::Broken
        );
        assert_eq!(
            keys("b", 1).open(&place(1, 1), &sealed).unwrap_err(),
            Error::UnknownKey { id: "a".into() }
        );
    }

    #[test]
    fn after_rotation_the_old_key_still_opens_and_the_new_one_seals() {
        let (old, new) = (hex::encode([1; 32]), hex::encode([2; 32]));
        let before = SealKeys::parse(&format!("2025:{old}")).unwrap();
        let after = SealKeys::parse(&format!("2026:{new},\n2025:{old}\n")).unwrap();
        let sealed = before.seal(&place(1, 1), SECRET).unwrap();
        assert_eq!(after.open(&place(1, 1), &sealed).unwrap().expose(), SECRET);
        assert_eq!(after.sealing_key_id(), "2026");
        let sealed = after.seal(&place(1, 1), SECRET).unwrap();
        assert!(before.open(&place(1, 1), &sealed).is_err());
    }

    #[test]
    fn keys_that_are_not_of_their_form_are_refused_without_being_shown() {
        let good = hex::encode([0xab; 32]);
        for bad in [
            String::new(),
            " , ".to_owned(),
            good.clone(),
            format!(":{good}"),
            format!("a b:{good}"),
            format!("a:{good}0"),
            format!("a:{}", good.replace('a', "z")),
            format!("{}:{good}", "k".repeat(33)),
            format!("a:{good} a:{good}"),
        ] {
            let error = SealKeys::parse(&bad).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("abababab"), "{shown}");
        }
    }

    #[test]
    fn debug_hides_keys() {
        let keys = SealKeys::parse(&format!("a:{}", hex::encode([0xab; 32]))).unwrap();
        assert_eq!(format!("{keys:?}"), "SealKeys { ids: [\"a\"], .. }");
    }

    #[test]
    fn sealing_twice_gives_two_texts() {
        let keys = keys("a", 1);
        let (one, two) = (
            keys.seal(&place(1, 1), SECRET).unwrap(),
            keys.seal(&place(1, 1), SECRET).unwrap(),
        );
        assert_ne!(one, two);
        assert!(!String::from_utf8_lossy(&one).contains("wJalr"));
    }

    proptest! {
        #[test]
        fn no_changed_byte_and_no_shorter_text_opens(at in 0_usize..200, flip in 1_u8..) {
            let keys = keys("a", 1);
            let sealed = keys.seal(&place(1, 1), SECRET).unwrap();
            let at = at % sealed.len();
            let mut changed = sealed.clone();
            changed[at] ^= flip;
            prop_assert!(keys.open(&place(1, 1), &changed).is_err());
            prop_assert!(keys.open(&place(1, 1), &sealed[..at]).is_err());
        }
    }
}
