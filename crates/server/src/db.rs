//! The only SQL: one file a table family, one text for SQLite and PostgreSQL.
//!
//! Columns are `TEXT`, `BIGINT` and `BYTEA`; times are Unix milliseconds, ids and digests text. The
//! first statement of a write transaction is a write, or both engines lose concurrent writers. On
//! SQLite the ledger's tables are in a file of their own, attached to every connection, so that its
//! commits wait for nobody else's; table names are unique over both files.

pub mod bucket;
mod connect;
pub mod directory;
mod error;
pub(crate) mod ledger;
pub mod limit;
pub mod outbox;
pub mod principal;
pub(crate) mod projection;
pub mod registry;
mod row;
pub mod setting;
pub mod team;
#[doc(hidden)]
pub mod testing;
pub mod token;
pub mod upload;

pub use connect::{Connection, Db, Engine, Tx};
pub use error::{Constraint, Error};
