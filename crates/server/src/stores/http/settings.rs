//! How stores are talked to.

use super::{AddressRules, BreakerSettings};
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
    /// Longest pause before the second attempt; doubled before each further one.
    pub first_backoff: Duration,
    /// No attempt begins later than this after the first, whatever pause the store asks for.
    pub attempts_within: Duration,
    /// Requests to one bucket at a time.
    pub concurrency: usize,
    /// Requests to one bucket that may wait besides.
    pub queue: usize,
    /// How long one waits.
    pub queue_timeout: Duration,
    /// When a bucket's store is left alone.
    pub breaker: BreakerSettings,
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
            attempts_within: Duration::from_secs(45),
            concurrency: 128,
            queue: 512,
            queue_timeout: Duration::from_secs(5),
            breaker: BreakerSettings::default(),
        }
    }
}

impl HttpSettings {
    /// As the operator set it.
    pub fn from_config(config: &config::Stores) -> Self {
        let seconds = |count: NonZeroU32| Duration::from_secs(count.get().into());
        let request_timeout = seconds(config.request_timeout_seconds);
        Self {
            addresses: AddressRules {
                private: config.private_networks.clone(),
                plain_http: config.plain_http_networks.clone(),
                loopback: false,
            },
            connect_timeout: seconds(config.connect_timeout_seconds),
            request_timeout,
            attempts_within: request_timeout.saturating_mul(3),
            concurrency: usize::try_from(config.bucket_requests.get()).unwrap_or(usize::MAX),
            ..Self::default()
        }
    }
}
