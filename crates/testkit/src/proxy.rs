//! A proxy on loopback that counts the bytes that pass it and can hold them back: a slow line to a store,
//! whichever store it is.
//!
//! It changes nothing: what was signed for its address arrives as it was sent.

use std::collections::BTreeSet;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes handed on at a time: small, so that a slow line is an even one.
const CHUNK_BYTES: usize = 32 << 10;

/// A proxy before one address.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    target: SocketAddr,
    up: Line,
    down: Line,
    /// The access keys' ids of clients' requests.
    access_key_ids: Mutex<BTreeSet<String>>,
    stopped: AtomicBool,
}

/// One direction, shared by all connections.
#[derive(Debug)]
struct Line {
    passed_bytes: AtomicU64,
    /// 0: as fast as it goes.
    bytes_per_second: AtomicU64,
    free_at: Mutex<Instant>,
}

impl Line {
    fn new() -> Self {
        Self {
            passed_bytes: AtomicU64::new(0),
            bytes_per_second: AtomicU64::new(0),
            free_at: Mutex::new(Instant::now()),
        }
    }

    /// Waits until the line has room for so many bytes.
    fn pass(&self, bytes: usize) {
        let bytes = bytes as u64;
        let rate = self.bytes_per_second.load(Ordering::Relaxed);
        if let Some(micros) = (bytes * 1_000_000).checked_div(rate) {
            let begin = {
                let mut free_at = self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
                let begin = (*free_at).max(Instant::now());
                *free_at = begin + Duration::from_micros(micros);
                begin
            };
            thread::sleep(begin.saturating_duration_since(Instant::now()));
        }
        self.passed_bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Proxy {
    /// A proxy before `target`.
    ///
    /// # Errors
    /// When no port is to be had.
    pub fn before(target: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            target,
            up: Line::new(),
            down: Line::new(),
            access_key_ids: Mutex::default(),
            stopped: AtomicBool::new(false),
        });
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.stopped.load(Ordering::Relaxed) {
                    return;
                }
                if let Ok(stream) = stream {
                    // A store that is gone shows as a connection that ends
                    let _ = connect(stream, &serving);
                }
            }
        });
        Ok(Self { address, shared })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets so many bytes a second pass in each direction, all connections together; 0 for all.
    pub fn slow_down(&self, bytes_per_second: u64) {
        for line in [&self.shared.up, &self.shared.down] {
            line.bytes_per_second
                .store(bytes_per_second, Ordering::Relaxed);
        }
    }

    /// Bytes that went to the store, heads of requests included.
    pub fn sent_bytes(&self) -> u64 {
        self.shared.up.passed_bytes.load(Ordering::Relaxed)
    }

    /// The ids of the S3 access keys of clients' requests since it was last asked; the server's own are
    /// marked.
    pub fn take_access_key_ids(&self) -> BTreeSet<String> {
        std::mem::take(&mut *self.shared.access_key_ids())
    }

    /// Bytes that came back.
    pub fn received_bytes(&self) -> u64 {
        self.shared.down.passed_bytes.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        // Wakes it, so that it sees that
        let _ = TcpStream::connect(self.address);
    }
}

fn connect(client: TcpStream, shared: &Arc<Shared>) -> io::Result<()> {
    let store = TcpStream::connect(shared.target)?;
    for stream in [&client, &store] {
        stream.set_nodelay(true)?;
    }
    let (client_too, store_too) = (client.try_clone()?, store.try_clone()?);
    let (up, down) = (Arc::clone(shared), Arc::clone(shared));
    let note = move |chunk: &[u8]| up.access_key_ids().extend(access_key_id(chunk));
    let up = Arc::clone(shared);
    thread::spawn(move || hand_on(client_too, store_too, &up.up, note));
    thread::spawn(move || hand_on(store, client, &down.down, |_| {}));
    Ok(())
}

impl Shared {
    fn access_key_ids(&self) -> MutexGuard<'_, BTreeSet<String>> {
        let ids = self.access_key_ids.lock();
        ids.unwrap_or_else(PoisonError::into_inner)
    }
}

/// The id in the URL of the request that begins with these bytes: who waits for the answer before asking
/// again begins each request with bytes of its own.
fn access_key_id(chunk: &[u8]) -> Option<String> {
    let line = chunk.split(|byte| *byte == b'\r').next()?;
    let line = std::str::from_utf8(line).ok()?;
    if line.contains("x-signet=server") {
        return None;
    }
    let (_, credential) = line.split_once("X-Amz-Credential=")?;
    credential.split('%').next().map(str::to_owned)
}

/// Hands bytes on until one side ends.
fn hand_on(mut from: TcpStream, mut to: TcpStream, line: &Line, note: impl Fn(&[u8])) {
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        match from.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(length) => {
                let chunk = buffer.get(..length).unwrap_or_default();
                note(chunk);
                line.pass(length);
                if to.write_all(chunk).is_err() {
                    // Whoever sends learns at once that nobody listens
                    let _ = from.shutdown(Shutdown::Read);
                    break;
                }
            }
        }
    }
    // It may be closed already
    let _ = to.shutdown(Shutdown::Write);
}
