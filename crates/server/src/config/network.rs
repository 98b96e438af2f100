//! Ranges of network addresses.

use super::section::{Kind, Setting};
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

/// A range of addresses: `10.0.0.0/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    address: IpAddr,
    prefix_bits: u8,
}

impl Network {
    /// Whether an address lies in the range. An IPv4 address in IPv6 form counts as IPv4.
    pub fn contains(self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                let shift = 32 - u32::from(self.prefix_bits);
                let differing = u32::from(ours) ^ u32::from(theirs);
                differing.checked_shr(shift).unwrap_or(0) == 0
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                let shift = 128 - u32::from(self.prefix_bits);
                let differing = u128::from(ours) ^ u128::from(theirs);
                differing.checked_shr(shift).unwrap_or(0) == 0
            }
            _ => false,
        }
    }

    /// Its first and last address; `None` for a range of IPv6.
    pub fn ipv4_ends(self) -> Option<(Ipv4Addr, Ipv4Addr)> {
        let IpAddr::V4(address) = self.address else {
            return None;
        };
        let free = u32::MAX.checked_shr(self.prefix_bits.into()).unwrap_or(0);
        let address = u32::from(address);
        Some(((address & !free).into(), (address | free).into()))
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix_bits)
    }
}

impl FromStr for Network {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "must be an address or a range, as `10.0.0.0/8`";
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address = address.parse::<IpAddr>().map_err(|_| FORM)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match bits {
            Some(bits) => bits.parse::<u8>().map_err(|_| FORM)?,
            None => most,
        };
        if prefix_bits > most {
            return Err(FORM);
        }
        Ok(Self {
            address,
            prefix_bits,
        })
    }
}

impl TryFrom<String> for Network {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl Setting for Network {
    const KIND: Kind = Kind::Text;
}

#[cfg(test)]
mod tests {
    use super::Network;

    #[test]
    fn a_range_holds_its_own_addresses_and_no_others() {
        let contains = |range: &str, address: &str| {
            range
                .parse::<Network>()
                .unwrap()
                .contains(address.parse().unwrap())
        };
        assert!(contains("10.0.0.0/8", "10.255.0.1"));
        assert!(contains("10.0.0.0/8", "::ffff:10.0.0.1"));
        assert!(!contains("10.0.0.0/8", "11.0.0.1"));
        assert!(contains("192.0.2.7", "192.0.2.7"));
        assert!(!contains("192.0.2.7", "192.0.2.6"));
        assert!(contains("2001:db8::/32", "2001:db8:1::1"));
        assert!(!contains("2001:db8::/32", "2001:db9::1"));
        assert!(contains("0.0.0.0/0", "203.0.113.1"));
        assert!(contains("::/0", "2001:db9::1"));
        assert!(!contains("::/0", "203.0.113.1"));
        let ends = |range: &str| {
            let (first, last) = range.parse::<Network>().unwrap().ipv4_ends()?;
            Some(format!("{first} {last}"))
        };
        assert_eq!(ends("10.1.2.3/8").unwrap(), "10.0.0.0 10.255.255.255");
        assert_eq!(ends("192.0.2.7").unwrap(), "192.0.2.7 192.0.2.7");
        assert_eq!(ends("0.0.0.0/0").unwrap(), "0.0.0.0 255.255.255.255");
        assert_eq!(ends("2001:db8::/32"), None);
        for bad in ["", "10.0.0.0/33", "10/8", "a", "::/129", "10.0.0.0/-1"] {
            assert!(bad.parse::<Network>().is_err(), "{bad:?} parsed");
        }
    }
}
