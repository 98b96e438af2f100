//! Puts one file as a plain object.

use super::parts::{PartsUpload, Uploaded};
use super::send::{Sent, send};
use crate::api::Api;
use crate::error::{Error, Peer, Result, printable};
use crate::hash::{FileDigest, LocalFile, digest_file, threads};
use crate::pace::Pace;
use crate::plan::{Parallelism, Piece};
use crate::progress::{Meter, Phase, Progress};
use crate::retry::Attempts;
use crate::store::{Signed, Slice};
use protocol::digest::{Digest, Sha256Digest};
use protocol::layout::{Layout, MAX_OBJECT_BYTES};
use protocol::transfer::{NewUpload, Object, Reach, UrlMethod, UrlsObject, UrlsRequest};
use protocol::{FileKey, TeamName};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How many uploads in parts are begun for one object.
const MAX_UPLOADS: u32 = 3;

/// Which file to put as which object.
///
/// ```
/// let options = client::PutObjectOptions::new("step-100.pt", "vision".parse()?, "runs/7/step-100.pt".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PutObjectOptions {
    /// The file.
    pub source: PathBuf,
    /// The team that owns the object.
    pub team: TeamName,
    /// The object's name beneath the team's root.
    pub key: FileKey,
    /// How many requests may be in flight.
    pub parallelism: Parallelism,
    /// From where the URLs are used; by default from anywhere, at the store's usual address.
    pub reach: Reach,
}

impl PutObjectOptions {
    /// Puts the file `source` as `key` of `team`.
    pub fn new(source: impl Into<PathBuf>, team: TeamName, key: FileKey) -> Self {
        Self {
            source: source.into(),
            team,
            key,
            parallelism: Parallelism::default(),
            reach: Reach::default(),
        }
    }
}

/// What putting an object did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PutObjectOutcome {
    /// The digest of the bytes, by the layout of their size.
    pub digest: Digest,
    /// Size in bytes.
    pub size_bytes: u64,
    /// Bytes that went up; fewer than the size when an earlier upload was taken up again.
    pub uploaded_bytes: u64,
    /// For an object that went up in parts: what the server verified.
    pub object: Option<Object>,
}

/// Puts one file as a plain object, in parts if it is large.
///
/// # Errors
/// [`Error::SourceChanged`] when the file is written to meanwhile; else what the server or the store
/// said.
pub async fn put_object(
    api: &Api,
    options: PutObjectOptions,
    progress: &dyn Progress,
) -> Result<PutObjectOutcome> {
    let meter = Meter::new(progress);
    let shown = printable(&options.source.to_string_lossy());
    let unreadable = |source| Error::file("read", &options.source, source);
    let metadata = tokio::fs::metadata(&options.source)
        .await
        .map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(Error::setup(format!("`{shown}` is not a file")));
    }
    let size_bytes = metadata.len();
    let layout = Layout::of(size_bytes).ok_or_else(|| {
        let most = format!("at most {MAX_OBJECT_BYTES} bytes are possible");
        Error::setup(format!("`{shown}` has {size_bytes} bytes; {most}"))
    })?;
    meter.change(|status| {
        status.phase = Phase::Hashing;
        status.files_total = 1;
        status.bytes_total = size_bytes;
    });
    let file = Arc::new(LocalFile {
        path: options.source.clone(),
        shown,
        size_bytes,
    });
    let hashing = Semaphore::new(threads());
    let hashed = |bytes| meter.hashed(bytes);
    let digest = digest_file(&file, layout, &hashing, hashed).await?;
    meter.phase(Phase::Uploading);
    let known = digest.digest;
    let run = ObjectPut {
        api,
        options: &options,
        file,
        meter: &meter,
    };
    let object = match known {
        Digest::Sha256(sha256) => {
            run.single(sha256).await?;
            None
        }
        _ => Some(run.in_parts(layout, digest).await?),
    };
    meter.file_done();
    meter.phase(Phase::Done);
    Ok(PutObjectOutcome {
        digest: known,
        size_bytes,
        uploaded_bytes: meter.status().bytes_transferred,
        object,
    })
}

struct ObjectPut<'a> {
    api: &'a Api,
    options: &'a PutObjectOptions,
    file: Arc<LocalFile>,
    meter: &'a Meter<'a>,
}

impl ObjectPut<'_> {
    async fn single(&self, sha256: Sha256Digest) -> Result<()> {
        let slice = Slice {
            file: Arc::clone(&self.file),
            piece: Piece {
                offset: 0,
                length: self.file.size_bytes,
            },
            sha256,
        };
        let mut attempts = Attempts::new(self.api.retry(), self.api.jitter());
        let mut signed = self.sign(UrlMethod::Put, Some(sha256)).await?;
        loop {
            match send(self.api, &slice, &signed, &mut attempts, self.meter).await? {
                Sent::Done => return Ok(()),
                // An attempt whose answer was lost may have made it
                Sent::Exists(error) if attempts.failures() > 0 => {
                    if self.is_ours(sha256).await? {
                        self.meter.deduplicated(self.file.size_bytes);
                        return Ok(());
                    }
                    return Err(error);
                }
                Sent::Exists(error) | Sent::Gone(error) => return Err(error),
                Sent::Spent { refused, error } => {
                    let fresh = self.sign(UrlMethod::Put, Some(sha256)).await?;
                    if refused && fresh.same_url(&signed) {
                        return Err(error);
                    }
                    signed = fresh;
                }
            }
        }
    }

    /// Whether the store says of the object that it has this digest.
    async fn is_ours(&self, sha256: Sha256Digest) -> Result<bool> {
        let signed = self.sign(UrlMethod::Head, None).await?;
        let headers = self.api.store().head(&signed, &self.file.shown).await?;
        let said = headers.get("x-amz-checksum-sha256");
        Ok(said.is_some_and(|said| said.as_bytes() == sha256.to_base64().as_bytes()))
    }

    async fn sign(&self, method: UrlMethod, sha256: Option<Sha256Digest>) -> Result<Signed> {
        let body = UrlsRequest {
            method,
            objects: vec![UrlsObject {
                key: self.options.key.clone(),
                sha256,
                size_bytes: sha256.map(|_| self.file.size_bytes),
            }],
            ttl_seconds: None,
            save_as: None,
            audience: self.options.reach.audience,
            network: self.options.reach.network,
        };
        let answer = self.api.create_urls(&self.options.team, &body).await?;
        let Some(first) = answer.urls.first() else {
            return Err(Error::answer(Peer::Server, "has no URL"));
        };
        Signed::new(&first.url, answer.headers.iter().chain(&first.headers))
    }

    async fn in_parts(&self, layout: Layout, digest: FileDigest) -> Result<Object> {
        let pace = Pace::new(self.options.parallelism.parts());
        let body = NewUpload {
            key: self.options.key.clone(),
            size_bytes: self.file.size_bytes,
            digest: digest.digest,
        };
        let mut tries = 0;
        loop {
            let upload = self.api.create_upload(&self.options.team, &body).await?;
            let parts = PartsUpload {
                api: self.api,
                upload: upload.id,
                file: Arc::clone(&self.file),
                layout,
                digest: digest.clone(),
                pace: &pace,
                in_flight: self.options.parallelism.parts(),
                meter: self.meter,
                reach: self.options.reach,
            };
            match parts.run().await? {
                Uploaded::Done(object) => return Ok(object),
                Uploaded::Again(error) => {
                    tries += 1;
                    if tries == MAX_UPLOADS {
                        return Err(error);
                    }
                }
            }
        }
    }
}
