//! `[limits]`: how much the server takes at once.

use super::section::section;
use std::num::NonZeroU32;
use std::time::Duration;

section! {
    /// How much the server takes at once, and from one caller.
    Limits "limits" {
        /// Largest body of a request, in bytes; above it the answer is 413.
        body_bytes: NonZeroU32 = 8_388_608,
        /// Longest time for one request, in seconds; after it the answer is 504.
        request_timeout_seconds: NonZeroU32 = 60,
        /// Longest time for the head of a request to arrive, in seconds; after it the connection is closed.
        header_timeout_seconds: NonZeroU32 = 15,
        /// Most requests that are worked on at the same time; above it the answer is 503.
        concurrent_requests: NonZeroU32 = 1024,
        /// Requests a second that one principal may make over time; above it the answer is 429.
        principal_requests_per_second: NonZeroU32 = 500,
        /// Requests that one principal may make at once, after a pause.
        principal_burst: NonZeroU32 = 1000,
        /// Requests a second that one network (IPv4 /24, IPv6 /56) may make over time; above it the answer is 429.
        network_requests_per_second: NonZeroU32 = 2000,
        /// Requests that one network may make at once, after a pause.
        network_burst: NonZeroU32 = 4000,
        /// Longest time that a shutdown waits for requests that are worked on, in seconds.
        shutdown_seconds: NonZeroU32 = 30,
    }
}

impl Limits {
    /// Longest time for one request.
    pub fn request_timeout(&self) -> Duration {
        seconds(self.request_timeout_seconds)
    }

    /// Longest time for the head of a request to arrive.
    pub fn header_timeout(&self) -> Duration {
        seconds(self.header_timeout_seconds)
    }

    /// Longest time that a shutdown waits for requests.
    pub fn shutdown_timeout(&self) -> Duration {
        seconds(self.shutdown_seconds)
    }

    /// Largest body of a request, in bytes.
    pub fn max_body_bytes(&self) -> usize {
        usize::try_from(self.body_bytes.get()).unwrap_or(usize::MAX)
    }
}

fn seconds(count: NonZeroU32) -> Duration {
    Duration::from_secs(count.get().into())
}
