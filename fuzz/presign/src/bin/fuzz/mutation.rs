//! Changes to an input: of bytes, words, and the parts between separators.

use fastrand::Rng;
use presign_targets::{SEPARATOR, WORDS};

const MAX_INPUT_BYTES: usize = 4096;

/// Makes another input of one of the corpus.
pub(crate) fn change(input: &[u8], corpus: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut input = input.to_vec();
    for _ in 0..1 << rng.u8(0..4) {
        change_once(&mut input, corpus, rng);
    }
    input.truncate(MAX_INPUT_BYTES);
    input
}

fn change_once(input: &mut Vec<u8>, corpus: &[Vec<u8>], rng: &mut Rng) {
    let at = place(input, rng);
    match rng.u8(..12) {
        0 => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << rng.u8(..8);
            }
        }
        1 => {
            let byte = ascii_or_any(rng);
            if let Some(old) = input.get_mut(at) {
                *old = byte;
            }
        }
        2 => input.insert(at, ascii_or_any(rng)),
        3 => {
            let end = input.len().min(at + (1 << rng.u8(..6)));
            input.drain(at..end);
        }
        4 | 5 => insert_word(input, at, rng),
        6 => escape(input, at),
        7 => change_number(input, at, rng),
        8 => {
            let part = part(input, rng);
            let copy = input[part].to_vec();
            input.splice(at..at, copy);
        }
        9 => {
            let part = part(input, rng);
            input.drain(part);
        }
        10 => {
            let (from, to) = (part(input, rng), part(input, rng));
            let copy = input[from].to_vec();
            input.splice(to, copy);
        }
        _ => {
            // A part of another input instead of one of this
            let other = &corpus[rng.usize(..corpus.len())];
            let copy = other[part(other, rng)].to_vec();
            let to = part(input, rng);
            input.splice(to, copy);
        }
    }
}

/// Half the time where a part begins, so that short parts have their turn beside long ones.
fn place(input: &[u8], rng: &mut Rng) -> usize {
    if rng.bool() {
        return rng.usize(..=input.len());
    }
    let is_separator = |byte: &u8| [SEPARATOR, b'&', b'='].contains(byte);
    let separators = input.iter().filter(|byte| is_separator(byte)).count();
    let mut places = (1..=input.len()).filter(|at| is_separator(&input[at - 1]));
    places.nth(rng.usize(..=separators)).unwrap_or(0)
}

fn ascii_or_any(rng: &mut Rng) -> u8 {
    if rng.u8(..8) == 0 {
        rng.u8(..)
    } else {
        rng.u8(b' '..=b'~')
    }
}

/// Puts a word of the schemes in, or in place of as many bytes.
fn insert_word(input: &mut Vec<u8>, at: usize, rng: &mut Rng) {
    let word = WORDS[rng.usize(..WORDS.len())].bytes();
    let end = if rng.bool() {
        at
    } else {
        input.len().min(at + word.len())
    };
    input.splice(at..end, word);
}

/// Writes a byte as an escape.
fn escape(input: &mut Vec<u8>, at: usize) {
    if let Some(&byte) = input.get(at) {
        input.splice(at..=at, format!("%{byte:02X}").into_bytes());
    }
}

/// Adds to or takes from a number, wherever the next digit is.
fn change_number(input: &mut Vec<u8>, at: usize, rng: &mut Rng) {
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let Some(first) = input[at..]
        .iter()
        .position(is_digit)
        .map(|offset| at + offset)
    else {
        return;
    };
    let length = input[first..]
        .iter()
        .take_while(|byte| is_digit(byte))
        .take(18)
        .count();
    let digits = input[first..first + length].iter();
    let number = digits.fold(0_i64, |number, digit| number * 10 + i64::from(digit - b'0'));
    let step = 1_i64 << rng.u8(..20);
    let number = if rng.bool() {
        number + step
    } else {
        number - step
    };
    input.splice(first..first + length, number.to_string().into_bytes());
}

/// The range of a field, parameter, segment or word, with the separator before it.
fn part(input: &[u8], rng: &mut Rng) -> std::ops::Range<usize> {
    let separators: &[u8] = [
        &[SEPARATOR][..],
        &[SEPARATOR, b'&'],
        &[SEPARATOR, b'&', b'=', b'/', b' ', b';', b',', b'%'],
    ][rng.usize(..3)];
    let is_separator = |byte: &u8| separators.contains(byte);
    let at = rng.usize(..=input.len());
    let start = input[..at].iter().rposition(is_separator).unwrap_or(0);
    let end = input[at..]
        .iter()
        .position(is_separator)
        .map_or(input.len(), |offset| at + offset);
    start..end
}
