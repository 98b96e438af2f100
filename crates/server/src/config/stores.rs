//! `[stores]`: where buckets may be, and how their stores are asked.

use super::section::section;
use protocol::Network;
use std::num::NonZeroU32;

section! {
    /// Where the stores of registered buckets may be, and how the server itself asks them. Public addresses behind TLS need no setting. Link-local, multicast and unspecified addresses and the metadata services of clouds are refused whatever is set here.
    Stores "stores" {
        /// Networks that are not public in which stores may be, this machine's own among them: `10.20.0.0/16`, or
        /// `127.0.0.1`. A store's name is judged by every address that it has, when the server connects.
        private_networks: Vec<Network>,
        /// Networks to which `http` without TLS may be spoken. One that is not public must stand in
        /// `private_networks` too.
        plain_http_networks: Vec<Network>,
        /// Longest time to connect to a store, in seconds.
        connect_timeout_seconds: NonZeroU32 = 5,
        /// Longest time for one attempt at a request to a store, in seconds.
        request_timeout_seconds: NonZeroU32 = 15,
        /// Most requests that the server makes to one bucket at the same time.
        bucket_requests: NonZeroU32 = 128,
    }
}
