//! How long a commit waits for company: what it costs is the same whatever is in it.

use std::time::Duration;
use tokio::time::Instant;

/// The longest wait: a commit that hung says nothing of the next one.
const MAX_GATHER: Duration = Duration::from_millis(1);

/// What the last commit says of the next one.
pub(super) struct LastCommit {
    pub(super) took: Duration,
    pub(super) ended_at: Instant,
    /// How many it answered, and how many waited by then.
    pub(super) in_flight: usize,
}

impl LastCommit {
    /// Whether more than those that wait are worth waiting for: until half of those on their way have
    /// come, so that while one half is committed the other is worked on. A lone request waits for
    /// nobody.
    pub(super) fn is_worth_waiting(&self, waiting: usize, now: Instant) -> bool {
        let until = self.ended_at + (self.took / 2).min(MAX_GATHER);
        waiting > 0 && waiting < self.in_flight.div_ceil(2) && now < until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_those_on_their_way_are_waited_for_and_not_long() {
        let ended_at = Instant::now();
        let after = |in_flight, took_us| LastCommit {
            took: Duration::from_micros(took_us),
            ended_at,
            in_flight,
        };
        let at = |us| ended_at + Duration::from_micros(us);
        for (in_flight, took_us, waiting, now_us, expected) in [
            (256, 800, 127, 0, true),
            (256, 800, 128, 0, false),
            // Half as long as the commit took
            (256, 800, 1, 399, true),
            (256, 800, 1, 400, false),
            // And never longer than a millisecond
            (256, 5_000_000, 1, 999, true),
            (256, 5_000_000, 1, 1_000, false),
            // A lone request, and nobody
            (1, 800, 1, 0, false),
            (2, 800, 1, 0, false),
            (256, 800, 0, 0, false),
        ] {
            let is_worth = after(in_flight, took_us).is_worth_waiting(waiting, at(now_us));
            assert_eq!(
                is_worth, expected,
                "{waiting} of {in_flight} at {now_us} us"
            );
        }
    }
}
