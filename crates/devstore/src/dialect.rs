//! In whose words a request is, and with it the answer.

use presign::Scheme;

/// Whose XML API a request speaks: its signature tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// S3's, and what carries no signature.
    #[default]
    Amazon,
    /// Cloud Storage's.
    Google,
}

impl Dialect {
    pub(crate) fn of(scheme: Option<Scheme>) -> Self {
        match scheme {
            Some(Scheme::Goog4) => Self::Google,
            _ => Self::Amazon,
        }
    }

    /// The checksum, where answers have fields for it: Google's have none.
    pub(crate) fn shown<T>(self, checksum: Option<T>) -> Option<T> {
        checksum.filter(|_| self == Self::Amazon)
    }
}
