//! Which addresses a store may have. Whoever registers a bucket chooses where the server connects to, so
//! every address is judged before a connection is made.
//!
//! Ranges: the IANA registries of special-purpose addresses for
//! [IPv4](https://www.iana.org/assignments/iana-ipv4-special-registry) and
//! [IPv6](https://www.iana.org/assignments/iana-ipv6-special-registry), and where clouds serve metadata.

use ipnet::IpNet;
use protocol::Network;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use url::{Host, Url};

/// What is spoken to a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// HTTP behind TLS.
    Https,
    /// HTTP in clear.
    PlainHttp,
}

impl Scheme {
    pub(super) fn of(url: &Url) -> Self {
        if url.scheme() == "https" {
            Self::Https
        } else {
            Self::PlainHttp
        }
    }
}

/// Where stores may be, besides the public internet.
#[derive(Debug, Clone, Default)]
pub struct AddressRules {
    /// Networks that are not public in which stores may be.
    pub private: Vec<Network>,
    /// Networks to which `http` without TLS may be spoken.
    pub plain_http: Vec<Network>,
    /// Whether stores may be on this machine, and be spoken to without TLS there.
    pub loopback: bool,
}

/// Why an address may not be a store's. Does not tell the address that a name stands for: whoever
/// registers a bucket could find out names of the server's own network by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Forbidden {
    /// No setting allows it.
    #[error("its address is {0}, which is never a store's")]
    Never(&'static str),
    /// The operator has not allowed it.
    #[error("its address is {0}, and `stores.private_networks` does not list it")]
    Private(&'static str),
    /// The operator has not allowed it without TLS.
    #[error(
        "it is spoken to by plain `http`, and `stores.plain_http_networks` does not list its address"
    )]
    PlainHttp,
    /// There is no address.
    #[error("its endpoint is no URL with a host")]
    NoHost,
}

impl Forbidden {
    /// What can be done about it.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Never(_) | Self::NoHost => "check the bucket's endpoint",
            Self::Private(_) => {
                "if the store is there, the operator adds its network to `stores.private_networks`"
            }
            Self::PlainHttp => {
                "use `https`; or the operator adds the store's network to `stores.plain_http_networks`"
            }
        }
    }
}

/// What an address is, when it is not a public one.
#[derive(Debug, Clone, Copy)]
enum Special {
    Never(&'static str),
    Loopback,
    Private(&'static str),
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix_bits: u8) -> IpNet {
    IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix_bits)
}

const fn v6(groups: [u16; 8], prefix_bits: u8) -> IpNet {
    IpNet::new_assert(IpAddr::V6(Ipv6Addr::from_segments(groups)), prefix_bits)
}

const METADATA: Special = Special::Never("a cloud's metadata service");
const LINK_LOCAL: Special = Special::Never("link-local");
const MULTICAST: Special = Special::Never("a multicast group");
const UNSPECIFIED: Special = Special::Never("unspecified");
const PRIVATE: Special = Special::Private("in a private network");
const RESERVED: Special = Special::Private("in a range that is reserved");

/// The first range that holds an address says what it is.
const SPECIAL: &[(IpNet, Special)] = &[
    // Metadata outside of link-local ranges: Alibaba Cloud, Oracle Cloud, Azure's host; AWS and Google on IPv6
    (v4(100, 100, 100, 200, 32), METADATA),
    (v4(192, 0, 0, 192, 32), METADATA),
    (v4(168, 63, 129, 16, 32), METADATA),
    (v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0], 32), METADATA),
    (v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0], 32), METADATA),
    (v4(0, 0, 0, 0, 8), UNSPECIFIED),
    (v4(10, 0, 0, 0, 8), PRIVATE),
    (
        v4(100, 64, 0, 0, 10),
        Special::Private("in a carrier's shared network"),
    ),
    (v4(127, 0, 0, 0, 8), Special::Loopback),
    (v4(169, 254, 0, 0, 16), LINK_LOCAL),
    (v4(172, 16, 0, 0, 12), PRIVATE),
    (v4(192, 0, 0, 0, 24), RESERVED),
    (v4(192, 0, 2, 0, 24), RESERVED),
    (v4(192, 88, 99, 0, 24), RESERVED),
    (v4(192, 168, 0, 0, 16), PRIVATE),
    (v4(198, 18, 0, 0, 15), RESERVED),
    (v4(198, 51, 100, 0, 24), RESERVED),
    (v4(203, 0, 113, 0, 24), RESERVED),
    (v4(224, 0, 0, 0, 4), MULTICAST),
    (
        v4(255, 255, 255, 255, 32),
        Special::Never("the broadcast address"),
    ),
    (v4(240, 0, 0, 0, 4), RESERVED),
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 128), UNSPECIFIED),
    (v6([0, 0, 0, 0, 0, 0, 0, 1], 128), Special::Loopback),
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), LINK_LOCAL),
    (v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), MULTICAST),
    (v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), PRIVATE),
    (v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), PRIVATE),
    // Parts of what IANA has given out for public use that are not public
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), RESERVED),
    (v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), RESERVED),
    (v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), RESERVED),
];

