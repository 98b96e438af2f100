//! `/health`, `/ready`.

use super::app::App;
use super::error::ApiError;
use axum::extract::State;
use protocol::problem::ErrorCode;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(get_health))
        .routes(routes!(get_ready))
}

/// Whether the process answers.
#[utoipa::path(get, path = "/health", tag = "process", responses((status = 200, body = String, content_type = "text/plain")))]
async fn get_health() -> &'static str {
    "ok"
}

/// Whether the server can decide and record: its database answers, and what it knows is fresh.
#[utoipa::path(get, path = "/ready", tag = "process", responses((status = 200, body = String, content_type = "text/plain")))]
async fn get_ready(State(app): State<Arc<App>>) -> Result<&'static str, ApiError> {
    app.db.ping().await?;
    app.directory.fresh(app.clock.now()).map_err(|stale| {
        let detail = "what is known about who may do what is too old";
        ApiError::new(ErrorCode::DirectoryStale, detail).caused_by(stale)
    })?;
    Ok("ready")
}
