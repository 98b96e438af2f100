//! Odd texts: object keys, values of headers and of query parameters, names.

use crate::draw::Draw;

/// What goes wrong where something is encoded twice, not at all, or taken for syntax.
const PIECES: &[&str] = &[
    "/",
    "//",
    "..",
    ".",
    "./",
    "../",
    "/../",
    "%",
    "%2F",
    "%2e",
    "%%",
    "+",
    " ",
    "  ",
    "~",
    "*",
    "'",
    "(",
    ")",
    "!",
    "&",
    "&amp;",
    "=",
    "?",
    "#",
    ";",
    ":",
    "@",
    ",",
    "$",
    "\\",
    "|",
    "^",
    "`",
    "\"",
    "<",
    ">",
    "[",
    "]",
    "{",
    "}",
    "-",
    "_",
    "a",
    "Z",
    "0",
    "data",
    "part-0001.parquet",
    "é",
    "u\u{308}",
    "ключ",
    "鍵",
    "😀",
    "\u{a0}",
    "\u{2028}",
    "\u{feff}",
    "\u{200f}",
    "\u{fffd}",
    "\u{ffff}",
    "\u{10ffff}",
];
const CONTROLS: &[&str] = &["\0", "\t", "\n", "\r", "\r\n", "\u{1f}", "\u{7f}", "\u{85}"];
/// What a header's value may hold on every way that it takes.
const HEADER_PIECES: &[&str] = &[
    "attachment",
    "; ",
    "filename=",
    "\"a b.txt\"",
    "text/plain",
    "charset=utf-8",
    "  ",
    "\t",
    " ",
    ",",
    ",",
    "%20",
    "+",
    "/",
    "?",
    "=",
    "&",
    "#",
    "~",
    "*",
    ":",
    "\\",
    "'",
    "bytes=0-1023",
    "0",
];

pub(crate) const MAX_KEY: usize = 1024;

/// An object's key of 1 to 1,024 units (bytes or characters, as `measure` counts).
pub(crate) fn key(draw: &mut Draw, measure: fn(&str) -> usize, with_controls: bool) -> String {
    let length = match draw.below(20) {
        0 => MAX_KEY,
        1 => 1,
        2..=4 => 1 + draw.below(MAX_KEY),
        5..=9 => 1 + draw.below(200),
        _ => 1 + draw.below(32),
    };
    let with_controls = with_controls && draw.once_in(4);
    let mut key = String::new();
    // A repeated piece makes the most of a limit: 1,024 two-byte letters, or 1,024 slashes.
    let one = draw.once_in(20).then(|| piece(draw, with_controls));
    loop {
        let next = one.clone().unwrap_or_else(|| piece(draw, with_controls));
        if measure(&key) + measure(&next) > length {
            break;
        }
        key.push_str(&next);
    }
    while measure(&key) < length {
        key.push('k');
    }
    key
}

fn piece(draw: &mut Draw, with_controls: bool) -> String {
    if draw.once_in(8) {
        character(draw).to_string()
    } else if with_controls && draw.once_in(4) {
        draw.pick(CONTROLS).to_owned()
    } else {
        draw.pick(PIECES).to_owned()
    }
}

/// Any character but a control character.
fn character(draw: &mut Draw) -> char {
    loop {
        let number = u32::try_from(draw.below(0x11_0000)).unwrap();
        // Half of them from where an encoding has one or two bytes.
        let number = if draw.once_in(2) {
            number % 0x800
        } else {
            number
        };
        if let Some(found) = char::from_u32(number).filter(|c| !c.is_control()) {
            return found;
        }
    }
}

/// The value of a query parameter: anything but control characters, not empty.
pub(crate) fn value(draw: &mut Draw) -> String {
    let pieces = 1 + draw.below(12);
    (0..pieces).map(|_| piece(draw, false)).collect()
}

/// The value of a header, with a first and last character that is not blank.
pub(crate) fn header_value(draw: &mut Draw) -> String {
    let pieces = draw.below(8);
    let middle: String = (0..pieces).map(|_| draw.pick(HEADER_PIECES)).collect();
    format!("a{middle}z")
}

/// The value of a header with blanks around it.
pub(crate) fn padded_header_value(draw: &mut Draw) -> String {
    let value = header_value(draw);
    let mut pad = || draw.pick(&["", "", " ", "\t", " \t "]);
    format!("{}{value}{}", pad(), pad())
}

/// Names and values of up to four further query parameters, no name twice in any case.
pub(crate) fn parameters(draw: &mut Draw) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for _ in 0..[0, 0, 0, 1, 2, 4][draw.below(6)] {
        let name = if draw.once_in(2) {
            draw.pick(&[
                "x-grant", "x-user", "Zeta", "~", "a", "a-", "a1", "X", "X-Amz", "zz",
            ])
            .to_owned()
        } else {
            value(draw)
        };
        let known = |other: &(String, String)| other.0.to_lowercase() == name.to_lowercase();
        if !found.iter().any(known) {
            let value = if draw.once_in(6) {
                String::new()
            } else {
                value(draw)
            };
            found.push((name, value));
        }
    }
    found
}

/// A secret: letters, digits and what base64 has besides.
pub(crate) fn secret(draw: &mut Draw, length: usize) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    (0..length)
        .map(|_| char::from(DIGITS[draw.below(DIGITS.len())]))
        .collect()
}

pub(crate) fn borrow(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}
