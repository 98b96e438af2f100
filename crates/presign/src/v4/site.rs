//! Where a bucket's URLs begin: what the signers need of an endpoint.

use std::borrow::Cow;

use super::{
    canonical_request::UNSIGNED_PAYLOAD,
    header::{CanonicalHeaders, HOST},
};
use crate::{Error, KeyFault, Target, encode};

const MAX_KEY_BYTES: usize = 1024;
const MAX_REGION_BYTES: usize = 64;

/// The beginning of all URLs of one bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    host: Box<str>,
    base_url: Box<str>,
    bucket_path: Box<str>,
    object_path: Box<str>,
    /// The end of a canonical request that binds no header but `host`.
    host_only: Box<str>,
}

impl Site {
    /// Takes what stands before the path, the host to sign, and the path of the
    /// bucket: a slash and its name, or nothing where the host names it.
    pub(crate) fn new(base_url: String, host: String, bucket_path: &str) -> Self {
        let object_path = format!("{bucket_path}/");
        Self {
            host_only: CanonicalHeaders::new([(HOST, &*host)])
                .closing(UNSIGNED_PAYLOAD)
                .into(),
            host: host.into(),
            base_url: base_url.into(),
            bucket_path: if bucket_path.is_empty() {
                "/".into()
            } else {
                bucket_path.into()
            },
            object_path: object_path.into(),
        }
    }

    /// The host that is signed.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// What stands before the path.
    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// What [`CanonicalHeaders::closing`] gives for a request that binds no header but `host`.
    pub(crate) fn host_only(&self) -> &str {
        &self.host_only
    }

    /// The path of the bucket.
    pub(crate) fn bucket_path(&self) -> &str {
        &self.bucket_path
    }

    /// The path of every object, up to the key.
    pub(crate) fn object_path(&self) -> &str {
        &self.object_path
    }

    /// The path of a request, encoded, and parted before the key.
    pub(crate) fn path_and_key<'k>(
        &self,
        target: Target<'k>,
    ) -> Result<(&str, Cow<'k, str>), Error> {
        match target {
            Target::Bucket => Ok((self.bucket_path(), "".into())),
            Target::Object(key) => {
                let key = encode_key(key).map_err(Error::InvalidKey)?;
                Ok((self.object_path(), key))
            }
        }
    }
}

/// Checks an object's key and encodes it.
fn encode_key(key: &str) -> Result<Cow<'_, str>, KeyFault> {
    match key.len() {
        0 => Err(KeyFault::Empty),
        1..=MAX_KEY_BYTES => Ok(encode::path(key)),
        length_bytes => Err(KeyFault::TooLong {
            length_bytes,
            max_bytes: MAX_KEY_BYTES,
        }),
    }
}

/// Checks the keys of a batch and encodes them, one by one.
pub(crate) fn encode_keys<'k>(
    keys: impl IntoIterator<Item = &'k str>,
) -> impl Iterator<Item = Result<Cow<'k, str>, Error>> {
    keys.into_iter().enumerate().map(|(index, key)| {
        encode_key(key).map_err(|fault| Error::InvalidKeyInBatch { index, fault })
    })
}

/// Checks that a region can be a field of the credential scope.
pub(crate) fn check_region(region: &str) -> Result<(), Error> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if (1..=MAX_REGION_BYTES).contains(&region.len()) && region.bytes().all(allowed) {
        Ok(())
    } else {
        Err(Error::InvalidRegion)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_checked_in_bytes() {
        assert_eq!(encode_key(""), Err(KeyFault::Empty));
        assert!(encode_key(&"ü".repeat(512)).is_ok());
        assert_eq!(
            encode_key(&format!("{}a", "ü".repeat(512))),
            Err(KeyFault::TooLong {
                length_bytes: 1025,
                max_bytes: 1024
            })
        );
        assert_eq!(encode_key("/a//../b ").as_deref(), Ok("/a//../b%20"));
    }

    #[test]
    fn paths_part_before_the_key() {
        let check = |bucket_path, expected: [&str; 2]| {
            let base_url = "http://store".to_owned();
            let site = Site::new(base_url, "store".to_owned(), bucket_path);
            let whole = |target| {
                let (path, key) = site.path_and_key(target)?;
                Ok([path, &key].concat())
            };
            let paths = [Target::Bucket, Target::Object("/a b")].map(whole);
            assert_eq!(paths, expected.map(|path| Ok(path.to_owned())));
            let nothing = Err(Error::InvalidKey(KeyFault::Empty));
            assert_eq!(whole(Target::Object("")), nothing);
        };
        check("/abc", ["/abc", "/abc//a%20b"]);
        check("", ["/", "//a%20b"]);
    }

    #[test]
    fn regions_fit_into_the_scope() {
        for region in ["", "eu/west", "eu west", "ü", &"a".repeat(65)] {
            assert_eq!(check_region(region), Err(Error::InvalidRegion));
        }
        assert_eq!(check_region("europe-west4"), Ok(()));
    }
}
