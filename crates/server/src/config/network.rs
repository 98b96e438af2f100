//! `[network]`: from where the server may be asked.

use super::section::section;
use protocol::Network;

section! {
    /// From where the server may be asked.
    Networks "network" {
        /// Addresses or ranges that the server takes requests with a token from; none: all. An instance
        /// admin is also let in over loopback, from the machine itself.
        allowed: Vec<Network>,
    }
}
