//! Versions named by id: drafts on their way to a commit.

use super::app::App;
use super::authenticated::Authenticated;
use super::body::{Json, OptionalJson, Path};
use super::error::ApiError;
use crate::policy::{
    AbandonVersion, CommitVersion, ReadRegistry, RegisterEntries, VerifyLanded, VersionFacts,
};
use crate::registry::CommitAnswer;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use protocol::artifact::{
    Commit, CommitProgress, Committed, Landed, NewEntries, RegisteredEntries, Verification, Version,
};
use protocol::id::VersionId;
use protocol::transfer::Reach;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(get_version, abandon_version))
        .routes(routes!(register_entries))
        .routes(routes!(verify_landed))
        .routes(routes!(commit_version))
}

impl App {
    /// The version with this id. Whether the caller may know of it is for the decision that follows.
    async fn version(&self, id: VersionId) -> Result<VersionFacts, ApiError> {
        let version = self
            .registry
            .find_version(id, |team| self.directory.team(team))
            .await?
            .ok_or_else(ApiError::not_found)?;
        tracing::Span::current().record("team.name", version.team.name.as_str());
        Ok(version)
    }
}

/// Tells of a version, drafts included.
#[utoipa::path(
    get, path = "/v1/versions/{version}", tag = "artifacts",
    params(("version" = VersionId, Path)), responses((status = 200, body = Version)),
)]
async fn get_version(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(id): Path<VersionId>,
) -> Result<Json<Version>, ApiError> {
    let team = app.version(id).await?.team;
    let permit = app.decide(&caller, ReadRegistry { team })?;
    Ok(Json(app.registry.version(permit, id).await?))
}

/// Gives a draft up.
#[utoipa::path(
    delete, path = "/v1/versions/{version}", tag = "artifacts",
    params(("version" = VersionId, Path)), responses((status = 204)),
)]
async fn abandon_version(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(id): Path<VersionId>,
) -> Result<StatusCode, ApiError> {
    let version = app.version(id).await?;
    let permit = app.decide(&caller, AbandonVersion { version })?;
    app.registry.abandon(permit).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Registers up to 5,000 entries, and says for each what is to be sent.
#[utoipa::path(
    post, path = "/v1/versions/{version}/entries", tag = "artifacts",
    params(("version" = VersionId, Path)), request_body = NewEntries,
    responses((status = 200, body = RegisteredEntries)),
)]
async fn register_entries(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(id): Path<VersionId>,
    Json(request): Json<NewEntries>,
) -> Result<Json<RegisteredEntries>, ApiError> {
    let version = app.version(id).await?;
    let op = RegisterEntries {
        version,
        entries: request.entries,
        reach: Reach {
            audience: request.audience,
            network: request.network,
        },
    };
    let permit = app.decide(&caller, op)?;
    Ok(Json(app.registry.register(permit).await?))
}

/// Verifies objects that were sent in one request each.
#[utoipa::path(
    post, path = "/v1/versions/{version}/landed", tag = "artifacts",
    params(("version" = VersionId, Path)), request_body = Landed,
    responses((status = 200, body = Verification)),
)]
async fn verify_landed(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(id): Path<VersionId>,
    Json(Landed { objects }): Json<Landed>,
) -> Result<Json<Verification>, ApiError> {
    let version = app.version(id).await?;
    let permit = app.decide(&caller, VerifyLanded { version, objects })?;
    Ok(Json(app.registry.verify_landed(permit).await?))
}

/// Commits a draft. Asking again answers the same; 202 says how far it is.
#[utoipa::path(
    post, path = "/v1/versions/{version}/commit", tag = "artifacts",
    params(("version" = VersionId, Path)), request_body = Option<Commit>,
    responses((status = 200, body = Committed), (status = 202, body = CommitProgress)),
)]
async fn commit_version(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(id): Path<VersionId>,
    OptionalJson(commit): OptionalJson<Commit>,
) -> Result<Response, ApiError> {
    let version = app.version(id).await?;
    let permit = app.decide(&caller, CommitVersion { version, commit })?;
    Ok(match app.registry.commit(permit).await? {
        CommitAnswer::Done(committed) => Json(committed).into_response(),
        CommitAnswer::Going(progress) => (StatusCode::ACCEPTED, Json(progress)).into_response(),
    })
}
