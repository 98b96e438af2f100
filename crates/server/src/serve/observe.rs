//! The listener for Prometheus: `/metrics`.

use crate::api::App;
use crate::telemetry::meter;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::header;
use std::sync::Arc;

pub(super) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .with_state(app)
}

async fn metrics(State(app): State<Arc<App>>) -> impl axum::response::IntoResponse {
    let seq = u64::try_from(app.ledger.head().seq).unwrap_or(0);
    meter().set_state(seq, app.directory.revision(), app.db.connections());
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], meter().render())
}
