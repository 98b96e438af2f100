//! Ranges of network addresses, and lists of those that are allowed.

use crate::error::{Fault, ParseError};
use crate::parse::string_schema;
use ipnet::{IpNet, Ipv4Net};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// The most networks in one list.
pub const MAX_NETWORKS: usize = 100;

/// A range of addresses, or one address.
///
/// The text is `10.0.0.0/8` or `203.0.113.7`, of IPv4 or IPv6. A range begins at its first address:
/// what `10.1.2.3/8` means is not guessed. IPv4 in the form of IPv6 is IPv4, in ranges as in addresses.
///
/// ```
/// let office: protocol::Network = "203.0.113.0/24".parse()?;
/// assert!(office.contains("203.0.113.7".parse().unwrap()));
/// assert!(office.covers("203.0.113.128/25".parse()?));
/// # Ok::<(), protocol::ParseError>(())
/// ```
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Network(IpNet);

string_schema!(
    Network,
    "A network as `10.0.0.0/8`, or one address, of IPv4 or IPv6"
);

impl Network {
    /// Whether an address lies in it. An IPv4 address in the form of IPv6 counts as IPv4.
    pub fn contains(self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    /// Whether every address of `other` lies in it.
    pub fn covers(self, other: Self) -> bool {
        self.0.contains(&other.0)
    }

    /// The first address.
    pub fn first(self) -> IpAddr {
        self.0.network()
    }

    /// The last address.
    pub fn last(self) -> IpAddr {
        self.0.broadcast()
    }
}

impl From<IpAddr> for Network {
    /// One address.
    fn from(address: IpAddr) -> Self {
        Self(address.to_canonical().into())
    }
}

impl FromStr for Network {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: Fault = Fault::Form {
            expected: "`10.0.0.0/8`, a range by its first address, or one address",
        };
        let form = || FORM.of("network");
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        // The standard library takes no zeros in front, which others read as octal
        let address = address.parse::<IpAddr>().map_err(|_| form())?;
        let Some(bits) = bits else {
            return Ok(address.into());
        };
        let prefix_bits = bits.parse::<u8>().map_err(|_| form())?;
        let range = IpNet::new(address, prefix_bits).map_err(|_| form())?;
        if range.trunc() != range || prefix_bits.to_string() != bits {
            return Err(form());
        }
        Ok(Self(canonical(range)))
    }
}

