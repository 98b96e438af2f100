//! Networks, as `address/bits`.

use protocol::ParseError;
use protocol::error::Fault;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

/// A network of IPv4 or IPv6 addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads a network as the clouds do, which overlook bits of the address beyond the network's.
    pub(super) fn parse_leniently(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address.parse().ok()?, Some(bits)),
            None => (text.parse().ok()?, None),
        };
        let width = width(address);
        let bits = match bits {
            // No sign and no leading zero: other readers take those for something else
            Some(bits) if bits.len() > 1 && !bits.starts_with(|c| matches!(c, '1'..='9')) => None?,
            Some(bits) if bits.starts_with('+') => None?,
            Some(bits) => bits.parse().ok().filter(|bits| *bits <= width)?,
            None => width,
        };
        Some(Self { address, bits })
    }

    /// The first address.
    pub fn address(self) -> IpAddr {
        self.address
    }

    /// How many bits are fixed.
    pub fn bits(self) -> u8 {
        self.bits
    }

    /// Whether this address is in the network.
    pub fn contains(self, address: IpAddr) -> bool {
        width(self.address) == width(address)
            && self.network_bits(self.address) == self.network_bits(address)
    }

    /// The bits of an address that the network fixes.
    fn network_bits(self, address: IpAddr) -> u128 {
        let (value, width) = match address {
            IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
            IpAddr::V6(address) => (address.to_bits(), 128),
        };
        let free = width - u32::from(self.bits);
        value.checked_shr(free).unwrap_or_default()
    }

    /// Whether every address of the internet is in it.
    pub(super) fn is_everything(self) -> bool {
        self.bits == 0
    }

    /// Whether its addresses are used inside of networks alone, so that a cloud's public side never
    /// sees them.
    pub(super) fn is_private(self) -> bool {
        match self.address {
            IpAddr::V4(address) => {
                let shared = Self {
                    address: Ipv4Addr::new(100, 64, 0, 0).into(),
                    bits: 10,
                };
                address.is_private()
                    || address.is_loopback()
                    || address.is_link_local()
                    || shared.contains(self.address)
            }
            IpAddr::V6(address) => {
                address.is_unique_local()
                    || address.is_unicast_link_local()
                    || address.is_loopback()
            }
        }
    }
}

fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

impl FromStr for Network {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "`address/bits`, with no bit of the address beyond those, or one address";
        let fault = || Fault::Form { expected }.of("network");
        let network = Self::parse_leniently(text).ok_or_else(fault)?;
        let free = width(network.address) - network.bits;
        let value = match network.address {
            IpAddr::V4(address) => u128::from(address.to_bits()),
            IpAddr::V6(address) => address.to_bits(),
        };
        let clean = value.trailing_zeros() >= u32::from(free);
        clean.then_some(network).ok_or_else(fault)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

/// What the admin should know about the networks that a cloud's public side is to let in.
pub(super) fn warnings(networks: &[Network]) -> Vec<String> {
    let mut warnings = Vec::new();
    for network in networks {
        if network.is_everything() {
            warnings.push(format!(
                "`{network}` lets in every address of its kind: the rule keeps nobody out"
            ));
        } else if network.is_private() {
            warnings.push(format!(
                "`{network}` is private: the store sees public addresses, after translation, so it never matches"
            ));
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_its_addresses_alone() {
        let contains = |network: &str, address: &str| {
            network
                .parse::<Network>()
                .unwrap()
                .contains(address.parse().unwrap())
        };
        assert!(contains("203.0.113.0/24", "203.0.113.255"));
        assert!(!contains("203.0.113.0/24", "203.0.114.0"));
        assert!(contains("203.0.113.7", "203.0.113.7"));
        assert!(!contains("203.0.113.7", "203.0.113.6"));
        assert!(contains("0.0.0.0/0", "8.8.8.8"));
        assert!(!contains("0.0.0.0/0", "2001:db8::1"));
        assert!(contains("2001:db8::/32", "2001:db8:ffff::1"));
        assert!(!contains("2001:db8::/32", "2001:db9::1"));
        assert!(contains("::/0", "2001:db9::1"));
        assert!(!contains("::/0", "8.8.8.8"));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for bad in [
            "",
            "a",
            "203.0.113.0/33",
            "203.0.113.7/24",
            "203.0.113.0/",
            "203.0.113.0/+8",
            "203.0.113.0/024",
            "203.0.113.0/-1",
            "2001:db8::/129",
            "2001:db8::1/32",
            "203.0.113/24",
            "203.0.113.0/24 ",
            "203.0.113.0/24/24",
        ] {
            assert!(bad.parse::<Network>().is_err(), "{bad:?} parsed");
        }
    }

    #[test]
    fn private_networks_are_known() {
        let is_private = |text: &str| text.parse::<Network>().unwrap().is_private();
        for private in [
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.1.0/24",
            "100.64.0.0/10",
            "100.127.0.0/16",
            "127.0.0.1",
            "169.254.0.0/16",
            "fd00::/8",
            "fe80::/10",
            "::1",
        ] {
            assert!(is_private(private), "{private}");
        }
        for public in [
            "203.0.113.0/24",
            "100.128.0.0/16",
            "172.32.0.0/16",
            "2001:db8::/32",
        ] {
            assert!(!is_private(public), "{public}");
        }
    }
}
