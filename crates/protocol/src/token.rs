//! API tokens as text.

use crate::error::{Fault, ParseError};

/// The shortest token accepted, in characters: the floor of clients of W&B.
pub const TOKEN_MIN_CHARS: usize = 40;
/// The longest token accepted, in characters.
pub const TOKEN_MAX_CHARS: usize = 512;
/// What tokens made by Signet begin with.
pub const TOKEN_PREFIX: &str = "signet-";

/// Checks the form of a token that somebody brings along: 40 to 512 letters, digits, `-`, `_` and `.`,
/// with enough different characters that it was not typed by hand.
///
/// # Errors
/// What is wrong with it; never the token itself.
pub fn check_imported(token: &str) -> Result<(), ParseError> {
    const KIND: &str = "token";
    if token.len() < TOKEN_MIN_CHARS {
        return Err(Fault::TooShort {
            min: TOKEN_MIN_CHARS,
            got: token.len(),
        }
        .of(KIND));
    }
    if token.len() > TOKEN_MAX_CHARS {
        return Err(Fault::TooLong {
            max: TOKEN_MAX_CHARS,
            got: token.len(),
        }
        .of(KIND));
    }
    if !token
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    {
        return Err(Fault::Form {
            expected: "letters, digits, `-`, `_` and `.`",
        }
        .of(KIND));
    }
    if entropy_bits(token) < 100.0 {
        return Err(Fault::Range {
            allowed: "at least 100 bits of entropy by the frequency of its characters",
        }
        .of(KIND));
    }
    Ok(())
}

/// Shannon's estimate from the text's own character frequencies, over the whole text, in bits.
fn entropy_bits(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let total = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX));
    counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| {
            let count = f64::from(count);
            count * (total / count).log2()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hexadecimal_key_of_wandb_is_accepted_and_a_typed_one_is_not() {
        check_imported("8f14e45fceea167a5a36dedd4bea2543f1c9a0b7").unwrap();
        check_imported("local-8f14e45fceea167a5a36dedd4bea2543f1c9a0b7").unwrap();
        assert!(check_imported(&"a".repeat(40)).is_err());
        assert!(check_imported(&"ab".repeat(40)).is_err());
        assert!(check_imported("8f14e45fceea167a5a36dedd4bea2543f1c9a0b").is_err());
        assert!(
            check_imported(&format!("{}\n", "8f14e45fceea167a5a36dedd4bea2543f1c9a0b7")).is_err()
        );
    }
}
