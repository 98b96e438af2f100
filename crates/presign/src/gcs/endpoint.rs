//! Where a bucket is reached: Google's address or another, and how it names the bucket.

use crate::{
    BucketFault, EndpointFault, Error,
    address::Address,
    v4::site::{Site, check_region},
};

const GOOGLE: &str = "https://storage.googleapis.com";

/// Where the bucket's name stands in a URL.
///
/// ```
/// use presign::gcs::{Addressing, Endpoint};
///
/// let google = "https://storage.googleapis.com";
/// let virtual_host = Endpoint::parse(google, Addressing::VirtualHost, "models")?;
/// assert_eq!(virtual_host.host(), "models.storage.googleapis.com");
/// let own_host = Endpoint::parse("https://data.example.com", Addressing::BucketHost, "models")?;
/// assert_eq!(own_host.host(), "data.example.com");
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Addressing {
    /// `https://host/bucket/key`, which Google's libraries prefer.
    Path,
    /// `https://bucket.host/key`. A dot in the bucket's name would not match Google's certificate.
    VirtualHost,
    /// `https://host/key`: a host name that is bound to this one bucket.
    BucketHost,
}

/// One bucket at Cloud Storage, or at what speaks its language.
///
/// ```
/// use presign::gcs::Endpoint;
///
/// let endpoint = Endpoint::google("models")?;
/// assert_eq!(endpoint.base_url(), "https://storage.googleapis.com");
/// assert_eq!((endpoint.bucket(), endpoint.location()), ("models", "auto"));
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    address: Address,
    addressing: Addressing,
    bucket: Box<str>,
    location: Box<str>,
    site: Site,
}

impl Endpoint {
    /// The bucket at Google, over TLS, path style.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidBucket`].
    pub fn google(bucket: &str) -> Result<Self, Error> {
        Self::parse(GOOGLE, Addressing::Path, bucket)
    }

    /// Takes an address: scheme, host and optional port, nothing more.
    ///
    /// Bucket names are 3 to 63 lower-case letters, digits, `-`, `_` and `.`,
    /// or up to 222 with a dot among them; as part of a host name, 3 to 63
    /// without `_`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidEndpoint`] and [`Error::InvalidBucket`].
    pub fn parse(url: &str, addressing: Addressing, bucket: &str) -> Result<Self, Error> {
        let address = Address::parse(url).map_err(Error::InvalidEndpoint)?;
        check_bucket(bucket, addressing).map_err(Error::InvalidBucket)?;
        if addressing == Addressing::VirtualHost && address.is_ip {
            return Err(Error::InvalidEndpoint(EndpointFault::AddressNeedsPathStyle));
        }
        let authority = address.authority();
        Ok(Self {
            site: site(&address, addressing, bucket, &authority, &authority),
            address,
            addressing,
            bucket: bucket.into(),
            location: "auto".into(),
        })
    }

    /// Puts another location into the credential scope than `auto`. Cloud
    /// Storage takes any; it is there for those who look at it.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRegion`].
    pub fn with_location(mut self, location: &str) -> Result<Self, Error> {
        check_region(location)?;
        self.location = location.into();
        Ok(self)
    }

    /// Signs the host without its port, and keeps in the URL even a port that
    /// is the scheme's default, as Google's conformance vectors do.
    ///
    /// HTTP clients send a port that is not the default in `Host`, so that a
    /// receiver which takes `Host` at its word refuses such a URL. By default
    /// the port is signed as clients send it.
    #[must_use]
    pub fn with_unsigned_port(mut self) -> Self {
        let Address { host, port, .. } = &self.address;
        let authority = match port {
            Some(port) => format!("{host}:{port}"),
            None => host.clone(),
        };
        self.site = site(
            &self.address,
            self.addressing,
            &self.bucket,
            &authority,
            host,
        );
        self
    }

