//! The folder behind the store: a folder per bucket, each with records and data files.

pub(crate) mod bucket;
pub(crate) mod listing;
pub(crate) mod piece;
pub(crate) mod record;

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use s3s::dto::Timestamp;
use s3s::{S3Error, S3Result, s3_error};

use self::bucket::Bucket;
use crate::{Clock, Error};

/// All buckets.
pub(crate) struct Folder {
    buckets: BTreeMap<String, Arc<Bucket>>,
    clock: Clock,
    pub(crate) region: String,
    /// S3 says 5 MiB; every part but the last must have it.
    pub(crate) min_part_bytes: u64,
    /// Held as long as this is, so that no other process sweeps the folder under it.
    _lock: File,
}

impl Folder {
    pub(crate) fn open<'a>(
        root: &Path,
        names: impl Iterator<Item = &'a str>,
        clock: Clock,
        region: String,
        min_part_bytes: u64,
    ) -> Result<Self, Error> {
        let failed = |source| Error::Folder {
            root: root.to_path_buf(),
            source,
        };
        let lock = fs::create_dir_all(root)
            .and_then(|()| File::create(root.join("lock")))
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::FolderInUse(root.to_path_buf())),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let buckets = names
            .map(|name| {
                let bucket = Bucket::open(&root.join(name))?;
                Ok((name.to_owned(), Arc::new(bucket)))
            })
            .collect::<io::Result<_>>()
            .map_err(failed)?;
        Ok(Self {
            buckets,
            clock,
            region,
            min_part_bytes,
            _lock: lock,
        })
    }

    pub(crate) fn bucket(&self, name: &str) -> S3Result<Arc<Bucket>> {
        self.buckets
            .get(name)
            .cloned()
            .ok_or_else(|| s3_error!(NoSuchBucket, "The specified bucket does not exist"))
    }

    pub(crate) fn now_unix_seconds(&self) -> i64 {
        (self.clock)().unix_seconds()
    }
}

/// Runs what touches the disk where that may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> S3Result<T> + Send + 'static,
) -> S3Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(S3Error::internal_error)?
}

pub(crate) fn timestamp(unix_seconds: i64) -> Timestamp {
    let seconds = u64::try_from(unix_seconds).unwrap_or(0);
    Timestamp::from(UNIX_EPOCH + Duration::from_secs(seconds))
}
