//! Origins of web pages.

use super::checked_text;
use protocol::error::Fault;

fn origin(text: &str) -> Result<(), Fault> {
    let expected = "`https://host` or `https://host:port`, without a path or wildcard; `http` for this machine alone";
    let fits = || {
        let (scheme, authority) = text.split_once("://")?;
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        let is_host = !host.is_empty()
            && host
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'));
        let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
        let is_local = matches!(host, "localhost" | "127.0.0.1");
        let is_safe = scheme == "https" || (scheme == "http" && is_local);
        (is_host && is_port && is_safe).then_some(())
    };
    fits().ok_or(Fault::Form { expected })
}

checked_text!(
    /// Scheme, host and port of a web page that uses the bucket.
    Origin,
    "origin",
    origin
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_one_host_over_tls() {
        for good in [
            "https://signet.example.com",
            "https://signet.example.com:8443",
            "http://localhost:5173",
        ] {
            assert_eq!(good.parse::<Origin>().unwrap().as_str(), good);
        }
        for bad in [
            "*",
            "https://*",
            "https://*.example.com",
            "http://signet.example.com",
            "https://signet.example.com/",
            "signet.example.com",
            "https://",
            "https://a b",
            "https://a:0",
            "https://a:99999",
            "https://u@a",
            "null",
        ] {
            assert!(bad.parse::<Origin>().is_err(), "{bad:?} parsed");
        }
    }
}
