//! Reads digests and what goes with them.

pub(super) use crate::db::row::Columns;

use crate::db::Error;
use protocol::transfer::VerifiedBy;

/// Typed reading of the registry's columns.
pub(super) trait ContentColumns: Columns {
    /// A `BIGINT` column that counts something.
    fn count(&self, column: &'static str) -> Result<u64, Error> {
        u64::try_from(self.number(column)?).map_err(|_| Error::Corrupt { column })
    }

    /// The columns `algorithm` and `digest`.
    fn digest(&self) -> Result<protocol::Digest, Error> {
        let (algorithm, value) = (self.text("algorithm")?, self.text("digest")?);
        format!("{algorithm}:{value}")
            .parse()
            .map_err(|_| Error::Corrupt { column: "digest" })
    }

    /// The column `verified_by`.
    fn verified_by(&self) -> Result<Option<VerifiedBy>, Error> {
        match self.text_or_null("verified_by")? {
            None => Ok(None),
            Some(_) => self.word("verified_by").map(Some),
        }
    }
}

impl<T: Columns> ContentColumns for T {}

/// A count or size as the database takes it; what is larger than it can hold was refused before.
pub(super) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
