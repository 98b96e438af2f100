//! Projects, collections, and versions named by a person.

use super::app::App;
use super::artifact_name::ArtifactName;
use super::authenticated::Authenticated;
use super::body::{Created, Json, Path, Query};
use super::error::ApiError;
use super::listing::Listing;
use crate::policy::{
    BeginVersion, DeleteVersion, DownloadVersion, ReadRegistry, RemoveAlias, SetAlias, TeamFacts,
    VersionFacts,
};
use axum::extract::State;
use http::StatusCode;
use protocol::artifact::{Collection, EntryUrls, NewVersion, Project, Version};
use protocol::bucket::Audience;
use protocol::transfer::Reach;
use protocol::{Alias, Network, Page, ProjectName, TeamName};
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list_projects))
        .routes(routes!(list_collections, begin_version))
        .routes(routes!(list_versions))
        .routes(routes!(get_artifact, delete_artifact))
        .routes(routes!(list_artifact_urls))
        .routes(routes!(set_alias, remove_alias))
}

impl App {
    /// The version that a name stands for. Whether the caller may know of it is for the decision that
    /// follows.
    async fn artifact(
        &self,
        team: &Arc<TeamFacts>,
        project: &ProjectName,
        name: &ArtifactName,
    ) -> Result<VersionFacts, ApiError> {
        let version = name.version_or_latest()?;
        let found = self
            .registry
            .find_artifact(team, project, &name.collection, &version)
            .await?;
        found.ok_or_else(ApiError::not_found)
    }
}

/// The query of a page of URLs.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct UrlsPage {
    /// Read on after this path: the `next` of the page before.
    after: Option<String>,
    /// Life asked for, in seconds. Without it: as long as is allowed.
    ttl_seconds: Option<u32>,
    /// From where the URLs are used; they are signed for the store's address there. Without it: for its
    /// usual address.
    audience: Option<Audience>,
    /// The network that the store takes the URLs from, and no other; refused where the store cannot.
    network: Option<Network>,
}

/// The query of a deletion.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Deletion {
    /// Deletes it even while aliases other than `latest` name it.
    #[serde(default)]
    delete_aliases: bool,
}

/// Lists the projects of a team.
#[utoipa::path(
    get, path = "/v1/teams/{team}/projects", tag = "artifacts",
    params(("team" = TeamName, Path), Listing),
    responses((status = 200, body = Page<Project>)),
)]
async fn list_projects(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(team): Path<TeamName>,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Project>>, ApiError> {
    let team = app.team(&team)?;
    let permit = app.decide(&caller, ReadRegistry { team })?;
    let after = listing.after.as_deref();
    Ok(Json(app.registry.projects(permit, after).await?))
}

/// Lists the collections of a project.
#[utoipa::path(
    get, path = "/v1/teams/{team}/projects/{project}/artifacts", tag = "artifacts",
    params(("team" = TeamName, Path), ("project" = ProjectName, Path), Listing),
    responses((status = 200, body = Page<Collection>)),
)]
async fn list_collections(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path((team, project)): Path<(TeamName, ProjectName)>,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Collection>>, ApiError> {
    let team = app.team(&team)?;
    let permit = app.decide(&caller, ReadRegistry { team })?;
    let after = listing.after.as_deref();
    let page = app.registry.collections(permit, &project, after).await?;
    Ok(Json(page))
}

/// Begins a version; its project and collection are made when they do not exist.
#[utoipa::path(
    post, path = "/v1/teams/{team}/projects/{project}/artifacts", tag = "artifacts",
    params(("team" = TeamName, Path), ("project" = ProjectName, Path)),
    request_body = NewVersion, responses((status = 201, body = Version)),
)]
async fn begin_version(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path((team, project)): Path<(TeamName, ProjectName)>,
    Json(request): Json<NewVersion>,
) -> Result<Created<Version>, ApiError> {
    let op = BeginVersion {
        team: app.team(&team)?,
        project,
        request,
    };
    let permit = app.decide(&caller, op)?;
    Ok(Created(app.registry.begin(permit).await?))
}

