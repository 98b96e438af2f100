//! Signs URLs for a bucket, whichever store it is in.

mod azure;
mod gcs;
mod local;
mod s3;
mod sign_blob;
mod site;
mod xml;

pub use azure::AzureSigner;
pub(super) use azure::EARLY_SECONDS as AZURE_EARLY_SECONDS;
pub use local::LocalSigner;
pub(super) use sign_blob::{Iam, MAX_LIFE as SIGN_BLOB_MAX_LIFE};
pub use sign_blob::{Prepared, SignBlob};
pub(super) use site::Site;

use super::Error;
use super::act::Act;
use super::error::PinLimit;
use presign::{Request, SignedUrl, Target, UrlBuffer, Window};
use protocol::Network;
use protocol::id::GrantId;
use protocol::{ObjectKey, Timestamp};
use std::sync::Arc;

/// Headers of a request, as name and value.
pub type Headers = Vec<(String, String)>;

/// What signs for a bucket.
#[derive(Debug, Clone)]
pub enum Signer {
    /// With a key that is at hand.
    Local(LocalSigner),
    /// With a key that Google keeps: each URL takes a request.
    SignBlob(SignBlob),
}

/// A credential, of whichever store.
#[derive(Debug, Clone)]
pub(super) enum Credential {
    S3(presign::s3::Credential),
    Gcs(presign::gcs::Credential),
    SignBlob(Arc<Iam>),
    Azure(presign::azure::Credential),
}

/// URLs, and the headers that the request to each must carry.
#[derive(Debug, Default)]
pub struct Signed {
    /// The URLs, in the order asked for.
    pub urls: UrlBuffer,
    /// Headers that each request must carry, in the same order.
    pub headers: Vec<Headers>,
}

/// Names and values of headers or parameters.
type Pairs<'a> = Vec<(&'a str, &'a str)>;

/// What is asked of a store in its own words.
#[derive(Debug, Default)]
struct Words<'a> {
    /// Headers that the signature binds; the request must carry them.
    bound: Vec<(&'static str, String)>,
    /// Headers that the request must carry, though the signature does not bind them.
    sent: Vec<(&'static str, String)>,
    /// Parameters of the query.
    query: Vec<(&'a str, String)>,
}

impl Words<'_> {
    /// What is bound: headers, and parameters of the query.
    fn pairs(&self) -> (Pairs<'_>, Pairs<'_>) {
        let headers = self.bound.iter();
        let query = self.query.iter();
        (
            headers.map(|(name, value)| (*name, &**value)).collect(),
            query.map(|(name, value)| (*name, &**value)).collect(),
        )
    }

    fn headers(self) -> Headers {
        self.bound
            .into_iter()
            .chain(self.sent)
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

fn request<'r>(
    act: &Act<'_>,
    key: &'r ObjectKey,
    headers: &'r [(&'r str, &'r str)],
    query: &'r [(&'r str, &'r str)],
) -> Request<'r> {
    Request {
        method: act.method(),
        target: Target::Object(key.as_str()),
        headers,
        query,
    }
}

/// Signatures that were asked for.
#[derive(Debug)]
#[must_use]
pub enum Signing {
    /// They are made.
    Done(Signed),
    /// Google makes them.
    Awaited(Prepared),
}

impl Signing {
    /// Waits for those that somebody else makes.
    ///
    /// # Errors
    /// When one is not made.
    pub async fn finish(self) -> Result<Signed, Error> {
        match self {
            Self::Done(signed) => Ok(signed),
            Self::Awaited(prepared) => prepared.finish().await,
        }
    }
}

impl Signer {
    /// What signs for a site with a credential.
    ///
    /// # Errors
    /// When the credential is another store's.
    pub(super) fn new(site: &Site, credential: &Credential) -> Result<Self, Error> {
        Ok(match (site.clone(), credential.clone()) {
            (Site::S3(endpoint), Credential::S3(credential)) => Self::Local(LocalSigner::S3(
                presign::s3::Signer::new(endpoint, credential),
            )),
            (Site::Gcs(endpoint), Credential::Gcs(credential)) => Self::Local(LocalSigner::Gcs(
                presign::gcs::Signer::new(endpoint, credential),
            )),
            (Site::Gcs(endpoint), Credential::SignBlob(iam)) => {
                Self::SignBlob(SignBlob::new(endpoint, iam)?)
            }
            (Site::Azure(endpoint), Credential::Azure(credential)) => {
                Self::Local(LocalSigner::Azure(AzureSigner::new(endpoint, credential)))
            }
            _ => return Err(Error::OtherStore),
        })
    }

    /// The same, whose URLs work from these networks alone.
    ///
    /// # Errors
    /// What URLs can be held to, when not to these.
    pub(super) fn held_to(self, networks: &[Network]) -> Result<Self, PinLimit> {
        match self {
            signer if networks.is_empty() => Ok(signer),
            Self::Local(LocalSigner::Azure(signer)) => {
                let signer = signer.held_to(networks)?;
                Ok(Self::Local(LocalSigner::Azure(signer)))
            }
            // Nothing in a URL of theirs says from where it is good
            Self::Local(_) | Self::SignBlob(_) => Err(PinLimit::NoNetwork),
        }
    }

    /// From now on it leaves out the grant's id where not every store of the kind takes one.
    pub(super) fn join_only(&mut self) {
        if let Self::Local(LocalSigner::Azure(signer)) = self {
            signer.leave_out_correlation();
        }
    }

    /// Whether its URLs carry the grant's id as a correlation id.
    pub(super) fn correlates(&self) -> bool {
        matches!(self, Self::Local(LocalSigner::Azure(signer)) if signer.correlates())
    }

    /// The credential's public id, as the record has it: an access key's id, a service account, or the
    /// storage account whose key it is.
    pub fn access_key_id(&self) -> String {
        match self {
            Self::Local(signer) => signer.access_key_id(),
            Self::SignBlob(signer) => signer.client_email().to_owned(),
        }
    }

    /// When the credential ends, and every URL that it signed with it.
    pub fn credential_expires_at(&self) -> Option<Timestamp> {
        match self {
            Self::Local(signer) => signer.credential_expires_at(),
            Self::SignBlob(signer) => Some(signer.good_until()),
        }
    }

    /// The store's name in metrics.
    pub fn store(&self) -> &'static str {
        match self {
            Self::Local(signer) => signer.store(),
            Self::SignBlob(_) => "gcs",
        }
    }

    /// Signs one URL an object, each with the grant's id where the store takes one. With a key that is
    /// at hand they are done when this returns.
    ///
    /// # Errors
    /// When one cannot be signed.
    pub fn sign<'a>(
        &self,
        acts: impl Iterator<Item = (&'a ObjectKey, &'a Act<'a>)> + Clone,
        grant: GrantId,
        window: Window,
    ) -> Result<Signing, Error> {
        Ok(match self {
            Self::Local(signer) => Signing::Done(signer.sign(acts, grant, window)?),
            Self::SignBlob(signer) => Signing::Awaited(signer.prepare(acts, grant, window)?),
        })
    }

    /// Signs a request of the server's own.
    pub(super) async fn sign_own(
        &self,
        request: &Request<'_>,
        window: Window,
    ) -> Result<SignedUrl, Error> {
        match self {
            Self::Local(signer) => Ok(signer.sign_own(request, window)?),
            Self::SignBlob(signer) => signer.sign_one(request, window).await,
        }
    }
}
