//! Starts everything from a configuration, and ends it in order.

mod listener;
mod mode;
mod observe;
mod parts;
mod tasks;
mod tls;

#[doc(hidden)]
pub use listener::Listener;
pub use mode::Mode;
pub use tls::Error as TlsError;

use crate::api::{App, router};
use crate::clock::Clock;
use crate::config::Config;
use crate::telemetry::meter;
use crate::{admin, db, ledger, stores};
use axum_server::Handle;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Why a server could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// TLS cannot be spoken.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A port cannot be had.
    #[error("`{setting}`: cannot listen on `{address}`")]
    Bind {
        /// The setting that names it.
        setting: &'static str,
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A server for trying things out would be reached from elsewhere.
    #[error("`server.listen` is `{0}`, but a development server listens on loopback alone")]
    NotLoopback(SocketAddr),
    /// The database is for the other mode.
    #[error("the database was made for {kept}\nhint: give this server a database of its own")]
    OtherMode {
        /// What it was made for.
        kept: String,
    },
    /// The sealing keys cannot be used.
    #[error("`seal.key` cannot be used")]
    Seal(#[source] stores::seal::Error),
    /// There is no client for stores.
    #[error(transparent)]
    Stores(stores::Error),
    /// The operating system gives no randomness.
    #[error("the operating system gives no randomness")]
    Randomness(#[source] std::io::Error),
    /// The database cannot be used.
    #[error("the database cannot be used")]
    Db(#[from] db::Error),
    /// The ledger cannot be opened.
    #[error("the ledger cannot be opened")]
    Ledger(#[from] ledger::OpenError),
    /// The first administrator cannot be made.
    #[error("the first administrator cannot be made")]
    Bootstrap(#[source] admin::Error),
}

/// A server that answers.
#[derive(Debug)]
pub struct Running {
    /// Where the API answers.
    pub address: SocketAddr,
    /// Where metrics are served, if they are.
    pub metrics_address: Option<SocketAddr>,
    app: Arc<App>,
    listeners: Vec<Handle<SocketAddr>>,
    listening: TaskTracker,
    tasks: TaskTracker,
    stop: CancellationToken,
    shutdown_timeout: Duration,
}

/// Starts a server. When this returns, it answers.
///
/// # Errors
/// When something that it needs cannot be had.
pub async fn start(config: &Config, mode: Mode, clock: Arc<dyn Clock>) -> Result<Running, Error> {
    // Fails only when it was done before
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    meter();
    let listen = config.server.listen;
    if mode == Mode::Development && !listen.ip().is_loopback() {
        return Err(Error::NotLoopback(listen));
    }
    let header_timeout = config.limits.header_timeout();
    let bind = |setting, address, tls| {
        Listener::bind(address, tls, header_timeout).map_err(|source| Error::Bind {
            setting,
            address,
            source,
        })
    };
    let api = bind("server.listen", listen, tls::load(&config.tls)?)?;
    let metrics = match config.metrics.listen {
        Some(address) => Some(bind("metrics.listen", address, None)?),
        None => None,
    };
    let app = parts::assemble(config, mode, clock).await?;
    let mut running = Running {
        address: api.address(),
        metrics_address: metrics.as_ref().map(Listener::address),
        app: Arc::clone(&app),
        listeners: Vec::new(),
        listening: TaskTracker::new(),
        tasks: TaskTracker::new(),
        stop: CancellationToken::new(),
        shutdown_timeout: config.limits.shutdown_timeout(),
    };
    tasks::start(&app, &running.tasks, &running.stop);
    running.serve(api, "server.listen", router(Arc::clone(&app)))?;
    if let Some(metrics) = metrics {
        running.serve(metrics, "metrics.listen", observe::router(app))?;
    }
    tracing::info!(address = %running.address, metrics.address = ?running.metrics_address, "started");
    Ok(running)
}

impl Running {
    fn serve(
        &mut self,
        listener: Listener,
        setting: &'static str,
        router: axum::Router,
    ) -> Result<(), Error> {
        let address = listener.address();
        let handle = listener
            .serve(router, &self.listening)
            .map_err(|source| Error::Bind {
                setting,
                address,
                source,
            })?;
        self.listeners.push(handle);
        Ok(())
    }

    /// The parts inside, for tests and benchmarks.
    #[doc(hidden)]
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Answers what was asked, takes nothing more, writes what waits, and ends.
    pub async fn shutdown(self) {
        for listener in &self.listeners {
            listener.graceful_shutdown(Some(self.shutdown_timeout));
        }
        self.listening.close();
        self.listening.wait().await;
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.app.registry.shutdown().await;
        self.app.admin.shutdown().await;
        self.app.ledger.shutdown().await;
        self.app.db.close().await;
        tracing::info!("stopped");
    }
}
