//! Signs with a key that is at hand.

use super::azure::{self, AzureSigner};
use super::{Headers, Signed, Words, gcs, request, s3};
use crate::stores::act::Act;
use presign::azure::Terms;
use presign::{BatchRequest, Error, Request, SignedUrl, Window};
use protocol::id::GrantId;
use protocol::{ObjectKey, Timestamp};

/// The signed parameter that carries a grant's id into the log of S3 and its kin.
const GRANT_PARAMETER: &str = "x-grant";

/// What signs for a bucket without asking anybody.
#[derive(Debug, Clone)]
pub enum LocalSigner {
    /// For S3 and its kin.
    S3(presign::s3::Signer),
    /// For Cloud Storage.
    Gcs(presign::gcs::Signer),
    /// For Azure Blob Storage.
    Azure(AzureSigner),
}

impl LocalSigner {
    pub(super) fn access_key_id(&self) -> String {
        match self {
            Self::S3(signer) => signer.access_key_id().to_owned(),
            Self::Gcs(signer) => signer.authorizer().to_owned(),
            Self::Azure(signer) => signer.access_key_id(),
        }
    }

    pub(super) fn credential_expires_at(&self) -> Option<Timestamp> {
        let at = match self {
            Self::S3(signer) => signer.credential_expires_at(),
            Self::Gcs(signer) => signer.credential_expires_at(),
            Self::Azure(signer) => signer.credential_expires_at(),
        };
        at.map(|at| Timestamp::from_unix_seconds(at.unix_seconds()))
    }

    pub(super) fn store(&self) -> &'static str {
        match self {
            Self::S3(_) => "s3",
            Self::Gcs(_) => "gcs",
            Self::Azure(_) => "azure",
        }
    }

    /// Signs one URL an object. Those that differ in the key alone are signed together, which takes a
    /// fraction of the time.
    ///
    /// # Errors
    /// When one cannot be signed.
    pub(super) fn sign<'a>(
        &self,
        acts: impl Iterator<Item = (&'a ObjectKey, &'a Act<'a>)> + Clone,
        grant: GrantId,
        window: Window,
    ) -> Result<Signed, Error> {
        let mut made = Signed::default();
        let Some((_, first)) = acts.clone().next() else {
            return Ok(made);
        };
        let grant_text = grant.to_string();
        if acts.clone().all(|(_, act)| act.is_plain() && act == first) {
            let keys = acts.clone().map(|(key, _)| key.as_str());
            let urls = &mut made.urls;
            self.in_words(&self.words(first), &grant_text, |headers, query| {
                let request = BatchRequest {
                    method: first.method(),
                    headers,
                    query,
                };
                match self {
                    Self::S3(signer) => signer.sign_batch(&request, keys, window, urls),
                    Self::Gcs(signer) => signer.sign_batch(&request, keys, window, urls),
                    Self::Azure(signer) => {
                        signer.sign_batch(&request, &signer.terms(first, grant), keys, window, urls)
                    }
                }
            })?;
            made.headers.resize(acts.count(), Headers::new());
            return Ok(made);
        }
        for (key, act) in acts {
            let words = self.words(act);
            let url = self.in_words(&words, &grant_text, |headers, query| {
                let request = request(act, key, headers, query);
                match self {
                    Self::S3(signer) => signer.sign(&request, window),
                    Self::Gcs(signer) => signer.sign(&request, window),
                    Self::Azure(signer) => signer.sign(&request, &signer.terms(act, grant), window),
                }
            })?;
            made.urls.append(&url);
            made.headers.push(words.headers());
        }
        Ok(made)
    }

    pub(super) fn sign_own(
        &self,
        request: &Request<'_>,
        window: Window,
    ) -> Result<SignedUrl, Error> {
        match self {
            Self::S3(signer) => signer.sign(request, window),
            Self::Gcs(signer) => signer.sign(request, window),
            Self::Azure(signer) => signer.sign(request, &Terms::new(), window),
        }
    }

    fn words<'a>(&self, act: &Act<'a>) -> Words<'a> {
        match self {
            Self::S3(_) => s3::words(act),
            Self::Gcs(_) => gcs::words(act),
            Self::Azure(_) => azure::words(act),
        }
    }

    fn in_words<T>(
        &self,
        words: &Words<'_>,
        grant: &str,
        sign: impl FnOnce(&[(&str, &str)], &[(&str, &str)]) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let (headers, mut query) = words.pairs();
        match self {
            Self::S3(_) => query.push((GRANT_PARAMETER, grant)),
            Self::Gcs(_) => query.push((gcs::GRANT_PARAMETER, grant)),
            // Its place is the correlation id, where there is one
            Self::Azure(_) => {}
        }
        sign(&headers, &query)
    }
}
