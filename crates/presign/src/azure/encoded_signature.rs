//! The signature as the query has it: in base64, percent-encoded.
//!
//! Of base64's characters `+`, `/` and `=` are encoded. Both encodings are done in one pass, with a
//! table and without a branch, as half of all signatures have one of the first two somewhere.

/// A 256-bit signature: 43 digits, and the `=` that fills the last group.
const MAX_BYTES: usize = 44 * 3;

/// The digit for each value of 6 bits, encoded: up to three characters, and how many.
const DIGITS: [[u8; 4]; 64] = digits();

/// The encoded text.
pub(super) struct EncodedSignature {
    /// With room behind, as digits are written with all of their table's entry.
    text: [u8; MAX_BYTES + 1],
    length: usize,
}

impl EncodedSignature {
    pub(super) fn new(signature: &[u8; 32]) -> Self {
        let mut filled = [0; 33];
        if let Some(place) = filled.first_chunk_mut() {
            *place = *signature;
        }
        let mut encoded = Self {
            text: [0; MAX_BYTES + 1],
            length: 0,
        };
        for [first, second, third] in filled.as_chunks().0 {
            let bits = u32::from_be_bytes([0, *first, *second, *third]);
            for shift in [18, 12, 6, 0] {
                encoded.push(entry(bits >> shift));
            }
        }
        // The last digit is of the byte that only fills: a single `A`.
        encoded.length -= 1;
        encoded.push([b'%', b'3', b'D', 3]);
        encoded
    }

    fn push(&mut self, entry: [u8; 4]) {
        let place = self.text.split_at_mut_checked(self.length);
        if let Some(place) = place.and_then(|(_, free)| free.first_chunk_mut()) {
            *place = entry;
            self.length += usize::from(entry[3]);
        }
    }

    pub(super) fn as_str(&self) -> &str {
        let (text, _) = self.text.split_at(self.length);
        #[expect(clippy::expect_used, reason = "the table holds ASCII alone")]
        str::from_utf8(text).expect("the table holds ASCII alone")
    }
}

/// The entry for the lowest 6 bits.
#[expect(clippy::indexing_slicing, reason = "6 bits count to 63")]
const fn entry(bits: u32) -> [u8; 4] {
    DIGITS[(bits & 63) as usize]
}

/// Makes the table (RFC 4648 section 4).
#[expect(
    clippy::indexing_slicing,
    reason = "there are as many entries as values"
)]
const fn digits() -> [[u8; 4]; 64] {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut digits = [[0; 4]; 64];
    let mut value = 0;
    while value < alphabet.len() {
        digits[value] = match alphabet[value] {
            b'+' => [b'%', b'2', b'B', 3],
            b'/' => [b'%', b'2', b'F', 3],
            digit => [digit, 0, 0, 1],
        };
        value += 1;
    }
    digits
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use proptest::prelude::*;

    use super::*;
    use crate::encode;

    fn assert_encoded(signature: [u8; 32]) {
        let base64 = STANDARD.encode(signature);
        let encoded = EncodedSignature::new(&signature);
        assert_eq!(encoded.as_str(), encode::component(&base64), "{base64}");
    }

    #[test]
    fn signatures_of_one_digit_are_in_base64() {
        // All-ones is the longest: 43 digits of three characters but the last.
        for signature in [[0; 32], [0xff; 32], [0xfb; 32], [0x55; 32]] {
            assert_encoded(signature);
        }
    }

    proptest! {
        #[test]
        fn signatures_are_in_base64_and_encoded(signature: [u8; 32]) {
            assert_encoded(signature);
        }
    }
}
