//! Limits.

use super::app::App;
use super::authenticated::Authenticated;
use super::body::{Created, Json, Path, Query};
use super::error::ApiError;
use super::listing::{Listing, page};
use crate::policy::{ReadLimits, RemoveLimit, SetLimit};
use axum::extract::State;
use http::StatusCode;
use protocol::Page;
use protocol::admin::{Limit, NewLimit};
use protocol::id::LimitId;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list_limits, create_limit))
        .routes(routes!(remove_limit))
}

/// Sets a limit on a principal or a team.
#[utoipa::path(
    post, path = "/v1/limits", tag = "limits", request_body = NewLimit,
    responses((status = 201, body = Limit)),
)]
async fn create_limit(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Json(request): Json<NewLimit>,
) -> Result<Created<Limit>, ApiError> {
    let permit = app.decide(&caller, SetLimit { request })?;
    Ok(Created(app.admin.set_limit(permit).await?))
}

/// Lists the limits.
#[utoipa::path(
    get, path = "/v1/limits", tag = "limits", params(Listing),
    responses((status = 200, body = Page<Limit>)),
)]
async fn list_limits(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Limit>>, ApiError> {
    let _permit = app.decide(&caller, ReadLimits {})?;
    let limits = app.directory.limits();
    let told: Vec<(String, Limit)> = limits
        .iter()
        .filter_map(|limit| Some((limit.id.to_string(), app.tell_limit(limit)?)))
        .collect();
    let after = listing.after.as_deref();
    Ok(Json(page(
        told,
        after,
        |(id, _)| id.as_str(),
        |(_, limit)| limit,
    )))
}

/// Lifts a limit.
#[utoipa::path(
    delete, path = "/v1/limits/{limit}", tag = "limits", params(("limit" = LimitId, Path)),
    responses((status = 204)),
)]
async fn remove_limit(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(limit): Path<LimitId>,
) -> Result<StatusCode, ApiError> {
    let permit = app.decide(&caller, RemoveLimit { limit })?;
    app.admin.remove_limit(permit).await?;
    Ok(StatusCode::NO_CONTENT)
}