/// Lists the committed versions of a collection, newest first.
#[utoipa::path(
    get, path = "/v1/teams/{team}/projects/{project}/artifacts/{artifact}/versions",
    tag = "artifacts",
    params(
        ("team" = TeamName, Path), ("project" = ProjectName, Path),
        ("artifact" = String, Path, description = "`collection`, or `collection:version` with `v` and a number or an alias"), Listing,
    ),
    responses((status = 200, body = Page<Version>)),
)]
async fn list_versions(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path((team, project, artifact)): Path<(TeamName, ProjectName, ArtifactName)>,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Version>>, ApiError> {
    let team = app.team(&team)?;
    let permit = app.decide(&caller, ReadRegistry { team })?;
    let collection = artifact.collection_alone()?;
    let after = listing.after.as_deref();
    let page = app
        .registry
        .versions(permit, &project, collection, after)
        .await?;
    Ok(Json(page))
}

/// Tells of the version that a name stands for; without a version, of the latest.
#[utoipa::path(
    get, path = "/v1/teams/{team}/projects/{project}/artifacts/{artifact}", tag = "artifacts",
    params(
        ("team" = TeamName, Path), ("project" = ProjectName, Path),
        ("artifact" = String, Path, description = "`collection`, or `collection:version` with `v` and a number or an alias"),
    ),
    responses((status = 200, body = Version)),
)]
async fn get_artifact(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path((team, project, artifact)): Path<(TeamName, ProjectName, ArtifactName)>,
) -> Result<Json<Version>, ApiError> {
    let team = app.team(&team)?;
    let permit = app.decide(
        &caller,
        ReadRegistry {
            team: Arc::clone(&team),
        },
    )?;
    let found = app.artifact(&team, &project, &artifact).await?;
    Ok(Json(app.registry.version(permit, found.id).await?))
}

/// Signs URLs for a version's entries, up to 5,000 on a page, on one grant a page.
#[utoipa::path(
    get, path = "/v1/teams/{team}/projects/{project}/artifacts/{artifact}/urls",
    tag = "artifacts",
    params(
        ("team" = TeamName, Path), ("project" = ProjectName, Path),
        ("artifact" = String, Path, description = "`collection`, or `collection:version` with `v` and a number or an alias"), UrlsPage,
    ),
    responses((status = 200, body = EntryUrls)),
)]
async fn list_artifact_urls(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path((team, project, artifact)): Path<(TeamName, ProjectName, ArtifactName)>,
    Query(page): Query<UrlsPage>,
) -> Result<Json<EntryUrls>, ApiError> {
    let team = app.team(&team)?;
    let op = DownloadVersion {
        version: app.artifact(&team, &project, &artifact).await?,
        after: page.after,
        ttl_seconds: page.ttl_seconds,
        reach: Reach {
            audience: page.audience,
            network: page.network,
        },
    };
    let permit = app.decide(&caller, op)?;
    Ok(Json(app.registry.download(permit).await?))
}

/// Deletes a version; its objects go when nothing else needs them.
#[utoipa::path(
    delete, path = "/v1/teams/{team}/projects/{project}/artifacts/{artifact}", tag = "artifacts",
    params(
        ("team" = TeamName, Path), ("project" = ProjectName, Path),
        ("artifact" = String, Path, description = "`collection`, or `collection:version` with `v` and a number or an alias"), Deletion,
    ),
    responses((status = 204)),
)]
async fn delete_artifact(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path((team, project, artifact)): Path<(TeamName, ProjectName, ArtifactName)>,
    Query(deletion): Query<Deletion>,
) -> Result<StatusCode, ApiError> {
    let team = app.team(&team)?;
    let op = DeleteVersion {
        version: app.artifact(&team, &project, &artifact).await?,
        delete_aliases: deletion.delete_aliases,
    };
    let permit = app.decide(&caller, op)?;
    app.registry.delete(permit).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Moves an alias to a version.
#[utoipa::path(
    put, path = "/v1/teams/{team}/projects/{project}/artifacts/{artifact}/aliases/{alias}",
    tag = "artifacts",
    params(
        ("team" = TeamName, Path), ("project" = ProjectName, Path),
        ("artifact" = String, Path, description = "`collection`, or `collection:version` with `v` and a number or an alias"), ("alias" = Alias, Path),
    ),
    responses((status = 200, body = Version)),
)]
async fn set_alias(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path((team, project, artifact, alias)): Path<(TeamName, ProjectName, ArtifactName, Alias)>,
) -> Result<Json<Version>, ApiError> {
    let team = app.team(&team)?;
    let version = app.artifact(&team, &project, &artifact).await?;
    let permit = app.decide(&caller, SetAlias { version, alias })?;
    Ok(Json(app.registry.set_alias(permit).await?))
}

/// Takes an alias away from the version that it names.
#[utoipa::path(
    delete, path = "/v1/teams/{team}/projects/{project}/artifacts/{artifact}/aliases/{alias}",
    tag = "artifacts",
    params(
        ("team" = TeamName, Path), ("project" = ProjectName, Path),
        ("artifact" = String, Path, description = "`collection`, or `collection:version` with `v` and a number or an alias"), ("alias" = Alias, Path),
    ),
    responses((status = 204)),
)]
async fn remove_alias(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path((team, project, artifact, alias)): Path<(TeamName, ProjectName, ArtifactName, Alias)>,
) -> Result<StatusCode, ApiError> {
    let team = app.team(&team)?;
    let version = app.artifact(&team, &project, &artifact).await?;
    let permit = app.decide(&caller, RemoveAlias { version, alias })?;
    app.registry.remove_alias(permit).await?;
    Ok(StatusCode::NO_CONTENT)
}
