//! Parts of made-up requests, and the changing of one character.

use presign::Method;
use proptest::{prelude::*, sample::select};

pub(crate) fn method() -> impl Strategy<Value = Method> {
    select(vec![
        Method::Get,
        Method::Head,
        Method::Put,
        Method::Post,
        Method::Delete,
    ])
}

pub(crate) fn unique<T>(pairs: Vec<(String, T)>) -> Vec<(String, T)> {
    let mut seen = std::collections::HashSet::new();
    pairs
        .into_iter()
        .filter(|(name, _)| seen.insert(name.to_ascii_lowercase()))
        .collect()
}

/// Changes one hexadecimal digit, letter or other character of an ASCII text into another.
pub(crate) fn change_character(text: &str, at: usize) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let at = at % characters.len();
    characters[at] = if characters[at] == 'a' { 'b' } else { 'a' };
    characters.into_iter().collect()
}
