//! What can go wrong in the database; sqlx's errors end here.

/// A failed statement.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Something that must be unique is there already, or something that is needed is not.
    #[error("conflicts with what is stored: {0:?}")]
    Conflict(Constraint),
    /// A stored value cannot be read back: the database was changed by something else.
    #[error("stored value of `{column}` cannot be read")]
    Corrupt {
        /// The table's column.
        column: &'static str,
    },
    /// The engine does not promise what the ledger needs.
    #[error("the database is not durable: {0}")]
    NotDurable(String),
    /// The migrations do not fit the database.
    #[error("the database cannot be migrated")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// The database cannot be reached, is full, or refused the statement.
    #[error("the database is unavailable")]
    Unavailable(#[source] sqlx::Error),
}

/// Which rule of the schema was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Constraint {
    /// A value that must be unique.
    Unique,
    /// A row that something else needs, or that does not exist.
    ForeignKey,
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error() {
            Some(e) if e.is_unique_violation() => Self::Conflict(Constraint::Unique),
            Some(e) if e.is_foreign_key_violation() => Self::Conflict(Constraint::ForeignKey),
            _ => Self::Unavailable(error),
        }
    }
}

impl Error {
    /// True when something that must be unique is there already.
    pub fn is_unique_conflict(&self) -> bool {
        matches!(self, Self::Conflict(Constraint::Unique))
    }

    /// True when the transaction lost against another that ran beside it, and may be run again.
    pub fn is_lost_race(&self) -> bool {
        match self {
            Self::Conflict(_) => true,
            // PostgreSQL: serialization failure, deadlock
            Self::Unavailable(error) => error
                .as_database_error()
                .and_then(sqlx::error::DatabaseError::code)
                .is_some_and(|code| matches!(&*code, "40001" | "40P01")),
            _ => false,
        }
    }
}
