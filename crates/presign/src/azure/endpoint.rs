//! Where a container is reached, and what its blobs are called in URLs and signatures.

use crate::{BucketFault, EndpointFault, Error, KeyFault, Target, address::Address};

const MAX_NAME_CHARACTERS: usize = 1024;
const MAX_NAME_SEGMENTS: usize = 254;
/// Containers that the service itself named.
const SYSTEM_CONTAINERS: [&str; 3] = ["$root", "$web", "$logs"];

/// An Azure cloud: its accounts have host names of their own.
///
/// ```
/// use presign::azure::{Cloud, Endpoint};
///
/// let endpoint = Endpoint::azure(Cloud::China, "teamvision", "models")?;
/// assert_eq!(endpoint.base_url(), "https://teamvision.blob.core.chinacloudapi.cn");
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cloud {
    /// `core.windows.net`.
    #[default]
    Public,
    /// `core.usgovcloudapi.net`.
    UsGovernment,
    /// `core.chinacloudapi.cn`, operated by 21Vianet.
    China,
}

impl Cloud {
    const fn suffix(self) -> &'static str {
        match self {
            Self::Public => "core.windows.net",
            Self::UsGovernment => "core.usgovcloudapi.net",
            Self::China => "core.chinacloudapi.cn",
        }
    }
}

/// One container of one storage account.
///
/// ```
/// use presign::azure::{Cloud, Endpoint};
///
/// let azure = Endpoint::azure(Cloud::Public, "teamvision", "models")?;
/// assert_eq!(azure.base_url(), "https://teamvision.blob.core.windows.net");
///
/// let azurite = Endpoint::parse(
///     "http://127.0.0.1:10000/devstoreaccount1",
///     "devstoreaccount1",
///     "models",
/// )?;
/// assert_eq!(azurite.base_url(), "http://127.0.0.1:10000/devstoreaccount1");
/// assert_eq!((azurite.account(), azurite.container()), ("devstoreaccount1", "models"));
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    account: Box<str>,
    container: Box<str>,
    base_url: Box<str>,
    is_https: bool,
}

impl Endpoint {
    /// The container of an account in one of Azure's clouds, over TLS.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidEndpoint`] and [`Error::InvalidBucket`].
    pub fn azure(cloud: Cloud, account: &str, container: &str) -> Result<Self, Error> {
        check_account(account)?;
        let url = format!("https://{account}.blob.{}", cloud.suffix());
        Self::parse(&url, account, container)
    }

    /// Takes the address of a blob service: scheme, host and optional port,
    /// and, where the host is not the account's own, the account's name as path.
    ///
    /// The first form is Azure's own and also that of a custom domain or a
    /// private endpoint; the second is that of emulators.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidEndpoint`] and [`Error::InvalidBucket`].
    pub fn parse(url: &str, account: &str, container: &str) -> Result<Self, Error> {
        check_account(account)?;
        check_container(container).map_err(Error::InvalidBucket)?;
        let authority_start = url.find("://").map_or(0, |at| at + 3);
        let (before, rest) = url.split_at(authority_start);
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let address =
            Address::parse(&format!("{before}{authority}")).map_err(Error::InvalidEndpoint)?;
        let mut base_url = format!("{}://{}", address.scheme, address.authority());
        match path.strip_suffix('/').unwrap_or(path) {
            "" if address.is_ip => {
                return Err(Error::InvalidEndpoint(EndpointFault::AddressNeedsPathStyle));
            }
            "" => {}
            path if path == account => {
                base_url.push('/');
                base_url.push_str(account);
            }
            _ => return Err(Error::InvalidEndpoint(EndpointFault::AccountPath)),
        }
        Ok(Self {
            account: account.into(),
            container: container.into(),
            base_url: base_url.into(),
            is_https: address.scheme == "https",
        })
    }

    /// The storage account's name.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The container's name.
    pub fn container(&self) -> &str {
        &self.container
    }

    /// What stands before the container in every URL.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Whether URLs use TLS.
    pub fn is_https(&self) -> bool {
        self.is_https
    }
}

/// Gives the name of the blob that the request is about, if it is about one.
pub(super) fn blob_name(target: Target<'_>) -> Result<Option<&str>, Error> {
    match target {
        Target::Object(name) => check_name(name).map(Some).map_err(Error::InvalidKey),
        Target::Bucket => Ok(None),
    }
}

/// Checks the name of a blob.
pub(super) fn check_name(name: &str) -> Result<&str, KeyFault> {
    if name.is_empty() {
        return Err(KeyFault::Empty);
    }
    // A name has no more characters than bytes, and a segment more than slashes: few names need
    // to be counted.
    if name.len() >= MAX_NAME_SEGMENTS {
        let length = name.chars().count();
        if length > MAX_NAME_CHARACTERS {
            return Err(KeyFault::TooManyCharacters {
                length,
                max: MAX_NAME_CHARACTERS,
            });
        }
        let count = name.split('/').count();
        if count > MAX_NAME_SEGMENTS {
            return Err(KeyFault::TooManySegments {
                count,
                max: MAX_NAME_SEGMENTS,
            });
        }
    }
    if may_have_control_character(name) && name.contains(char::is_control) {
        return Err(KeyFault::ControlCharacter);
    }
    Ok(name)
}

/// Whether a byte is a control character, or may begin one: the latter half of them, U+0080 to
/// U+009F, begins with 0xc2. Without a branch, so that the compiler can look at many bytes at once.
fn may_have_control_character(name: &str) -> bool {
    let is_suspect = |byte: u8| byte.is_ascii_control() || byte == 0xc2;
    name.bytes().fold(false, |any, byte| any | is_suspect(byte))
}

