//! Origins of web pages.

use crate::error::Fault;
use crate::parse::checked_string;

fn origin(text: &str) -> Result<(), Fault> {
    let fits = || {
        let (scheme, authority) = text.split_once("://")?;
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        let of_host =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
        let is_host = !host.is_empty() && host.len() <= 253 && host.bytes().all(of_host);
        // Browsers write a port as a number without leading zeros
        let is_port = port.is_none_or(|port| {
            !port.starts_with('0')
                && port.bytes().all(|b| b.is_ascii_digit())
                && port.parse::<u16>().is_ok()
        });
        // Pages that came in clear may be anybody's
        let is_safe = match scheme {
            "https" => true,
            "http" => matches!(host, "localhost" | "127.0.0.1"),
            _ => false,
        };
        (is_safe && is_host && is_port).then_some(())
    };
    fits().ok_or(Fault::Form {
        expected: "`https://host` or `https://host:port`, in lower case and without a path; `http` for this machine alone",
    })
}

checked_string!(
    /// Scheme, host and port of web pages, as browsers send it.
    Origin, "origin", origin, "https://signet.example.com"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_sends_as_one() {
        for good in [
            "https://signet.example.com",
            "https://signet.example.com:8443",
            "http://localhost:5173",
        ] {
            assert_eq!(good.parse::<Origin>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "*",
            "null",
            "signet.example.com",
            "ftp://signet.example.com",
            "http://signet.example.com",
            "https://",
            "https://Signet.example.com",
            "https://*.example.com",
            "https://signet.example.com/",
            "https://signet.example.com\r\nx: y",
            "https://ada@signet.example.com",
            "https://signet.example.com:",
            "https://signet.example.com:0443",
            "https://signet.example.com:+443",
            "https://signet.example.com:65536",
        ] {
            assert!(bad.parse::<Origin>().is_err(), "{bad:?} parsed");
        }
    }
}
