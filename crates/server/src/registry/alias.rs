//! Moves aliases and takes them away.

use super::{Error, Registry};
use crate::db::registry::{self, VersionPhase, alias, name, version};
use crate::policy::{Operation, Permit, RemoveAlias, SetAlias, VersionFacts};
use protocol::Alias;
use protocol::artifact::Version;
use protocol::audit::Action;

impl Registry {
    /// Names a version by an alias, which may have named another before.
    ///
    /// # Errors
    /// When the version is not committed any more, or the alias is `latest`.
    pub async fn set_alias(&self, permit: Permit<SetAlias>) -> Result<Version, Error> {
        let (facts, alias) = (&permit.op().version, &permit.op().alias);
        self.record_alias(&permit, facts, alias, "set").await?;
        let mut tx = self.db().begin().await?;
        name::lock_collection(&mut tx, facts.collection_id).await?;
        let row = version::find(&mut tx, facts.id)
            .await?
            .filter(|row| row.phase == VersionPhase::Committed)
            .ok_or(Error::NotFound)?;
        alias::set(&mut tx, facts.collection_id, alias.as_str(), facts.id).await?;
        registry::commit(tx).await?;
        self.told(row, &facts.team).await
    }

    /// Takes an alias away. Asking again changes nothing.
    ///
    /// # Errors
    /// When the alias is `latest`, or names another version by now.
    pub async fn remove_alias(&self, permit: Permit<RemoveAlias>) -> Result<(), Error> {
        let (facts, alias) = (&permit.op().version, &permit.op().alias);
        self.record_alias(&permit, facts, alias, "removed").await?;
        let mut tx = self.db().begin().await?;
        name::lock_collection(&mut tx, facts.collection_id).await?;
        let removed = alias::remove(&mut tx, facts.collection_id, alias, facts.id).await?;
        registry::commit(tx).await?;
        if removed {
            Ok(())
        } else {
            Err(Error::NotFound)
        }
    }

    async fn record_alias<Op: Operation>(
        &self,
        permit: &Permit<Op>,
        facts: &VersionFacts,
        alias: &Alias,
        done: &str,
    ) -> Result<(), Error> {
        if alias.as_str() == Alias::LATEST {
            return Err(Error::invalid(
                "alias",
                "`latest` names the newest version by itself",
            ));
        }
        let detail = Some(format!("{done} `{alias}`"));
        self.record(permit, Action::ArtifactAlias, facts, detail)
            .await
    }
}
