//! Percent-encoding as signatures define it, its strict inverse, and hexadecimal.
//!
//! Only `A-Z a-z 0-9 - . _ ~` stay as they are (RFC 3986 "unreserved");
//! everything else becomes `%XX` with upper-case digits, a space `%20`.

use std::{borrow::Cow, cmp::Ordering};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// Encodes the name or value of a query parameter.
pub(crate) fn component(text: &str) -> Cow<'_, str> {
    if is_plain(text, is_plain_in_component) {
        Cow::Borrowed(text)
    } else {
        utf8_percent_encode(text, RESERVED).into()
    }
}

/// How two names of query parameters compare once they are encoded.
pub(crate) fn cmp_components(one: &str, other: &str) -> Ordering {
    // What is encoded begins with `%`, which comes before all that is not; then digits follow in the bytes' order.
    let rank = |byte| (is_plain_in_component(byte), byte);
    one.bytes().map(rank).cmp(other.bytes().map(rank))
}

/// Encodes an object key or a whole path, leaving its slashes.
pub(crate) fn path(text: &str) -> Cow<'_, str> {
    if is_plain(text, is_plain_in_path) {
        Cow::Borrowed(text)
    } else {
        utf8_percent_encode(text, RESERVED_IN_PATH).into()
    }
}

/// Whether no byte needs encoding: so it is with nearly all keys, hence many bytes at once.
#[inline]
fn is_plain(text: &str, is_plain_byte: impl Fn(u8) -> bool) -> bool {
    // Without a branch, so that the compiler can look at all bytes at once.
    let are_plain = |chunk: &[u8; 16]| {
        let bytes = chunk.iter();
        bytes.fold(true, |all, byte| all & is_plain_byte(*byte))
    };
    let text = text.as_bytes();
    if let Some(last) = text.last_chunk() {
        // The last chunk may overlap the one before.
        let (chunks, _) = text.as_chunks();
        chunks.iter().all(are_plain) && are_plain(last)
    } else {
        text.iter().copied().all(is_plain_byte)
    }
}

const fn is_plain_in_component(byte: u8) -> bool {
    is_plain_in_path(byte) && byte != b'/'
}

const fn is_plain_in_path(byte: u8) -> bool {
    let is_letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    // `-`, `.`, `/` and the digits follow one another.
    let is_digit_or_mark = byte.wrapping_sub(b'-') <= b'9' - b'-';
    is_letter || is_digit_or_mark || byte == b'_' || byte == b'~'
}

/// Decodes a path as received. `None` for a broken escape or what is not UTF-8.
pub(crate) fn decode_path(raw: &str) -> Option<String> {
    decode(raw, |byte| byte)
}

/// Decodes the name or value of a query parameter, where `+` is a space too.
pub(crate) fn decode_component(raw: &str) -> Option<String> {
    decode(raw, |byte| if byte == b'+' { b' ' } else { byte })
}

fn decode(raw: &str, unescaped: impl Fn(u8) -> u8) -> Option<String> {
    let mut decoded = Vec::with_capacity(raw.len());
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(if byte == b'%' {
            hex_value(bytes.next()?)? << 4 | hex_value(bytes.next()?)?
        } else {
            unescaped(byte)
        });
    }
    String::from_utf8(decoded).ok()
}

fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Writes bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = vec![0; 2 * bytes.len()];
    for ([high, low], byte) in text.as_chunks_mut().0.iter_mut().zip(bytes) {
        *high = hex_digit(byte >> 4);
        *low = hex_digit(byte & 15);
    }
    digits_as_str(&text).to_owned()
}

/// Writes the words of a SHA-256 in lower-case hexadecimal.
#[inline]
pub(crate) fn hex_digits(words: &[u32; 8]) -> [u8; 64] {
    let mut bytes = [0; 32];
    for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip(words) {
        *bytes = word.to_be_bytes();
    }
    let mut text = [0; 64];
    for ([high, low], byte) in text.as_chunks_mut().0.iter_mut().zip(bytes) {
        *high = hex_digit(byte >> 4);
        *low = hex_digit(byte & 15);
    }
    text
}

