//! The address of a store: the strict reading of `scheme://host:port`.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::EndpointFault;

/// A store's address, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) scheme: &'static str,
    pub(crate) host: String,
    /// As given, even if it is the scheme's default.
    pub(crate) port: Option<u16>,
    pub(crate) is_ip: bool,
}

impl Address {
    pub(crate) fn parse(url: &str) -> Result<Self, EndpointFault> {
        let (scheme, rest) = if let Some(rest) = url.strip_prefix("https://") {
            ("https", rest)
        } else if let Some(rest) = url.strip_prefix("http://") {
            ("http", rest)
        } else {
            return Err(EndpointFault::Scheme);
        };
        // The root's slash says nothing, and is what browsers and other parsers add.
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '\\', '?', '#']) {
            return Err(EndpointFault::Path);
        }
        if authority.contains('@') {
            return Err(EndpointFault::UserInfo);
        }
        let (host, is_ip, port) = if let Some(rest) = authority.strip_prefix('[') {
            let (address, port) = rest.split_once(']').ok_or(EndpointFault::Host)?;
            let address: Ipv6Addr = address.parse().map_err(|_| EndpointFault::Host)?;
            let port = match port.strip_prefix(':') {
                None if port.is_empty() => None,
                None => return Err(EndpointFault::Host),
                Some(port) => Some(port),
            };
            (url_form(address), true, port)
        } else {
            let (host, port) = match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            };
            let is_ip = check_host(host)?;
            (host.to_ascii_lowercase(), is_ip, port)
        };
        Ok(Self {
            scheme,
            host,
            port: port.map(parse_port).transpose()?,
            is_ip,
        })
    }

    /// Host and, unless it is the scheme's default, port: what clients send as `Host`.
    pub(crate) fn authority(&self) -> String {
        let default_port = if self.scheme == "https" { 443 } else { 80 };
        match self.port {
            Some(port) if port != default_port => format!("{}:{port}", self.host),
            _ => self.host.clone(),
        }
    }
}

fn parse_port(port: &str) -> Result<u16, EndpointFault> {
    // `parse` alone would take a sign.
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(EndpointFault::Port);
    }
    match port.parse() {
        Ok(0) | Err(_) => Err(EndpointFault::Port),
        Ok(port) => Ok(port),
    }
}

/// Writes the address as URL parsers do, which is what clients send as `Host`.
fn url_form(address: Ipv6Addr) -> String {
    match address.to_ipv4_mapped() {
        // `Display` would end it in dotted decimals.
        Some(_) => {
            let [.., high, low] = address.segments();
            format!("[::ffff:{high:x}:{low:x}]")
        }
        None => format!("[{address}]"),
    }
}

/// Checks a host name, and says whether it is an IPv4 address.
fn check_host(host: &str) -> Result<bool, EndpointFault> {
    if host.len() > 253 {
        return Err(EndpointFault::Host);
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    if !host.split('.').all(is_label) {
        return Err(EndpointFault::Host);
    }
    // URL parsers read a host that ends in a number as an IPv4 address, in
    // octal or hexadecimal too; only the one plain spelling is sent unchanged.
    let last = host.rsplit('.').next().unwrap_or(host);
    let hexadecimal = last.strip_prefix("0x").or(last.strip_prefix("0X"));
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit())
        || hexadecimal.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_number && host.parse::<Ipv4Addr>().is_err() {
        return Err(EndpointFault::Host);
    }
    Ok(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authority(url: &str) -> Result<String, EndpointFault> {
        Address::parse(url).map(|address| address.authority())
    }

    #[test]
    fn the_signed_host_is_what_clients_send() {
        for (url, expected) in [
            ("https://s3.example.com", "s3.example.com"),
            ("https://S3.Example.COM/", "s3.example.com"),
            ("https://s3.example.com:443", "s3.example.com"),
            ("http://s3.example.com:443", "s3.example.com:443"),
            ("http://s3.example.com:80", "s3.example.com"),
            ("http://s3.example.com:08333", "s3.example.com:8333"),
            ("http://127.0.0.1:8333", "127.0.0.1:8333"),
            ("http://[::1]:9000", "[::1]:9000"),
            ("http://[0:0:0:0:0:0:0:1]", "[::1]"),
            ("https://[2001:DB8::A]:443", "[2001:db8::a]"),
            ("http://[::ffff:127.0.0.1]:9000", "[::ffff:7f00:1]:9000"),
            ("http://my_store:9000", "my_store:9000"),
        ] {
            assert_eq!(authority(url).as_deref(), Ok(expected), "{url}");
        }
    }

    #[test]
    fn addresses_with_anything_else_are_refused() {
        use EndpointFault::{Host, Path, Port, Scheme, UserInfo};
        for (url, fault) in [
            ("s3.example.com", Scheme),
            ("ftp://s3.example.com", Scheme),
            ("HTTPS://s3.example.com", Scheme),
            ("https://", Host),
            ("https://:80", Host),
            ("https://s3..example.com", Host),
            ("https://s3.example.com.", Host),
            ("https://s3 .example.com", Host),
            ("https://s3%2eexample.com", Host),
            ("https://süd.example.com", Host),
            ("https://1.2.3", Host),
            ("https://1.2.3.256", Host),
            ("https://01.2.3.4", Host),
            ("https://0x7f000001", Host),
            ("https://[::1", Host),
            ("https://[::1]x", Host),
            ("https://[fe80::1%25eth0]", Host),
            ("https://::1", Host),
            ("https://s3.example.com:", Port),
            ("https://s3.example.com:0", Port),
            ("https://s3.example.com:65536", Port),
            ("https://s3.example.com:+80", Port),
            ("https://s3.example.com/base", Path),
            ("https://s3.example.com//", Path),
            ("https://s3.example.com?x", Path),
            ("https://s3.example.com#x", Path),
            ("https://s3.example.com\\x", Path),
            ("https://user@s3.example.com", UserInfo),
            ("https://user:password@s3.example.com", UserInfo),
        ] {
            assert_eq!(authority(url), Err(fault), "{url}");
        }
    }
}
