//! Reads names, versions and aliases.

use super::{Error, Registry};
use crate::db::registry::{VersionPhase, VersionRow, alias, entry, name, version as rows};
use crate::policy::{Permit, ReadRegistry, TeamFacts, VersionFacts};
use protocol::artifact::{Collection, Project, Version, VersionState};
use protocol::id::{CollectionId, TeamId, VersionId};
use protocol::{Alias, CollectionName, Page, ProjectName, VersionRef};
use std::sync::Arc;

/// Items in one page of a listing.
const PAGE: u32 = 100;

impl Registry {
    /// The version with this id, with the team that owns it, to be judged by that.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_version(
        &self,
        id: VersionId,
        team: impl FnOnce(TeamId) -> Option<Arc<TeamFacts>>,
    ) -> Result<Option<VersionFacts>, Error> {
        let Some(row) = self.row(id).await? else {
            return Ok(None);
        };
        Ok(team(row.team_id).map(|team| facts(row, team)))
    }

    /// The committed version that a name stands for now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_artifact(
        &self,
        team: &Arc<TeamFacts>,
        project: &ProjectName,
        collection: &CollectionName,
        version: &VersionRef,
    ) -> Result<Option<VersionFacts>, Error> {
        let found = name::find_collection(self.db(), team.id, project, collection).await?;
        let Some(collection) = found else {
            return Ok(None);
        };
        let row = match version {
            VersionRef::Index(index) => rows::find_by_index(self.db(), collection, *index).await?,
            VersionRef::Alias(alias) => rows::find_by_alias(self.db(), collection, alias).await?,
        };
        Ok(row.map(|row| facts(row, Arc::clone(team))))
    }

    /// One version of the team, by id. A draft that was found to equal another version reads as that.
    ///
    /// # Errors
    /// When the team has no such version.
    pub async fn version(
        &self,
        permit: Permit<ReadRegistry>,
        id: VersionId,
    ) -> Result<Version, Error> {
        let team = &permit.op().team;
        let mut row = self.row(id).await?.ok_or(Error::NotFound)?;
        if let (VersionPhase::Same, Some(same)) = (row.phase, row.same_as) {
            row = self.row(same).await?.ok_or(Error::NotFound)?;
        }
        if row.team_id != team.id {
            return Err(Error::NotFound);
        }
        self.told(row, team).await
    }

    /// The team's projects, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn projects(
        &self,
        permit: Permit<ReadRegistry>,
        after: Option<&str>,
    ) -> Result<Page<Project>, Error> {
        let team = &permit.op().team;
        let rows =
            name::list_projects(self.db(), team.id, after.unwrap_or_default(), PAGE + 1).await?;
        Ok(page(
            rows,
            |row| row.name.to_string(),
            |row| Project {
                id: row.id,
                name: row.name,
                team: team.name.clone(),
                created_at: row.created_at,
            },
        ))
    }

    /// A project's collections, by name.
    ///
    /// # Errors
    /// When the team has no such project.
    pub async fn collections(
        &self,
        permit: Permit<ReadRegistry>,
        project: &ProjectName,
        after: Option<&str>,
    ) -> Result<Page<Collection>, Error> {
        let found = name::find_project(self.db(), permit.op().team.id, project).await?;
        let project = found.ok_or(Error::NotFound)?;
        let rows =
            name::list_collections(self.db(), project, after.unwrap_or_default(), PAGE + 1).await?;
        Ok(page(
            rows,
            |row| row.name.to_string(),
            |row| Collection {
                id: row.id,
                name: row.name,
                kind: row.kind,
                created_at: row.created_at,
                version_count: u32::try_from(row.version_count).unwrap_or(u32::MAX),
            },
        ))
    }

    /// A collection's committed versions, newest first.
    ///
    /// # Errors
    /// When the team has no such collection, or `after` is not a number of a version.
    pub async fn versions(
        &self,
        permit: Permit<ReadRegistry>,
        project: &ProjectName,
        collection: &CollectionName,
        after: Option<&str>,
    ) -> Result<Page<Version>, Error> {
        let team = &permit.op().team;
        let below = after
            .map(|after| after.parse().map_err(|_| bad_after()))
            .transpose()?;
        let found = name::find_collection(self.db(), team.id, project, collection).await?;
        let collection = found.ok_or(Error::NotFound)?;
        let rows = rows::list(self.db(), collection, below, PAGE + 1).await?;
        let named = self.aliases_of(collection, &rows).await?;
        let aliases = |id: VersionId| {
            let of = named.iter().filter(|(version, _)| *version == id);
            of.map(|(_, alias)| alias.clone()).collect::<Vec<_>>()
        };
        let mut next = None;
        let mut items = Vec::with_capacity(rows.len());
        for row in rows {
            if items.len() == PAGE as usize {
                next = items.last().and_then(|last: &Version| last.index);
                break;
            }
            let of = aliases(row.id);
            items.push(version(row, team, of)?);
        }
        Ok(Page {
            items,
            next: next.map(|index| index.to_string()),
        })
    }

    async fn aliases_of(
        &self,
        collection: CollectionId,
        rows: &[VersionRow],
    ) -> Result<Vec<(VersionId, Alias)>, Error> {
        let (Some(newest), Some(oldest)) = (
            rows.first().and_then(|row| row.index),
            rows.last().and_then(|row| row.index),
        ) else {
            return Ok(Vec::new());
        };
        Ok(alias::of_range(self.db(), collection, oldest, newest).await?)
    }

    pub(super) async fn row(&self, id: VersionId) -> Result<Option<VersionRow>, Error> {
        let mut connection = self.db().acquire().await?;
        Ok(rows::find(&mut connection, id).await?)
    }

    /// A version as it is told, with its aliases; a draft with what it has so far.
    pub(super) async fn told(
        &self,
        mut row: VersionRow,
        team: &TeamFacts,
    ) -> Result<Version, Error> {
        let mut connection = self.db().acquire().await?;
        if matches!(row.phase, VersionPhase::Draft | VersionPhase::Committing) {
            (row.entry_count, row.size_bytes) = entry::totals(&mut connection, row.id).await?;
        }
        let aliases = alias::of_version(&mut connection, row.id).await?;
        version(row, team, aliases)
    }
}