    /// How the bucket is addressed.
    pub fn addressing(&self) -> Addressing {
        self.addressing
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The location in the credential scope.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// The value of the `Host` header that is signed.
    pub fn host(&self) -> &str {
        self.site.host()
    }

    /// Scheme, host and port: what stands before the path of every URL.
    pub fn base_url(&self) -> &str {
        self.site.base_url()
    }

    /// Whether URLs use TLS.
    pub fn is_https(&self) -> bool {
        self.address.scheme == "https"
    }

    pub(super) fn site(&self) -> &Site {
        &self.site
    }
}

/// Names the bucket by host or path, in the URL and in the signed host.
fn site(
    address: &Address,
    addressing: Addressing,
    bucket: &str,
    authority: &str,
    signed_authority: &str,
) -> Site {
    let (label, path) = match addressing {
        Addressing::Path => (String::new(), format!("/{bucket}")),
        Addressing::VirtualHost => (format!("{bucket}."), String::new()),
        Addressing::BucketHost => (String::new(), String::new()),
    };
    Site::new(
        format!("{}://{label}{authority}", address.scheme),
        format!("{label}{signed_authority}"),
        &path,
    )
}

fn check_bucket(bucket: &str, addressing: Addressing) -> Result<(), BucketFault> {
    let in_host = addressing == Addressing::VirtualHost;
    let allowed = |c: char| {
        c.is_ascii_lowercase()
            || c.is_ascii_digit()
            || c == '-'
            || c == '.'
            || (c == '_' && !in_host)
    };
    if let Some(character) = bucket.chars().find(|c| !allowed(*c)) {
        return Err(BucketFault::Character(character));
    }
    let max = if bucket.contains('.') && !in_host {
        222
    } else {
        63
    };
    if !(3..=max).contains(&bucket.len()) {
        return Err(BucketFault::Length { min: 3, max });
    }
    let edge = |c: char| c.is_ascii_alphanumeric();
    let is_label =
        |label: &str| label.starts_with(edge) && label.ends_with(edge) && label.len() <= 63;
    if bucket.split('.').all(is_label) {
        Ok(())
    } else {
        Err(BucketFault::Label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Target;

    #[test]
    fn the_port_is_signed_as_clients_send_it_unless_told_otherwise() {
        let hosts = |url: &str, addressing| {
            let endpoint = Endpoint::parse(url, addressing, "models").unwrap();
            let both = |endpoint: Endpoint| [endpoint.base_url(), endpoint.host()].join(" ");
            [both(endpoint.clone()), both(endpoint.with_unsigned_port())]
        };
        assert_eq!(
            hosts("http://store:8080", Addressing::Path),
            ["http://store:8080 store:8080", "http://store:8080 store"]
        );
        assert_eq!(
            hosts("https://store:443", Addressing::VirtualHost),
            [
                "https://models.store models.store",
                "https://models.store:443 models.store"
            ]
        );
        assert_eq!(
            hosts("https://store", Addressing::BucketHost),
            ["https://store store", "https://store store"]
        );
    }

    #[test]
    fn the_bucket_stands_once_in_host_or_path() {
        for (addressing, url) in [
            (Addressing::Path, "https://store/models/a%20b"),
            (Addressing::VirtualHost, "https://models.store/a%20b"),
            (Addressing::BucketHost, "https://store/a%20b"),
        ] {
            let endpoint = Endpoint::parse("https://store", addressing, "models").unwrap();
            let (path, key) = endpoint.site().path_and_key(Target::Object("a b")).unwrap();
            assert_eq!([endpoint.base_url(), path, &key].concat(), url);
        }
        assert_eq!(
            Endpoint::parse("http://10.0.0.1", Addressing::VirtualHost, "models"),
            Err(Error::InvalidEndpoint(EndpointFault::AddressNeedsPathStyle))
        );
    }

    #[test]
    fn bucket_names_follow_googles_rules() {
        let check = |addressing, bucket: &str| {
            Endpoint::parse("https://store", addressing, bucket).map(|_| ())
        };
        let path = |bucket: &str| check(Addressing::Path, bucket);
        let fault = |fault| Err(Error::InvalidBucket(fault));
        let long = format!("{}.{}.{}", "a".repeat(63), "b".repeat(63), "c".repeat(63));
        for bucket in ["abc", "my_bucket-1", "models.example.com", &long] {
            assert_eq!(path(bucket), Ok(()), "{bucket}");
        }
        assert_eq!(path("Models"), fault(BucketFault::Character('M')));
        assert_eq!(path("a/b"), fault(BucketFault::Character('/')));
        assert_eq!(
            check(Addressing::VirtualHost, "my_bucket"),
            fault(BucketFault::Character('_'))
        );
        assert_eq!(path("ab"), fault(BucketFault::Length { min: 3, max: 63 }));
        assert_eq!(
            path(&"a".repeat(64)),
            fault(BucketFault::Length { min: 3, max: 63 })
        );
        assert_eq!(
            path(&format!("{long}.{}", "d".repeat(63))),
            fault(BucketFault::Length { min: 3, max: 222 })
        );
        assert_eq!(
            check(Addressing::VirtualHost, &long),
            fault(BucketFault::Length { min: 3, max: 63 })
        );
        for bucket in [
            "-abc",
            "abc_",
            "a..b",
            "...",
            &format!("a.{}", "b".repeat(64)),
        ] {
            assert_eq!(path(bucket), fault(BucketFault::Label), "{bucket}");
        }
    }

    #[test]
    fn the_location_fits_into_the_scope() {
        let endpoint = || Endpoint::google("models").unwrap();
        assert_eq!(endpoint().location(), "auto");
        let here = endpoint().with_location("europe-west4").unwrap();
        assert_eq!(here.location(), "europe-west4");
        assert_eq!(endpoint().with_location("a/b"), Err(Error::InvalidRegion));
    }
}
