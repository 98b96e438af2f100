//! Points and spans of time in whole seconds, and their form in signatures.

use std::fmt;

use crate::Error;

const SECONDS_PER_DAY: i64 = 86_400;

/// A point in time: whole seconds since the Unix epoch, UTC, without leap seconds.
///
/// `Display` writes the basic ISO 8601 form that signatures contain.
///
/// ```
/// use presign::Timestamp;
///
/// let time = Timestamp::from_unix_seconds(1_369_353_600);
/// assert_eq!(time.to_string(), "20130524T000000Z");
/// assert_eq!(Timestamp::from_basic_iso8601("20130524T000000Z"), Some(time));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Takes seconds since 1970-01-01T00:00:00Z.
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Gives seconds since 1970-01-01T00:00:00Z.
    pub const fn unix_seconds(self) -> i64 {
        self.0
    }

    /// The time `ttl` later, or the last that can be represented.
    #[must_use]
    pub const fn plus(self, ttl: Ttl) -> Self {
        // A cast and not `from`, which is not const; it widens.
        Self(self.0.saturating_add(ttl.0 as i64))
    }

    /// Parses exactly `YYYYMMDD'T'HHMMSS'Z'`; nothing else is a time to a signature.
    pub fn from_basic_iso8601(text: &str) -> Option<Self> {
        let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
        let (year, month_day) = date.split_at_checked(4)?;
        let (month, day) = month_day.split_at_checked(2)?;
        let (hour, minute_second) = time.split_at_checked(2)?;
        let (minute, second) = minute_second.split_at_checked(2)?;
        let days = days_from_civil(number(year)?, number(month)?, number(day)?);
        let seconds = number(hour)? * 3600 + number(minute)? * 60 + number(second)?;
        let parsed = Self(days * SECONDS_PER_DAY + seconds);
        // Overflowing fields (`0230`, `24:00`, `:60`) and wrong widths do not come back the same.
        (parsed.to_string() == text).then_some(parsed)
    }

    /// Days since the epoch.
    pub(crate) const fn day(self) -> i64 {
        self.0.div_euclid(SECONDS_PER_DAY)
    }

    /// `YYYYMMDD`, as credential scopes have it.
    pub(crate) fn date(self) -> String {
        let (year, month, day) = civil_from_days(self.day());
        format!("{year:04}{month:02}{day:02}")
    }

    /// What `Display` writes, sooner: for years that [`Self::in_signable_years`] lets pass.
    pub(crate) fn to_basic_iso8601(self) -> String {
        let (year, month, day) = civil_from_days(self.day());
        let second_of_day = self.0.rem_euclid(SECONDS_PER_DAY);
        let (hour, minute) = (second_of_day / 3600, second_of_day / 60 % 60);
        let mut text = String::with_capacity("YYYYMMDDTHHMMSSZ".len());
        for (number, behind) in [
            (year / 100, ""),
            (year % 100, ""),
            (month, ""),
            (day, "T"),
            (hour, ""),
            (minute, ""),
            (second_of_day % 60, "Z"),
        ] {
            for digit in [number / 10, number % 10] {
                let [digit, ..] = digit.to_le_bytes();
                text.push(char::from(b'0' + digit));
            }
            text.push_str(behind);
        }
        text
    }

    /// Refuses years that the four digits of the date form cannot show.
    pub(crate) fn in_signable_years(self) -> Result<Self, Error> {
        const END: i64 = 253_402_300_800; // 10000-01-01T00:00:00Z
        if (0..END).contains(&self.0) {
            Ok(self)
        } else {
            Err(Error::TimestampOutOfRange { at: self.0 })
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.day());
        let second_of_day = self.0.rem_euclid(SECONDS_PER_DAY);
        let (hour, minute) = (second_of_day / 3600, second_of_day / 60 % 60);
        let second = second_of_day % 60;
        write!(
            f,
            "{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z"
        )
    }
}

/// How long a signed URL lives: 1 second to 7 days, the most that any store allows.
///
/// ```
/// use presign::{Error, Ttl};
///
/// assert_eq!(Ttl::from_seconds(3600)?.seconds(), 3600);
/// assert_eq!(Ttl::from_seconds(604_801), Err(Error::TtlTooLong { max: 604_800 }));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ttl(u32);

impl Ttl {
    /// The longest life: 7 days.
    pub const MAX: Self = Self(604_800);

    /// Takes 1 to 604,800 seconds.
    ///
    /// # Errors
    ///
    /// [`Error::TtlZero`] and [`Error::TtlTooLong`].
    pub const fn from_seconds(seconds: u32) -> Result<Self, Error> {
        match seconds {
            0 => Err(Error::TtlZero),
            1..=604_800 => Ok(Self(seconds)),
            _ => Err(Error::TtlTooLong { max: Self::MAX.0 }),
        }
    }

