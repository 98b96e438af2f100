//! `[metrics]`: where metrics are served.

use super::section::section;
use std::net::SocketAddr;

section! {
    /// Where metrics are served for Prometheus, apart from the API and without authentication.
    Metrics "metrics" {
        /// Address and port of `/metrics`. Without it they are not served.
        listen: Option<SocketAddr>,
    }
}
