//! The native API: routes, handlers, and the one mapping of errors. Nothing imports it but `serve`.
//!
//! A handler parses, asks the gate for a permit, hands the permit to a use case and answers; what can
//! be refused stands in the types of its parameters, the caller first.

mod admission;
mod app;
mod artifact_name;
mod artifacts;
mod audit;
mod authenticated;
mod body;
mod buckets;
mod document;
mod edge;
mod error;
mod health;
mod limits;
mod listing;
mod refusal;
mod teams;
mod tokens;
mod told;
mod uploads;
mod urls;
mod users;
mod versions;

pub use admission::Admission;
pub use app::App;
pub use document::document;

use axum::Router;
use axum::middleware::from_fn_with_state;
use edge::Edge;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;

/// Every route with its contract.
fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .merge(health::router())
        .merge(users::router())
        .merge(tokens::router())
        .merge(teams::router())
        .merge(buckets::router())
        .merge(limits::router())
        .merge(urls::router())
        .merge(uploads::router())
        .merge(artifacts::router())
        .merge(versions::router())
        .merge(audit::router())
}

/// The whole API over the parts of a server.
pub fn router(app: Arc<App>) -> Router {
    let around = Arc::new(Edge::of(&app));
    let (router, _document) = routes().split_for_parts();
    router
        .fallback(edge::no_route)
        .method_not_allowed_fallback(edge::no_method)
        .layer(from_fn_with_state(around, edge::edge))
        .with_state(app)
}
