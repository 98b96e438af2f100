//! A Signet server and a store on loopback, as far as the client sees them, with a log of every
//! request and faults on demand.

mod api;
mod store;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use client::{Api, ApiBuilder, RetryPolicy};
use http::{HeaderMap, Method, StatusCode};
use protocol::digest::{Digest, Sha256Digest};
use protocol::id::{ObjectId, UploadId, VersionId};
use protocol::transfer::UploadState;
use protocol::{EntryPath, ErrorCode};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) const TOKEN: &str = "signet-0123456789abcdefghijklmnopqrstuvwxyzABCD";

/// Where redirects lead.
pub(crate) const ELSEWHERE: &str = "/elsewhere";

/// One request as the server saw it.
#[derive(Debug, Clone)]
pub(crate) struct Hit {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// Which signed URL it came by.
    pub(crate) signature: Option<u64>,
    pub(crate) part: Option<u32>,
    pub(crate) headers: HeaderMap,
    pub(crate) received_bytes: u64,
    pub(crate) status: u16,
}

impl Hit {
    pub(crate) fn is_store(&self) -> bool {
        self.path.starts_with("/store/")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// What to do instead of the right thing.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// Answer with this status and, from the store, this code.
    Status(u16, &'static str),
    /// The same, with `Retry-After` in seconds.
    Later(u16, u64),
    /// Break off the answer after this many bytes.
    Cut(usize),
    /// Send the client elsewhere with this status.
    Redirect(u16),
}

type Rule = Box<dyn Fn(&Hit) -> bool + Send>;

/// Content in the store.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Bytes(Arc<Vec<u8>>),
    /// So many zeros, or bytes that were counted and dropped.
    Zeros(u64),
}

impl Content {
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Zeros(size) => *size,
        }
    }
}

pub(crate) type Entries = BTreeMap<EntryPath, (u64, Digest, ObjectId)>;

pub(crate) struct Upload {
    pub(crate) object: ObjectId,
    pub(crate) key: String,
    pub(crate) size_bytes: u64,
    pub(crate) part_size_bytes: u64,
    pub(crate) digest: Digest,
    pub(crate) parts: BTreeMap<u32, (Sha256Digest, Content)>,
    pub(crate) state: UploadState,
}

/// Everything that the two servers know.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) log: Vec<Hit>,
    faults: Vec<(usize, Rule, Fault)>,
    /// By key.
    pub(crate) contents: HashMap<String, Content>,
    pub(crate) etags: HashMap<String, u64>,
    pub(crate) index: HashMap<Digest, ObjectId>,
    pub(crate) announced: HashMap<ObjectId, (u64, Digest)>,
    pub(crate) drafts: HashMap<VersionId, Entries>,
    pub(crate) versions: Vec<(VersionId, Entries)>,
    pub(crate) uploads: HashMap<UploadId, Upload>,
    /// Signed URLs that the store does not accept any more.
    pub(crate) expired: HashSet<u64>,
    pub(crate) issued: u64,
    /// Entries in a page of URLs.
    pub(crate) page: usize,
    /// Names to hand out in place of the first entries' own.
    pub(crate) odd_names: Vec<String>,
    /// The number of entries to announce in place of the right one.
    pub(crate) odd_count: Option<u64>,
    /// Bytes are counted and hashed, not kept.
    pub(crate) discard: bool,
    /// How often a commit answers 202 first.
    pub(crate) slow_commit: u32,
    /// How often a commit says that something is missing, and loses it.
    pub(crate) lossy_commit: u32,
    /// How many landed objects are lost.
    pub(crate) lossy_landing: u32,
    /// Run when entries are registered.
    pub(crate) on_register: Option<Box<dyn FnOnce() + Send>>,
    counter: u64,
}

