//! The signer: from a request and a window of time to a signed URL.

use std::{fmt, sync::Arc};

use super::{credential::Credential, endpoint::Endpoint};
use crate::{
    BatchRequest, Error, Kernel, Request, Secret, SignedUrl, Timestamp, UrlBuffer, Window, encode,
    v4::{
        dialect::{AWS, AWS4_HMAC_SHA256, X_AMZ_SECURITY_TOKEN},
        hmac_signer::HmacSigner,
        kept::Kept,
        parameter::Parameter,
        signing_key::KeySource,
    },
};

/// Signs URLs for one bucket with one credential.
///
/// Cheap to clone and shared between threads; the key derived for a day is
/// kept, so that signing costs two hashes and no derivation.
///
/// ```
/// use presign::{Method, Request, Target, Timestamp, Ttl, Window, s3};
///
/// let endpoint = s3::Endpoint::parse(
///     "http://127.0.0.1:8333",
///     s3::Addressing::Path,
///     "models",
///     "us-east-1",
/// )?;
/// let signer = s3::Signer::new(endpoint, s3::Credential::new("AKIA", "secret")?);
/// let request = Request {
///     method: Method::Put,
///     target: Target::Object("weights.bin"),
///     headers: &[("x-amz-checksum-crc32", "AAAAAA==")],
///     query: &[("x-grant", "grt_01")],
/// };
/// let window = Window {
///     from: Timestamp::from_unix_seconds(1_369_353_600),
///     ttl: Ttl::from_seconds(600)?,
/// };
/// let url = signer.sign(&request, window)?.into_exposed();
/// assert!(url.starts_with("http://127.0.0.1:8333/models/weights.bin?"));
/// assert!(url.contains("&X-Amz-SignedHeaders=host%3Bx-amz-checksum-crc32&x-grant=grt_01&"));
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
    /// The session token as the query has it.
    encoded_token: Option<Secret>,
    kept: Kept,
}

impl Signer {
    /// Makes a signer; keys are derived when first needed.
    pub fn new(endpoint: Endpoint, credential: Credential) -> Self {
        let encoded_token = credential
            .session_token()
            .map(|token| Secret::new(encode::component(token.expose())));
        Self {
            shared: Arc::new(Shared {
                endpoint,
                credential,
                encoded_token,
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

    /// The public half of the credential, which every URL shows.
    pub fn access_key_id(&self) -> &str {
        self.shared.credential.access_key_id()
    }

    /// When the credential, and with it every URL, ends; `None` if it does not or is not known to.
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
        self.hmac_signer().sign(request, window)
    }

    /// Signs the same request for many objects, and appends their URLs to `urls` in the order of
    /// the keys. Each is what [`Signer::sign`] gives; many at once take a fraction of the time.
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
        self.hmac_signer()
            .sign_batch(self.kernel, request, keys, window, urls)
    }

    fn hmac_signer(&self) -> HmacSigner<'_> {
        let Shared {
            endpoint,
            credential,
            encoded_token,
            kept,
        } = &*self.shared;
        HmacSigner {
            kept,
            site: endpoint.site(),
            source: KeySource {
                dialect: &AWS,
                access_key: credential.access_key(),
                region: endpoint.region(),
            },
            algorithm: AWS4_HMAC_SHA256,
            token: encoded_token
                .as_ref()
                .map(|token| Parameter::encoded(X_AMZ_SECURITY_TOKEN, token.expose())),
        }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("base_url", &self.endpoint().base_url())
            .field("bucket", &self.endpoint().bucket())
            .field("region", &self.endpoint().region())
            .field("access_key_id", &self.access_key_id())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Method, Target, Ttl};

    const DAY_SECONDS: i64 = 86_400;

    #[test]
    fn clones_in_many_threads_sign_as_one() {
        let sign = |signer: &Signer, second: i64| {
            let window = Window {
                from: Timestamp::from_unix_seconds(second),
                ttl: Ttl::MAX,
            };
            let request = Request::new(Method::Get, Target::Object("a"));
            signer.sign(&request, window).unwrap()
        };
        let fresh = || {
            let endpoint = Endpoint::aws("us-east-1", "models").unwrap();
            Signer::new(endpoint, Credential::new("AKIA", "secret").unwrap())
        };
        let shared = fresh();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let signer = shared.clone();
                scope.spawn(move || {
                    for step in 0..200 {
                        // Days come in another order in each thread.
                        let second = (step * (thread + 1) % 7) * DAY_SECONDS + step;
                        assert_eq!(sign(&signer, second), sign(&fresh(), second));
                    }
                });
            }
        });
    }
}
