//! The signer: from a request, its terms and a window of time to a signed URL.

use std::{fmt, sync::Arc};

use super::{
    binding::Binding,
    credential::{Credential, DelegationKeyId},
    delegation_texts::DelegationTexts,
    endpoint::{Endpoint, blob_name},
    iso8601,
    operation::{Scope, permissions},
    query::Query,
    signing_key::SigningKey,
    string_to_sign::{SignedBy, StringToSign},
    template::Template,
    terms::{Agent, Terms},
    url::Draft,
    version::Version,
};
use crate::{
    BatchRequest, BindFault, Error, Kernel, Request, SignedUrl, TermsFault, Timestamp, UrlBuffer,
    Window,
};

/// Signs URLs for one container with one key.
///
/// Cheap to clone and shared between threads. The key is absorbed once, so
/// that signing costs one hash of the string to sign and no more.
///
/// ```
/// use presign::{Method, Request, Target, Timestamp, Ttl, Window, azure};
///
/// let endpoint = azure::Endpoint::azure(azure::Cloud::Public, "teamvision", "models")?;
/// let key = azure::AccountKey::new("c3dvcmRmaXNo")?;
/// let signer = azure::Signer::new(endpoint, azure::Version::V2020_12_06, key);
/// let window = Window {
///     from: Timestamp::from_unix_seconds(1_369_353_600),
///     ttl: Ttl::from_seconds(900)?,
/// };
/// let url = signer.sign(&Request::new(Method::Get, Target::Object("weights.bin")), window)?;
/// assert!(url.expose().starts_with(
///     "https://teamvision.blob.core.windows.net/models/weights.bin\
///      ?sv=2020-12-06&st=2013-05-24T00%3A00%3A00Z&se=2013-05-24T00%3A15%3A00Z\
///      &sr=b&sp=r&spr=https&sig="
/// ));
/// # Ok::<(), presign::Error>(())
/// ```
///
/// A delegated key and version `2026-04-06` bind headers and query parameters:
///
/// ```
/// use presign::{Method, Request, Target, Timestamp, Ttl, Window, azure};
///
/// let window = Window {
///     from: Timestamp::from_unix_seconds(1_790_000_000),
///     ttl: Ttl::from_seconds(900)?,
/// };
/// let id = azure::DelegationKeyId {
///     object_id: "4e5c8a4e-6f4b-4c4b-9d5e-0d7a1f0a3c11".parse()?,
///     tenant_id: "72f988bf-86f1-41af-91ab-2d7cd011db47".parse()?,
///     starts_at: window.from,
///     expires_at: window.ends(),
///     service: "b".into(),
///     version: "2026-04-06".into(),
/// };
/// let endpoint = azure::Endpoint::azure(azure::Cloud::Public, "teamvision", "models")?;
/// let key = azure::DelegationKey::new(id, "c3dvcmRmaXNo")?;
/// let signer = azure::Signer::new(endpoint, azure::Version::V2026_04_06, key);
/// let request = Request {
///     method: Method::Put,
///     target: Target::Object("weights.bin"),
///     headers: &[("content-length", "4194304")],
///     query: &[("comp", "block"), ("blockid", "AAAA")],
/// };
/// let terms = azure::Terms::new().with_correlation_id(azure::Guid::from_u128(42));
/// let url = signer.sign_with(&request, &terms, window)?;
/// assert!(url.expose().contains("weights.bin?comp=block&blockid=AAAA&sv=2026-04-06&"));
/// assert!(url.expose().contains("&srh=content-length&srq=comp,blockid&sig="));
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone)]
pub struct Signer {
    shared: Arc<Shared>,
    kernel: Kernel,
}

struct Shared {
    endpoint: Endpoint,
    version: Version,
    credential: Credential,
    delegation: Option<DelegationTexts>,
    protocols: &'static str,
}

impl Signer {
    /// Makes a signer. URLs of an endpoint over TLS work over TLS only.
    pub fn new(endpoint: Endpoint, version: Version, credential: impl Into<Credential>) -> Self {
        let credential = credential.into();
        let shared = Shared {
            version,
            delegation: credential.delegation().map(DelegationTexts::new),
            credential,
            protocols: if endpoint.is_https() {
                "https"
            } else {
                "https,http"
            },
            endpoint,
        };
        Self {
            shared: Arc::new(shared),
            kernel: Kernel::fastest(),
        }
    }

    /// Makes batches go through another kernel than the fastest, for tests and measurements.
    #[must_use]
    pub fn with_kernel(self, kernel: Kernel) -> Self {
        Self { kernel, ..self }
    }