fn bad_after() -> Error {
    Error::invalid("after", "is not the `next` of an earlier page")
}

/// Cuts one page off, where one item more was read than fits.
fn page<R, T>(mut rows: Vec<R>, cursor: impl Fn(&R) -> String, told: impl Fn(R) -> T) -> Page<T> {
    let more = rows.len() > PAGE as usize;
    rows.truncate(PAGE as usize);
    let next = rows.last().filter(|_| more).map(cursor);
    Page {
        items: rows.into_iter().map(told).collect(),
        next,
    }
}

/// What policy judges a version by.
pub(super) fn facts(row: VersionRow, team: Arc<TeamFacts>) -> VersionFacts {
    VersionFacts {
        id: row.id,
        team,
        project_id: row.project_id,
        project: row.project,
        collection_id: row.collection_id,
        collection: row.collection,
        bucket_id: row.bucket_id,
        started_by: row.started_by,
        state: state(row.phase),
        index: row.index,
    }
}

fn state(phase: VersionPhase) -> VersionState {
    match phase {
        VersionPhase::Draft => VersionState::Draft,
        VersionPhase::Committing => VersionState::Committing,
        VersionPhase::Committed | VersionPhase::Same => VersionState::Committed,
        VersionPhase::Deleted => VersionState::Deleted,
    }
}

/// A version's name in events: `team/project/collection`, with its number where it has one.
pub(super) fn subject(facts: &VersionFacts) -> String {
    let place = format!("{}/{}/{}", facts.team.name, facts.project, facts.collection);
    match facts.index {
        Some(index) => format!("{place}:v{index}"),
        None => place,
    }
}

/// A version as it crosses the wire.
pub(super) fn version(
    row: VersionRow,
    team: &TeamFacts,
    aliases: Vec<Alias>,
) -> Result<Version, Error> {
    let metadata = row
        .metadata
        .as_deref()
        .map(serde_json::from_str)
        .transpose()
        .map_err(|_| crate::db::Error::Corrupt { column: "metadata" })?;
    Ok(Version {
        id: row.id,
        state: state(row.phase),
        team: team.name.clone(),
        project: row.project,
        collection: row.collection,
        kind: row.kind,
        index: row.index,
        aliases,
        description: row.description,
        metadata,
        entry_count: row.entry_count,
        size_bytes: row.size_bytes,
        content_sha256: row.content_sha256,
        manifest_sha256: row.manifest_sha256,
        created_at: row.created_at,
        committed_at: row.committed_at,
    })
}
