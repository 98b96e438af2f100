//! Projects, collections, versions, aliases, entries.

use super::Api;
use crate::error::{Error, Peer, Result};
use crate::transport::{Answer, Repeat};
use http::{Method, StatusCode};
use protocol::artifact::{
    Collection, Commit, CommitProgress, Committed, EntryUrls, Landed, NewEntries, NewVersion,
    Project, RegisteredEntries, Verification, Version,
};
use protocol::id::{ObjectId, VersionId};
use protocol::name::ArtifactRef;
use protocol::transfer::Reach;
use protocol::{Alias, EntryPath, Page, ProjectName, TeamName};
use std::time::Duration;

/// What a commit was answered.
#[derive(Debug, Clone, PartialEq)]
pub enum CommitAnswer {
    /// The version is there.
    Committed(Box<Committed>),
    /// Its objects are still being verified; ask again.
    InProgress {
        /// How far it is.
        progress: CommitProgress,
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
    },
}

/// `collection` or `collection:version`, one segment of a path.
fn segment(artifact: &ArtifactRef) -> String {
    match &artifact.version {
        Some(version) => format!("{}:{version}", artifact.collection),
        None => artifact.collection.to_string(),
    }
}

impl Api {
    fn artifact_route(
        &self,
        method: Method,
        artifact: &ArtifactRef,
        rest: &[&str],
    ) -> crate::transport::Call {
        let segment = segment(artifact);
        let mut segments = vec![
            "v1",
            "teams",
            artifact.team.as_str(),
            "projects",
            artifact.project.as_str(),
            "artifacts",
            &segment,
        ];
        segments.extend(rest);
        self.route(method, &segments)
    }

    /// Lists a team's projects (`GET /v1/teams/{team}/projects`).
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn list_projects(
        &self,
        team: &TeamName,
        after: Option<&str>,
    ) -> Result<Page<Project>> {
        let call = self.route(Method::GET, &["v1", "teams", team.as_str(), "projects"]);
        self.json(call.query("after", after)).await
    }

    /// Lists a project's collections (`GET …/projects/{project}/artifacts`).
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn list_collections(
        &self,
        team: &TeamName,
        project: &ProjectName,
        after: Option<&str>,
    ) -> Result<Page<Collection>> {
        let (team, project) = (team.as_str(), project.as_str());
        let segments = ["v1", "teams", team, "projects", project, "artifacts"];
        let call = self.route(Method::GET, &segments);
        self.json(call.query("after", after)).await
    }

    /// Begins a version (`POST …/projects/{project}/artifacts`).
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn create_version(
        &self,
        team: &TeamName,
        project: &ProjectName,
        body: &NewVersion,
    ) -> Result<Version> {
        let (team, project) = (team.as_str(), project.as_str());
        let segments = ["v1", "teams", team, "projects", project, "artifacts"];
        // A second draft does no harm: nobody sees it, and it goes by itself
        let call = self
            .route(Method::POST, &segments)
            .repeat(Repeat::Idempotent);
        self.json(call.json(body)).await
    }

