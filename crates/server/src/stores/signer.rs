//! Signs URLs for a bucket, whichever store it is in.

mod azure;
mod gcs;
mod s3;

use super::act::Act;
use presign::{BatchRequest, Error, Request, SignedUrl, Target, UrlBuffer, Window};
use protocol::bucket::{Addressing, StorePlace};
use protocol::{ObjectKey, Timestamp};

/// The signed parameter that carries a grant's id into the log of S3 and its kin.
const GRANT_PARAMETER: &str = "x-grant";

/// Headers of a request, as name and value.
pub type Headers = Vec<(String, String)>;

/// What signs for a bucket.
#[derive(Debug, Clone)]
pub enum Signer {
    /// For S3 and its kin.
    S3(presign::s3::Signer),
    /// For Cloud Storage.
    Gcs(presign::gcs::Signer),
    /// For Azure Blob Storage.
    Azure(presign::azure::Signer),
}

/// A credential, of whichever store.
#[derive(Debug, Clone)]
pub(super) enum Credential {
    S3(presign::s3::Credential),
    Gcs(presign::gcs::Credential),
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
    fn headers(self) -> Headers {
        self.bound
            .into_iter()
            .chain(self.sent)
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

impl Signer {
    /// What signs for a place with a credential.
    ///
    /// # Errors
    /// When the place cannot be signed for, or the credential is another store's.
    pub(super) fn new(
        place: &StorePlace,
        credential: Credential,
    ) -> Result<Self, crate::stores::Error> {
        Ok(match (place, credential) {
            (
                StorePlace::S3 {
                    endpoint,
                    region,
                    container,
                    addressing,
                },
                Credential::S3(credential),
            ) => Self::S3(presign::s3::Signer::new(
                presign::s3::Endpoint::parse(
                    endpoint,
                    match addressing {
                        Addressing::VirtualHost => presign::s3::Addressing::VirtualHost,
                        Addressing::Path => presign::s3::Addressing::Path,
                    },
                    container,
                    region,
                )?,
                credential,
            )),
            (
                StorePlace::Gcs {
                    endpoint,
                    container,
                    addressing,
                },
                Credential::Gcs(credential),
            ) => Self::Gcs(presign::gcs::Signer::new(
                presign::gcs::Endpoint::parse(
                    endpoint,
                    match addressing {
                        Addressing::VirtualHost => presign::gcs::Addressing::VirtualHost,
                        Addressing::Path => presign::gcs::Addressing::Path,
                    },
                    container,
                )?,
                credential,
            )),
            (
                place @ StorePlace::Azure {
                    account, container, ..
                },
                Credential::Azure(credential),
            ) => Self::Azure(presign::azure::Signer::new(
                presign::azure::Endpoint::parse(&place.endpoint(), account, container)?,
                presign::azure::Version::V2020_12_06,
                credential,
            )),
            _ => return Err(crate::stores::Error::OtherStore),
        })
    }

    /// The credential's public id, as the record has it: an access key's id, a service account, or the
    /// storage account whose key it is.
    pub fn access_key_id(&self) -> String {
        match self {
            Self::S3(signer) => signer.access_key_id().to_owned(),
            Self::Gcs(signer) => signer.authorizer().to_owned(),
            Self::Azure(signer) => match signer.delegation() {
                Some(key) => key.object_id.to_string(),
                None => signer.endpoint().account().to_owned(),
            },
        }
    }

    /// When the credential ends, and every URL that it signed with it.
    pub fn credential_expires_at(&self) -> Option<Timestamp> {
        let at = match self {
            Self::S3(signer) => signer.credential_expires_at(),
            Self::Gcs(signer) => signer.credential_expires_at(),
            Self::Azure(signer) => signer.credential_expires_at(),
        };
        at.map(|at| Timestamp::from_unix_seconds(at.unix_seconds()))
    }

    /// The store's name in metrics.
    pub fn store(&self) -> &'static str {
        match self {
            Self::S3(_) => "s3",
            Self::Gcs(_) => "gcs",
            Self::Azure(_) => "azure",
        }
    }

    /// Signs one URL an object, each with the grant's id where the store takes one. Those that differ
    /// in the key alone are signed together, which takes a fraction of the time.
    ///
    /// # Errors
    /// When one cannot be signed.
    pub fn sign<'a>(
        &self,
        acts: impl Iterator<Item = (&'a ObjectKey, &'a Act<'a>)> + Clone,
        grant: &str,
        window: Window,
    ) -> Result<Signed, Error> {
        let mut signed = Signed::default();
        let Some((_, first)) = acts.clone().next() else {
            return Ok(signed);
        };
        if acts.clone().all(|(_, act)| act.is_plain() && act == first) {
            let keys = acts.clone().map(|(key, _)| key.as_str());
            let urls = &mut signed.urls;
            self.in_words(&self.words(first), grant, |headers, query| {
                let request = BatchRequest {
                    method: first.method(),
                    headers,
                    query,
                };
                match self {
                    Self::S3(signer) => signer.sign_batch(&request, keys, window, urls),
                    Self::Gcs(signer) => signer.sign_batch(&request, keys, window, urls),
                    Self::Azure(signer) => {
                        signer.sign_batch(&request, keys, azure::early(window), urls)
                    }
                }
            })?;
            signed.headers.resize(acts.count(), Headers::new());
            return Ok(signed);
        }
        for (key, act) in acts {
            let words = self.words(act);
            let url = self.in_words(&words, grant, |headers, query| {
                self.sign_one(act, key, headers, query, window)
            })?;
            signed.urls.append(&url);
            signed.headers.push(words.headers());
        }
        Ok(signed)
    }

    /// Signs a request of the server's own.
    pub(super) fn sign_own(
        &self,
        request: &Request<'_>,
        window: Window,
    ) -> Result<SignedUrl, Error> {
        match self {
            Self::S3(signer) => signer.sign(request, window),
            Self::Gcs(signer) => signer.sign(request, window),
            Self::Azure(signer) => signer.sign(request, azure::early(window)),
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
        let headers: Vec<(&str, &str)> = words
            .bound
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let mut query: Vec<(&str, &str)> = words
            .query
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        match self {
            Self::S3(_) => query.push((GRANT_PARAMETER, grant)),
            Self::Gcs(_) => query.push((gcs::GRANT_PARAMETER, grant)),
            // A service SAS has no place for it
            Self::Azure(_) => {}
        }
        sign(&headers, &query)
    }

    fn sign_one(
        &self,
        act: &Act<'_>,
        key: &ObjectKey,
        headers: &[(&str, &str)],
        query: &[(&str, &str)],
        window: Window,
    ) -> Result<SignedUrl, Error> {
        let request = Request {
            method: act.method(),
            target: Target::Object(key.as_str()),
            headers,
            query,
        };
        match self {
            Self::S3(signer) => signer.sign(&request, window),
            Self::Gcs(signer) => signer.sign(&request, window),
            Self::Azure(signer) => {
                signer.sign_with(&request, &azure::terms(act), azure::early(window))
            }
        }
    }
}
