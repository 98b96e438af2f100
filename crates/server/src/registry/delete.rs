//! Deletes versions.

use super::{Error, Registry};
use crate::db;
use crate::db::registry::{self, alias, entry, name, version};
use crate::policy::{DeleteVersion, Permit, VersionFacts};
use protocol::Alias;
use protocol::audit::Action;

impl Registry {
    /// Deletes a version. Its number is not given again; what it alone needed is collected later, and
    /// `latest` moves to the newest version that remains.
    ///
    /// # Errors
    /// While aliases other than `latest` name it, unless they may go too.
    pub async fn delete(&self, permit: Permit<DeleteVersion>) -> Result<(), Error> {
        let facts = &permit.op().version;
        let with_aliases = permit.op().delete_aliases;
        let mut connection = self.db().acquire().await?;
        refuse_named(&mut connection, facts, with_aliases).await?;
        drop(connection);
        self.record(&permit, Action::ArtifactDelete, facts, None)
            .await?;
        let mut tx = self.db().begin().await?;
        name::lock_collection(&mut tx, facts.collection_id).await?;
        refuse_named(&mut tx, facts, with_aliases).await?;
        if !version::delete(&mut tx, facts.id).await? {
            return Err(Error::NotFound);
        }
        let was_latest = alias::of_version(&mut tx, facts.id)
            .await?
            .iter()
            .any(|alias| alias.as_str() == Alias::LATEST);
        alias::remove_all(&mut tx, facts.id).await?;
        if was_latest && let Some(newest) = version::newest(&mut tx, facts.collection_id).await? {
            alias::set(&mut tx, facts.collection_id, Alias::LATEST, newest.id).await?;
        }
        entry::release_objects(&mut tx, facts.id).await?;
        registry::commit(tx).await?;
        Ok(())
    }
}

/// Refuses while somebody's alias names the version.
async fn refuse_named(
    connection: &mut db::Connection,
    facts: &VersionFacts,
    with_aliases: bool,
) -> Result<(), Error> {
    if with_aliases {
        return Ok(());
    }
    let named: Vec<String> = alias::of_version(connection, facts.id)
        .await?
        .iter()
        .filter(|alias| alias.as_str() != Alias::LATEST)
        .map(|alias| format!("`{alias}`"))
        .collect();
    if named.is_empty() {
        return Ok(());
    }
    Err(Error::Conflict(format!(
        "the version is named {}; move or remove these first, or ask to delete them too",
        named.join(", ")
    )))
}
