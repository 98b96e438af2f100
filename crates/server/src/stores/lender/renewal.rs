//! When a credential is renewed, and how long it is lent. Pure.

use protocol::Timestamp;
use std::time::Duration;

/// How often a credential that does not say when it ends is looked for again: its source may have
/// another one by then.
const LOOK_AGAIN: Duration = Duration::from_mins(5);
/// The least time between two that were minted one after the other.
const LEAST: Duration = Duration::from_secs(1);
/// The longest rest after a failure.
const LONGEST_REST: Duration = Duration::from_mins(1);
/// What is kept of a life: URLs end that long before their credential, so that none is left by then.
const SPARE: Duration = Duration::from_mins(2);

/// Where in its span a time is that many holders must not have in common, in thousandths. Each holder
/// has one of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spread(u16);

impl Spread {
    /// One made from a number that is as good as random.
    pub(super) fn of(number: u64) -> Self {
        Self(u16::try_from(number % 1000).unwrap_or_default())
    }

    /// A duration, less up to `tenths` of it.
    fn shorten(self, duration: Duration, tenths: u32) -> Duration {
        duration.saturating_sub(duration * tenths * u32::from(self.0) / 10_000)
    }
}

/// The life of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Life {
    pub(super) minted_at: Timestamp,
    /// `None`: it does not say.
    pub(super) ends_at: Option<Timestamp>,
}

impl Life {
    /// When to renew it: after two thirds of its life or up to a tenth of it earlier, so that a third
    /// is left for failures, and for the URLs that are signed meanwhile.
    pub(super) fn renew_at(self, spread: Spread) -> Timestamp {
        let after = match self.ends_at {
            Some(ends_at) => spread.shorten(ends_at.since(self.minted_at) * 2 / 3, 1),
            None => spread.shorten(LOOK_AGAIN, 1),
        };
        self.minted_at.plus(after.max(LEAST))
    }

    /// Whether it is lent without a thought: it has not ended, and what it signs has some life.
    pub(super) fn is_good(self, now: Timestamp) -> bool {
        self.ends_at.is_none_or(|ends_at| {
            let spare = SPARE.min(ends_at.since(self.minted_at) / 10);
            let left = ends_at.unix_seconds().saturating_sub(now.unix_seconds());
            now < ends_at.minus(spare) && usable_seconds(left) >= 1
        })
    }

    /// Whether nobody takes it any more.
    pub(super) fn has_ended(self, now: Timestamp) -> bool {
        self.ends_at.is_some_and(|ends_at| ends_at <= now)
    }
}

/// For how long URLs are signed with a credential that ends in so many seconds: they end up to two minutes
/// before it, as clocks differ. Of a short life a tenth is left aside, or none would remain.
pub fn usable_seconds(left: i64) -> i64 {
    let tenth = left.max(0) / 10 + 1;
    left.saturating_sub(tenth.min(SPARE.as_secs().cast_signed()))
}

/// How long to rest after so many failures in a row: a second, then twice as long each time up to a
/// minute, or up to half of that less.
pub(super) fn rest(failures: u32, spread: Spread) -> Duration {
    let doubled = failures.saturating_sub(1).min(6);
    let rest = Duration::from_secs(1 << doubled).min(LONGEST_REST);
    spread.shorten(rest, 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINTED: i64 = 1_790_000_000;

    fn life(seconds: Option<i64>) -> Life {
        let at = Timestamp::from_unix_seconds;
        Life {
            minted_at: at(MINTED),
            ends_at: seconds.map(|seconds| at(MINTED + seconds)),
        }
    }

    #[test]
    fn a_credential_is_renewed_when_a_third_of_its_life_is_left_or_a_little_earlier() {
        // Its life in seconds, and after how many milliseconds it is renewed at the latest and earliest
        let table = [
            (Some(3600), 2_400_000, 2_160_240),
            (Some(43_200), 28_800_000, 25_922_880),
            (Some(604_800), 403_200_000, 362_920_320),
            (Some(10), 6_667, 6_001),
            // Never twice in a second, whatever was minted
            (Some(1), 1_000, 1_000),
            (Some(0), 1_000, 1_000),
            (Some(-60), 1_000, 1_000),
            // Those that do not say
            (None, 300_000, 270_030),
        ];
        for (seconds, latest, earliest) in table {
            let after = |spread| {
                let at = life(seconds).renew_at(Spread(spread));
                i64::try_from(at.since(life(None).minted_at).as_millis()).unwrap()
            };
            assert!((after(0) - latest).abs() <= 1, "{seconds:?} {}", after(0));
            assert!(
                (after(999) - earliest).abs() <= 1,
                "{seconds:?} {}",
                after(999)
            );
        }
    }

    #[test]
    fn a_credential_is_lent_until_what_it_signs_would_have_no_life() {
        // Its life, how old it is, whether it is good, whether it has ended
        let table = [
            (Some(3600), 0, true, false),
            (Some(3600), 3479, true, false),
            (Some(3600), 3480, false, false),
            (Some(3600), 3599, false, false),
            (Some(3600), 3600, false, true),
            (Some(10), 8, true, false),
            (Some(10), 9, false, false),
            (Some(10), 10, false, true),
            (Some(0), 0, false, true),
            (None, 1_000_000_000, true, false),
        ];
        for (seconds, age, good, ended) in table {
            let now = Timestamp::from_unix_seconds(MINTED + age);
            let told = (life(seconds).is_good(now), life(seconds).has_ended(now));
            assert_eq!(told, (good, ended), "{seconds:?} after {age}");
        }
    }

    #[test]
    fn what_is_lent_without_a_thought_can_sign() {
        for seconds in (2..200).chain([900, 3_600, 43_200]) {
            let life = life(Some(seconds));
            let end = life.ends_at.unwrap();
            for millis in (0..5_000).step_by(100).chain([60_000, 119_000, 121_000]) {
                let now = end.minus(Duration::from_millis(millis));
                let left = end.unix_seconds() - now.unix_seconds();
                assert!(
                    !life.is_good(now) || usable_seconds(left) >= 1,
                    "{seconds} {millis}"
                );
            }
        }
        // It is renewed while it can still sign
        for seconds in [6, 10, 900] {
            let life = life(Some(seconds));
            assert!(life.is_good(life.renew_at(Spread(0))), "{seconds}");
        }
    }

    #[test]
    fn failures_are_rested_from_ever_longer_up_to_a_minute() {
        let rests: Vec<u64> = (0..10).map(|n| rest(n, Spread(0)).as_secs()).collect();
        assert_eq!(rests, [1, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert!(rest(10, Spread(999)) > Duration::from_secs(30));
        assert!(rest(u32::MAX, Spread(999)) < Duration::from_secs(31));
    }
}
