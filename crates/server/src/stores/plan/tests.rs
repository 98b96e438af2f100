//! Plans, by what their providers send and what is made of the answers.

mod azure;
mod azurite;
mod gcs;
mod s3;
mod seaweedfs;

use super::outside::Outside;
use super::wire::{Reach, Wire};
use super::{open, seal};
use crate::clock::{Clock, SystemClock};
use crate::db::bucket::BucketRow;
use crate::directory::testing::bucket_row;
use crate::policy::BucketFacts;
use crate::stores::lender::{Lender, Purpose};
use crate::stores::seal::{Place, SealKeys};
use crate::stores::signer::Signer;
use crate::stores::{Error, Stores};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use protocol::bucket::{CredentialPlan, StorePlace};
use protocol::id::{BucketId, GrantId};
use reqsign_core::{Context, HttpSend, StaticEnv};
use reqsign_file_read_tokio::TokioFileRead;
use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A request as the fake had it.
#[derive(Debug, Clone)]
struct Asked {
    method: String,
    /// The host that it was for.
    host: String,
    path_and_query: String,
    headers: http::HeaderMap,
    body: String,
}

impl Asked {
    fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    /// The fields of a form, or of the query.
    fn fields(&self) -> BTreeMap<String, String> {
        let query = self
            .path_and_query
            .split_once('?')
            .map_or("", |(_, query)| query);
        let text = if self.body.is_empty() {
            query
        } else {
            &self.body
        };
        url::form_urlencoded::parse(text.as_bytes())
            .into_owned()
            .collect()
    }
}

/// Status and body.
type Answered = (StatusCode, String);
type Answer = Box<dyn Fn(&Asked) -> Answered + Send + Sync>;

/// Everything that gives credentials: answers by the host and path that were asked.
struct Fake {
    url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    _serving: JoinSet<()>,
}

#[derive(Clone)]
struct Serving {
    answers: Arc<Vec<(&'static str, Answer)>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// Says whom a request is for that was sent to the fake.
const FOR_HOST: &str = "x-for-host";

impl Fake {
    /// `answers`: by how host and path begin.
    async fn start(answers: Vec<(&'static str, Answer)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::default();
        let serving = Serving {
            answers: Arc::new(answers),
            asked: Arc::clone(&asked),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, serving));
        Self {
            url,
            asked,
            _serving: tasks,
        }
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().clone()
    }

    /// A world in which all that is asked of anybody is asked of the fake.
    fn outside(&self, env: &[(&str, &str)]) -> Outside {
        let context = context(env).with_http_send(Everything {
            to: self.url.clone(),
            wire: Wire::new(Reach::Machine),
        });
        Outside::with(context.clone(), context, Arc::new(SystemClock))
    }
}

/// Answers until it is dropped, and all its connections with it.
async fn serve(listener: TcpListener, serving: Serving) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let serving = serving.clone();
        let service = service_fn(move |request| answer(serving.clone(), request));
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service);
        connections.spawn(async move { connection.await.ok() });
    }
}

async fn answer(
    serving: Serving,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let header = |name| parts.headers.get(name).map(|value| value.to_str().unwrap());
    let host = header(FOR_HOST)
        .or_else(|| header("host"))
        .unwrap_or_default();
    let asked = Asked {
        method: parts.method.to_string(),
        host: host.to_owned(),
        path_and_query: parts.uri.to_string(),
        headers: parts.headers.clone(),
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    serving.asked.lock().push(asked.clone());
    let whole = format!("{}{}", asked.host, asked.path_and_query);
    let found = serving
        .answers
        .iter()
        .find(|(start, _)| whole.starts_with(start));
    let (status, text) = match found {
        Some((_, answer)) => answer(&asked),
        None => (StatusCode::NOT_FOUND, String::new()),
    };
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    Ok(response)
}

/// Sends everything to the fake, but for what is for it already.
#[derive(Debug)]
struct Everything {
    to: String,
    wire: Wire,
}

impl HttpSend for Everything {
    async fn http_send(
        &self,
        mut request: Request<Bytes>,
    ) -> reqsign_core::Result<Response<Bytes>> {
        let host = request.uri().authority().unwrap().to_string();
        let path = request.uri().path_and_query().unwrap().to_string();
        request
            .headers_mut()
            .insert(FOR_HOST, host.parse().unwrap());
        *request.uri_mut() = format!("{}{path}", self.to).parse().unwrap();
        self.wire.http_send(request).await
    }
}

fn context(env: &[(&str, &str)]) -> Context {
    let pairs = env
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let envs: HashMap<String, String> = pairs.collect();
    let env = StaticEnv {
        home_dir: None,
        envs,
    };
    Context::new().with_env(env).with_file_read(TokioFileRead)
}

fn says(text: impl Into<String>) -> Answer {
    let text = text.into();
    Box::new(move |_| (StatusCode::OK, text.clone()))
}

fn refuses(status: u16, text: &'static str) -> Answer {
    let status = StatusCode::from_u16(status).unwrap();
    Box::new(move |_| (status, text.to_owned()))
}

/// A time so many seconds from now, as clouds write it.
fn time_in(seconds: i64) -> String {
    let at = jiff::Timestamp::from_second(now() + seconds).unwrap();
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn now() -> i64 {
    SystemClock.now().unix_seconds()
}

fn keys() -> SealKeys {
    SealKeys::from_bytes("k", &[1; 32]).unwrap()
}

fn s3_place() -> StorePlace {
    StorePlace::s3("http://127.0.0.1:1", "eu-west-1", "models")
}

fn bucket(place: StorePlace, plan: &serde_json::Value) -> Arc<BucketFacts> {
    let plan: CredentialPlan = serde_json::from_value(plan.clone()).unwrap();
    let id = BucketId::from_parts(1, [1; 10]);
    let row = BucketRow {
        place,
        sealed_plan: seal(&keys(), &Place::plan(id, 1), &plan).unwrap(),
        external_id: Some("signet-bkt_1".to_owned()),
        ..bucket_row(id, "vision", false)
    };
    Arc::new(row.into())
}

fn opened(place: StorePlace, plan: &serde_json::Value, outside: &Outside) -> Lender {
    open(&keys(), &bucket(place, plan), outside).unwrap()
}

async fn lend(
    place: StorePlace,
    plan: &serde_json::Value,
    outside: &Outside,
) -> Result<Signer, Error> {
    opened(place, plan, outside).lend(Purpose::default()).await
}

/// When a signer's credential ends, in seconds from now.
fn left(signer: &Signer) -> Option<i64> {
    let at = signer.credential_expires_at()?;
    Some(at.unix_seconds() - now())
}

fn stores(outside: Outside) -> Stores {
    let settings = crate::stores::HttpSettings {
        addresses: crate::stores::AddressRules::default().with_loopback(),
        first_backoff: Duration::from_millis(1),
        ..Default::default()
    };
    Stores::with_outside(keys(), Arc::new(SystemClock), settings, outside).unwrap()
}

fn window() -> presign::Window {
    presign::Window {
        from: presign::Timestamp::from_unix_seconds(now()),
        ttl: presign::Ttl::from_seconds(60).unwrap(),
    }
}

fn grant() -> GrantId {
    GrantId::from_parts(1, [7; 10])
}

/// What describes a real store, where one is named.
fn described<T: serde::de::DeserializeOwned>(variable: &str) -> Option<T> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a setting of tests, not of the server"
    )]
    let path = std::env::var(variable).ok()?;
    Some(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
}
