//! When to try again: exponential backoff with full jitter, bounded, and never before the time that
//! a server asked for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How often one URL may be refused in a row before the refusal is believed.
pub(crate) const MAX_REFUSALS: u32 = 3;

/// How often and how patiently failed requests are tried again.
///
/// ```
/// let patient = client::RetryPolicy { attempts: 12, ..client::RetryPolicy::default() };
/// assert_eq!(patient.base.as_millis(), 250);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The most attempts at one request, the first included.
    pub attempts: u32,
    /// The upper bound of the first pause; it doubles with each further one.
    pub base: Duration,
    /// The upper bound of every pause that no server asked for.
    pub cap: Duration,
    /// The longest `Retry-After` that is waited for; a longer one ends the attempts.
    pub max_retry_after: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 6,
            base: Duration::from_millis(250),
            cap: Duration::from_secs(20),
            max_retry_after: Duration::from_mins(2),
        }
    }
}

impl RetryPolicy {
    /// The pause after `failures` failed attempts (1 or more), or `None` to give up.
    ///
    /// `random` decides where between nothing and the bound the pause lies. With `retry_after` the
    /// pause is at least that, and less than `base` longer, so that clients do not return together.
    pub fn pause(
        &self,
        failures: u32,
        retry_after: Option<Duration>,
        random: u64,
    ) -> Option<Duration> {
        if failures >= self.attempts {
            return None;
        }
        match retry_after {
            Some(asked) if asked > self.max_retry_after => None,
            Some(asked) => Some(asked + fraction(self.base, random)),
            None => {
                let doublings = failures.saturating_sub(1).min(31);
                let bound = self.base.saturating_mul(1_u32 << doublings).min(self.cap);
                Some(fraction(bound, random))
            }
        }
    }
}

/// The part of `whole` that `random` is of all numbers: uniform over `[0, whole)`.
fn fraction(whole: Duration, random: u64) -> Duration {
    let nanos = whole.as_nanos().saturating_mul(u128::from(random)) >> 64;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// A small seeded generator (`SplitMix64`) for the jitter; not for secrets.
#[derive(Debug)]
pub(crate) struct Jitter(AtomicU64);

impl Jitter {
    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    pub(crate) fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// What one transfer has been through.
#[derive(Debug)]
pub(crate) struct Attempts<'a> {
    policy: RetryPolicy,
    jitter: &'a Jitter,
    failures: u32,
    refusals: u32,
}

impl<'a> Attempts<'a> {
    pub(crate) fn new(policy: RetryPolicy, jitter: &'a Jitter) -> Self {
        Self {
            policy,
            jitter,
            failures: 0,
            refusals: 0,
        }
    }

    /// Counts a failure; returns the pause before the next attempt, or `None` to give up.
    pub(crate) fn failed(&mut self, retry_after: Option<Duration>) -> Option<Duration> {
        self.failures += 1;
        self.policy
            .pause(self.failures, retry_after, self.jitter.next())
    }

    /// Counts a refused URL; false when it is time to give up.
    pub(crate) fn refused(&mut self) -> bool {
        self.refusals += 1;
        self.refusals < MAX_REFUSALS
    }

    /// Something was achieved: what comes is a new trouble.
    pub(crate) fn progressed(&mut self) {
        self.failures = 0;
        self.refusals = 0;
    }

    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }
}

/// Reads `Retry-After` (RFC 9110, section 10.2.3). A date is taken relative to the answer's own
/// `Date`, so that this machine's clock does not matter.
pub(crate) fn retry_after(headers: &http::HeaderMap) -> Option<Duration> {
    let value = headers
        .get(http::header::RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text: &str| {
        let zoned = jiff::fmt::rfc2822::parse(text).ok()?;
        Some(zoned.timestamp().as_second())
    };
    let now = date(headers.get(http::header::DATE)?.to_str().ok()?)?;
    let until = date(value)?;
    Some(Duration::from_secs(u64::try_from(until - now).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pauses_stay_within_their_bounds(failures in 1_u32..40, random: u64, asked in proptest::option::of(0_u64..200)) {
            let policy = RetryPolicy { attempts: 30, ..RetryPolicy::default() };
            let asked = asked.map(Duration::from_secs);
            match (policy.pause(failures, asked, random), asked) {
                (None, asked) => prop_assert!(failures >= 30 || asked > Some(policy.max_retry_after)),
                (Some(pause), Some(asked)) => {
                    prop_assert!(pause >= asked && pause < asked + policy.base);
                }
                (Some(pause), None) => {
                    let bound = policy.base.as_secs_f64() * 2_f64.powi(i32::try_from(failures).unwrap() - 1);
                    prop_assert!(pause <= policy.cap && pause.as_secs_f64() <= bound);
                }
            }
        }
    }

    #[test]
    fn attempts_are_bounded_and_start_anew_after_progress() {
        let jitter = Jitter::new(7);
        let mut attempts = Attempts::new(RetryPolicy::default(), &jitter);
        for _ in 0..5 {
            assert!(attempts.failed(None).is_some());
        }
        assert_eq!(attempts.failed(None), None);
        attempts.progressed();
        assert!(attempts.failed(None).is_some());
        assert!(attempts.refused() && attempts.refused());
        assert!(!attempts.refused());
    }

    #[test]
    fn jitter_is_spread_and_repeatable() {
        let draw = |seed| {
            let jitter = Jitter::new(seed);
            (0..1_000).map(|_| jitter.next()).collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        let low = draw(1).iter().filter(|&&n| n < u64::MAX / 2).count();
        assert!((400..600).contains(&low), "{low} of 1000 in the lower half");
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let mut headers = http::HeaderMap::new();
        assert_eq!(retry_after(&headers), None);
        headers.insert("retry-after", "7".parse().unwrap());
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(7)));
        headers.insert("date", "Sun, 06 Nov 1994 08:49:37 GMT".parse().unwrap());
        headers.insert(
            "retry-after",
            "Sun, 06 Nov 1994 08:50:07 GMT".parse().unwrap(),
        );
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(30)));
        headers.insert(
            "retry-after",
            "Sun, 06 Nov 1994 08:00:00 GMT".parse().unwrap(),
        );
        assert_eq!(retry_after(&headers), Some(Duration::ZERO));
        headers.insert("retry-after", "soon".parse().unwrap());
        assert_eq!(retry_after(&headers), None);
    }
}
