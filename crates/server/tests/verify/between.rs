//! What stands between the check and the embedded store, and does something to what passes.

use crate::support::client;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderName, Method, Request, Response, StatusCode, header};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A request that passes.
pub(crate) struct Passing {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) request: Request<Bytes>,
}

impl Passing {
    /// Whether it is about an upload in parts.
    pub(crate) fn is_multipart(&self) -> bool {
        self.begins_upload() || self.query.contains("uploadId=")
    }

    /// Whether it begins one.
    pub(crate) fn begins_upload(&self) -> bool {
        self.query
            .split('&')
            .any(|pair| matches!(pair, "uploads" | "uploads="))
    }
}

/// What becomes of a request.
pub(crate) enum Fate {
    /// The store answers.
    Pass(Box<Passing>),
    /// Something else does.
    Answer(Response<Bytes>),
}

/// Something on a port of its own.
pub(crate) struct Between {
    pub(crate) endpoint: String,
    task: JoinHandle<()>,
}

impl Drop for Between {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Between {
    /// Serves a router.
    #[expect(clippy::disallowed_methods, reason = "ended when dropped")]
    pub(crate) async fn serve(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { endpoint, task }
    }

    /// Stands before `store`; `before` does something to requests, `after` to the store's answers.
    pub(crate) async fn stand(
        store: &str,
        before: impl Fn(Passing) -> Fate + Send + Sync + 'static,
        after: impl Fn(&Method, Response<Bytes>) -> Response<Bytes> + Send + Sync + 'static,
    ) -> Self {
        let client = client();
        let shared = Arc::new((store.to_owned(), client, before, after));
        Self::serve(Router::new().fallback(move |request: Request<Body>| {
            let shared = Arc::clone(&shared);
            async move {
                let (store, client, before, after) = &*shared;
                let passing = read(request).await;
                let method = passing.method.clone();
                let answer = match before(passing) {
                    Fate::Answer(answer) => answer,
                    Fate::Pass(passing) => after(&method, forward(client, store, *passing).await),
                };
                answer.map(Body::from)
            }
        }))
        .await
    }

    /// The same that does something to answers alone.
    pub(crate) async fn answering(
        store: &str,
        after: impl Fn(&Method, Response<Bytes>) -> Response<Bytes> + Send + Sync + 'static,
    ) -> Self {
        Self::stand(store, |passing| Fate::Pass(Box::new(passing)), after).await
    }

    /// The same that refuses some requests, as a policy would.
    pub(crate) async fn denying(
        store: &str,
        denies: impl Fn(&Passing) -> bool + Send + Sync + 'static,
    ) -> Self {
        let before = move |passing: Passing| {
            if denies(&passing) {
                Fate::Answer(error(403, "AccessDenied"))
            } else {
                Fate::Pass(Box::new(passing))
            }
        };
        Self::stand(store, before, |_, answer| answer).await
    }
}

/// An error as S3 writes it.
pub(crate) fn error(status: u16, code: &str) -> Response<Bytes> {
    let body = format!("<Error><Code>{code}</Code><RequestId>4442587FB7D0A2F9</RequestId></Error>");
    Response::builder()
        .status(status)
        .body(body.into())
        .unwrap()
}

/// An answer of success and nothing more.
pub(crate) fn done() -> Response<Bytes> {
    Response::builder()
        .header(header::ETAG, "\"0\"")
        .body(Bytes::new())
        .unwrap()
}

async fn read(request: Request<Body>) -> Passing {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    Passing {
        method: parts.method.clone(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        request: Request::from_parts(parts, body),
    }
}

async fn forward(client: &reqwest::Client, store: &str, passing: Passing) -> Response<Bytes> {
    let (parts, body) = passing.request.into_parts();
    let url = format!("{store}{}", parts.uri.path_and_query().unwrap());
    let mut headers = parts.headers;
    headers.remove(header::TRANSFER_ENCODING);
    // `Host` goes on unchanged: it is signed
    let answer = client
        .request(parts.method.clone(), url)
        .headers(headers)
        .body(body)
        .send()
        .await
        .unwrap();
    let mut response = Response::builder().status(answer.status());
    let hop: [HeaderName; 2] = [header::TRANSFER_ENCODING, header::CONNECTION];
    for (name, value) in answer.headers() {
        if !hop.contains(name) {
            response = response.header(name, value);
        }
    }
    let body = answer.bytes().await.unwrap();
    response.body(body).unwrap()
}

/// Whether an answer is a refusal with this status.
pub(crate) fn is(answer: &Response<Bytes>, status: StatusCode) -> bool {
    answer.status() == status
}
