//! Where a bucket is reached: the store's address and how the bucket is named in it.

use crate::{
    BucketFault, EndpointFault, Error,
    address::Address,
    v4::site::{Site, check_region},
};

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
    site: Site,
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
            Addressing::Path => (address.authority(), format!("/{bucket}")),
            Addressing::VirtualHost if address.is_ip => {
                return Err(Error::InvalidEndpoint(EndpointFault::AddressNeedsPathStyle));
            }
            Addressing::VirtualHost => (format!("{bucket}.{}", address.authority()), String::new()),
        };
        Ok(Self {
            addressing,
            bucket: bucket.into(),
            region: region.into(),
            scheme: address.scheme,
            site: Site::new(format!("{}://{host}", address.scheme), host, &bucket_path),
        })
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
        self.site.host()
    }

    /// Scheme, host and port: what stands before the path of every URL.
    pub fn base_url(&self) -> &str {
        self.site.base_url()
    }

    /// Whether URLs use TLS.
    pub fn is_https(&self) -> bool {
        self.scheme == "https"
    }

    pub(super) fn site(&self) -> &Site {
        &self.site
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn paths_follow_the_addressing_style() {
        let paths = |addressing| {
            let endpoint = Endpoint::parse("http://store", addressing, "abc", "r1").unwrap();
            let site = endpoint.site();
            [site.bucket_path(), site.object_path()].map(str::to_owned)
        };
        assert_eq!(paths(Addressing::Path), ["/abc", "/abc/"]);
        assert_eq!(paths(Addressing::VirtualHost), ["/", "/"]);
    }
}
