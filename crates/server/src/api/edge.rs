//! The layer around all routes: request ids, spans, limits, time, panics, and how errors are written.

use super::admission::Admission;
use super::app::App;
use super::body::MaxBodyBytes;
use super::document::{OTHER_OPERATION, operation_of};
use super::error::{ApiError, Failure};
use crate::ids::IdMaker;
use crate::telemetry;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use protocol::id::RequestId;
use protocol::problem::ErrorCode;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::Instrument as _;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Reads where a request came from out of its headers and its connection.
pub(super) type FindAddress = Box<dyn Fn(&HeaderMap, IpAddr) -> IpAddr + Send + Sync>;

/// What the layer goes by.
pub(super) struct Edge {
    pub(super) ids: Arc<IdMaker>,
    pub(super) admission: Arc<Admission>,
    pub(super) max_body_bytes: usize,
    pub(super) request_timeout: Duration,
    pub(super) find_address: FindAddress,
    /// True: requests for other hosts than loopback are refused.
    pub(super) loopback_only: bool,
}

impl Edge {
    /// What the parts of a server say.
    pub(super) fn of(app: &Arc<App>) -> Self {
        let finder = Arc::clone(app);
        Self {
            ids: Arc::clone(&app.ids),
            admission: Arc::clone(&app.admission),
            max_body_bytes: app.limits.max_body_bytes(),
            request_timeout: app.limits.request_timeout(),
            find_address: Box::new(move |headers, peer| finder.auth.client_address(headers, peer)),
            loopback_only: app.loopback_only,
        }
    }
}

/// The other end of the connection that a request came over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// What is known of a request's route; never its URI.
#[derive(Debug)]
struct Route {
    operation: &'static str,
    template: Option<MatchedPath>,
    method: http::Method,
    is_api: bool,
}

impl Route {
    fn of(request: &Request) -> Self {
        let template = request.extensions().get::<MatchedPath>().cloned();
        let path = template.as_ref().map(MatchedPath::as_str);
        Self {
            operation: path.map_or(OTHER_OPERATION, |path| operation_of(request.method(), path)),
            template,
            method: request.method().clone(),
            is_api: request.uri().path().starts_with("/v1"),
        }
    }

    fn template(&self) -> &str {
        self.template.as_ref().map_or("none", MatchedPath::as_str)
    }
}

/// The request's id.
pub(super) fn request_id(extensions: &Extensions) -> RequestId {
    extensions
        .get::<RequestId>()
        .copied()
        .unwrap_or_else(|| RequestId::from_parts(0, [0; 10]))
}

/// Answers a request, whatever happens inside.
pub(super) async fn edge(
    State(edge): State<Arc<Edge>>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let route = Route::of(&request);
    let id: RequestId = edge.ids.make();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    let address = (edge.find_address)(request.headers(), peer);
    let extensions = request.extensions_mut();
    extensions.insert(id);
    extensions.insert(Peer(peer));
    extensions.insert(MaxBodyBytes(edge.max_body_bytes));
    let span = tracing::info_span!(
        "request",
        request.id = %id,
        caller.id = tracing::field::Empty,
        team.name = tracing::field::Empty,
        http.method = route.method.as_str(),
        http.route = route.template(),
    );
    let response = answer(&edge, &route, address, request, next)
        .instrument(span.clone())
        .await;
    span.in_scope(|| finish(&route, id, started.elapsed(), response))
}

async fn answer(
    edge: &Edge,
    route: &Route,
    address: IpAddr,
    request: Request,
    next: Next,
) -> Response {
    if edge.loopback_only && !is_for_loopback(&request) {
        let detail = "this is a development server; it answers to `localhost` alone";
        return ApiError::new(ErrorCode::Forbidden, detail).into_response();
    }
    // Who watches the process must be answered however much there is to do
    let _slot = if route.is_api {
        match edge
            .admission
            .network(address)
            .and_then(|()| edge.admission.slot())
        {
            Ok(slot) => Some(slot),
            Err(refused) => return refused.into_response(),
        }
    } else {
        None
    };
    let work = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(edge.request_timeout, work).await {
        Ok(Ok(response)) => response,
        Ok(Err(_panic)) => {
            telemetry::count_panic();
            ApiError::internal("panicked").into_response()
        }
        Err(_elapsed) => {
            let detail = "this took too long; ask for less at once, or try again";
            ApiError::new(ErrorCode::Timeout, detail).into_response()
        }
    }
}

/// Whether a request names this machine as its host, in whatever form: a page of the web that got its
/// own name to stand for loopback cannot.
fn is_for_loopback(request: &Request) -> bool {
    let named = request.headers().get(header::HOST);
    let named = match request.uri().authority() {
        Some(authority) => Some(authority.as_str()),
        None => named.and_then(|host| host.to_str().ok()),
    };
    let Some(authority) = named.and_then(|named| named.parse::<http::uri::Authority>().ok()) else {
        return false;
    };
    let host = authority
        .host()
        .trim_start_matches('[')
        .trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn finish(route: &Route, id: RequestId, took: Duration, mut response: Response) -> Response {
    let failure = response.extensions_mut().remove::<Failure>();
    let id = id.to_string();
    let code = match &failure {
        Some(Failure(error)) => {
            log_failure(error, took);
            response = error.respond(id.clone());
            error.code.as_str()
        }
        None => "ok",
    };
    tracing::debug!(
        code,
        http.status = response.status().as_u16(),
        duration_ms = millis(took),
        "answered"
    );
    telemetry::count_request(route.operation, code, took);
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::try_from(id) {
        headers.insert(REQUEST_ID, id);
    }
    // A browser that follows a URL out of an answer does not tell the store where it had it from
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    if route.is_api {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

fn log_failure(error: &ApiError, took: Duration) {
    let code = error.code.as_str();
    let status = error.status.as_u16();
    let duration_ms = millis(took);
    let field = error.field.as_deref();
    if error.status.is_server_error() {
        let causes = error.causes();
        tracing::error!(
            code,
            http.status = status,
            duration_ms,
            causes,
            "request failed"
        );
    } else if let Some(rule) = error.rule {
        tracing::info!(
            code,
            http.status = status,
            duration_ms,
            rule,
            "request was denied"
        );
    } else {
        tracing::debug!(
            code,
            http.status = status,
            duration_ms,
            field,
            "request was refused"
        );
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The answer where there is no route.
pub(super) async fn no_route() -> ApiError {
    ApiError::not_found()
}

/// The answer where the route has no such method.
pub(super) async fn no_method() -> ApiError {
    ApiError::new(ErrorCode::NotFound, "there is no such method here")
        .with_status(StatusCode::METHOD_NOT_ALLOWED)
}

#[cfg(test)]
mod tests;
