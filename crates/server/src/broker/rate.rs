//! How many URLs principals and teams may have in a minute, by the limits set on them.

use crate::policy::Terms;
use parking_lot::Mutex;
use protocol::Timestamp;
use protocol::id::{PrincipalId, TeamId};
use std::collections::HashMap;

const MINUTE_MILLIS: i64 = 60_000;
/// Meters that are full again are dropped when there are this many.
const SWEEP_AT: usize = 4_096;

/// Why no URLs are released now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exceeded {
    /// There will be enough after this many seconds.
    Later {
        /// Seconds to wait.
        retry_after_seconds: u32,
    },
    /// A whole minute's worth is not enough.
    Never {
        /// URLs in a minute.
        per_minute: u32,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Subject {
    Principal(PrincipalId),
    Team(TeamId),
}

/// What is left, refilled as time passes (a token bucket).
#[derive(Debug, Clone, Copy)]
struct Meter {
    /// In thousandths of a URL, so that slow rates refill too.
    left_milli: i64,
    at: Timestamp,
    per_minute: u32,
}

impl Meter {
    fn capacity(per_minute: u32) -> i64 {
        i64::from(per_minute) * 1000
    }

    fn full(per_minute: u32, now: Timestamp) -> Self {
        Self {
            left_milli: Self::capacity(per_minute),
            at: now,
            per_minute,
        }
    }

    /// As of `now`, under the limit in force now. A clock that went back refills nothing.
    fn refilled(self, per_minute: u32, now: Timestamp) -> Self {
        let passed = i64::try_from(now.since(self.at).as_millis()).unwrap_or(i64::MAX);
        let refill = passed
            .min(MINUTE_MILLIS)
            .saturating_mul(Self::capacity(per_minute))
            / MINUTE_MILLIS;
        Self {
            left_milli: self
                .left_milli
                .saturating_add(refill)
                .min(Self::capacity(per_minute)),
            at: self.at.max(now),
            per_minute,
        }
    }
}

/// Counts released URLs by principal and team, in this process.
#[derive(Debug, Default)]
pub(super) struct RateLimits(Mutex<HashMap<Subject, Meter>>);

impl RateLimits {
    /// Takes `urls` from what the limits leave, from all of them or from none.
    pub(super) fn take(
        &self,
        terms: Terms,
        principal: PrincipalId,
        team: TeamId,
        urls: usize,
        now: Timestamp,
    ) -> Result<(), Exceeded> {
        let limits = [
            (
                Subject::Principal(principal),
                terms.principal_urls_per_minute,
            ),
            (Subject::Team(team), terms.team_urls_per_minute),
        ];
        if limits.iter().all(|(_, limit)| limit.is_none()) {
            return Ok(());
        }
        let wanted = i64::try_from(urls).unwrap_or(i64::MAX).saturating_mul(1000);
        let mut meters = self.0.lock();
        if meters.len() >= SWEEP_AT {
            meters.retain(|_, meter| {
                let now = meter.refilled(meter.per_minute, now);
                now.left_milli < Meter::capacity(now.per_minute)
            });
        }
        let mut charged = Vec::with_capacity(limits.len());
        for (subject, per_minute) in limits {
            let Some(per_minute) = per_minute else {
                continue;
            };
            let known = meters.get(&subject).copied();
            let meter = known
                .unwrap_or_else(|| Meter::full(per_minute, now))
                .refilled(per_minute, now);
            if wanted > Meter::capacity(per_minute) {
                return Err(Exceeded::Never { per_minute });
            }
            let missing = wanted - meter.left_milli;
            if missing > 0 {
                let millis = missing.saturating_mul(MINUTE_MILLIS) / Meter::capacity(per_minute);
                return Err(Exceeded::Later {
                    retry_after_seconds: u32::try_from(millis / 1000 + 1).unwrap_or(u32::MAX),
                });
            }
            charged.push((
                subject,
                Meter {
                    left_milli: -missing,
                    ..meter
                },
            ));
        }
        meters.extend(charged);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const START: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

    fn terms(principal: Option<u32>, team: Option<u32>) -> Terms {
        Terms {
            max_ttl_seconds: None,
            principal_urls_per_minute: principal,
            team_urls_per_minute: team,
        }
    }

    struct Fixture {
        limits: RateLimits,
        principal: PrincipalId,
        team: TeamId,
    }

    impl Fixture {
        fn new() -> Self {
            Self {
                limits: RateLimits::default(),
                principal: PrincipalId::from_parts(1, [1; 10]),
                team: TeamId::from_parts(1, [2; 10]),
            }
        }

        fn take(&self, terms: Terms, urls: usize, seconds: u64) -> Result<(), Exceeded> {
            let now = START.plus(Duration::from_secs(seconds));
            self.limits
                .take(terms, self.principal, self.team, urls, now)
        }
    }

    #[test]
    fn a_minute_has_no_more_urls_than_the_limit() {
        let fixture = Fixture::new();
        let terms = terms(Some(60), None);
        for _ in 0..60 {
            fixture.take(terms, 1, 0).unwrap();
        }
        assert_eq!(
            fixture.take(terms, 1, 0),
            Err(Exceeded::Later {
                retry_after_seconds: 2
            })
        );
        fixture.take(terms, 1, 1).unwrap();
        assert!(fixture.take(terms, 1, 1).is_err());
        assert_eq!(
            fixture.take(terms, 61, 600),
            Err(Exceeded::Never { per_minute: 60 })
        );
    }

    #[test]
    fn what_one_limit_refuses_is_not_taken_from_the_other() {
        let fixture = Fixture::new();
        let terms = terms(Some(10), Some(5));
        fixture.take(terms, 5, 0).unwrap();
        for _ in 0..100 {
            assert!(fixture.take(terms, 5, 0).is_err());
        }
        // The principal still has the other half for its other teams
        let other = TeamId::from_parts(2, [3; 10]);
        fixture
            .limits
            .take(terms, fixture.principal, other, 5, START)
            .unwrap();
    }

    #[test]
    fn a_clock_that_goes_back_refills_nothing() {
        let fixture = Fixture::new();
        let terms = terms(None, Some(60));
        fixture.take(terms, 60, 100).unwrap();
        assert!(fixture.take(terms, 1, 0).is_err());
        assert!(fixture.take(terms, 1, 100).is_err());
        fixture.take(terms, 60, 160).unwrap();
    }

    #[test]
    fn a_limit_of_none_counts_nothing() {
        let fixture = Fixture::new();
        for _ in 0..10 {
            fixture.take(terms(None, None), 5_000, 0).unwrap();
        }
        assert!(fixture.limits.0.lock().is_empty());
        assert_eq!(
            fixture.take(terms(Some(0), None), 1, 0),
            Err(Exceeded::Never { per_minute: 0 })
        );
    }

    #[test]
    fn idle_meters_are_dropped() {
        let fixture = Fixture::new();
        for n in 0..u64::try_from(SWEEP_AT).unwrap() {
            let principal = PrincipalId::from_parts(n, [9; 10]);
            fixture
                .limits
                .take(terms(Some(5), None), principal, fixture.team, 1, START)
                .unwrap();
        }
        fixture.take(terms(Some(5), None), 1, 120).unwrap();
        assert_eq!(fixture.limits.0.lock().len(), 1);
    }
}
