//! Where downloaded bytes go: hashed and written on threads that may block, a little at a time.

use crate::blocking::blocking;
use crate::error::{Error, Result};
use crate::hash::Hasher;
use bytes::Bytes;
use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinHandle;

/// How much is gathered before it is written, in bytes.
const GATHER_BYTES: usize = 1 << 20;

/// A file that stretches are written to side by side, each by an opening of its own.
#[derive(Debug)]
pub(crate) struct SharedFile {
    pub(crate) file: File,
    /// Whose turn it is to write. A file system lets one at a time write to a file, and whoever waits for
    /// that in the kernel burns the time that hashing needs.
    pub(crate) turn: Arc<Mutex<()>>,
}

struct Writer {
    into: SharedFile,
    hasher: Hasher,
}

impl Writer {
    fn write(&mut self, chunks: &[Bytes]) -> std::io::Result<()> {
        for chunk in chunks {
            self.hasher.update(chunk);
        }
        let SharedFile { file, turn } = &mut self.into;
        let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        chunks.iter().try_for_each(|chunk| file.write_all(chunk))
    }
}

type Written = std::io::Result<Writer>;

/// Takes the bytes of one request after the other; knows how many it has.
pub(crate) struct Sink {
    shown: String,
    gathered: Vec<Bytes>,
    gathered_bytes: usize,
    accepted_bytes: u64,
    idle: Option<Writer>,
    busy: Option<JoinHandle<Written>>,
}

impl Sink {
    /// Writes to a file from `offset` on.
    pub(crate) async fn new(
        mut into: SharedFile,
        offset: u64,
        hasher: Hasher,
        shown: &str,
    ) -> Result<Self> {
        let into = blocking(move || into.file.seek(SeekFrom::Start(offset)).map(|_| into))
            .await?
            .map_err(|source| failed(shown, source))?;
        Ok(Self {
            shown: shown.to_owned(),
            gathered: Vec::new(),
            gathered_bytes: 0,
            accepted_bytes: 0,
            idle: Some(Writer { into, hasher }),
            busy: None,
        })
    }

    /// How many bytes were taken so far.
    pub(crate) fn accepted_bytes(&self) -> u64 {
        self.accepted_bytes
    }

    /// Takes bytes; waits while too many are not written yet.
    pub(crate) async fn accept(&mut self, chunk: Bytes) -> Result<()> {
        self.accepted_bytes += chunk.len() as u64;
        self.gathered_bytes += chunk.len();
        self.gathered.push(chunk);
        if self.gathered_bytes >= GATHER_BYTES {
            self.flush().await?;
        }
        Ok(())
    }

    /// Writes what is left and returns the hash of everything.
    pub(crate) async fn finish(mut self) -> Result<Hasher> {
        if !self.gathered.is_empty() {
            self.flush().await?;
        }
        Ok(self.writer().await?.hasher)
    }

    async fn flush(&mut self) -> Result<()> {
        let mut writer = self.writer().await?;
        let chunks = std::mem::take(&mut self.gathered);
        self.gathered_bytes = 0;
        self.busy = Some(tokio::task::spawn_blocking(move || {
            writer.write(&chunks)?;
            Ok(writer)
        }));
        Ok(())
    }

    async fn writer(&mut self) -> Result<Writer> {
        if let Some(busy) = self.busy.take() {
            return busy
                .await
                .map_err(|error| Error::lost_task(&error))?
                .map_err(|source| failed(&self.shown, source));
        }
        self.idle.take().ok_or_else(|| {
            let source = std::io::Error::other("an earlier write failed");
            failed(&self.shown, source)
        })
    }
}

fn failed(shown: &str, source: std::io::Error) -> Error {
    Error::File {
        action: "write",
        path: shown.to_owned(),
        source,
    }
}
