//! The signer: from a request and a window of time to a signed URL, with a key at hand.

use std::{fmt, sync::Arc};

use super::{Credential, Endpoint, HmacKey, draft::check_date_header};
#[cfg(feature = "gcs-rsa")]
use super::{
    ServiceAccountKey,
    draft::{outline, stamp},
};
use crate::{
    BatchRequest, Error, Kernel, Request, SignedUrl, Timestamp, UrlBuffer, Window,
    v4::{
        dialect::{GOOG4_HMAC_SHA256, GOOGLE},
        hmac_signer::HmacSigner,
        kept::Kept,
        signing_key::KeySource,
    },
};
#[cfg(feature = "gcs-rsa")]
use crate::{
    encode,
    v4::{draft::Draft, outline::Outline, site::encode_keys, stamp::Stamp},
};

/// Signs URLs for one bucket with one key.
///
/// Cheap to clone and shared between threads; the key derived for a day from an
/// HMAC key is kept.
///
/// ```
/// use presign::{Method, Request, Target, Timestamp, Ttl, Window, gcs};
///
/// let signer = gcs::Signer::new(
///     gcs::Endpoint::google("models")?,
///     gcs::HmacKey::new("GOOG1EXAMPLE", "secret")?,
/// );
/// let request = Request {
///     query: &[("response-content-disposition", "attachment"), ("userProject", "payer")],
///     ..Request::new(Method::Get, Target::Object("weights.bin"))
/// };
/// let window = Window {
///     from: Timestamp::from_unix_seconds(1_549_011_600),
///     ttl: Ttl::from_seconds(600)?,
/// };
/// let url = signer.sign(&request, window)?.into_exposed();
/// assert!(url.contains("GOOG1EXAMPLE%2F20190201%2Fauto%2Fstorage%2Fgoog4_request"));
/// assert!(url.contains("&response-content-disposition=attachment&userProject=payer&"));
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone)]
pub struct Signer {
    shared: Arc<Shared>,
    kernel: Kernel,
}

struct Shared {
    endpoint: Endpoint,
    credential: Credential,
    /// For an HMAC key.
    kept: Kept,
}

impl Signer {
    /// Makes a signer; keys are derived when first needed.
    pub fn new(endpoint: Endpoint, credential: impl Into<Credential>) -> Self {
        Self {
            shared: Arc::new(Shared {
                endpoint,
                credential: credential.into(),
                kept: Kept::default(),
            }),
            kernel: Kernel::fastest(),
        }
    }

    /// Makes batches go through another kernel than the fastest, for tests and measurements.
    #[must_use]
    pub fn with_kernel(self, kernel: Kernel) -> Self {
        Self { kernel, ..self }
    }

    /// The bucket that URLs are for.
    pub fn endpoint(&self) -> &Endpoint {
        &self.shared.endpoint
    }

    /// The access id or e-mail address, which every URL shows.
    pub fn authorizer(&self) -> &str {
        self.shared.credential.authorizer()
    }

    /// When the key, and with it every URL, ends; `None` if it does not or is not known to.
    pub fn credential_expires_at(&self) -> Option<Timestamp> {
        self.shared.credential.expires_at()
    }

    /// Signs the request for the window.
    ///
    /// # Errors
    ///
    /// Everything that would make a URL say less than what was asked for: a
    /// key the store does not take ([`Error::InvalidKey`]), a header that
    /// cannot be bound ([`Error::CannotBind`]), a query parameter given twice
    /// ([`Error::DuplicateParameter`]) or owned by the signature
    /// ([`Error::ReservedParameter`]), a credential that ends before the
    /// window ([`Error::CredentialExpiresFirst`]), a time before 1970 or after
    /// 9999 ([`Error::TimestampOutOfRange`]).
    pub fn sign(&self, request: &Request<'_>, window: Window) -> Result<SignedUrl, Error> {
        window.check(self.credential_expires_at())?;
        let common = BatchRequest::of(request);
        match &self.shared.credential {
            Credential::Hmac(key) => {
                check_date_header(&common, window)?;
                self.hmac_signer(key).sign(request, window)
            }
            #[cfg(feature = "gcs-rsa")]
            Credential::ServiceAccount(account) => {
                let (path, key) = self.endpoint().site().path_and_key(request.target)?;
                let outline = outline(self.endpoint(), &common, window)?;
                let stamp = stamp(account.client_email(), self.endpoint(), window);
                sign_rsa(account, &outline, &stamp, path, &key)
            }
        }
    }

    /// Signs the same request for many objects, and appends their URLs to `urls` in the order of
    /// the keys. Each is what [`Signer::sign`] gives; with an HMAC key, many at once take a
    /// fraction of the time, while a service account's key signs one after the other.
    ///
    /// # Errors
    ///
    /// As [`Signer::sign`], but [`Error::InvalidKeyInBatch`] for a key. Then `urls` is as it was.
    pub fn sign_batch<'k>(
        &self,
        request: &BatchRequest<'_>,
        keys: impl IntoIterator<Item = &'k str>,
        window: Window,
        urls: &mut UrlBuffer,
    ) -> Result<(), Error> {
        window.check(self.credential_expires_at())?;
        match &self.shared.credential {
            Credential::Hmac(key) => {
                check_date_header(request, window)?;
                self.hmac_signer(key)
                    .sign_batch(self.kernel, request, keys, window, urls)
            }
            #[cfg(feature = "gcs-rsa")]
            Credential::ServiceAccount(account) => {
                let outline = outline(self.endpoint(), request, window)?;
                let stamp = stamp(account.client_email(), self.endpoint(), window);
                let path = self.endpoint().site().object_path();
                urls.append_all(|urls| {
                    encode_keys(keys).try_for_each(|key| {
                        let url = sign_rsa(account, &outline, &stamp, path, &key?)?;
                        urls.push(url.expose(), "", "", "");
                        Ok(())
                    })
                })
            }
        }
    }

    fn hmac_signer<'a>(&'a self, key: &'a HmacKey) -> HmacSigner<'a> {
        HmacSigner {
            kept: &self.shared.kept,
            site: self.endpoint().site(),
            source: KeySource {
                dialect: &GOOGLE,
                access_key: key.access_key(),
                region: self.endpoint().location(),
            },
            algorithm: GOOG4_HMAC_SHA256,
            token: None,
        }
    }
}

#[cfg(feature = "gcs-rsa")]
fn sign_rsa(
    account: &ServiceAccountKey,
    outline: &Outline<'_>,
    stamp: &Stamp,
    path: &str,
    key: &str,
) -> Result<SignedUrl, Error> {
    let draft = Draft::new(outline, stamp, path, key);
    let signature = account.sign(&draft.string_to_sign().text())?;
    Ok(draft.finish(&encode::hex(&signature)))
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("base_url", &self.endpoint().base_url())
            .field("bucket", &self.endpoint().bucket())
            .field("authorizer", &self.authorizer())
            .finish_non_exhaustive()
    }
}
