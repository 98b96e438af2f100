//! Large plain objects, and parts of all uploads.

use super::app::App;
use super::authenticated::Authenticated;
use super::body::{Created, Json, Path};
use super::error::ApiError;
use crate::policy::{AbortUpload, BeginUpload, CompleteUpload, ListParts, SignParts, UploadFacts};
use axum::extract::State;
use http::StatusCode;
use protocol::TeamName;
use protocol::id::UploadId;
use protocol::transfer::{
    NewUpload, Object as StoredObject, Reach, SignPartsRequest, SignedParts, Upload, UploadedParts,
};
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(begin_upload))
        .routes(routes!(list_parts, sign_parts))
        .routes(routes!(complete_upload))
        .routes(routes!(abort_upload))
}

impl App {
    /// The upload with this id. Whether the caller may know of it is for the decision that follows.
    async fn upload(&self, id: UploadId) -> Result<UploadFacts, ApiError> {
        let upload = self
            .broker
            .find_upload(id, |team| self.directory.team(team))
            .await?
            .ok_or_else(ApiError::not_found)?;
        tracing::Span::current().record("team.name", upload.team.name.as_str());
        Ok(upload)
    }
}

/// Begins a large plain object in parts.
#[utoipa::path(
    post, path = "/v1/teams/{team}/uploads", tag = "objects", params(("team" = TeamName, Path)),
    request_body = NewUpload, responses((status = 201, body = Upload)),
)]
async fn begin_upload(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(team): Path<TeamName>,
    Json(request): Json<NewUpload>,
) -> Result<Created<Upload>, ApiError> {
    let team = app.team(&team)?;
    let permit = app.decide(&caller, BeginUpload { team, request })?;
    Ok(Created(app.broker.begin_upload(permit).await?))
}

/// Tells which parts the store holds already.
#[utoipa::path(
    get, path = "/v1/uploads/{upload}/parts", tag = "objects",
    params(("upload" = UploadId, Path)), responses((status = 200, body = UploadedParts)),
)]
async fn list_parts(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(upload): Path<UploadId>,
) -> Result<Json<UploadedParts>, ApiError> {
    let upload = app.upload(upload).await?;
    let permit = app.decide(&caller, ListParts { upload })?;
    Ok(Json(app.broker.list_parts(permit).await?))
}

/// Signs URLs for a window of parts.
#[utoipa::path(
    post, path = "/v1/uploads/{upload}/parts", tag = "objects",
    params(("upload" = UploadId, Path)), request_body = SignPartsRequest,
    responses((status = 200, body = SignedParts)),
)]
async fn sign_parts(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(upload): Path<UploadId>,
    Json(request): Json<SignPartsRequest>,
) -> Result<Json<SignedParts>, ApiError> {
    let upload = app.upload(upload).await?;
    let op = SignParts {
        upload,
        parts: request.parts,
        reach: Reach {
            audience: request.audience,
            network: request.network,
        },
    };
    let permit = app.decide(&caller, op)?;
    Ok(Json(app.broker.sign_parts(permit).await?))
}

/// Puts the parts together and verifies the whole. Asking again answers the same.
#[utoipa::path(
    post, path = "/v1/uploads/{upload}/complete", tag = "objects",
    params(("upload" = UploadId, Path)), responses((status = 200, body = StoredObject)),
)]
async fn complete_upload(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(upload): Path<UploadId>,
) -> Result<Json<StoredObject>, ApiError> {
    let upload = app.upload(upload).await?;
    let permit = app.decide(&caller, CompleteUpload { upload })?;
    Ok(Json(app.broker.complete_upload(permit).await?))
}

/// Gives an upload up; the store drops its parts. Asking again answers the same.
#[utoipa::path(
    delete, path = "/v1/uploads/{upload}", tag = "objects", params(("upload" = UploadId, Path)),
    responses((status = 204)),
)]
async fn abort_upload(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(upload): Path<UploadId>,
) -> Result<StatusCode, ApiError> {
    let upload = app.upload(upload).await?;
    let permit = app.decide(&caller, AbortUpload { upload })?;
    app.broker.abort_upload(permit).await?;
    Ok(StatusCode::NO_CONTENT)
}
