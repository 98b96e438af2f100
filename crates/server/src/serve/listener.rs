//! A listener: bound first, served in a task, ended gracefully.

use axum::Router;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Handle, Server};
use hyper_util::rt::TokioTimer;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;
use tokio_util::task::TaskTracker;

/// Streams that one HTTP/2 connection may have open at the same time.
const MAX_STREAMS: u32 = 256;
/// Largest head of a request, in bytes.
const MAX_HEADER_BYTES: u32 = 64 * 1024;

/// A bound port, and how it is served.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    socket: TcpListener,
    tls: Option<RustlsConfig>,
    header_timeout: Duration,
}

impl Listener {
    /// Takes the port.
    pub fn bind(
        address: SocketAddr,
        tls: Option<RustlsConfig>,
        header_timeout: Duration,
    ) -> std::io::Result<Self> {
        let socket = TcpListener::bind(address)?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            address: socket.local_addr()?,
            socket,
            tls,
            header_timeout,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves a router until the handle ends it.
    pub fn serve(self, router: Router, tasks: &TaskTracker) -> std::io::Result<Handle<SocketAddr>> {
        let handle = Handle::new();
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let mut server = axum_server::from_tcp(self.socket)?
            .handle(handle.clone())
            .first_request_timeout(self.header_timeout)
            .accept_error_handler(|_, error| {
                tracing::debug!(error = %error, "connection was not accepted");
            });
        set_limits(&mut server, self.header_timeout);
        let address = self.address;
        let ended = move |result: std::io::Result<()>| {
            if let Err(error) = result {
                tracing::error!(%address, %error, "listener ended");
            }
        };
        if let Some(tls) = self.tls {
            let acceptor = RustlsAcceptor::new(tls)
                .handshake_timeout(self.header_timeout)
                .acceptor(axum_server::accept::NoDelayAcceptor);
            let server = server.acceptor(acceptor);
            tasks.spawn(async move { ended(server.serve(service).await) });
        } else {
            let server = server.acceptor(axum_server::accept::NoDelayAcceptor);
            tasks.spawn(async move { ended(server.serve(service).await) });
        }
        Ok(handle)
    }
}

fn set_limits(server: &mut Server<SocketAddr>, header_timeout: Duration) {
    let builder = server.http_builder();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_buf_size(usize::try_from(MAX_HEADER_BYTES).unwrap_or(usize::MAX));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEADER_BYTES)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
}
