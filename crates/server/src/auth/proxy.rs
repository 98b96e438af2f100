//! Where a request came from, when there are proxies in front.

use http::HeaderMap;
use std::net::{IpAddr, SocketAddr};

/// The client's address: the rightmost one that is not a trusted proxy's, of those that trusted proxies
/// wrote. What stands left of it was written by somebody else, and is never believed.
pub(super) fn client_address(
    headers: &HeaderMap,
    peer: IpAddr,
    trusts: impl Fn(IpAddr) -> bool,
) -> IpAddr {
    let mut client = peer.to_canonical();
    let mut said: Vec<&str> = Vec::new();
    for value in headers.get_all("x-forwarded-for") {
        // An entry that cannot be read must still stop the walk
        said.extend(value.to_str().unwrap_or("?").split(','));
    }
    while trusts(client) {
        match said.pop().and_then(address) {
            Some(before) => client = before,
            None => break,
        }
    }
    client
}

/// An address as proxies write it: bare, in brackets, or with a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let address = match bare.parse::<IpAddr>() {
        Ok(address) => address,
        Err(_) => text.parse::<SocketAddr>().ok()?.ip(),
    };
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(peer: &str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let trusts = |address: IpAddr| match address {
            IpAddr::V4(address) => address.octets()[0] == 10,
            IpAddr::V6(address) => address.segments()[0] == 0xfd00,
        };
        client_address(&headers, peer.parse().unwrap(), trusts).to_string()
    }

    /// T42.
    #[test]
    fn a_client_cannot_choose_its_own_address() {
        // No proxy in front: the header is the client's own word
        assert_eq!(ask("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(ask("203.0.113.9", &["10.0.0.1"]), "203.0.113.9");
        // The proxy appended the address it saw; what the client wrote stands left of it
        assert_eq!(
            ask("10.0.0.1", &["198.51.100.1, 203.0.113.9"]),
            "203.0.113.9"
        );
        assert_eq!(
            ask("10.0.0.1", &["198.51.100.1", "203.0.113.9"]),
            "203.0.113.9"
        );
        assert_eq!(
            ask("10.0.0.1", &["10.9.9.9, 203.0.113.9, 10.0.0.2"]),
            "203.0.113.9"
        );
        // What cannot be read is not stepped over
        assert_eq!(ask("10.0.0.1", &["198.51.100.1, unknown"]), "10.0.0.1");
        assert_eq!(ask("10.0.0.1", &["198.51.100.1, "]), "10.0.0.1");
    }

    #[test]
    fn trusted_proxies_are_believed() {
        assert_eq!(ask("10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(ask("::ffff:10.0.0.1", &["203.0.113.9:4711"]), "203.0.113.9");
        assert_eq!(ask("fd00::1", &["[2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(ask("fd00::1", &["[2001:db8::1]"]), "2001:db8::1");
        assert_eq!(ask("10.0.0.1", &["::ffff:203.0.113.9"]), "203.0.113.9");
        assert_eq!(ask("10.0.0.1", &[]), "10.0.0.1");
        // All of them proxies: the outermost
        assert_eq!(ask("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
    }

    #[test]
    fn a_header_of_other_bytes_stops_the_walk() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "203.0.113.9".parse().unwrap());
        headers.append(
            "x-forwarded-for",
            http::HeaderValue::from_bytes(b"\xff").unwrap(),
        );
        let peer = "10.0.0.1".parse().unwrap();
        assert_eq!(client_address(&headers, peer, |_| true), peer);
    }
}
