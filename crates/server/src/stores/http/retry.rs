//! How long to wait before a store is asked again. Pure.

use http::{HeaderMap, header};
use std::time::Duration;

/// The longest wait that a store can ask for; more is taken for this.
const LONGEST: Duration = Duration::from_mins(5);

/// How long an answer asks to wait: seconds, or the time that is left until a date
/// ([RFC 9110, section 10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)). The date is
/// compared with that of the answer, so that the store's clock alone counts.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok();
    let asked = text(header::RETRY_AFTER)?.trim();
    let wait = if asked.bytes().all(|b| b.is_ascii_digit()) && !asked.is_empty() {
        asked.parse().map_or(LONGEST, Duration::from_secs)
    } else {
        let at = |date| jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date);
        let (until, now) = (at(asked).ok()?, at(text(header::DATE)?.trim()).ok()?);
        Duration::try_from(until.duration_since(now)).unwrap_or_default()
    };
    Some(wait.min(LONGEST))
}

/// The pause before the next attempt. `random`, from 0 to 1, spreads those that failed together: between
/// half of `backoff` and all of it, or up to half of it after what the store asked for.
pub(super) fn pause(backoff: Duration, retry_after: Option<Duration>, random: f64) -> Duration {
    let half = backoff / 2;
    retry_after.unwrap_or(half) + half.mul_f64(random.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_wait_is_read_in_both_forms_and_bounded() {
        let date = "Wed, 21 Oct 2015 07:28:00 GMT";
        for (asked, date, seconds) in [
            ("0", None, Some(0)),
            ("7", None, Some(7)),
            (" 7 ", None, Some(7)),
            ("86400", None, Some(300)),
            ("99999999999999999999999", None, Some(300)),
            ("Wed, 21 Oct 2015 07:28:30 GMT", Some(date), Some(30)),
            ("Wed, 21 Oct 2015 07:27:30 GMT", Some(date), Some(0)),
            ("Thu, 22 Oct 2015 07:28:00 GMT", Some(date), Some(300)),
            ("Wed, 21 Oct 2015 07:28:30 GMT", None, None),
            ("Wed, 21 Oct 2015 07:28:30 GMT", Some("today"), None),
            ("-1", None, None),
            ("1.5", None, None),
            ("soon", Some(date), None),
            ("", None, None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, HeaderValue::from_str(asked).unwrap());
            if let Some(date) = date {
                headers.insert(header::DATE, HeaderValue::from_static(date));
            }
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(retry_after(&headers), expected, "{asked}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }

    #[test]
    fn a_pause_is_spread_and_never_shorter_than_asked() {
        let (backoff, asked) = (Duration::from_millis(100), Duration::from_secs(2));
        for (random, without, with) in [(0.0, 50, 2_000), (0.5, 75, 2_025), (1.0, 100, 2_050)] {
            assert_eq!(pause(backoff, None, random), Duration::from_millis(without));
            let told = pause(backoff, Some(asked), random);
            assert_eq!(told, Duration::from_millis(with));
        }
    }
}
