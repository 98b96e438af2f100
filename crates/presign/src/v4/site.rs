//! Where a bucket's URLs begin: what the signers need of an endpoint.

use super::header::{CanonicalHeaders, HOST};
use crate::{Error, KeyFault, Target, encode};

const MAX_KEY_BYTES: usize = 1024;
const MAX_REGION_BYTES: usize = 64;

/// The beginning of all URLs of one bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    host: Box<str>,
    base_url: Box<str>,
    bucket_path: Box<str>,
    host_only: CanonicalHeaders,
}

impl Site {
    /// Takes what stands before the path, the host to sign, and the path of the
    /// bucket: a slash and its name, or nothing where the host names it.
    pub(crate) fn new(base_url: String, host: String, bucket_path: String) -> Self {
        Self {
            host_only: CanonicalHeaders::new([(HOST, &*host)]),
            host: host.into(),
            base_url: base_url.into(),
            bucket_path: bucket_path.into(),
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

    /// The canonical headers of a request that binds none but `host`.
    pub(crate) fn host_only(&self) -> &CanonicalHeaders {
        &self.host_only
    }

    /// The encoded path of the request.
    pub(crate) fn path(&self, target: Target<'_>) -> Result<String, Error> {
        let key = match target {
            Target::Bucket if self.bucket_path.is_empty() => return Ok("/".to_owned()),
            Target::Bucket => return Ok(self.bucket_path.to_string()),
            Target::Object(key) => key,
        };
        if key.is_empty() {
            return Err(Error::InvalidKey(KeyFault::Empty));
        }
        if key.len() > MAX_KEY_BYTES {
            return Err(Error::InvalidKey(KeyFault::TooLong {
                length_bytes: key.len(),
                max_bytes: MAX_KEY_BYTES,
            }));
        }
        let mut path = String::with_capacity(self.bucket_path.len() + 1 + key.len());
        path.push_str(&self.bucket_path);
        path.push('/');
        encode::push_path(&mut path, key);
        Ok(path)
    }
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
        let base_url = "http://store".to_owned();
        let site = Site::new(base_url, "store".to_owned(), "/abc".to_owned());
        let path = |key: &str| site.path(Target::Object(key));
        assert_eq!(path(""), Err(Error::InvalidKey(KeyFault::Empty)));
        assert!(path(&"ü".repeat(512)).is_ok());
        assert_eq!(
            path(&format!("{}a", "ü".repeat(512))),
            Err(Error::InvalidKey(KeyFault::TooLong {
                length_bytes: 1025,
                max_bytes: 1024
            }))
        );
        assert_eq!(path("/a//../b ").as_deref(), Ok("/abc//a//../b%20"));
        assert_eq!(site.path(Target::Bucket).as_deref(), Ok("/abc"));
    }

    #[test]
    fn regions_fit_into_the_scope() {
        for region in ["", "eu/west", "eu west", "ü", &"a".repeat(65)] {
            assert_eq!(check_region(region), Err(Error::InvalidRegion));
        }
        assert_eq!(check_region("europe-west4"), Ok(()));
    }
}