/// Takes hexadecimal digits as text.
pub(crate) fn digits_as_str(digits: &[u8]) -> &str {
    #[expect(clippy::expect_used, reason = "hexadecimal digits are ASCII")]
    str::from_utf8(digits).expect("hexadecimal digits are ASCII")
}

/// Reads bytes written in lower-case hexadecimal.
pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let value = |digit| match digit {
        b'A'..=b'F' => None,
        digit => hex_value(digit),
    };
    let (pairs, rest) = text.as_bytes().as_chunks();
    if !rest.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|[high, low]| Some(value(*high)? << 4 | value(*low)?))
        .collect()
}

/// Reads a SHA-256 written in lower-case hexadecimal.
pub(crate) fn sha256_from_hex(text: &str) -> Option<[u8; 32]> {
    from_hex(text)?.try_into().ok()
}

#[inline]
fn hex_digit(nibble: u8) -> u8 {
    // Without a branch or table, so that the compiler can do all digits at once.
    nibble + b'0' + u8::from(nibble > 9) * (b'a' - b'9' - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_unreserved_characters_stay() {
        let ascii: String = (0..=127_u8).map(char::from).collect();
        let kept: String = ascii
            .chars()
            .filter(|c| component(&c.to_string()).len() == 1)
            .collect();
        assert_eq!(
            kept,
            "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~"
        );
        assert_eq!(component(" +/%\0\u{7f}ü"), "%20%2B%2F%25%00%7F%C3%BC");
        assert_eq!(path("a b//../ü?#"), "a%20b//../%C3%BC%3F%23");
    }

    #[test]
    fn broken_escapes_are_not_decoded() {
        for raw in [
            "%",
            "%2",
            "%zz",
            "%+1",
            "a%2",
            "%F",
            "%ff",
            "%C3",
            "%ED%A0%80",
        ] {
            assert_eq!(decode_path(raw), None, "{raw}");
            assert_eq!(decode_component(raw), None, "{raw}");
        }
    }

    #[test]
    fn plus_is_a_space_in_the_query_alone() {
        assert_eq!(decode_component("a+b%2B").as_deref(), Some("a b+"));
        assert_eq!(decode_path("a+b%2b").as_deref(), Some("a+b+"));
    }

    #[test]
    fn hexadecimal_is_lower_case() {
        let mut digits = [0; 32];
        digits[..5].copy_from_slice(&[0x00, 0x9a, 0xbc, 0xde, 0xff]);
        assert_eq!(hex(&digits), format!("009abcdeff{}", "0".repeat(54)));
        let digest: [u8; 32] = std::array::from_fn(|i| u8::try_from(i * 8 + 7).unwrap());
        let text = hex(&digest);
        assert_eq!(sha256_from_hex(&text), Some(digest));
        for broken in [
            &text[1..],
            &format!("{text}0"),
            &text.to_uppercase(),
            &text.replace('f', "g"),
        ] {
            assert_eq!(sha256_from_hex(broken), None, "{broken}");
        }
    }

    proptest! {
        #[test]
        fn encoded_text_comes_back(text in any::<String>()) {
            prop_assert_eq!(decode_component(&component(&text)), Some(text.clone()));
            prop_assert_eq!(decode_path(&path(&text)), Some(text.clone()));
        }

        #[test]
        fn components_compare_as_if_encoded(one in "[a-c/ ü~-]{0,3}", other in "[a-c/ ü~-]{0,3}") {
            let encoded = component(&one).cmp(&component(&other));
            prop_assert_eq!(cmp_components(&one, &other), encoded);
        }

        #[test]
        fn plain_text_is_known_by_every_byte(text in "[a-zA-Z0-9/._~-]{0,40}[ -~]?[a-z]{0,20}") {
            let slowly = |set| utf8_percent_encode(&text, set).to_string();
            prop_assert_eq!(path(&text), slowly(RESERVED_IN_PATH));
            prop_assert_eq!(component(&text), slowly(RESERVED));
        }
    }
}
