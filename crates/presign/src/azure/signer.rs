//! The signer: from a request, its terms and a window of time to a signed URL.

use std::{fmt, sync::Arc};

use super::{
    binding::Binding,
    credential::{Credential, DelegationKeyId},
    endpoint::{Endpoint, blob_name},
    iso8601,
    operation::{Needs, Scope},
    permissions::Permissions,
    query::Query,
    string_to_sign::{KeyFields, SignedBy, StringToSign},
    terms::{Agent, Terms},
    url,
    version::Version,
};
use crate::{BindFault, Error, Request, SignedUrl, TermsFault, Timestamp, Window};

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
pub struct Signer(Arc<Inner>);

struct Inner {
    endpoint: Endpoint,
    version: Version,
    credential: Credential,
    delegation: Option<DelegationTexts>,
    protocols: &'static str,
}

/// What every URL shows of a delegated key, as text.
struct DelegationTexts {
    object_id: String,
    tenant_id: String,
    start: String,
    expiry: String,
    service: Box<str>,
    version: Box<str>,
}

impl Signer {
    /// Makes a signer. URLs of an endpoint over TLS work over TLS only.
    pub fn new(endpoint: Endpoint, version: Version, credential: impl Into<Credential>) -> Self {
        let credential = credential.into();
        Self(Arc::new(Inner {
            version,
            delegation: credential.delegation().map(DelegationTexts::new),
            credential,
            protocols: if endpoint.is_https() {
                "https"
            } else {
                "https,http"
            },
            endpoint,
        }))
    }

    /// The container that URLs are for.
    pub fn endpoint(&self) -> &Endpoint {
        &self.0.endpoint
    }

    /// The service version of its signatures.
    pub fn version(&self) -> Version {
        self.0.version
    }

    /// The public half of a delegated key, which every URL shows.
    pub fn delegation(&self) -> Option<&DelegationKeyId> {
        self.0.credential.delegation()
    }

    /// When the key, and with it every URL, ends; `None` for an account's key.
    pub fn credential_expires_at(&self) -> Option<Timestamp> {
        self.0.credential.expires_at()
    }

    /// Whether request headers and query parameters can be bound: with a
    /// delegated key, in version `2026-04-06`.
    pub fn binds_requests(&self) -> bool {
        self.0.delegation.is_some() && self.0.version >= Version::V2026_04_06
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
        let inner = &*self.0;
        let (start, expiry) = inner.times(window)?;
        let blob = blob_name(request.target)?;
        let query = Query::sort(request.query, request.target, self.binds_requests())?;
        let headers = self.bind_headers(request.headers)?;
        let permissions = permissions(request, blob.is_some(), &query, terms)?.to_string();
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
        let string_to_sign = StringToSign {
            permissions: &permissions,
            start: &start,
            expiry: &expiry,
            account: inner.endpoint.account(),
            container: inner.endpoint.container(),
            blob,
            signed_by: match &inner.delegation {
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
                    layout: inner.version.layout(),
                    key: texts.fields(),
                    authorized_agent: authorized_agent.as_deref().unwrap_or(""),
                    unauthorized_agent: unauthorized_agent.as_deref().unwrap_or(""),
                    correlation_id: correlation_id.as_deref().unwrap_or(""),
                    headers: &headers.lines,
                    parameters: &query.bound.lines,
                },
            },
            addresses: addresses.as_deref().unwrap_or(""),
            protocols: inner.protocols,
            version: inner.version.as_str(),
            resource,
            snapshot,
            encryption_scope: "",
            overrides: query.overrides,
        };
        let mut buffer = Vec::with_capacity(512);
        string_to_sign.push(&mut buffer);
        let signature = inner.credential.signing_key().sign(&buffer);
        Ok(url::write(
            &inner.endpoint,
            &string_to_sign,
            &query,
            &headers,
            &signature,
        ))
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

impl Inner {
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

/// What the URL permits: what the terms say, or the least that the request usually needs.
fn permissions(
    request: &Request<'_>,
    is_blob: bool,
    query: &Query<'_>,
    terms: &Terms,
) -> Result<Permissions, Error> {
    let scope = if is_blob {
        Scope::Blob
    } else {
        Scope::Container
    };
    let needs = Needs::of(request.method.as_str(), scope, |name| query.find(name));
    let Some(given) = terms.permissions else {
        return needs
            .map(|needs| needs.usual)
            .ok_or(Error::UnknownOperation);
    };
    if is_blob && given.intersects(Permissions::LIST | Permissions::FIND) {
        return Err(Error::InvalidTerms(TermsFault::ContainerOnly));
    }
    if needs.is_some_and(|needs| !given.intersects(needs.any_of)) {
        return Err(Error::InvalidTerms(TermsFault::NotPermitted));
    }
    Ok(given)
}

impl DelegationTexts {
    fn new(id: &DelegationKeyId) -> Self {
        Self {
            object_id: id.object_id.to_string(),
            tenant_id: id.tenant_id.to_string(),
            start: iso8601::write(id.starts_at),
            expiry: iso8601::write(id.expires_at),
            service: id.service.clone(),
            version: id.version.clone(),
        }
    }

    fn fields(&self) -> KeyFields<'_> {
        KeyFields {
            object_id: &self.object_id,
            tenant_id: &self.tenant_id,
            start: &self.start,
            expiry: &self.expiry,
            service: &self.service,
            version: &self.version,
        }
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
