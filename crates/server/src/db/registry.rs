//! Tables of the artifact registry: `project`, `collection`, `version`, `alias`, `draft_entry`,
//! `version_object`, and `object` as far as the registry owns it.
//!
//! Whoever takes several rows of `object` in one transaction takes them in the order of their
//! digests: two transactions that meet then wait for each other in one direction only.

pub mod alias;
pub mod entry;
pub mod many;
pub mod name;
pub mod object;
mod row;
#[cfg(test)]
mod tests;
pub mod version;

pub use entry::{DraftEntry, NewDraftEntry};
pub use name::{CollectionRow, ProjectRow};
pub use object::{Known, NewObject, ObjectRow, ObjectState, Owner, Settled};
pub use version::{NewDraft, Published, VersionPhase, VersionRow};

/// Commits a transaction.
pub async fn commit(tx: crate::db::Tx) -> Result<(), crate::db::Error> {
    Ok(tx.commit().await?)
}