/// A range of IPv4 addresses in the form of IPv6 as what it is.
fn canonical(range: IpNet) -> IpNet {
    let mapped = match range {
        IpNet::V4(_) => None,
        IpNet::V6(range) => range.addr().to_ipv4_mapped().and_then(|first| {
            let prefix_bits = range.prefix_len().checked_sub(96)?;
            Ipv4Net::new(first, prefix_bits).ok()
        }),
    };
    mapped.map_or(range, IpNet::V4)
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() {
            self.0.addr().fmt(f)
        } else {
            self.0.fmt(f)
        }
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for Network {
    type Error = ParseError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

/// What lies in a network of each list, as few networks as can be; none when there is nothing.
///
/// ```
/// use protocol::network::intersection;
/// let lists = ["10.0.0.0/8", "10.1.0.0/16"].map(|text| text.parse());
/// let [wide, narrow] = [lists[0].clone()?, lists[1].clone()?];
/// assert_eq!(intersection(&[wide], &[narrow]), [narrow]);
/// # Ok::<(), protocol::ParseError>(())
/// ```
pub fn intersection(one: &[Network], other: &[Network]) -> Vec<Network> {
    let common: Vec<IpNet> = one
        .iter()
        .flat_map(|a| {
            // Of two ranges one lies in the other, or they have nothing in common
            other.iter().filter_map(move |b| match () {
                () if a.covers(*b) => Some(b.0),
                () if b.covers(*a) => Some(a.0),
                () => None,
            })
        })
        .collect();
    IpNet::aggregate(&common).into_iter().map(Network).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    #[test]
    fn a_range_holds_its_own_addresses_and_no_others() {
        let contains =
            |range: &str, address: &str| network(range).contains(address.parse().unwrap());
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
        assert!(contains("::ffff:10.0.0.0/104", "10.1.2.3"));
        assert!(!contains("::ffff:10.0.0.0/104", "11.1.2.3"));
    }

    #[test]
    fn what_is_not_a_range_or_says_two_things_is_refused() {
        for bad in [
            "",
            "10.0.0.0/33",
            "10/8",
            "a",
            "::/129",
            "10.0.0.0/-1",
            "10.0.0.0/",
            "/8",
            "10.0.0.0/8/8",
            " 10.0.0.0/8",
            "10.0.0.0/8 ",
            "10.0.0.0/255.0.0.0",
            "010.0.0.0/8",
            "10.0.0.0/08",
            "10.0.0.0/+8",
            "10.1.2.3/8",
            "2001:db8::1/32",
            "fe80::1%eth0",
            "[::1]",
            "10.0.0.1:80",
        ] {
            assert!(bad.parse::<Network>().is_err(), "{bad:?} parsed");
        }
        let error = "10.1.2.3/8".parse::<Network>().unwrap_err().to_string();
        assert!(error.contains("first address"), "{error}");
        assert!(!error.contains("10.1.2.3"), "{error}");
    }

    #[test]
    fn a_network_is_written_in_one_way() {
        for (text, canonical) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("203.0.113.7/32", "203.0.113.7"),
            ("2001:0DB8:0::/32", "2001:db8::/32"),
            ("2001:db8::1/128", "2001:db8::1"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ] {
            assert_eq!(network(text).to_string(), canonical);
            let json = serde_json::to_string(&network(text)).unwrap();
            assert_eq!(json, format!("\"{canonical}\""));
            assert_eq!(
                serde_json::from_str::<Network>(&json).unwrap(),
                network(text)
            );
        }
    }

    #[test]
    fn a_range_has_a_first_and_a_last_address() {
        let ends = |text: &str| (network(text).first(), network(text).last());
        let (first, last) = ends("10.1.0.0/16");
        assert_eq!(
            (first.to_string(), last.to_string()),
            ("10.1.0.0".into(), "10.1.255.255".into())
        );
        let (first, last) = ends("203.0.113.7");
        assert_eq!(first, last);
    }

    /// Addresses and ranges of few bits, so that they often meet.
    fn any_address() -> impl Strategy<Value = IpAddr> {
        prop_oneof![
            (0..16_u8).prop_map(|low| IpAddr::from([10, 0, 0, low])),
            (0..16_u16).prop_map(|low| IpAddr::from([0xfd00, 0, 0, 0, 0, 0, 0, low])),
        ]
    }

    fn any_networks() -> impl Strategy<Value = Vec<Network>> {
        let any_network = (any_address(), 0..=6_u8).prop_map(|(address, wider)| {
            let bits = if address.is_ipv4() { 32 } else { 128 } - wider;
            Network(IpNet::new(address, bits).unwrap().trunc())
        });
        proptest::collection::vec(any_network, 0..5)
    }

    fn within(list: &[Network], address: IpAddr) -> bool {
        list.iter().any(|network| network.contains(address))
    }

    proptest! {
        #[test]
        fn what_was_written_reads_back(list in any_networks()) {
            for network in list {
                prop_assert_eq!(network.to_string().parse::<Network>().unwrap(), network);
            }
        }

        #[test]
        fn an_address_is_in_the_intersection_when_it_is_in_both(
            one in any_networks(), other in any_networks(), address in any_address(),
        ) {
            let both = intersection(&one, &other);
            prop_assert_eq!(
                within(&both, address),
                within(&one, address) && within(&other, address)
            );
            prop_assert_eq!(&both, &intersection(&other, &one));
        }

        #[test]
        fn a_network_covers_another_when_it_holds_all_its_addresses(list in any_networks()) {
            for a in &list {
                for b in &list {
                    let ends = a.contains(b.first()) && a.contains(b.last());
                    prop_assert_eq!(a.covers(*b), ends);
                }
            }
        }
    }
}