    /// Gives the seconds.
    pub const fn seconds(self) -> u32 {
        self.0
    }
}

/// When a signed URL begins to be valid, and for how long.
///
/// ```
/// use presign::{Timestamp, Ttl, Window};
///
/// let window = Window {
///     from: Timestamp::from_unix_seconds(100),
///     ttl: Ttl::from_seconds(60)?,
/// };
/// assert_eq!(window.ends().unix_seconds(), 160);
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// The time of signing, which the URL carries.
    pub from: Timestamp,
    /// The life from then on.
    pub ttl: Ttl,
}

impl Window {
    /// The first second at which the URL is no longer valid.
    pub const fn ends(self) -> Timestamp {
        self.from.plus(self.ttl)
    }

    /// Refuses windows that cannot be written, or that end after the credential.
    pub(crate) fn check(self, credential_expires_at: Option<Timestamp>) -> Result<(), Error> {
        self.from.in_signable_years()?;
        match credential_expires_at {
            Some(at) if at < self.ends() => Err(Error::CredentialExpiresFirst { at }),
            _ => Ok(()),
        }
    }
}

fn number(digits: &str) -> Option<i64> {
    // `parse` alone would take a sign.
    if digits.len() > 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

// The calendar is computed in years that begin in March, so that the leap day
// is a year's last: then month lengths follow one linear formula, and only
// whole 400-year eras of 146,097 days repeat. 1970-01-01 is day 719,468 of year 0.
const DAYS_PER_ERA: i64 = 146_097;
const EPOCH_DAY: i64 = 719_468;

fn civil_from_days(day: i64) -> (i64, i64, i64) {
    let shifted = day + EPOCH_DAY;
    let era = shifted.div_euclid(DAYS_PER_ERA);
    let day_of_era = shifted.rem_euclid(DAYS_PER_ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day_of_month)
}

fn days_from_civil(year: i64, month: i64, day_of_month: i64) -> i64 {
    let march_year = year - i64::from(month <= 2);
    let era = march_year.div_euclid(400);
    let year_of_era = march_year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day_of_month - 1;
    let day_of_era = 365 * year_of_era + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * DAYS_PER_ERA + day_of_era - EPOCH_DAY
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_times_have_their_known_form() {
        for (seconds, text) in [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (1_369_353_600, "20130524T000000Z"),
            (1_440_938_160, "20150830T123600Z"),
            (4_107_542_399, "21000228T235959Z"),
            (4_107_542_400, "21000301T000000Z"),
            (253_402_300_799, "99991231T235959Z"),
        ] {
            let time = Timestamp::from_unix_seconds(seconds);
            assert_eq!(time.to_string(), text);
            assert_eq!(time.to_basic_iso8601(), text);
            assert_eq!(Timestamp::from_basic_iso8601(text), Some(time));
        }
    }

    #[test]
    fn what_is_not_the_basic_form_is_not_a_time() {
        for text in [
            "",
            "Z",
            "TZ",
            "20130524",
            "20130524T000000",
            "2013-05-24T00:00:00Z",
            "20130524t000000Z",
            "20130524T000000z",
            " 20130524T000000Z",
            "20130524T000000Z ",
            "20130524T0000000Z",
            "020130524T000000Z",
            "+0130524T000000Z",
            "2013052T000000Z",
            "20130229T000000Z",
            "20131301T000000Z",
            "20130001T000000Z",
            "20130100T000000Z",
            "20130524T240000Z",
            "20130524T006000Z",
            "20130524T000060Z",
            "2013052٤T000000Z",
        ] {
            assert_eq!(Timestamp::from_basic_iso8601(text), None, "{text}");
        }
    }

    #[test]
    fn years_without_four_digits_cannot_be_signed() {
        for seconds in [i64::MIN, -1, 253_402_300_800, i64::MAX] {
            let time = Timestamp::from_unix_seconds(seconds);
            assert!(time.in_signable_years().is_err());
            // Must not overflow either.
            assert!(!time.to_string().is_empty());
            assert!(time.plus(Ttl::MAX) >= time);
        }
    }

    proptest! {
        #[test]
        fn every_time_comes_back_from_its_form(seconds in 0..253_402_300_800_i64) {
            let time = Timestamp::from_unix_seconds(seconds);
            let text = time.to_string();
            prop_assert_eq!(text.len(), 16);
            prop_assert_eq!(Timestamp::from_basic_iso8601(&text), Some(time));
            prop_assert!(text.starts_with(&time.date()));
        }

        #[test]
        fn later_times_sort_later(a in 0..253_402_300_800_i64, b in 0..253_402_300_800_i64) {
            let (a, b) = (Timestamp::from_unix_seconds(a), Timestamp::from_unix_seconds(b));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        }
    }
}
