//! Text that does not print.

use super::Error;
use super::section::{Kind, Setting};
use std::path::Path;
use zeroize::Zeroizing;

/// A secret. `Debug` hides it, there is no `Display`, and its memory is wiped.
#[derive(Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(from = "String")]
pub struct Secret(Zeroizing<String>);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl Secret {
    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The secret in a file, without the newline at its end.
    pub(super) fn read(setting: &'static str, path: &Path) -> Result<Self, Error> {
        let mut text = std::fs::read_to_string(path).map_err(|source| Error::File {
            setting,
            path: path.display().to_string(),
            source,
        })?;
        text.truncate(text.trim_end().len());
        Ok(Self::from(text))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

impl Setting for Secret {
    const KIND: Kind = Kind::Secret;
}
