//! Times in the extended ISO 8601 form that shared access signatures contain.

use crate::Timestamp;

/// Writes `YYYY-MM-DDTHH:MM:SSZ`, for a time in the years that have four digits.
pub(super) fn write(time: Timestamp) -> String {
    let mut text = String::with_capacity(20);
    for (index, character) in time.to_string().chars().enumerate() {
        match index {
            4 | 6 => text.push('-'),
            11 | 13 => text.push(':'),
            _ => {}
        }
        text.push(character);
    }
    text
}

/// Reads the three forms that the service documents: the one above, that one
/// without seconds, and the date alone.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, time.strip_suffix('Z')?),
        None => (text, "00:00:00"),
    };
    let date = unpunctuate(date, '-', &[4, 2, 2])?;
    let time = unpunctuate(time, ':', &[2, 2, 2])
        .or_else(|| unpunctuate(time, ':', &[2, 2]).map(|time| time + "00"))?;
    Timestamp::from_basic_iso8601(&format!("{date}T{time}Z"))?
        .in_signable_years()
        .ok()
}

/// Takes out the separators between groups of exactly these lengths.
fn unpunctuate(text: &str, separator: char, lengths: &[usize]) -> Option<String> {
    let groups = text.split(separator);
    groups
        .clone()
        .map(str::len)
        .eq(lengths.iter().copied())
        .then(|| groups.collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_documented_forms_are_read() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2013-05-24T01:02:03Z", 1_369_357_323),
            ("2013-05-24T01:02Z", 1_369_357_320),
            ("2013-05-24", 1_369_353_600),
        ] {
            assert_eq!(parse(text), Some(Timestamp::from_unix_seconds(seconds)));
        }
    }

    #[test]
    fn what_is_none_of_them_is_not_a_time() {
        for text in [
            "",
            "T",
            "2013",
            "20130524",
            "20130524T010203Z",
            "2013-05-24T",
            "2013-05-24Z",
            "2013-05-24T01Z",
            "2013-05-24T01:02:03",
            "2013-05-24T01:02:03.0000000Z",
            "2013-05-24T01:02:03+00:00",
            "2013-05-24t01:02:03z",
            "2013-5-24",
            "2013-05-24T1:02:03Z",
            "2013-02-29",
            "2013-05-24T24:00:00Z",
            " 2013-05-24",
            "+013-05-24",
            "2013-05-2٤",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_time_comes_back_from_its_form(seconds in 0..253_402_300_800_i64) {
            let time = Timestamp::from_unix_seconds(seconds);
            let text = write(time);
            prop_assert_eq!(text.len(), 20);
            prop_assert_eq!(parse(&text), Some(time));
        }
    }
}