    /// The container that URLs are for.
    pub fn endpoint(&self) -> &Endpoint {
        &self.shared.endpoint
    }

    /// The service version of its signatures.
    pub fn version(&self) -> Version {
        self.shared.version
    }

    /// The public half of a delegated key, which every URL shows.
    pub fn delegation(&self) -> Option<&DelegationKeyId> {
        self.shared.credential.delegation()
    }

    /// When the key, and with it every URL, ends; `None` for an account's key.
    pub fn credential_expires_at(&self) -> Option<Timestamp> {
        self.shared.credential.expires_at()
    }

    /// Whether request headers and query parameters can be bound: with a
    /// delegated key, in version `2026-04-06`.
    pub fn binds_requests(&self) -> bool {
        self.shared.delegation.is_some() && self.shared.version >= Version::V2026_04_06
    }

    /// Signs the request for the window, with the least permission that it usually needs.
    ///
    /// The service allows no difference of clocks: let the window begin some
    /// minutes ago, if the URL is to be used at once.
    ///
    /// # Errors
    ///
    /// Those of [`Signer::sign_with`].
    pub fn sign(&self, request: &Request<'_>, window: Window) -> Result<SignedUrl, Error> {
        self.sign_with(request, &Terms::default(), window)
    }

    /// Signs the request for the window, on these terms.
    ///
    /// # Errors
    ///
    /// Everything that would make a URL say less, or allow more, than what was
    /// asked for: a name the service does not take ([`Error::InvalidKey`]), a
    /// header or query parameter that cannot be bound
    /// ([`Error::CannotBind`], [`Error::CannotBindParameter`]), is given twice
    /// ([`Error::DuplicateParameter`]) or owned by the signature
    /// ([`Error::ReservedParameter`]), an operation whose permission is not
    /// known ([`Error::UnknownOperation`]), terms that do not fit
    /// ([`Error::InvalidTerms`]), a delegated key that begins or ends within
    /// the window ([`Error::CredentialBeginsLater`],
    /// [`Error::CredentialExpiresFirst`]), a time before 1970 or after 9999
    /// ([`Error::TimestampOutOfRange`]).
    pub fn sign_with(
        &self,
        request: &Request<'_>,
        terms: &Terms,
        window: Window,
    ) -> Result<SignedUrl, Error> {
        let times = self.shared.times(window)?;
        let blob = blob_name(request.target)?;
        let common = BatchRequest::of(request);
        self.put_together(&common, blob, terms, &times, |draft, key| {
            let mut buffer = Vec::with_capacity(512);
            draft.signed.push(&mut buffer);
            draft.finish(&key.sign(&buffer))
        })
    }