impl World {
    pub(crate) fn count(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// Has `fault` happen to the next `times` requests that `rule` fits.
    pub(crate) fn fault(
        &mut self,
        times: usize,
        fault: Fault,
        rule: impl Fn(&Hit) -> bool + Send + 'static,
    ) {
        self.faults.push((times, Box::new(rule), fault));
    }

    fn next_fault(&mut self, hit: &Hit) -> Option<Fault> {
        let at = self
            .faults
            .iter()
            .position(|(times, rule, _)| *times > 0 && rule(hit))?;
        let (times, _, fault) = &mut self.faults[at];
        *times -= 1;
        Some(*fault)
    }

    pub(crate) fn sign(&mut self, base: &str, key: &str, query: &str) -> String {
        self.issued += 1;
        let path: Vec<_> = key
            .split('/')
            .map(|part| url::form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>())
            .map(|part| part.replace('+', "%20"))
            .collect();
        format!(
            "{base}/store/{}?{query}signature={}",
            path.join("/"),
            self.issued
        )
    }

    /// Requests to the store by this method.
    pub(crate) fn stored(&self, method: &Method) -> Vec<Hit> {
        let fits = |hit: &&Hit| hit.is_store() && hit.method == method;
        self.log.iter().filter(fits).cloned().collect()
    }

    /// Bytes that the store took.
    pub(crate) fn taken_bytes(&self) -> u64 {
        self.stored(&Method::PUT)
            .iter()
            .filter(|hit| hit.status == 200)
            .map(|hit| hit.received_bytes)
            .sum()
    }
}

/// Both servers, until it is dropped.
pub(crate) struct Fake {
    world: Arc<Mutex<World>>,
    pub(crate) base: String,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
}

impl Fake {
    /// Serves from a thread of its own, so that a test's paused clock does not pause it.
    pub(crate) fn start() -> Self {
        let world = World {
            page: 5_000,
            ..World::default()
        };
        let world = Arc::new(Mutex::new(world));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let shared = Shared {
            world: Arc::clone(&world),
            base: base.clone(),
        };
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let app = axum::Router::new().fallback(move |request| handle(shared, request));
                tokio::select! {
                    served = async { axum::serve(listener, app).await } => served.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        Self {
            world,
            base,
            stop: Some(stop),
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A client without timeouts: under a paused clock they would fire at once.
    pub(crate) fn api(&self) -> Api {
        self.builder().build().unwrap()
    }

    pub(crate) fn builder(&self) -> ApiBuilder {
        Api::builder(&self.base)
            .token(TOKEN.parse().unwrap())
            .system_proxy(false)
            .connect_timeout(None)
            .idle_timeout(None)
            .retry(RetryPolicy::default())
            .jitter_seed(1)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

#[derive(Clone)]
struct Shared {
    world: Arc<Mutex<World>>,
    base: String,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn handle(shared: Shared, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let query = |name: &str| {
        let pairs = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        pairs
            .into_owned()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    };
    let mut hit = Hit {
        method: parts.method.clone(),
        path: parts.uri.path().to_owned(),
        signature: query("signature").and_then(|text| text.parse().ok()),
        part: query("partNumber").and_then(|text| text.parse().ok()),
        headers: parts.headers.clone(),
        received_bytes: 0,
        status: 0,
    };
    let fault = shared.world().next_fault(&hit);
    let response = if let Some(Fault::Redirect(status)) = fault {
        redirect(status, &shared.base, body).await
    } else if hit.path == ELSEWHERE {
        Response::new(Body::empty())
    } else if hit.is_store() {
        let upload = query("uploadId").and_then(|text| text.parse().ok());
        store::answer(&shared, &mut hit, upload, body, fault).await
    } else {
        let bytes = axum::body::to_bytes(body, 64 << 20).await.unwrap();
        hit.received_bytes = bytes.len() as u64;
        match fault {
            Some(Fault::Status(status, _)) => problem(status, ErrorCode::Internal, None),
            Some(Fault::Later(status, after)) => {
                problem(status, ErrorCode::RateLimited, Some(after))
            }
            _ => api::answer(&shared, &hit, &bytes, query("after")),
        }
    };
    hit.status = response.status().as_u16();
    shared.world().log.push(hit);
    response
}

async fn redirect(status: u16, base: &str, body: Body) -> Response {
    // Read to the end, or the client may see a broken connection instead of the answer
    axum::body::to_bytes(body, 64 << 20).await.unwrap();
    Response::builder()
        .status(status)
        .header("location", format!("{base}{ELSEWHERE}"))
        .body(Body::empty())
        .unwrap()
}

fn problem(status: u16, code: ErrorCode, retry_after: Option<u64>) -> Response {
    let body = serde_json::json!({
        "status": status,
        "code": code,
        "detail": "as the test wishes",
        "request_id": "req_fake",
    });
    let mut response = Response::builder()
        .status(status)
        .header("content-type", "application/problem+json");
    if let Some(seconds) = retry_after {
        response = response.header("retry-after", seconds);
    }
    response.body(Body::from(body.to_string())).unwrap()
}

fn json(status: StatusCode, body: &impl serde::Serialize) -> Response {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(Body::from(serde_json::to_vec(body).unwrap()))
        .unwrap()
}
