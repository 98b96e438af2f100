//! How long URLs live: the least of all bounds, and which one that was. Pure.

use crate::stores::usable_seconds;
use presign::{Ttl, Window};
use protocol::Timestamp;
use protocol::transfer::{BoundBy, UrlMethod};
use std::time::Duration;

/// The longest life of URLs that read, delete, or write a part, in seconds.
pub const SHORT_CAP_SECONDS: u32 = 3_600;
/// The longest life of URLs that write a whole object, and of an upload in parts, in seconds.
pub const UPLOAD_CAP_SECONDS: u32 = 86_400;
/// The longest lives of URLs, as the operator sets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_field_names,
    reason = "a plain number has its unit in its name"
)]
pub struct Windows {
    download_seconds: u32,
    part_seconds: u32,
    upload_seconds: u32,
}

impl Default for Windows {
    fn default() -> Self {
        Self {
            download_seconds: SHORT_CAP_SECONDS,
            part_seconds: SHORT_CAP_SECONDS,
            upload_seconds: UPLOAD_CAP_SECONDS,
        }
    }
}

impl Windows {
    /// Lives in seconds of URLs that read or delete, that write a part, and that write a whole object.
    /// None is longer than the cap of its kind.
    pub fn new(download_seconds: u32, part_seconds: u32, upload_seconds: u32) -> Self {
        Self {
            download_seconds: download_seconds.min(SHORT_CAP_SECONDS),
            part_seconds: part_seconds.min(SHORT_CAP_SECONDS),
            upload_seconds: upload_seconds.min(UPLOAD_CAP_SECONDS),
        }
    }

    /// The longest life of URLs for a method, in seconds.
    pub(super) fn cap_seconds(self, method: UrlMethod, of_parts: bool) -> u32 {
        match method {
            UrlMethod::Put if of_parts => self.part_seconds,
            UrlMethod::Put => self.upload_seconds,
            UrlMethod::Get | UrlMethod::Head | UrlMethod::Delete => self.download_seconds,
        }
    }
}

/// How far the clock may have moved, either way, since a request was allowed.
pub(super) const PERMIT_MAX_AGE: Duration = Duration::from_mins(2);

/// Everything that bounds the life of URLs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// When the request was allowed.
    pub decided_at: Timestamp,
    /// What was asked for, in seconds.
    pub asked_seconds: Option<i64>,
    /// The cap of the operation, in seconds.
    pub cap_seconds: u32,
    /// When what the URLs are for ends.
    pub ends_at: Option<Timestamp>,
    /// The limits of principal and team, in seconds.
    pub limit_seconds: Option<u32>,
    /// The bucket's policy on the age of signatures, in seconds.
    pub policy_age_seconds: Option<u32>,
    /// When the credential that signs ends.
    pub credential_expires_at: Option<Timestamp>,
}

/// A life for URLs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    /// From when, and how long.
    pub window: Window,
    /// When stores stop to accept the URLs: the window's end.
    pub expires_at: Timestamp,
    /// The bound that was the least.
    pub bound_by: BoundBy,
}

impl Expiry {
    /// The time in the signature.
    pub fn signed_at(&self) -> Timestamp {
        Timestamp::from_unix_seconds(self.window.from.unix_seconds())
    }
}

/// Why URLs cannot have a life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Zero or negative seconds were asked for.
    #[error("must be at least 1 second")]
    NotPositive,
    /// A bound other than the caller's leaves no second.
    #[error("no time is left")]
    NothingLeft(BoundBy),
    /// The clock has moved since the request was allowed.
    #[error("the clock has moved since this was allowed; try again")]
    ClockMoved,
}

