//! URLs for plain objects.

use super::app::App;
use super::authenticated::Authenticated;
use super::body::{Json, Path};
use super::error::ApiError;
use crate::policy::PlainUrls;
use axum::extract::State;
use protocol::TeamName;
use protocol::transfer::{Urls, UrlsRequest};
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(create_urls))
}

/// Signs URLs for up to 5,000 plain objects, all for one method, on one grant.
#[utoipa::path(
    post, path = "/v1/teams/{team}/urls", tag = "objects", params(("team" = TeamName, Path)),
    request_body = UrlsRequest, responses((status = 200, body = Urls)),
)]
async fn create_urls(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(team): Path<TeamName>,
    Json(request): Json<UrlsRequest>,
) -> Result<Json<Urls>, ApiError> {
    let team = app.team(&team)?;
    let permit = app.decide(&caller, PlainUrls { team, request })?;
    Ok(Json(app.broker.urls(permit).await?))
}