    /// Signs the same request for many blobs, with the least permission that it usually needs.
    ///
    /// ```
    /// use presign::{BatchRequest, Method, Timestamp, Ttl, UrlBuffer, Window, azure};
    ///
    /// # let endpoint = azure::Endpoint::azure(azure::Cloud::Public, "teamvision", "models")?;
    /// # let key = azure::AccountKey::new("c3dvcmRmaXNo")?;
    /// # let signer = azure::Signer::new(endpoint, azure::Version::V2020_12_06, key);
    /// # let window = Window { from: Timestamp::from_unix_seconds(0), ttl: Ttl::from_seconds(60)? };
    /// let mut urls = UrlBuffer::new();
    /// signer.sign_batch(&BatchRequest::new(Method::Get), ["a.bin", "b.bin"], window, &mut urls)?;
    /// for (url, name) in urls.iter().zip(["a.bin", "b.bin"]) {
    ///     let start = format!("https://teamvision.blob.core.windows.net/models/{name}?sv=");
    ///     assert!(url.expose().starts_with(&start));
    /// }
    /// # Ok::<(), presign::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Signer::sign_batch_with`].
    pub fn sign_batch<'n>(
        &self,
        request: &BatchRequest<'_>,
        names: impl IntoIterator<Item = &'n str>,
        window: Window,
        urls: &mut UrlBuffer,
    ) -> Result<(), Error> {
        self.sign_batch_with(request, &Terms::default(), names, window, urls)
    }

    /// Signs the same request for many blobs, on the same terms, and appends their URLs to `urls`
    /// in the order of the names. Each is what [`Signer::sign_with`] gives; many at once take a
    /// fraction of the time.
    ///
    /// # Errors
    ///
    /// As [`Signer::sign_with`], but [`Error::InvalidKeyInBatch`] for a name. Then `urls` is as
    /// it was.
    pub fn sign_batch_with<'n>(
        &self,
        request: &BatchRequest<'_>,
        terms: &Terms,
        names: impl IntoIterator<Item = &'n str>,
        window: Window,
        urls: &mut UrlBuffer,
    ) -> Result<(), Error> {
        let times = self.shared.times(window)?;
        // Which blob, the template leaves open.
        self.put_together(request, Some(""), terms, &times, |draft, key| {
            Template::new(draft, key).sign_batch(self.kernel, names, urls)
        })?
    }

    /// Checks all but the window and the blob's name, and gives it to `work`.
    fn put_together<T>(
        &self,
        request: &BatchRequest<'_>,
        blob: Option<&str>,
        terms: &Terms,
        (start, expiry): &(String, String),
        work: impl FnOnce(&Draft<'_>, &SigningKey) -> T,
    ) -> Result<T, Error> {
        let shared = &*self.shared;
        let scope = match blob {
            None => Scope::Container,
            Some(_) => Scope::Blob,
        };
        let query = Query::sort(request.query, scope, self.binds_requests())?;
        let headers = self.bind_headers(request.headers)?;
        let permissions = permissions(request.method, scope, &query, terms)?.to_string();
        let (snapshot, resource) = match (blob, query.snapshot) {
            (None, _) => ("", "c"),
            (Some(_), None) => ("", "b"),
            (Some(_), Some(snapshot)) => {
                let (_, value, resource) = snapshot.fields();
                (value, resource)
            }
        };
        let addresses = terms.addresses.map(|range| range.to_string());
        let correlation_id = terms.correlation_id.map(|id| id.to_string());
        let (authorized_agent, unauthorized_agent) = match terms.agent {
            None => (None, None),
            Some(Agent::Authorized(id)) => (Some(id.to_string()), None),
            Some(Agent::Unauthorized(id)) => (None, Some(id.to_string())),
        };
        let signed = StringToSign {
            permissions: &permissions,
            start,
            expiry,
            account: shared.endpoint.account(),
            container: shared.endpoint.container(),
            blob,
            signed_by: match &shared.delegation {
                None if terms.correlation_id.is_some() || terms.agent.is_some() => {
                    return Err(Error::InvalidTerms(TermsFault::NeedsDelegationKey));
                }
                None => SignedBy::Account {
                    policy: terms.policy.as_deref().unwrap_or(""),
                },
                Some(_) if terms.policy.is_some() => {
                    return Err(Error::InvalidTerms(TermsFault::NeedsAccountKey));
                }
                Some(texts) => SignedBy::Delegation {
                    layout: shared.version.layout(),
                    key: texts.fields(),
                    authorized_agent: authorized_agent.as_deref().unwrap_or(""),
                    unauthorized_agent: unauthorized_agent.as_deref().unwrap_or(""),
                    correlation_id: correlation_id.as_deref().unwrap_or(""),
                    headers: &headers.lines,
                    parameters: &query.bound.lines,
                },
            },
            addresses: addresses.as_deref().unwrap_or(""),
            protocols: shared.protocols,
            version: shared.version.as_str(),
            resource,
            snapshot,
            encryption_scope: "",
            overrides: query.overrides,
        };
        let draft = Draft {
            endpoint: &shared.endpoint,
            signed,
            query: &query,
            headers: &headers,
        };
        Ok(work(&draft, shared.credential.signing_key()))
    }

    fn bind_headers(&self, headers: &[(&str, &str)]) -> Result<Binding, Error> {
        match headers.first() {
            None => Ok(Binding::default()),
            Some(_) if self.binds_requests() => Binding::of_headers(headers),
            Some((name, _)) => Err(Error::CannotBind {
                header: (*name).into(),
                fault: BindFault::NotCovered,
            }),
        }
    }
}

impl Shared {
    /// Writes the ends of the window, if the key is good for all of it.
    fn times(&self, window: Window) -> Result<(String, String), Error> {
        let from = window.from.in_signable_years()?;
        let ends = window.ends().in_signable_years()?;
        if let Some(key) = self.credential.delegation() {
            if key.starts_at > from {
                return Err(Error::CredentialBeginsLater { at: key.starts_at });
            }
            if key.expires_at < ends {
                return Err(Error::CredentialExpiresFirst { at: key.expires_at });
            }
        }
        Ok((iso8601::write(from), iso8601::write(ends)))
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("base_url", &self.endpoint().base_url())
            .field("container", &self.endpoint().container())
            .field("version", &self.version())
            .field("delegation", &self.delegation())
            .finish_non_exhaustive()
    }
}
