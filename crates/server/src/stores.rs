//! The cloud side: signers and control requests for the teams' buckets.
//!
//! Credentials are stored sealed and opened here alone. A bucket's signer is kept for as long as its
//! registration stays the same. Control requests (begin and complete uploads, read sizes and
//! checksums, delete) are pre-signed requests too, sent by the server itself.

mod error;
mod http;
mod registration;
mod s3;
pub mod seal;
mod signer;

pub use error::{Cause, Error, StoreOperation};
pub use http::HttpSettings;
pub use registration::{Misfit, check_registration};
pub use s3::{Completed, Head, PartToComplete, S3Control, StoredChecksum, StoredPart, Written};
pub use seal::SealKeys;
pub use signer::endpoint;

use crate::clock::Clock;
use crate::policy::BucketFacts;
use parking_lot::RwLock;
use presign::s3::Signer;
use protocol::id::BucketId;
use std::collections::HashMap;
use std::sync::Arc;

/// Signers and control requests, by bucket.
#[derive(Debug)]
pub struct Stores {
    keys: SealKeys,
    clock: Arc<dyn Clock>,
    http: http::Http,
    open: RwLock<HashMap<BucketId, Arc<Opened>, foldhash::fast::RandomState>>,
}

/// A bucket whose credential has been opened.
#[derive(Debug)]
struct Opened {
    bucket: BucketFacts,
    signer: Signer,
    control: Arc<S3Control>,
}

impl Opened {
    /// Whether this is still how the bucket is registered.
    fn is_for(&self, bucket: &BucketFacts) -> bool {
        let known = &self.bucket;
        known.credential_revision == bucket.credential_revision
            && known.endpoint == bucket.endpoint
            && known.region == bucket.region
            && known.container == bucket.container
            && known.addressing == bucket.addressing
            && known.access_key_id == bucket.access_key_id
            && known.sealed_secret == bucket.sealed_secret
    }
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
        Ok(Self {
            keys,
            clock,
            http: http::Http::new(settings)?,
            open: RwLock::default(),
        })
    }

    /// The keys that seal credentials.
    pub fn seal_keys(&self) -> &SealKeys {
        &self.keys
    }

    /// The signer of a bucket's URLs.
    ///
    /// # Errors
    /// When the credential does not open, or the registration cannot be signed for.
    pub fn signer(&self, bucket: &BucketFacts) -> Result<Signer, Error> {
        Ok(self.opened(bucket)?.signer.clone())
    }

    /// The server's own requests to a bucket.
    ///
    /// # Errors
    /// As [`Stores::signer`].
    pub fn control(&self, bucket: &BucketFacts) -> Result<Arc<S3Control>, Error> {
        Ok(Arc::clone(&self.opened(bucket)?.control))
    }

    fn opened(&self, bucket: &BucketFacts) -> Result<Arc<Opened>, Error> {
        if let Some(opened) = self.open.read().get(&bucket.id)
            && opened.is_for(bucket)
        {
            return Ok(Arc::clone(opened));
        }
        let signer = signer::open(&self.keys, bucket)?;
        let control = S3Control::new(signer.clone(), self.http.clone(), Arc::clone(&self.clock));
        let opened = Arc::new(Opened {
            bucket: bucket.clone(),
            signer,
            control: Arc::new(control),
        });
        self.open.write().insert(bucket.id, Arc::clone(&opened));
        Ok(opened)
    }
}

#[cfg(test)]
mod tests;