    /// Lists a collection's versions, newest first (`GET …/artifacts/{artifact}/versions`); the
    /// version in `artifact` does not matter.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn list_versions(
        &self,
        artifact: &ArtifactRef,
        after: Option<&str>,
    ) -> Result<Page<Version>> {
        let collection = ArtifactRef {
            version: None,
            ..artifact.clone()
        };
        let call = self.artifact_route(Method::GET, &collection, &["versions"]);
        self.json(call.query("after", after)).await
    }

    /// The version that a name stands for (`GET …/artifacts/{artifact}`).
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn get_artifact(&self, artifact: &ArtifactRef) -> Result<Version> {
        self.json(self.artifact_route(Method::GET, artifact, &[]))
            .await
    }

    /// One page of download URLs (`GET …/artifacts/{artifact}/urls`).
    ///
    /// # Errors
    /// [`Error::UnsafeName`] when an entry's name must not be written anywhere; else as every call.
    pub async fn list_entry_urls(
        &self,
        artifact: &ArtifactRef,
        after: Option<&str>,
        ttl_seconds: Option<u32>,
        reach: Reach,
    ) -> Result<EntryUrls> {
        let call = self
            .artifact_route(Method::GET, artifact, &["urls"])
            .query("after", after)
            .query("ttl_seconds", ttl_seconds)
            .query("audience", reach.audience)
            .query("network", reach.network);
        let answer = self.send(call).await?;
        answer
            .json()
            .map_err(|error| refused_name(&answer).unwrap_or(error))
    }

    /// Deletes a version (`DELETE …/artifacts/{artifact}`), with the aliases that name it or only
    /// if there are none.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn delete_artifact(
        &self,
        artifact: &ArtifactRef,
        delete_aliases: bool,
    ) -> Result<()> {
        // Made again, it could mean another version: `latest` has moved
        let call = self
            .artifact_route(Method::DELETE, artifact, &[])
            .repeat(Repeat::Unsent);
        self.done(call.query("delete_aliases", delete_aliases.then_some(true)))
            .await
    }

    /// Lets an alias name this version (`PUT …/artifacts/{artifact}/aliases/{alias}`).
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn set_alias(&self, artifact: &ArtifactRef, alias: &Alias) -> Result<Version> {
        let rest = ["aliases", alias.as_str()];
        self.json(self.artifact_route(Method::PUT, artifact, &rest))
            .await
    }

    /// Takes an alias away (`DELETE …/artifacts/{artifact}/aliases/{alias}`).
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn delete_alias(&self, artifact: &ArtifactRef, alias: &Alias) -> Result<()> {
        let rest = ["aliases", alias.as_str()];
        self.done(self.artifact_route(Method::DELETE, artifact, &rest))
            .await
    }

    /// Registers entries of a draft (`POST /v1/versions/{version}/entries`). Doing it again for an
    /// entry asks for a fresh URL.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn register_entries(
        &self,
        version: VersionId,
        body: &NewEntries,
    ) -> Result<RegisteredEntries> {
        let id = version.to_string();
        let call = self
            .route(Method::POST, &["v1", "versions", &id, "entries"])
            .json(body)
            .repeat(Repeat::Idempotent);
        let registered: RegisteredEntries = self.json(call).await?;
        if registered.entries.len() == body.entries.len() {
            Ok(registered)
        } else {
            Err(Error::answer(
                Peer::Server,
                "does not say of each entry what to do",
            ))
        }
    }

    /// Reports single PUTs that succeeded (`POST /v1/versions/{version}/landed`).
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn report_landed(
        &self,
        version: VersionId,
        objects: Vec<ObjectId>,
    ) -> Result<Verification> {
        let id = version.to_string();
        let call = self
            .route(Method::POST, &["v1", "versions", &id, "landed"])
            .json(&Landed { objects })
            .repeat(Repeat::Idempotent);
        self.json(call).await
    }

    /// Commits a draft, or asks how its commit goes on (`POST /v1/versions/{version}/commit`).
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn commit_version(&self, version: VersionId, body: &Commit) -> Result<CommitAnswer> {
        let id = version.to_string();
        let call = self
            .route(Method::POST, &["v1", "versions", &id, "commit"])
            .json(body)
            .repeat(Repeat::Idempotent);
        let answer = self.send(call).await?;
        if answer.status == StatusCode::ACCEPTED {
            Ok(CommitAnswer::InProgress {
                progress: answer.json()?,
                retry_after: answer.retry_after,
            })
        } else {
            Ok(CommitAnswer::Committed(Box::new(answer.json()?)))
        }
    }

    /// A version by its id (`GET /v1/versions/{version}`).
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn get_version(&self, version: VersionId) -> Result<Version> {
        let id = version.to_string();
        self.json(self.route(Method::GET, &["v1", "versions", &id]))
            .await
    }

    /// Gives a draft up (`DELETE /v1/versions/{version}`).
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn delete_version(&self, version: VersionId) -> Result<()> {
        let id = version.to_string();
        self.done(self.route(Method::DELETE, &["v1", "versions", &id]))
            .await
    }
}

/// The first name in a page of entries that is no [`EntryPath`].
fn refused_name(answer: &Answer) -> Option<Error> {
    #[derive(serde::Deserialize)]
    struct Page {
        entries: Vec<Entry>,
    }
    #[derive(serde::Deserialize)]
    struct Entry {
        path: String,
    }
    let page: Page = serde_json::from_slice(answer.body()).ok()?;
    page.entries.into_iter().find_map(|entry| {
        let fault = entry.path.parse::<EntryPath>().err()?;
        Some(Error::unsafe_name(&entry.path, fault))
    })
}
