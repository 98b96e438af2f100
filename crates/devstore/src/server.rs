//! The listener: bound before anything is spawned, stopped without cutting answers off.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use presign::Timestamp;
use s3s::service::S3ServiceBuilder;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::access_log::AccessLog;
use crate::authentication::Verifiers;
use crate::counters::{Counters, Requests};
use crate::folder::Folder;
use crate::front::Front;
use crate::settings::{BucketSettings, Credential, Settings};
use crate::{Clock, Error};

/// How long a request that runs at shutdown may take to end.
const GRACE: Duration = Duration::from_secs(5);
/// The smallest part that S3 takes, but for an upload's last.
const MIN_PART_BYTES: u64 = 5 * 1024 * 1024;

/// Gathers what a store is started with.
#[derive(Clone)]
pub struct Builder {
    root: PathBuf,
    region: String,
    buckets: Vec<BucketSettings>,
    credentials: Vec<Credential>,
    access_log: Option<PathBuf>,
    clock: Clock,
    address: SocketAddr,
    min_part_bytes: u64,
}

impl Builder {
    /// The region that signatures must name; `us-east-1` unless set.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = region.into();
        self
    }

    /// Adds a bucket; its folder is made when absent.
    #[must_use]
    pub fn bucket(mut self, bucket: BucketSettings) -> Self {
        self.buckets.push(bucket);
        self
    }

    /// Adds a credential.
    #[must_use]
    pub fn credential(mut self, credential: Credential) -> Self {
        self.credentials.push(credential);
        self
    }

    /// Appends a line per request to this file.
    #[must_use]
    pub fn access_log(mut self, path: impl Into<PathBuf>) -> Self {
        self.access_log = Some(path.into());
        self
    }

    /// Takes the time from here; from the system unless set.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The address to listen on; a free port of `127.0.0.1` unless set.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// The smallest part that an upload may be completed with, but for its last one: 5 MiB, as
    /// S3 has it, unless a test wants many parts of few bytes.
    #[must_use]
    pub fn min_part_bytes(mut self, bytes: u64) -> Self {
        self.min_part_bytes = bytes;
        self
    }

    /// Opens the folder, binds the address and starts to answer.
    ///
    /// # Errors
    /// When a setting contradicts another, or the folder, the log or the address cannot be had.
    pub async fn start(self) -> Result<DevStore, Error> {
        let settings = Settings::check(self.region, self.buckets, self.credentials)?;
        let log = match AccessLog::open(self.access_log.as_deref()) {
            Ok(log) => Arc::new(log),
            Err(source) => {
                let path = self.access_log.unwrap_or_default();
                return Err(Error::AccessLog { path, source });
            }
        };
        let folder = Folder::open(
            &self.root,
            settings.buckets.keys().map(String::as_str),
            Arc::clone(&self.clock),
            settings.region.clone(),
            self.min_part_bytes,
        )?;
        let failed = |source| Error::Listen {
            address: self.address,
            source,
        };
        let listener = TcpListener::bind(self.address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let front = Arc::new(Front {
            verifiers: Verifiers::new(&settings.region),
            settings,
            operations: S3ServiceBuilder::new(folder).build(),
            clock: self.clock,
            log,
            counters: Counters::default(),
            latency_micros: AtomicU64::new(0),
            unavailable: AtomicBool::new(false),
        });
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        tasks.spawn(accept(
            listener,
            Arc::clone(&front),
            stop.clone(),
            tasks.clone(),
        ));
        Ok(DevStore {
            endpoint: format!("http://{address}"),
            address,
            front,
            tasks,
            stop: stop.drop_guard(),
        })
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("root", &self.root)
            .field("buckets", &self.buckets)
            .finish_non_exhaustive()
    }
}

/// A running store. It stops when dropped; [`DevStore::shutdown`] also waits for it.
pub struct DevStore {
    endpoint: String,
    address: SocketAddr,
    front: Arc<Front>,
    tasks: TaskTracker,
    stop: DropGuard,
}

impl DevStore {
    /// A store over the folder `root`.
    pub fn builder(root: impl Into<PathBuf>) -> Builder {
        Builder {
            root: root.into(),
            region: "us-east-1".to_owned(),
            buckets: Vec::new(),
            credentials: Vec::new(),
            access_log: None,
            clock: Arc::new(system_time),
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            min_part_bytes: MIN_PART_BYTES,
        }
    }

    /// `http://ADDRESS:PORT`, to sign URLs for, in path style.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The address that is listened on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets every request wait this long before it is looked at.
    pub fn set_latency(&self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.front.latency_micros.store(micros, Ordering::Relaxed);
    }

    /// Answers everything with 503 `SlowDown`, or no longer.
    pub fn set_unavailable(&self, unavailable: bool) {
        self.front.unavailable.store(unavailable, Ordering::Relaxed);
    }

    /// What arrived so far.
    pub fn requests(&self) -> Requests {
        self.front.counters.snapshot()
    }

    /// Stops listening and waits for the answers that are being given.
    pub async fn shutdown(self) {
        drop(self.stop);
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl std::fmt::Debug for DevStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DevStore")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the clock that is passed in where nobody passes another"
)]
fn system_time() -> Timestamp {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seconds = since_epoch.map_or(0, |time| time.as_secs());
    Timestamp::from_unix_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
}

async fn accept(
    listener: TcpListener,
    front: Arc<Front>,
    stop: CancellationToken,
    tasks: TaskTracker,
) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let serving = serve(
                    stream,
                    peer,
                    Arc::clone(&front),
                    stop.clone(),
                    tasks.clone(),
                );
                tasks.spawn(serving);
            }
            // Out of descriptors, most likely: those in use have to end first
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    front: Arc<Front>,
    stop: CancellationToken,
    tasks: TaskTracker,
) {
    // Only slower without it
    let _ = stream.set_nodelay(true);
    // A task of its own: who sent all of a request and left does not take it back, and the log has it
    let service = service_fn(move |request| {
        let front = Arc::clone(&front);
        tasks.spawn(async move { front.answer(request, peer.ip()).await })
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(GRACE, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}
