//! Where a bucket is reached: the store's address and how the bucket is named in it.

use super::{
    address::Address,
    header::{CanonicalHeaders, HOST},
};
use crate::{BucketFault, EndpointFault, Error, KeyFault, Target, encode};

const MAX_KEY_BYTES: usize = 1024;

/// Where the bucket's name stands in a URL.
///
/// ```
/// use presign::s3::{Addressing, Endpoint};
///
/// let address = "https://store.example.com";
/// let path = Endpoint::parse(address, Addressing::Path, "models", "eu-1")?;
/// assert_eq!(path.host(), "store.example.com");
/// let virtual_host = Endpoint::parse(address, Addressing::VirtualHost, "models", "eu-1")?;
/// assert_eq!(virtual_host.host(), "models.store.example.com");
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Addressing {
    /// `https://host/bucket/key`, which most self-hosted stores expect.
    Path,
    /// `https://bucket.host/key`, which AWS expects.
    VirtualHost,
}

/// One bucket at one store.
///
/// ```
/// use presign::s3::{Addressing, Endpoint};
///
/// let endpoint = Endpoint::parse("http://127.0.0.1:8333", Addressing::Path, "models", "us-east-1")?;
/// assert_eq!(endpoint.host(), "127.0.0.1:8333");
/// assert_eq!(endpoint.base_url(), "http://127.0.0.1:8333");
/// assert_eq!(endpoint.bucket(), "models");
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    addressing: Addressing,
    bucket: Box<str>,
    region: Box<str>,
    scheme: &'static str,
    host_only: CanonicalHeaders,
    host: Box<str>,
    base_url: Box<str>,
    bucket_path: Box<str>,
}

impl Endpoint {
    /// Takes a store's address: scheme, host and optional port, nothing more.
    ///
    /// Bucket names are 3 to 255 letters, digits, `.`, `-` and `_` in path
    /// style; as part of a host name, 3 to 63 lower-case letters, digits, `.`
    /// and `-`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidEndpoint`], [`Error::InvalidBucket`] and [`Error::InvalidRegion`].
    pub fn parse(
        url: &str,
        addressing: Addressing,
        bucket: &str,
        region: &str,
    ) -> Result<Self, Error> {
        let address = Address::parse(url).map_err(Error::InvalidEndpoint)?;
        check_bucket(bucket, addressing).map_err(Error::InvalidBucket)?;
        check_region(region)?;
        let (host, bucket_path) = match addressing {
            Addressing::Path => (address.authority, format!("/{bucket}")),
            Addressing::VirtualHost if address.is_ip => {
                return Err(Error::InvalidEndpoint(EndpointFault::AddressNeedsPathStyle));
            }
            Addressing::VirtualHost => (format!("{bucket}.{}", address.authority), String::new()),
        };
        Ok(Self {
            addressing,
            bucket: bucket.into(),
            region: region.into(),
            scheme: address.scheme,
            host_only: CanonicalHeaders::new([(HOST, &*host)]),
            base_url: format!("{}://{host}", address.scheme).into(),
            host: host.into(),
            bucket_path: bucket_path.into(),
        })
    }

    /// The bucket at AWS, over TLS: in virtual-host style, unless a dot in its
    /// name would not match AWS's certificate.
    ///
    /// The partitions `aws`, `aws-us-gov` and `aws-cn` are known; for others,
    /// and for FIPS or dual-stack addresses, use [`Endpoint::parse`].
    ///
    /// # Errors
    ///
    /// [`Error::InvalidBucket`] and [`Error::InvalidRegion`].
    pub fn aws(region: &str, bucket: &str) -> Result<Self, Error> {
        check_region(region)?;
        let suffix = if region.starts_with("cn-") {
            "amazonaws.com.cn"
        } else {
            "amazonaws.com"
        };
        let addressing = if bucket.contains('.') {
            Addressing::Path
        } else {
            Addressing::VirtualHost
        };
        let url = format!("https://s3.{region}.{suffix}");
        Self::parse(&url, addressing, bucket, region)
    }

