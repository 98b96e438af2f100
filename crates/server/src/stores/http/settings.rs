//! How stores are talked to.

use super::address::AddressRules;
use crate::config;
use std::num::NonZeroU32;
use std::time::Duration;

/// How stores are talked to.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Where stores may be.
    pub addresses: AddressRules,
    /// Time to connect.
    pub connect_timeout: Duration,
    /// Time for one attempt at a request.
    pub request_timeout: Duration,
    /// Time for one attempt at putting the parts of an upload together, which stores take longer for.
    pub complete_timeout: Duration,
    /// Attempts at a request before the store is called unavailable.
    pub attempts: u32,
    /// Pause before the second attempt; doubled before each further one.
    pub first_backoff: Duration,
    /// Requests to one bucket at a time.
    pub concurrency: usize,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            addresses: AddressRules::default(),
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(15),
            complete_timeout: Duration::from_mins(2),
            attempts: 4,
            first_backoff: Duration::from_millis(100),
            concurrency: 128,
        }
    }
}

impl HttpSettings {
    /// As the operator set it.
    pub fn from_config(config: &config::Stores) -> Self {
        let seconds = |count: NonZeroU32| Duration::from_secs(count.get().into());
        Self {
            addresses: AddressRules {
                private: config.private_networks.clone(),
                plain_http: config.plain_http_networks.clone(),
                loopback: false,
            },
            connect_timeout: seconds(config.connect_timeout_seconds),
            request_timeout: seconds(config.request_timeout_seconds),
            concurrency: usize::try_from(config.bucket_requests.get()).unwrap_or(usize::MAX),
            ..Self::default()
        }
    }
}