/// The life of URLs that are signed `now`.
///
/// The time in the signature is never later than the decision, so that no URL outlives the bounds
/// counted from then, wherever the clock went in between.
///
/// # Errors
/// When a bound leaves less than a second, or the clock moved.
pub fn expiry(now: Timestamp, bounds: &Bounds) -> Result<Expiry, Fault> {
    let moved = now
        .since(bounds.decided_at)
        .max(bounds.decided_at.since(now));
    if moved > PERMIT_MAX_AGE {
        return Err(Fault::ClockMoved);
    }
    let from = now.min(bounds.decided_at).unix_seconds();
    // Whole seconds that are left until `end`, rounded down
    let until = |end: Timestamp| end.unix_seconds().saturating_sub(from);
    let credential_ends = bounds
        .credential_expires_at
        .map(|at| usable_seconds(until(at)));
    let least = [
        (bounds.asked_seconds, BoundBy::Request),
        (bounds.limit_seconds.map(i64::from), BoundBy::Limit),
        (
            bounds.policy_age_seconds.map(i64::from),
            BoundBy::BucketPolicy,
        ),
        (credential_ends, BoundBy::Credential),
        (bounds.ends_at.map(until), BoundBy::Operation),
        (Some(i64::from(bounds.cap_seconds)), BoundBy::Operation),
    ]
    .into_iter()
    .filter_map(|(seconds, by)| seconds.map(|seconds| (seconds, by)))
    // The first of equals: the caller's own wish explains itself
    .min_by_key(|(seconds, _)| *seconds);
    let (seconds, bound_by) = least.ok_or(Fault::NothingLeft(BoundBy::Operation))?;
    let ttl = u32::try_from(seconds)
        .ok()
        .and_then(|seconds| Ttl::from_seconds(seconds.min(Ttl::MAX.seconds())).ok())
        .ok_or(if bound_by == BoundBy::Request {
            Fault::NotPositive
        } else {
            Fault::NothingLeft(bound_by)
        })?;
    let window = Window {
        from: presign::Timestamp::from_unix_seconds(from),
        ttl,
    };
    Ok(Expiry {
        window,
        expires_at: Timestamp::from_unix_seconds(window.ends().unix_seconds()),
        bound_by,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::option;
    use proptest::prelude::*;

    const NOW: i64 = 1_790_000_000_000;

    fn bounds() -> Bounds {
        Bounds {
            decided_at: Timestamp::from_unix_millis(NOW),
            asked_seconds: None,
            cap_seconds: SHORT_CAP_SECONDS,
            ends_at: None,
            limit_seconds: None,
            policy_age_seconds: None,
            credential_expires_at: None,
        }
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_unix_millis(millis)
    }

    fn live(bounds: &Bounds) -> Result<(u32, BoundBy), Fault> {
        expiry(at(NOW), bounds).map(|e| (e.window.ttl.seconds(), e.bound_by))
    }

    #[test]
    fn each_bound_can_be_the_least_and_is_named() {
        assert_eq!(live(&bounds()), Ok((3600, BoundBy::Operation)));
        let asked = Bounds {
            asked_seconds: Some(60),
            ..bounds()
        };
        assert_eq!(live(&asked), Ok((60, BoundBy::Request)));
        let limit = Bounds {
            limit_seconds: Some(50),
            ..asked
        };
        assert_eq!(live(&limit), Ok((50, BoundBy::Limit)));
        let policy = Bounds {
            policy_age_seconds: Some(40),
            ..limit
        };
        assert_eq!(live(&policy), Ok((40, BoundBy::BucketPolicy)));
        let credential = Bounds {
            credential_expires_at: Some(at(NOW + 33_000)),
            ..policy
        };
        assert_eq!(live(&credential), Ok((29, BoundBy::Credential)));
        let long = Bounds {
            credential_expires_at: Some(at(NOW + 3_600_000)),
            ..bounds()
        };
        assert_eq!(live(&long), Ok((3_480, BoundBy::Credential)));
        let session = Bounds {
            ends_at: Some(at(NOW + 20_999)),
            ..credential
        };
        assert_eq!(live(&session), Ok((20, BoundBy::Operation)));
    }

    #[test]
    fn no_life_is_refused_and_says_whose_fault_it_is() {
        for asked in [0, -1, i64::MIN] {
            let asked = Bounds {
                asked_seconds: Some(asked),
                ..bounds()
            };
            assert_eq!(live(&asked), Err(Fault::NotPositive));
        }
        let limit = Bounds {
            limit_seconds: Some(0),
            ..bounds()
        };
        assert_eq!(live(&limit), Err(Fault::NothingLeft(BoundBy::Limit)));
        for ends in [NOW - 1, NOW, NOW + 1_000, i64::MIN] {
            let credential = Bounds {
                credential_expires_at: Some(at(ends)),
                ..bounds()
            };
            assert_eq!(
                live(&credential),
                Err(Fault::NothingLeft(BoundBy::Credential))
            );
        }
        let over = Bounds {
            ends_at: Some(at(NOW)),
            ..bounds()
        };
        assert_eq!(live(&over), Err(Fault::NothingLeft(BoundBy::Operation)));
    }

    #[test]
    fn too_much_is_cut_to_the_cap() {
        let asked = Bounds {
            asked_seconds: Some(i64::MAX),
            ..bounds()
        };
        assert_eq!(live(&asked), Ok((3600, BoundBy::Operation)));
        let cap = Bounds {
            cap_seconds: u32::MAX,
            ..asked
        };
        assert_eq!(live(&cap).unwrap().0, Ttl::MAX.seconds());
    }

    #[test]
    fn windows_can_be_narrowed_and_not_widened() {
        let caps = |windows: Windows| {
            [
                windows.cap_seconds(UrlMethod::Get, false),
                windows.cap_seconds(UrlMethod::Head, false),
                windows.cap_seconds(UrlMethod::Delete, false),
                windows.cap_seconds(UrlMethod::Put, true),
                windows.cap_seconds(UrlMethod::Put, false),
            ]
        };
        let widest = [3_600, 3_600, 3_600, 3_600, 86_400];
        assert_eq!(caps(Windows::default()), widest);
        assert_eq!(caps(Windows::new(u32::MAX, u32::MAX, u32::MAX)), widest);
        assert_eq!(caps(Windows::new(1, 2, 3)), [1, 1, 1, 2, 3]);
    }

    #[test]
    fn a_clock_that_jumped_is_refused() {
        for now in [NOW - 120_001, NOW + 120_001, i64::MIN, i64::MAX] {
            assert_eq!(expiry(at(now), &bounds()), Err(Fault::ClockMoved));
        }
        for now in [NOW - 120_000, NOW + 120_000] {
            assert!(expiry(at(now), &bounds()).is_ok());
        }
    }

    fn any_bounds() -> impl Strategy<Value = Bounds> {
        let seconds = || prop_oneof![0..100_000_u32, any::<u32>()];
        let time = || prop_oneof![(NOW - 1_000_000..NOW + 100_000_000), any::<i64>(),].prop_map(at);
        (
            option::of(prop_oneof![-5..100_000_i64, any::<i64>()]),
            prop_oneof![
                Just(SHORT_CAP_SECONDS),
                Just(UPLOAD_CAP_SECONDS),
                any::<u32>()
            ],
            option::of(time()),
            option::of(seconds()),
            option::of(seconds()),
            option::of(time()),
        )
            .prop_map(|(asked, cap, ends, limit, policy, credential)| Bounds {
                decided_at: at(NOW),
                asked_seconds: asked,
                cap_seconds: cap,
                ends_at: ends,
                limit_seconds: limit,
                policy_age_seconds: policy,
                credential_expires_at: credential,
            })
    }

    proptest! {
        #[test]
        fn no_url_outlives_any_bound_and_the_least_is_named(
            bounds in any_bounds(),
            // The clock between decision and signature, moved at will
            now in prop_oneof![NOW - 130_000..NOW + 130_000, any::<i64>()].prop_map(at),
        ) {
            let Ok(expiry) = expiry(now, &bounds) else { return Ok(()); };
            let end = expiry.expires_at.unix_millis();
            let life = i64::from(expiry.window.ttl.seconds());
            prop_assert!(life >= 1);
            prop_assert_eq!(end, expiry.signed_at().unix_millis() + life * 1000);
            prop_assert!(expiry.signed_at() <= bounds.decided_at);
            prop_assert!(expiry.signed_at() <= now);
            let counted = |seconds: Option<i64>, by| seconds.map(|s| (s.saturating_mul(1000).saturating_add(NOW), by));
            let absolute = |time: Option<Timestamp>, by| time.map(|t| (t.unix_millis(), by));
            let all = [
                counted(bounds.asked_seconds, BoundBy::Request),
                counted(bounds.limit_seconds.map(i64::from), BoundBy::Limit),
                counted(bounds.policy_age_seconds.map(i64::from), BoundBy::BucketPolicy),
                bounds.credential_expires_at.map(|t| {
                    let left = t.unix_seconds().saturating_sub(expiry.signed_at().unix_seconds());
                    let end = expiry.signed_at().unix_seconds().saturating_add(usable_seconds(left));
                    (end.saturating_mul(1000), BoundBy::Credential)
                }),
                absolute(bounds.ends_at, BoundBy::Operation),
                counted(Some(i64::from(bounds.cap_seconds)), BoundBy::Operation),
            ];
            for (bound, by) in all.iter().flatten() {
                prop_assert!(end <= *bound, "outlives {:?}", by);
            }
            prop_assert!(bounds.credential_expires_at.is_none_or(|at| expiry.expires_at < at));
            // The one that is named leaves no further second, unless the signature's own limit does
            let named = all.iter().flatten().filter(|(_, by)| *by == expiry.bound_by);
            let tightest = named.map(|(bound, _)| *bound).min().unwrap();
            let slack = NOW.max(now.unix_millis()) - expiry.signed_at().unix_millis();
            prop_assert!(
                tightest - end <= slack + 1000 || expiry.window.ttl == Ttl::MAX,
                "{} more", tightest - end
            );
        }
    }
}
