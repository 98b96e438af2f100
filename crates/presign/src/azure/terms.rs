//! The terms of a signature that have no place in a request.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
};

use super::{guid::Guid, permissions::Permissions};
use crate::{Error, TermsFault};

const MAX_POLICY_ID_CHARACTERS: usize = 64;

/// What a signature grants and limits beyond the request it is for.
///
/// ```
/// use std::net::Ipv4Addr;
/// use presign::azure::{Guid, Permissions, Terms};
///
/// // Create, but never overwrite; from one address; with the grant's id in the logs.
/// let terms = Terms::new()
///     .with_permissions(Permissions::CREATE)
///     .with_addresses(Ipv4Addr::new(203, 0, 113, 7))
///     .with_correlation_id(Guid::from_u128(42));
/// # let _ = terms;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    pub(super) permissions: Option<Permissions>,
    pub(super) addresses: Option<AddressRange>,
    pub(super) policy: Option<Box<str>>,
    pub(super) correlation_id: Option<Guid>,
    pub(super) agent: Option<Agent>,
}

impl Terms {
    /// No terms: the least permission that the request needs, from everywhere.
    pub fn new() -> Self {
        Self::default()
    }

    /// Grants these permissions, instead of the one that the request usually needs.
    ///
    /// Give [`Permissions::CREATE`] for a `PUT` that must not overwrite. On
    /// [`Target::Bucket`](crate::Target::Bucket) without query parameters they
    /// hold for all blobs of the container.
    #[must_use]
    pub fn with_permissions(self, permissions: Permissions) -> Self {
        Self {
            permissions: Some(permissions),
            ..self
        }
    }

    /// Takes requests from these addresses only (`sip`).
    ///
    /// What counts is the address that the service sees: that of the last
    /// proxy, and a private one if the client runs in the account's own Azure
    /// region, where a public address here locks it out. Azurite signs the
    /// address but does not check it.
    #[must_use]
    pub fn with_addresses(self, addresses: impl Into<AddressRange>) -> Self {
        Self {
            addresses: Some(addresses.into()),
            ..self
        }
    }

    /// Ties the URL to a stored access policy of the container (`si`), so that
    /// deleting the policy revokes it. Account keys only.
    ///
    /// The policy must set neither start, expiry nor permissions: the URL
    /// itself does, and the service refuses what is said twice. A container
    /// has at most five policies.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidTerms`] if the id is empty, longer than 64 characters
    /// or holds a control character.
    pub fn with_stored_policy(self, id: &str) -> Result<Self, Error> {
        let length = id.chars().count();
        if !(1..=MAX_POLICY_ID_CHARACTERS).contains(&length) || id.contains(char::is_control) {
            return Err(Error::InvalidTerms(TermsFault::PolicyId));
        }
        Ok(Self {
            policy: Some(id.into()),
            ..self
        })
    }

    /// Puts an id into every line that the service logs for the URL (`scid`).
    /// Delegation keys only.
    #[must_use]
    pub fn with_correlation_id(self, id: Guid) -> Self {
        Self {
            correlation_id: Some(id),
            ..self
        }
    }

    /// Names the principal that acts (`saoid` or `suoid`). Delegation keys of
    /// accounts with a hierarchical namespace only.
    #[must_use]
    pub fn with_agent(self, agent: Agent) -> Self {
        Self {
            agent: Some(agent),
            ..self
        }
    }
}

/// The principal in whose name the URL's user acts.
///
/// ```
/// use presign::azure::{Agent, Guid};
///
/// assert_ne!(Agent::Authorized(Guid::from_u128(1)), Agent::Unauthorized(Guid::from_u128(1)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agent {
    /// `saoid`: the signer has checked what the principal may do; the service does not again.
    Authorized(Guid),
    /// `suoid`: the service checks the principal against POSIX access lists.
    Unauthorized(Guid),
}

/// An IPv4 address, or all from a first to a last; the scheme has no place for IPv6.
///
/// ```
/// use presign::azure::AddressRange;
///
/// let range = AddressRange::new([168, 1, 5, 60], [168, 1, 5, 70])?;
/// assert_eq!(range.to_string(), "168.1.5.60-168.1.5.70");
/// assert!(range.contains([168, 1, 5, 65].into()));
/// assert!(!range.contains([168, 1, 5, 71].into()));
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AddressRange {
    first: Ipv4Addr,
    last: Ipv4Addr,
}

impl AddressRange {
    /// Takes the first and the last address; both belong to the range.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidTerms`] if the last is below the first.
    pub fn new(first: impl Into<Ipv4Addr>, last: impl Into<Ipv4Addr>) -> Result<Self, Error> {
        let (first, last) = (first.into(), last.into());
        if first > last {
            return Err(Error::InvalidTerms(TermsFault::Addresses));
        }
        Ok(Self { first, last })
    }

    /// Whether the address is one of them. An IPv4 address mapped into IPv6 counts as itself.
    pub fn contains(&self, address: IpAddr) -> bool {
        match address.to_canonical() {
            IpAddr::V4(address) => (self.first..=self.last).contains(&address),
            IpAddr::V6(_) => false,
        }
    }

    /// Reads what `Display` writes.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let parse = |address: &str| address.parse::<Ipv4Addr>().ok();
        Self::new(parse(first)?, parse(last)?).ok()
    }
}

impl From<Ipv4Addr> for AddressRange {
    fn from(address: Ipv4Addr) -> Self {
        Self {
            first: address,
            last: address,
        }
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        if self.first != self.last {
            write!(f, "-{}", self.last)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_both_their_ends() {
        let range = AddressRange::new([10, 0, 0, 1], [10, 0, 1, 0]).unwrap();
        for (address, inside) in [
            ("10.0.0.0", false),
            ("10.0.0.1", true),
            ("10.0.0.255", true),
            ("10.0.1.0", true),
            ("10.0.1.1", false),
            ("::ffff:10.0.0.1", true),
            ("::ffff:10.0.1.1", false),
            ("::10.0.0.1", false),
            ("2001:db8::1", false),
        ] {
            assert_eq!(
                range.contains(address.parse().unwrap()),
                inside,
                "{address}"
            );
        }
        assert_eq!(
            AddressRange::new([10, 0, 0, 2], [10, 0, 0, 1]),
            Err(Error::InvalidTerms(TermsFault::Addresses))
        );
    }

    #[test]
    fn ranges_come_back_from_their_form() {
        for text in ["10.0.0.1", "10.0.0.1-10.0.0.2", "0.0.0.0-255.255.255.255"] {
            assert_eq!(AddressRange::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "-",
            "10.0.0.1-",
            "10.0.0",
            "010.0.0.1",
            "::1",
            "10.0.0.0/8",
            "10.0.0.2-10.0.0.1",
        ] {
            assert_eq!(AddressRange::parse(text), None, "{text}");
        }
    }

    #[test]
    fn policy_ids_have_64_characters_at_most() {
        let policy = |id: &str| Terms::new().with_stored_policy(id);
        assert!(policy("run 42/ü").is_ok());
        assert!(policy(&"ü".repeat(64)).is_ok());
        for id in ["", &"a".repeat(65), "a\nb"] {
            assert_eq!(policy(id), Err(Error::InvalidTerms(TermsFault::PolicyId)));
        }
    }
}
