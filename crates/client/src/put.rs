//! Putting files into a team's bucket.

mod engine;
mod object;
mod parts;
mod send;

pub use object::{PutObjectOptions, PutObjectOutcome, put_object};

use crate::api::{Api, CommitAnswer};
use crate::blocking::blocking;
use crate::error::{Error, Peer, Result};
use crate::plan::Parallelism;
use crate::progress::{Meter, Phase, Progress};
use crate::source::Source;
use engine::Run;
use protocol::artifact::{Commit, Committed, NewVersion, Version};
use protocol::id::VersionId;
use protocol::name::ArtifactRef;
use protocol::transfer::Reach;
use protocol::{Alias, ErrorCode};
use std::path::PathBuf;
use std::time::Duration;

/// How often what the bucket lost is sent, the first time included.
const MAX_ROUNDS: u32 = 3;
/// The longest pause between two questions about a commit that goes on.
const MAX_POLL_PAUSE: Duration = Duration::from_secs(2);
/// How many answers in a row may show no progress of a commit.
const MAX_STILL_POLLS: u32 = 300;

/// What to put where.
///
/// ```
/// let mut options = client::PutOptions::new("data/train", "vision/imagenet/train".parse()?);
/// options.aliases.push("nightly".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PutOptions {
    /// A folder, or one file.
    pub source: PathBuf,
    /// The collection that gets a version. It must not name one.
    pub target: ArtifactRef,
    /// What the collection holds: `dataset`, `model`.
    pub kind: Option<String>,
    /// Aliases that the version takes over besides `latest`.
    pub aliases: Vec<Alias>,
    /// For people.
    pub description: Option<String>,
    /// A JSON object of the caller's own, at most 64 KiB.
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
    /// How many requests may be in flight.
    pub parallelism: Parallelism,
    /// From where the URLs are used; by default from anywhere, at the store's usual address.
    pub reach: Reach,
}

impl PutOptions {
    /// Puts `source` as the next version of `target`.
    pub fn new(source: impl Into<PathBuf>, target: ArtifactRef) -> Self {
        Self {
            source: source.into(),
            target,
            kind: None,
            aliases: Vec::new(),
            description: None,
            metadata: None,
            parallelism: Parallelism::default(),
            reach: Reach::default(),
        }
    }
}

/// What a put did.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PutOutcome {
    /// The committed version; the newest one from before if its content is the same.
    pub version: Version,
    /// True when the newest version had this content already.
    pub unchanged: bool,
    /// Number of files in the source.
    pub file_count: u64,
    /// Size of all of them in bytes.
    pub size_bytes: u64,
    /// Bytes that went up.
    pub uploaded_bytes: u64,
    /// Bytes that the bucket had already.
    pub deduplicated_bytes: u64,
    /// Number of empty folders, which artifacts do not hold.
    pub empty_directories: u64,
}

/// Puts a folder or file as a new version of a collection.
///
/// Interrupted and called again, it goes on where it was: the server knows which objects and parts
/// it has. Cancel it by dropping the future.
///
/// # Errors
/// [`Error::Names`] before anything is sent; [`Error::SourceChanged`] when a file is written to
/// meanwhile; else what the server or the store said.
pub async fn put(api: &Api, options: PutOptions, progress: &dyn Progress) -> Result<PutOutcome> {
    if let Some(version) = &options.target.version {
        let reason = format!("a put makes a new version; leave out `:{version}`, or give an alias");
        return Err(Error::setup(reason));
    }
    let meter = Meter::new(progress);
    let root = options.source;
    let source = blocking(move || Source::scan(&root)).await??;
    let file_count = source.files.len() as u64;
    let size_bytes = source.files.iter().map(|file| file.size_bytes).sum();
    meter.change(|status| {
        status.files_total = file_count;
        status.bytes_total = size_bytes;
    });
    let new = NewVersion {
        collection: options.target.collection,
        kind: options.kind,
        description: options.description,
        metadata: options.metadata,
    };
    let (team, project) = (&options.target.team, &options.target.project);
    let draft = api.create_version(team, project, &new).await?;
    let run = Run::new(
        api,
        draft.id,
        &source,
        &meter,
        options.parallelism,
        options.reach,
    );
    let committed = transfer(&run, draft.id, options.aliases).await?;
    meter.phase(Phase::Done);
    let status = meter.status();
    Ok(PutOutcome {
        version: committed.version,
        unchanged: committed.unchanged,
        file_count,
        size_bytes,
        uploaded_bytes: status.bytes_transferred,
        deduplicated_bytes: status.bytes_deduplicated,
        empty_directories: source.empty_directories,
    })
}

/// Sends everything and commits; sends again what the bucket turns out to miss.
async fn transfer(run: &Run<'_>, version: VersionId, aliases: Vec<Alias>) -> Result<Committed> {
    let mut state = run.begin();
    let commit_body = Commit { aliases };
    let mut round = 1;
    loop {
        run.transfer(&mut state).await?;
        run.meter.phase(Phase::Committing);
        match commit(run.api, version, &commit_body).await {
            Err(error)
                if error.code() == Some(ErrorCode::ContentMismatch) && round < MAX_ROUNDS =>
            {
                tracing::warn!(%error, "the bucket misses files; they are sent again");
                run.again(&mut state);
                round += 1;
            }
            other => return other,
        }
    }
}

async fn commit(api: &Api, version: VersionId, body: &Commit) -> Result<Committed> {
    let mut pause = Duration::from_millis(100);
    let mut waited = Duration::ZERO;
    let (mut verified, mut still) = (0, 0);
    loop {
        match api.commit_version(version, body).await? {
            CommitAnswer::Committed(committed) => return Ok(*committed),
            CommitAnswer::InProgress {
                progress,
                retry_after,
            } => {
                if progress.verified > verified {
                    (verified, still, waited) = (progress.verified, 0, Duration::ZERO);
                } else {
                    still += 1;
                }
                if still > MAX_STILL_POLLS {
                    return Err(Error::Stalled {
                        peer: Peer::Server,
                        seconds: waited.as_secs(),
                    });
                }
                let wait = retry_after
                    .unwrap_or(pause)
                    .min(api.retry().max_retry_after);
                tokio::time::sleep(wait).await;
                waited += wait;
                pause = (pause * 2).min(MAX_POLL_PAUSE);
            }
        }
    }
}
