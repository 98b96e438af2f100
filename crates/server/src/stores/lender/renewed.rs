//! A credential that ends, and is renewed before it does.

use super::keeper::Keeper;
use super::mint::{Mint, Minted};
use super::renewal::{Life, Spread, rest};
use super::signers::{Signers, Sites};
use crate::clock::Clock;
use crate::stores::Error;
use crate::stores::plan::NoCredential;
use crate::stores::signer::Signer;
use arc_swap::ArcSwapOption;
use parking_lot::Mutex;
use protocol::bucket::Audience;
use protocol::{BucketName, Timestamp};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// The longest that one mint may take.
const MINT_TIMEOUT: Duration = Duration::from_secs(30);

/// Lends one credential at a time. While that is good nobody waits: it is renewed on the side, as long
/// as it is used. The first to need one, and who comes after its end, wait for one mint together.
#[derive(Debug)]
pub(in crate::stores) struct Renewed {
    me: Weak<Self>,
    mint: Box<dyn Mint>,
    basis: Arc<Basis>,
    spread: Spread,
    held: ArcSwapOption<Held>,
    /// Whether it was lent since it was minted. What nobody uses is left to end.
    is_used: AtomicBool,
    /// One mint at a time.
    turn: tokio::sync::Mutex<()>,
    failed: Mutex<Option<Failed>>,
}

/// What all credentials of a bucket have in common.
#[derive(Debug)]
pub(in crate::stores) struct Basis {
    /// What the log calls it.
    pub(in crate::stores) bucket: BucketName,
    pub(in crate::stores) sites: Sites,
    pub(in crate::stores) clock: Arc<dyn Clock>,
    pub(in crate::stores) keeper: Arc<Keeper>,
}

#[derive(Debug)]
struct Held {
    signers: Signers,
    life: Life,
}

/// Mints that failed in a row.
#[derive(Debug, Clone)]
struct Failed {
    count: u32,
    cause: NoCredential,
    /// Nobody tries again before.
    again_at: Timestamp,
}

impl Renewed {
    pub(in crate::stores) fn new(mint: Box<dyn Mint>, basis: Arc<Basis>) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            me: me.clone(),
            mint,
            basis,
            // Each hasher has keys of its own
            spread: Spread::of(RandomState::new().hash_one(())),
            held: ArcSwapOption::empty(),
            is_used: AtomicBool::new(false),
            turn: tokio::sync::Mutex::new(()),
            failed: Mutex::new(None),
        })
    }

    /// A signer with a credential that is good now.
    ///
    /// # Errors
    /// When there is none.
    pub(super) async fn lend(&self, audience: Option<Audience>) -> Result<Signer, Error> {
        if let Some(signer) = self.good(audience) {
            return Ok(signer);
        }
        let _turn = self.turn.lock().await;
        // Somebody else may have minted it meanwhile
        if let Some(signer) = self.good(audience) {
            return Ok(signer);
        }
        let minted = self.mint().await;
        self.is_used.store(true, Ordering::Relaxed);
        let now = self.basis.clock.now();
        match (minted, &*self.held.load()) {
            (Ok(()), Some(held)) => Ok(held.signers.at(audience).clone()),
            // Better the last of an old one than none
            (Err(_), Some(held)) if !held.life.has_ended(now) => {
                Ok(held.signers.at(audience).clone())
            }
            (Err(cause), _) => Err(cause),
            (Ok(()), None) => Err(NoCredential::Absent.into()),
        }
    }

    fn good(&self, audience: Option<Audience>) -> Option<Signer> {
        let held = self.held.load();
        let held = held.as_ref()?;
        let now = self.basis.clock.now();
        if !held.life.is_good(now) {
            return None;
        }
        if !self.is_used.load(Ordering::Relaxed) {
            self.is_used.store(true, Ordering::Relaxed);
            // The keeper had put it aside
            if held.life.renew_at(self.spread) <= now {
                self.basis.keeper.wake();
            }
        }
        Some(held.signers.at(audience).clone())
    }

    /// When the keeper is to renew it; `None` for what is not held or not used.
    pub(super) fn due_at(&self) -> Option<Timestamp> {
        let held = self.held.load();
        let held = held.as_ref()?;
        let is_wanted =
            self.is_used.load(Ordering::Relaxed) && !held.life.has_ended(self.basis.clock.now());
        let at = held.life.renew_at(self.spread);
        let again_at = self.failed.lock().as_ref().map(|failed| failed.again_at);
        is_wanted.then(|| again_at.map_or(at, |again_at| again_at.max(at)))
    }

    /// Renews it. Who borrows meanwhile gets the old one.
    pub(super) async fn renew(&self) {
        let _turn = self.turn.lock().await;
        let is_due = self.due_at().is_some_and(|at| at <= self.basis.clock.now());
        // Who came after its end may have minted one meanwhile
        if is_due && let Err(error) = self.mint().await {
            tracing::warn!(
                bucket.name = %self.basis.bucket,
                error = &error as &dyn std::error::Error,
                "a bucket's credential was not renewed; the old one is used until it ends"
            );
        }
    }

    /// Mints one, in the caller's turn.
    async fn mint(&self) -> Result<(), Error> {
        let earlier = self.failed.lock().clone();
        let now = self.basis.clock.now();
        if let Some(failed) = &earlier
            && now < failed.again_at
        {
            return Err(failed.cause.clone().into());
        }
        let minting = tokio::time::timeout(MINT_TIMEOUT, self.mint.mint());
        let minted = match minting.await {
            Ok(Ok(minted)) => self.hold(&minted, now),
            Ok(Err(cause)) => Err(cause),
            Err(_) => Err(NoCredential::NoAnswer),
        };
        let Err(cause) = minted else {
            *self.failed.lock() = None;
            return Ok(());
        };
        let count = earlier.map_or(1, |failed| failed.count.saturating_add(1));
        *self.failed.lock() = Some(Failed {
            count,
            cause: cause.clone(),
            again_at: self.basis.clock.now().plus(rest(count, self.spread)),
        });
        Err(cause.into())
    }

    fn hold(&self, minted: &Minted, minted_at: Timestamp) -> Result<(), NoCredential> {
        let life = Life {
            minted_at,
            ends_at: minted.ends_at,
        };
        if life.has_ended(self.basis.clock.now()) {
            return Err(NoCredential::Ended);
        }
        let signers = self.basis.sites.signers(&minted.credential);
        let signers = signers.map_err(|_| NoCredential::Unusable)?;
        let held = Arc::new(Held { signers, life });
        let is_first = self.held.swap(Some(held)).is_none();
        self.is_used.store(false, Ordering::Relaxed);
        match self.me.upgrade() {
            Some(me) if is_first => self.basis.keeper.look_after(&me),
            _ => self.basis.keeper.wake(),
        }
        Ok(())
    }
}
