//! The hosts of a store, and which bucket and key a request for one of them is about.

use std::cmp::Reverse;

use super::{fault::Fault, resource::Resource};

/// The hosts that a verifier takes; none for any, path style.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hosts {
    /// Lower-case, the longest first.
    shared: Vec<Box<str>>,
    /// Lower-case, each with the one bucket that it is for.
    bound: Vec<(Box<str>, Box<str>)>,
}

impl Hosts {
    /// Adds hosts that all buckets share.
    pub(crate) fn share<Host: AsRef<str>>(&mut self, hosts: impl IntoIterator<Item = Host>) {
        let lower_case = |host: Host| host.as_ref().to_ascii_lowercase().into();
        self.shared.extend(hosts.into_iter().map(lower_case));
        self.shared.sort_by_key(|host| Reverse(host.len()));
    }

    /// Adds a host that is for one bucket alone.
    pub(crate) fn bind(&mut self, host: &str, bucket: &str) {
        self.bound
            .push((host.to_ascii_lowercase().into(), bucket.into()));
    }

    /// Reads from host and decoded path which bucket and key are meant.
    pub(crate) fn resource(&self, host: &str, path: &str) -> Result<Resource, Fault> {
        if self.shared.is_empty() && self.bound.is_empty() {
            return Ok(Resource::from_path_style(path));
        }
        let host = host.to_ascii_lowercase();
        if let Some((_, bucket)) = self.bound.iter().find(|(known, _)| **known == *host) {
            return Ok(Resource::from_bucket_host(bucket, path));
        }
        if self.shared.iter().any(|known| **known == *host) {
            return Ok(Resource::from_path_style(path));
        }
        self.shared
            .iter()
            .find_map(|known| host.strip_suffix(&**known)?.strip_suffix('.'))
            .filter(|bucket| !bucket.is_empty())
            .map(|bucket| Resource::from_bucket_host(bucket, path))
            .ok_or(Fault::UnknownHost)
    }
}
