//! The fields of an input.

use crate::SEPARATOR;

/// Reads an input field by field.
pub(crate) struct Fields<'a>(std::slice::Split<'a, u8, fn(&u8) -> bool>);

impl<'a> Fields<'a> {
    pub(crate) fn new(input: &'a [u8]) -> Self {
        Self(input.split(|byte| *byte == SEPARATOR))
    }

    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        self.0.next()
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        str::from_utf8(self.bytes()?).ok()
    }
}

/// Writes fields as an input.
pub(crate) fn join<T: AsRef<[u8]>>(fields: &[T]) -> Vec<u8> {
    let fields: Vec<&[u8]> = fields.iter().map(AsRef::as_ref).collect();
    fields.join(&SEPARATOR)
}