    /// How the bucket is addressed.
    pub fn addressing(&self) -> Addressing {
        self.addressing
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The region in the credential scope.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The value of the `Host` header that is signed; the port is there unless it is the default.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Scheme, host and port: what stands before the path of every URL.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Whether URLs use TLS.
    pub fn is_https(&self) -> bool {
        self.scheme == "https"
    }

    /// The canonical headers of a request that binds none but `host`.
    pub(super) fn host_only(&self) -> &CanonicalHeaders {
        &self.host_only
    }

    /// The encoded path of the request.
    pub(super) fn path(&self, target: Target<'_>) -> Result<String, Error> {
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

fn check_bucket(bucket: &str, addressing: Addressing) -> Result<(), BucketFault> {
    let (min, max) = match addressing {
        Addressing::Path => (3, 255),
        Addressing::VirtualHost => (3, 63),
    };
    let allowed = |c: char| match addressing {
        Addressing::Path => c.is_ascii_alphanumeric() || ".-_".contains(c),
        Addressing::VirtualHost => c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c),
    };
    if let Some(character) = bucket.chars().find(|c| !allowed(*c)) {
        return Err(BucketFault::Character(character));
    }
    if !(min..=max).contains(&bucket.len()) {
        return Err(BucketFault::Length { min, max });
    }
    let is_label =
        |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    if bucket.split('.').all(is_label) {
        Ok(())
    } else {
        Err(BucketFault::Label)
    }
}

fn check_region(region: &str) -> Result<(), Error> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if (1..=64).contains(&region.len()) && region.bytes().all(allowed) {
        Ok(())
    } else {
        Err(Error::InvalidRegion)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aws_addresses_follow_partition_and_certificate() {
        let base = |region: &str, bucket: &str| {
            let endpoint = Endpoint::aws(region, bucket).unwrap();
            format!(
                "{}{}",
                endpoint.base_url(),
                endpoint.path(Target::Object("k")).unwrap()
            )
        };
        assert_eq!(
            base("eu-west-1", "models"),
            "https://models.s3.eu-west-1.amazonaws.com/k"
        );
        assert_eq!(
            base("cn-north-1", "models"),
            "https://models.s3.cn-north-1.amazonaws.com.cn/k"
        );
        assert_eq!(
            base("us-east-1", "models.example.com"),
            "https://s3.us-east-1.amazonaws.com/models.example.com/k"
        );
    }

    #[test]
    fn bucket_names_follow_the_addressing_style() {
        let check = |addressing, bucket: &str| {
            Endpoint::parse("http://store", addressing, bucket, "r1").map(|_| ())
        };
        let fault = |fault| Err(Error::InvalidBucket(fault));
        assert_eq!(check(Addressing::Path, "My_Bucket.1"), Ok(()));
        assert_eq!(
            check(Addressing::VirtualHost, "My_bucket"),
            fault(BucketFault::Character('M'))
        );
        for style in [Addressing::Path, Addressing::VirtualHost] {
            assert_eq!(check(style, "a/b"), fault(BucketFault::Character('/')));
            assert_eq!(check(style, "a%2f"), fault(BucketFault::Character('%')));
            assert_eq!(check(style, "..."), fault(BucketFault::Label));
            assert_eq!(check(style, "a..b"), fault(BucketFault::Label));
            assert_eq!(check(style, "-ab"), fault(BucketFault::Label));
            assert!(matches!(
                check(style, "ab"),
                Err(Error::InvalidBucket(BucketFault::Length { min: 3, .. }))
            ));
            assert!(check(style, &"a".repeat(256)).is_err());
        }
        assert!(check(Addressing::VirtualHost, &"a".repeat(64)).is_err());
        assert_eq!(
            Endpoint::parse("http://10.0.0.1", Addressing::VirtualHost, "abc", "r1"),
            Err(Error::InvalidEndpoint(EndpointFault::AddressNeedsPathStyle))
        );
    }

    #[test]
    fn regions_fit_into_the_scope() {
        for region in ["", "eu/west", "eu west", "ü", &"a".repeat(65)] {
            assert_eq!(
                Endpoint::parse("http://store", Addressing::Path, "abc", region),
                Err(Error::InvalidRegion)
            );
        }
    }

    #[test]
    fn keys_are_checked_in_bytes() {
        let endpoint = Endpoint::parse("http://store", Addressing::Path, "abc", "r1").unwrap();
        let path = |key: &str| endpoint.path(Target::Object(key));
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
        assert_eq!(endpoint.path(Target::Bucket).as_deref(), Ok("/abc"));
    }
}
