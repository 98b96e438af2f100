//! Lending: who waits for a credential, which one is lent, and to whom.

mod pinning;
mod renewing;
mod sessions;

use super::{Basis, Keeper, Mint, Minted, Renewed, Sites};
use crate::clock::{Clock, ManualClock};
use crate::stores::plan::NoCredential;
use crate::stores::signer::Credential;
use async_trait::async_trait;
use presign::s3;
use protocol::Timestamp;
use protocol::bucket::{AudienceEndpoints, StorePlace};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};

const BEGIN: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

/// Mints access keys that are numbered.
#[derive(Debug)]
struct Numbered {
    clock: Arc<dyn Clock>,
    life: Duration,
    count: AtomicU32,
    is_broken: AtomicBool,
    /// Each mint takes one.
    passes: Semaphore,
    told: mpsc::UnboundedSender<u32>,
}

impl Numbered {
    fn new(clock: Arc<dyn Clock>, life: Duration) -> (Arc<Self>, mpsc::UnboundedReceiver<u32>) {
        let (told, heard) = mpsc::unbounded_channel();
        let mint = Arc::new(Self {
            clock,
            life,
            count: AtomicU32::new(0),
            is_broken: AtomicBool::new(false),
            passes: Semaphore::new(1000),
            told,
        });
        (mint, heard)
    }

    fn count(&self) -> u32 {
        self.count.load(Ordering::SeqCst)
    }

    fn break_down(&self, is_broken: bool) {
        self.is_broken.store(is_broken, Ordering::SeqCst);
    }
}

#[async_trait]
impl Mint for Arc<Numbered> {
    async fn mint(&self) -> Result<Minted, NoCredential> {
        let number = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        self.told.send(number).ok();
        self.passes.acquire().await.unwrap().forget();
        if self.is_broken.load(Ordering::SeqCst) {
            return Err(NoCredential::NoAnswer);
        }
        let ends_at = self.clock.now().plus(self.life);
        let ends = presign::Timestamp::from_unix_seconds(ends_at.unix_seconds());
        let key = s3::Credential::new(format!("KEY{number}"), "secret").unwrap();
        Ok(Minted {
            credential: Credential::S3(key.with_session("token", Some(ends)).unwrap()),
            ends_at: Some(ends_at),
        })
    }
}

fn sites() -> Sites {
    let place = StorePlace::s3("http://127.0.0.1:1", "us-east-1", "models");
    Sites::of(&place, &AudienceEndpoints::new()).unwrap()
}

fn basis(clock: Arc<dyn Clock>) -> Arc<Basis> {
    Arc::new(Basis {
        bucket: "vision".parse().unwrap(),
        sites: sites(),
        keeper: Keeper::new(Arc::clone(&clock)),
        clock,
    })
}

/// One that is lent, its source, its clock and who renews it.
struct World {
    clock: Arc<ManualClock>,
    keeper: Arc<Keeper>,
    mint: Arc<Numbered>,
    renewed: Arc<Renewed>,
}

impl World {
    fn new(life: Duration) -> Self {
        let clock = Arc::new(ManualClock::at(BEGIN));
        let (mint, _) = Numbered::new(clock.clone(), life);
        let basis = basis(clock.clone());
        let renewed = Renewed::new(Box::new(Arc::clone(&mint)), Arc::clone(&basis));
        Self {
            clock,
            keeper: Arc::clone(&basis.keeper),
            mint,
            renewed,
        }
    }

    async fn lend(&self) -> Result<String, crate::stores::Error> {
        let signer = self.renewed.lend(None).await?;
        // What is signed with it can be used
        assert!(signer.credential_expires_at().unwrap() > self.clock.now());
        Ok(signer.access_key_id())
    }
}