fn check_account(account: &str) -> Result<(), Error> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if (3..=24).contains(&account.len()) && account.bytes().all(allowed) {
        Ok(())
    } else {
        Err(Error::InvalidEndpoint(EndpointFault::Account))
    }
}

fn check_container(container: &str) -> Result<(), BucketFault> {
    if SYSTEM_CONTAINERS.contains(&container) {
        return Ok(());
    }
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if let Some(character) = container.chars().find(|c| !allowed(*c)) {
        return Err(BucketFault::Character(character));
    }
    if !(3..=63).contains(&container.len()) {
        return Err(BucketFault::Length { min: 3, max: 63 });
    }
    if container.split('-').any(str::is_empty) {
        return Err(BucketFault::Hyphen);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<String, EndpointFault> {
        match Endpoint::parse(url, "teamvision", "models") {
            Ok(endpoint) => Ok(endpoint.base_url().to_owned()),
            Err(Error::InvalidEndpoint(fault)) => Err(fault),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn clouds_have_their_suffixes() {
        for (cloud, expected) in [
            (Cloud::Public, "https://teamvision.blob.core.windows.net"),
            (
                Cloud::UsGovernment,
                "https://teamvision.blob.core.usgovcloudapi.net",
            ),
            (
                Cloud::China,
                "https://teamvision.blob.core.chinacloudapi.cn",
            ),
        ] {
            let endpoint = Endpoint::azure(cloud, "teamvision", "models").unwrap();
            assert_eq!(endpoint.base_url(), expected);
            assert!(endpoint.is_https());
        }
    }

    #[test]
    fn the_account_stands_in_the_host_or_is_the_path() {
        for (url, expected) in [
            ("https://Data.Example.com", "https://data.example.com"),
            ("https://data.example.com:443/", "https://data.example.com"),
            (
                "http://127.0.0.1:10000/teamvision",
                "http://127.0.0.1:10000/teamvision",
            ),
            (
                "http://azurite:10000/teamvision/",
                "http://azurite:10000/teamvision",
            ),
            (
                "https://[::1]:10000/teamvision",
                "https://[::1]:10000/teamvision",
            ),
        ] {
            assert_eq!(parse(url).as_deref(), Ok(expected), "{url}");
        }
    }

    #[test]
    fn other_addresses_are_refused() {
        use EndpointFault::{
            AccountPath, AddressNeedsPathStyle, Host, Path, Port, Scheme, UserInfo,
        };
        for (url, fault) in [
            ("", Scheme),
            ("127.0.0.1:10000/teamvision", Scheme),
            ("ftp://data.example.com", Scheme),
            ("https://", Host),
            ("https:///teamvision", Host),
            ("https://user@data.example.com", UserInfo),
            ("https://data.example.com:0", Port),
            ("https://data.example.com?a", Path),
            ("http://127.0.0.1:10000", AddressNeedsPathStyle),
            ("http://127.0.0.1:10000/", AddressNeedsPathStyle),
            ("http://127.0.0.1:10000/other", AccountPath),
            ("http://127.0.0.1:10000/teamvision/models", AccountPath),
            ("http://127.0.0.1:10000/teamvision//", AccountPath),
            ("http://127.0.0.1:10000/teamvision?a", AccountPath),
            ("http://127.0.0.1:10000/teamvision#a", AccountPath),
        ] {
            assert_eq!(parse(url), Err(fault), "{url}");
        }
    }

    #[test]
    fn account_names_are_lower_case_letters_and_digits() {
        for account in [
            "",
            "ab",
            "Team",
            "team-vision",
            "team.evil",
            &"a".repeat(25),
        ] {
            assert_eq!(
                Endpoint::azure(Cloud::Public, account, "models"),
                Err(Error::InvalidEndpoint(EndpointFault::Account)),
                "{account}"
            );
        }
    }

    #[test]
    fn container_names_follow_the_rules_of_azure() {
        for container in ["abc", "a-b-c", "007", "$root", "$web", &"a".repeat(63)] {
            assert_eq!(check_container(container), Ok(()), "{container}");
        }
        let length = BucketFault::Length { min: 3, max: 63 };
        for (container, fault) in [
            ("ab", length),
            (&*"a".repeat(64), length),
            ("Abc", BucketFault::Character('A')),
            ("a/b", BucketFault::Character('/')),
            ("a.b", BucketFault::Character('.')),
            ("$other", BucketFault::Character('$')),
            ("-ab", BucketFault::Hyphen),
            ("ab-", BucketFault::Hyphen),
            ("a--b", BucketFault::Hyphen),
        ] {
            assert_eq!(check_container(container), Err(fault), "{container}");
        }
    }

    #[test]
    fn blob_names_are_checked_in_characters() {
        let fault = |name: &str| match blob_name(Target::Object(name)) {
            Err(Error::InvalidKey(fault)) => Some(fault),
            Ok(found) => {
                assert_eq!(found, Some(name));
                None
            }
            Err(other) => panic!("{other}"),
        };
        assert_eq!(blob_name(Target::Bucket), Ok(None));
        assert_eq!(fault("/a//../b ü?#%"), None);
        assert_eq!(fault(&"ü".repeat(1024)), None);
        assert_eq!(fault(&"a/".repeat(253)), None);
        assert_eq!(fault(""), Some(KeyFault::Empty));
        let too_long = KeyFault::TooManyCharacters {
            length: 1025,
            max: 1024,
        };
        assert_eq!(fault(&"ü".repeat(1025)), Some(too_long));
        let too_deep = KeyFault::TooManySegments {
            count: 255,
            max: 254,
        };
        assert_eq!(fault(&"a/".repeat(254)), Some(too_deep));
        for name in ["a\nb", "\0", "a\u{7f}", "\u{81}"] {
            assert_eq!(fault(name), Some(KeyFault::ControlCharacter));
        }
    }
}
