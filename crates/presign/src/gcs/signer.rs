//! The signer: from a request and a window of time to a signed URL, with a key at hand.

use std::{fmt, sync::Arc};

#[cfg(feature = "gcs-rsa")]
use super::draft::AccountDay;
use super::{Credential, Endpoint, draft::draft};
#[cfg(feature = "gcs-rsa")]
use crate::encode;
use crate::{
    Error, Request, SignedUrl, Timestamp, Window,
    v4::{
        dialect::{GOOG4_HMAC_SHA256, GOOGLE},
        draft::Authority,
        signing_key::{DayKeys, KeySource},
    },
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
pub struct Signer(Arc<Inner>);

struct Inner {
    endpoint: Endpoint,
    credential: Credential,
    day_keys: DayKeys,
}

impl Signer {
    /// Makes a signer; keys are derived when first needed.
    pub fn new(endpoint: Endpoint, credential: impl Into<Credential>) -> Self {
        Self(Arc::new(Inner {
            endpoint,
            credential: credential.into(),
            day_keys: DayKeys::default(),
        }))
    }

    /// The bucket that URLs are for.
    pub fn endpoint(&self) -> &Endpoint {
        &self.0.endpoint
    }

    /// The access id or e-mail address, which every URL shows.
    pub fn authorizer(&self) -> &str {
        self.0.credential.authorizer()
    }

    /// When the key, and with it every URL, ends; `None` if it does not or is not known to.
    pub fn credential_expires_at(&self) -> Option<Timestamp> {
        self.0.credential.expires_at()
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
        let Inner {
            endpoint,
            credential,
            day_keys,
        } = &*self.0;
        window.check(credential.expires_at())?;
        match credential {
            Credential::Hmac(key) => {
                let source = KeySource {
                    dialect: &GOOGLE,
                    access_key: key.access_key(),
                    region: endpoint.location(),
                };
                let day_key = day_keys.get(&source, window.from);
                let authority = Authority {
                    algorithm: GOOG4_HMAC_SHA256,
                    credential: &day_key.credential,
                    scope: &day_key.scope,
                    token: None,
                };
                let draft = draft(endpoint, authority, request, window)?;
                Ok(draft.finish(&day_key.key.sign(&draft.string_to_sign())))
            }
            #[cfg(feature = "gcs-rsa")]
            Credential::ServiceAccount(key) => {
                let day = AccountDay::new(key.client_email(), endpoint.location(), window.from);
                let draft = draft(endpoint, day.authority(), request, window)?;
                let signature = key.sign(&draft.string_to_sign().text())?;
                Ok(draft.finish(&encode::hex(&signature)))
            }
        }
    }
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
