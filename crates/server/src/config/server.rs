//! `[server]`: where the API listens.

use super::Network;
use super::section::section;
use std::net::SocketAddr;

section! {
    /// Where the API listens, and whom it believes.
    Server "server" {
        /// Address and port of the API. Port 0 takes a free one.
        listen: SocketAddr = "127.0.0.1:8080",
        /// Addresses or ranges of the proxies in front of the server. Only they are believed when they say,
        /// in `X-Forwarded-For`, where a request came from.
        trusted_proxies: Vec<Network>,
    }
}
