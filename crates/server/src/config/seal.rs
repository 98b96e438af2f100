//! `[seal]`: the key that bucket credentials are sealed with.

use super::section::{Values, section};
use super::{Error, Secret};
use std::path::PathBuf;

section! {
    /// The key that bucket credentials are sealed with in the database. Whoever has both has the buckets.
    Seal "seal" {
        /// A name for the key, a colon, and 64 hexadecimal digits; more than one, separated by commas, while a
        /// key is being replaced: the first one seals, all open.
        key: Option<Secret>,
        /// File that holds the key, instead of `key`.
        key_file: Option<PathBuf>,
    }
    check check
}

impl Seal {
    /// The keys as text: `name:64 hexadecimal digits`, separated by commas.
    pub fn keys(&self) -> Option<&Secret> {
        self.key.as_ref()
    }
}

fn check(mut seal: Seal, values: &Values<'_>) -> Result<Seal, Error> {
    match (&seal.key, &seal.key_file) {
        (Some(_), Some(_)) => Err(values.invalid("key_file", "and `seal.key` are both set; keep one")),
        (Some(_), None) => Ok(seal),
        (None, Some(path)) => {
            seal.key = Some(Secret::read("seal.key_file", path)?);
            Ok(seal)
        }
        (None, None) => Err(Error::Missing {
            setting: "seal.key_file".to_owned(),
            hint: "name a file that holds a name, a colon and 64 hexadecimal digits; make one with `echo \"key1:$(openssl rand -hex 32)\"`".to_owned(),
        }),
    }
}
