//! Lists of networks: what can be one, and how events tell them.

use super::Error;
use protocol::Network;
use protocol::network::MAX_NETWORKS;

/// Checks that a list is not too long to be looked through with every request.
pub(super) fn check_count(field: &'static str, networks: &[Network]) -> Result<(), Error> {
    if networks.len() > MAX_NETWORKS {
        return Err(Error::invalid(
            field,
            format!("must have at most {MAX_NETWORKS} networks"),
        ));
    }
    Ok(())
}

/// A list in the words of an event.
pub(super) fn tell(networks: &[Network]) -> String {
    if networks.is_empty() {
        return "allowed from every network".to_owned();
    }
    let networks: Vec<String> = networks.iter().map(ToString::to_string).collect();
    format!("allowed from {}", networks.join(" "))
}
