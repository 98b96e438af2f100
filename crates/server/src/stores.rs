//! The cloud side: signers and control requests for the teams' buckets.
//!
//! Credentials are stored sealed and opened here alone. A bucket's signer is kept for as long as its
//! registration stays the same. Control requests (begin and complete uploads, read sizes and
//! checksums, delete) are pre-signed requests too, sent by the server itself.

mod act;
mod answer;
mod azure;
mod check;
mod control;
mod error;
mod http;
mod lender;
mod plan;
mod registration;
mod s3;
pub mod seal;
mod sender;
pub mod setup;
mod signer;

pub use act::Act;
pub use answer::{
    Completed, Head, ListedObject, OpenUpload, PartToComplete, StoredChecksum, StoredPart, Written,
};
pub use check::{Check, first_fault};
pub use control::Control;
pub use error::{Cause, Error, Kind, PinLimit, StoreOperation};
pub use http::{AddressRules, BreakerSettings, Forbidden, HttpSettings};
pub use lender::{Purpose, Tenant, usable_seconds};
pub use plan::{NoCredential, seal as seal_plan};
pub use registration::check_registration;
pub use seal::SealKeys;
pub use signer::{AzureSigner, Headers, LocalSigner, Prepared, SignBlob, Signed, Signer, Signing};

use crate::clock::Clock;
use crate::policy::BucketFacts;
use lender::Lender;
use parking_lot::RwLock;
use plan::Outside;
use protocol::bucket::{Attribution, NetworkControl, Provider};
use protocol::id::BucketId;
use sender::Sender;
use std::collections::HashMap;
use std::sync::Arc;
use tokio_util::task::TaskTracker;

/// Signers and control requests, by bucket.
#[derive(Debug)]
pub struct Stores {
    keys: SealKeys,
    clock: Arc<dyn Clock>,
    http: http::Http,
    outside: Outside,
    open: RwLock<HashMap<BucketId, Arc<Opened>, foldhash::fast::RandomState>>,
    /// Live checks that are going on.
    checks: TaskTracker,
}

/// A bucket whose credential has been opened.
#[derive(Debug)]
struct Opened {
    bucket: Arc<BucketFacts>,
    lender: Arc<Lender>,
    control: Arc<dyn Control>,
}

impl Opened {
    /// Whether this is still how the bucket is registered.
    fn is_for(&self, bucket: &Arc<BucketFacts>) -> bool {
        let known = &self.bucket;
        Arc::ptr_eq(known, bucket)
            || (known.credential_revision == bucket.credential_revision
                && known.sealed_plan == bucket.sealed_plan
                && known.place == bucket.place
                && known.endpoints == bucket.endpoints
                && known.external_id == bucket.external_id
                && binds_parts(known) == binds_parts(bucket))
    }
}

/// Whether the store checks what parts are bound to, as far as the live check found out.
fn binds_parts(bucket: &BucketFacts) -> Option<bool> {
    let capabilities = bucket.capabilities.as_ref()?;
    Some(capabilities.binds_part_sha256)
}

impl Stores {
    /// Stores whose credentials were sealed with `keys`.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(
        keys: SealKeys,
        clock: Arc<dyn Clock>,
        settings: HttpSettings,
    ) -> Result<Self, Error> {
        let outside = Outside::new(Arc::clone(&clock));
        Self::with_outside(keys, clock, settings, outside)
    }

    fn with_outside(
        keys: SealKeys,
        clock: Arc<dyn Clock>,
        settings: HttpSettings,
        outside: Outside,
    ) -> Result<Self, Error> {
        Ok(Self {
            keys,
            clock,
            http: http::Http::new(settings)?,
            outside,
            open: RwLock::default(),
            checks: TaskTracker::new(),
        })
    }

    /// The keys that seal credentials.
    pub fn seal_keys(&self) -> &SealKeys {
        &self.keys
    }

    /// Checks an endpoint by what it says itself, without looking its name up: `http` in clear, or an
    /// address, where the operator does not allow it.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn check_endpoint(&self, url: &str) -> Result<(), Error> {
        self.http.check_endpoint(url)
    }

    /// The signer of a bucket's URLs.
    ///
    /// # Errors
    /// When the credential does not open or none is to be had, the registration cannot be signed for,
    /// or nothing holds URLs to the networks of the purpose.
    pub async fn signer(
        &self,
        bucket: &Arc<BucketFacts>,
        purpose: Purpose<'_>,
    ) -> Result<Signer, Error> {
        if let Some(audience) = purpose.audience
            && !bucket.endpoints.contains_key(&audience)
        {
            let registered = bucket.endpoints.keys().copied().collect();
            return Err(Error::NoAudience {
                audience,
                registered,
            });
        }
        let opened = self.opened(bucket)?;
        let mut signer = opened.lender.lend(purpose).await?;
        let Some(proven) = &bucket.capabilities else {
            return Ok(signer);
        };
        // What the store was seen not to keep is not promised
        if !purpose.networks.is_empty() && proven.network != NetworkControl::Store {
            return Err(Error::CannotPin(PinLimit::NotKept));
        }
        if proven.attribution == Attribution::JoinOnly {
            signer.join_only();
        }
        Ok(signer)
    }

    /// The server's own requests to a bucket.
    ///
    /// # Errors
    /// When the credential does not open, or the registration cannot be signed for.
    pub fn control(&self, bucket: &Arc<BucketFacts>) -> Result<Arc<dyn Control>, Error> {
        Ok(Arc::clone(&self.opened(bucket)?.control))
    }

    fn opened(&self, bucket: &Arc<BucketFacts>) -> Result<Arc<Opened>, Error> {
        if let Some(opened) = self.open.read().get(&bucket.id)
            && opened.is_for(bucket)
        {
            return Ok(Arc::clone(opened));
        }
        let opened = Arc::new(self.open_anew(bucket)?);
        self.open.write().insert(bucket.id, Arc::clone(&opened));
        Ok(opened)
    }

    fn open_anew(&self, bucket: &Arc<BucketFacts>) -> Result<Opened, Error> {
        let lender = Arc::new(plan::open(&self.keys, bucket, &self.outside)?);
        Ok(Opened {
            bucket: Arc::clone(bucket),
            control: self.control_of(bucket, &lender),
            lender,
        })
    }

    fn control_of(&self, bucket: &BucketFacts, lender: &Arc<Lender>) -> Arc<dyn Control> {
        let (http, clock) = (self.http.clone(), Arc::clone(&self.clock));
        let sender = Sender::new(Arc::clone(lender), http, clock);
        match bucket.place.provider() {
            Provider::Azure => Arc::new(azure::AzureControl::new(sender)),
            provider => Arc::new(s3::S3Control::new(provider, sender, binds_parts(bucket))),
        }
    }
}

#[cfg(test)]
mod tests;
