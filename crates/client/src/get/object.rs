//! Gets one plain object.

use super::fetch::{Lease, Urls, Wanted, fetch};
use crate::api::Api;
use crate::blocking::blocking;
use crate::error::{Error, Peer, Result, printable};
use crate::hash::Hasher;
use crate::progress::{Meter, Phase, Progress};
use crate::sink::Sink;
use crate::store::Signed;
use crate::target::Target;
use protocol::digest::{Digest, Sha256Digest};
use protocol::transfer::{Reach, UrlMethod, UrlsObject, UrlsRequest};
use protocol::{FileKey, TeamName};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Which object to get as which file.
///
/// ```
/// let options = client::GetObjectOptions::new("vision".parse()?, "runs/7/step-100.pt".parse()?, "step-100.pt");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct GetObjectOptions {
    /// The team that owns the object.
    pub team: TeamName,
    /// The object's name beneath the team's root.
    pub key: FileKey,
    /// The file to write; what is there is replaced.
    pub target: PathBuf,
    /// The digest that it must have, if the caller knows.
    pub expected: Option<Digest>,
    /// From where the URLs are used; by default from anywhere, at the store's usual address.
    pub reach: Reach,
}

impl GetObjectOptions {
    /// Gets `key` of `team` as the file `target`.
    pub fn new(team: TeamName, key: FileKey, target: impl Into<PathBuf>) -> Self {
        Self {
            team,
            key,
            target: target.into(),
            expected: None,
            reach: Reach::default(),
        }
    }
}

/// What getting an object did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetObjectOutcome {
    /// The digest of what came: by the rule of the expected one, else SHA-256.
    pub digest: Digest,
    /// Size in bytes.
    pub size_bytes: u64,
    /// True when the digest was compared with the expected one, or with the one that the store has.
    pub verified: bool,
}

/// Gets one plain object. The file gets its name when it is whole.
///
/// # Errors
/// [`Error::DigestMismatch`] when it is not what was expected or what the store says it has;
/// [`Error::Replaced`] when it was overwritten meanwhile; else what the server or the store said.
pub async fn get_object(
    api: &Api,
    options: GetObjectOptions,
    progress: &dyn Progress,
) -> Result<GetObjectOutcome> {
    let meter = Meter::new(progress);
    meter.change(|status| {
        status.phase = Phase::Downloading;
        status.files_total = 1;
    });
    let shown = printable(options.key.as_str());
    let hasher = match &options.expected {
        None => Hasher::sha256(),
        Some(expected) => Hasher::like(expected)
            .ok_or_else(|| Error::setup("the expected digest is of an unknown rule"))?,
    };
    let urls = ObjectLease {
        api,
        team: &options.team,
        key: &options.key,
        reach: options.reach,
        given_out: AtomicU64::new(0),
    };
    // Asked for before anything is made on this machine
    let lease = urls.next().await?;
    let (target, random) = (options.target.clone(), api.clone());
    let (temp, file) = blocking(move || {
        let temp = Target::file(&target)?.temp(|| random.jitter().next())?;
        let file = temp.open()?;
        Ok::<_, Error>((temp, file))
    })
    .await??;
    let mut sink = Sink::new(file, 0, hasher, &shown).await?;
    let wanted = Wanted {
        shown: &shown,
        start: 0,
        end: None,
        size_bytes: None,
    };
    let said = fetch(api, &urls, lease, wanted, &mut sink, &meter).await?;
    let size_bytes = sink.accepted_bytes();
    let actual = sink.finish().await?.finish();
    let expected = options.expected.or_else(|| {
        let said = Sha256Digest::from_base64(said.sha256_base64.as_deref()?).ok()?;
        Some(Digest::Sha256(said))
    });
    if let Some(expected) = expected
        && expected != actual
    {
        return Err(Error::DigestMismatch {
            path: shown,
            expected,
            actual,
        });
    }
    blocking(move || temp.keep()).await??;
    meter.change(|status| {
        status.phase = Phase::Done;
        status.files_done = 1;
        status.bytes_total = size_bytes;
    });
    Ok(GetObjectOutcome {
        digest: actual,
        size_bytes,
        verified: expected.is_some(),
    })
}

/// URLs of one object, each a new one.
struct ObjectLease<'a> {
    api: &'a Api,
    team: &'a TeamName,
    key: &'a FileKey,
    reach: Reach,
    given_out: AtomicU64,
}

impl ObjectLease<'_> {
    async fn next(&self) -> Result<Lease> {
        let body = UrlsRequest {
            method: UrlMethod::Get,
            objects: vec![UrlsObject {
                key: self.key.clone(),
                sha256: None,
                size_bytes: None,
            }],
            ttl_seconds: None,
            save_as: None,
            audience: self.reach.audience,
            network: self.reach.network,
        };
        let answer = self.api.create_urls(self.team, &body).await?;
        let Some(first) = answer.urls.first() else {
            return Err(Error::answer(Peer::Server, "has no URL"));
        };
        let signed = Signed::new(&first.url, answer.headers.iter().chain(&first.headers))?;
        Ok(Lease {
            signed: Arc::new(signed),
            generation: self.given_out.fetch_add(1, Ordering::Relaxed),
        })
    }
}

impl Urls for ObjectLease<'_> {
    async fn fresh(&self, _refused: &Lease) -> Result<Lease> {
        self.next().await
    }
}
