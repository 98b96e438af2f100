//! `[server]`: where the API listens.

use super::section::section;
use protocol::Network;
use protocol::bucket::Origin;
use std::net::SocketAddr;

section! {
    /// Where the API listens, and whom it believes.
    Server "server" {
        /// Address and port of the API. Port 0 takes a free one.
        listen: SocketAddr = "127.0.0.1:8080",
        /// Addresses or ranges of the proxies in front of the server. Only they are believed when they say,
        /// in `X-Forwarded-For`, where a request came from.
        trusted_proxies: Vec<Network>,
        /// Origins of the web pages that read and write buckets from browsers, as `https://signet.example.com`.
        /// The check of a bucket asks its store whether it lets them.
        browser_origins: Vec<Origin>,
    }
}
