//! Keys of objects in a bucket.

use crate::error::{Fault, ParseError};
use crate::parse::checked_string;

/// The longest key that the stores take, in bytes of UTF-8.
pub const MAX_KEY_BYTES: usize = 1024;

/// One rule for every key and path: what is checked here is what is signed, byte for byte.
pub(crate) fn key(text: &str) -> Result<(), Fault> {
    if text.is_empty() {
        return Err(Fault::Empty);
    }
    if text.len() > MAX_KEY_BYTES {
        return Err(Fault::TooLong {
            max: MAX_KEY_BYTES,
            got: text.len(),
        });
    }
    // Thousands come at once, and nearly all are plain. That is seen many bytes a step, without an
    // early end
    let bytes = text.as_bytes();
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~');
    if bytes
        .iter()
        .fold(false, |found, byte| found | !is_plain(byte))
        && let Some((at, character)) = text.char_indices().find(|(_, c)| c.is_control())
    {
        return Err(Fault::Character {
            character,
            at,
            allowed: "anything but control characters",
        });
    }
    let pairs = bytes.iter().zip(bytes.iter().skip(1));
    let is_doubtful = |pair: (&u8, &u8)| *pair.0 == b'/' && (*pair.1 == b'/' || *pair.1 == b'.');
    let ends = [bytes.first(), bytes.last()];
    if !ends.iter().any(|end| matches!(end, Some(b'/' | b'.')))
        && !pairs.fold(false, |found, pair| found | is_doubtful(pair))
    {
        return Ok(());
    }
    // Proxies and clients resolve such components, so that the store would see another key
    for component in text.split('/') {
        match component {
            "" => return Err(Fault::Component { component: "" }),
            "." => return Err(Fault::Component { component: "." }),
            ".." => return Err(Fault::Component { component: ".." }),
            _ => {}
        }
    }
    Ok(())
}

checked_string!(
    /// The whole key of an object in its container: what is signed and what the store sees.
    ///
    /// At most 1,024 bytes, no control characters, no component that is empty, `.` or `..`.
    ObjectKey, "object key", key, "team_018f0000000070008000000000000000/files/weights.bin"
);
checked_string!(
    /// The name that a client gives to a plain object, beneath its team's root.
    ///
    /// The same rule as [`ObjectKey`]; every other character, `%`, `#` and `?` included, is kept.
    FileKey, "key", key, "checkpoints/step-100.pt"
);

impl ObjectKey {
    /// The key `{root}{rest}`, where `root` is empty or ends in `/`.
    ///
    /// # Errors
    /// When the whole is longer than [`MAX_KEY_BYTES`] or breaks another rule of keys.
    pub fn under(root: &str, rest: &str) -> Result<Self, ParseError> {
        [root, rest].concat().try_into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_somebody_would_resolve_are_refused() {
        for bad in [
            "", "/", "/a", "a/", "a//b", "..", "a/../b", "./a", "a/.", "a\0b", "a\nb", "a\u{7f}",
        ] {
            assert!(bad.parse::<FileKey>().is_err(), "{bad:?} parsed");
        }
        for good in [
            "a", "a b", "a%2Fb", "a#b", "a?b", "..a", "a+b;c", "é", "e\u{301}", "a\\b", "a.",
        ] {
            assert_eq!(good.parse::<FileKey>().unwrap().as_str(), good);
        }
    }

    #[test]
    fn a_key_is_at_most_1024_bytes_with_its_root() {
        assert!("k".repeat(1024).parse::<ObjectKey>().is_ok());
        assert!("k".repeat(1025).parse::<ObjectKey>().is_err());
        assert!(ObjectKey::under("root/", &"k".repeat(1019)).is_ok());
        assert!(ObjectKey::under("root/", &"k".repeat(1020)).is_err());
    }
}
