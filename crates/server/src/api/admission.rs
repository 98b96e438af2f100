//! How many requests are let in: at once, by principal and by network.

use super::error::ApiError;
use crate::config::Limits;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use protocol::id::PrincipalId;
use protocol::problem::ErrorCode;
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU32;
use tokio::sync::{Semaphore, SemaphorePermit};

/// What is counted about requests that are let in. In memory, and of this server alone.
#[derive(Debug)]
pub struct Admission {
    slots: Semaphore,
    principals: DefaultKeyedRateLimiter<PrincipalId>,
    networks: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
}

impl Admission {
    /// Lets in what the configuration allows.
    pub fn new(limits: &Limits) -> Self {
        let slots = usize::try_from(limits.concurrent_requests.get()).unwrap_or(usize::MAX);
        Self {
            slots: Semaphore::new(slots.min(Semaphore::MAX_PERMITS)),
            principals: limiter(limits.principal_requests_per_second, limits.principal_burst),
            networks: limiter(limits.network_requests_per_second, limits.network_burst),
            clock: DefaultClock::default(),
        }
    }

    /// A place among the requests that are worked on; given back when dropped.
    pub(super) fn slot(&self) -> Result<SemaphorePermit<'_>, ApiError> {
        self.slots.try_acquire().map_err(|_| {
            let detail = "the server has too much to do; try again";
            ApiError::new(ErrorCode::Unavailable, detail).retry_after(1)
        })
    }

    /// Counts a request of a principal.
    pub(super) fn principal(&self, principal: PrincipalId) -> Result<(), ApiError> {
        let detail = "you make too many requests; slow down";
        self.check(&self.principals, &principal, detail)
    }

    /// Counts a request from a network address.
    pub(super) fn network(&self, address: IpAddr) -> Result<(), ApiError> {
        let detail = "too many requests come from your network; slow down";
        self.check(&self.networks, &network_of(address), detail)
    }

    fn check<K: Hash + Eq + Clone>(
        &self,
        limiter: &DefaultKeyedRateLimiter<K>,
        key: &K,
        detail: &'static str,
    ) -> Result<(), ApiError> {
        limiter.check_key(key).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            ApiError::rate_limited(detail, seconds)
        })
    }

    /// Forgets those that have not come for a while; to be called now and then.
    pub fn forget_idle(&self) {
        self.principals.retain_recent();
        self.networks.retain_recent();
        self.principals.shrink_to_fit();
        self.networks.shrink_to_fit();
    }
}

fn limiter<K: Hash + Eq + Clone>(
    per_second: NonZeroU32,
    burst: NonZeroU32,
) -> DefaultKeyedRateLimiter<K> {
    RateLimiter::keyed(Quota::per_second(per_second).allow_burst(burst))
}

/// The network that an address counts for: IPv4 /24, IPv6 /56.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => Ipv4Addr::from(u32::from(v4) & !0xff).into(),
        IpAddr::V6(v6) => Ipv6Addr::from(u128::from(v6) & !(u128::MAX >> 56)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::network_of;

    #[test]
    fn neighbours_share_a_network() {
        let same =
            |a: &str, b: &str| network_of(a.parse().unwrap()) == network_of(b.parse().unwrap());
        assert!(same("192.0.2.1", "192.0.2.254"));
        assert!(same("192.0.2.1", "::ffff:192.0.2.9"));
        assert!(!same("192.0.2.1", "192.0.3.1"));
        assert!(same("2001:db8:0:100::1", "2001:db8:0:1ff::2"));
        assert!(!same("2001:db8:0:100::1", "2001:db8:0:200::1"));
    }
}