/// What IANA has given out for public use on IPv6; all else is reserved.
const PUBLIC_V6: IpNet = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// Ranges of IPv6 that stand for IPv4, and by how many bits the IPv4 address is from the end: mapped and
/// compatible (RFC 4291), translated (RFC 2765), NAT64 (RFC 6052), 6to4 (RFC 3056).
const EMBEDDING: &[(IpNet, u32)] = &[
    (v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96), 0),
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 96), 0),
    (v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96), 0),
    (v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96), 0),
    (v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), 80),
];

/// The IPv4 address that packets to this address reach in the end, if there is one.
fn embedded(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    // `::` and `::1` would be 0.0.0.0 and 0.0.0.1
    if v6.is_unspecified() || v6.is_loopback() {
        return address;
    }
    let found = EMBEDDING.iter().find(|(range, _)| range.contains(&address));
    found.map_or(address, |&(_, shift)| {
        let [.., a, b, c, d] = (v6.to_bits() >> shift).to_be_bytes();
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    })
}

fn special(address: IpAddr) -> Option<Special> {
    let listed = SPECIAL.iter().find(|(range, _)| range.contains(&address));
    match listed {
        Some(&(_, special)) => Some(special),
        None if address.is_ipv4() || PUBLIC_V6.contains(&address) => None,
        None => Some(RESERVED),
    }
}

impl AddressRules {
    /// Allows stores on this machine too, and `http` without TLS there.
    #[must_use]
    pub fn with_loopback(mut self) -> Self {
        self.loopback = true;
        self
    }

    /// Judges one address.
    pub(super) fn judge(&self, scheme: Scheme, address: IpAddr) -> Result<(), Forbidden> {
        let address = embedded(address);
        let lists = |networks: &[Network]| networks.iter().any(|network| network.contains(address));
        match special(address) {
            Some(Special::Never(what)) => return Err(Forbidden::Never(what)),
            Some(Special::Loopback) if self.loopback => return Ok(()),
            Some(Special::Loopback) if !lists(&self.private) => {
                return Err(Forbidden::Private("of the server itself"));
            }
            Some(Special::Private(what)) if !lists(&self.private) => {
                return Err(Forbidden::Private(what));
            }
            _ => {}
        }
        match scheme {
            Scheme::PlainHttp if !lists(&self.plain_http) => Err(Forbidden::PlainHttp),
            _ => Ok(()),
        }
    }

    /// Those addresses of a name that may be connected to; the fault of the first when none may.
    pub(super) fn allowed(
        &self,
        scheme: Scheme,
        found: Vec<SocketAddr>,
    ) -> Result<Vec<SocketAddr>, Forbidden> {
        let mut fault = Forbidden::NoHost;
        let mut allowed = Vec::with_capacity(found.len());
        for address in found {
            match self.judge(scheme, address.ip()) {
                Ok(()) => allowed.push(address),
                Err(forbidden) if fault == Forbidden::NoHost => fault = forbidden,
                Err(_) => {}
            }
        }
        if allowed.is_empty() {
            Err(fault)
        } else {
            Ok(allowed)
        }
    }

    /// Judges what a URL says by itself. The addresses of a name are judged when it is looked up.
    pub(super) fn judge_url(&self, url: &Url) -> Result<(), Forbidden> {
        let scheme = Scheme::of(url);
        match url.host() {
            Some(Host::Ipv4(address)) => self.judge(scheme, address.into()),
            Some(Host::Ipv6(address)) => self.judge(scheme, address.into()),
            Some(Host::Domain(_)) => match scheme {
                Scheme::PlainHttp if self.plain_http.is_empty() && !self.loopback => {
                    Err(Forbidden::PlainHttp)
                }
                _ => Ok(()),
            },
            None => Err(Forbidden::NoHost),
        }
    }
}

#[cfg(test)]
mod tests;
