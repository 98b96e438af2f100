//! The verifier: recomputes the signature of a request that arrived, and judges what it permits.

use std::{borrow::Borrow, cmp::Reverse};

use subtle::{Choice, ConstantTimeEq};

use super::{
    authentication::{Authentication, Field, Key, find},
    bound::{Bound, Lines},
    credential::{Credential, DelegationKeyId},
    lookup::{KeyName, PolicyName, StoredPolicy},
    operation::{Needs, Scope},
    parameter as name,
    permissions::Permissions,
    received::Received,
    refusal::{Mismatch, Refusal},
    string_to_sign::{SignedBy, StringToSign},
    terms::AddressRange,
    verified::Verified,
};
use crate::Timestamp;

/// Verifies requests to a blob service that carry a shared access signature.
///
/// ```
/// use presign::azure::Verifier;
///
/// // `<account>.blob.core.windows.net/container/blob`, and no other host.
/// let verifier = Verifier::new().with_hosts(["blob.core.windows.net"]);
/// # let _ = verifier;
/// ```
#[derive(Clone, Debug, Default)]
pub struct Verifier {
    /// Lower-case, the longest first.
    hosts: Vec<Box<str>>,
}

/// Where the request goes.
struct Place<'a> {
    account: &'a str,
    container: &'a str,
    blob: Option<&'a str>,
}

impl Verifier {
    /// Makes a verifier that takes every request, whatever its host, as one
    /// for `/<account>/<container>/<blob>`, as emulators have it.
    ///
    /// Use it only where no account is addressed by a host of its own:
    /// [`Verifier::with_hosts`] tells the two apart.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes only requests for `<account>.<host>`, and for these hosts
    /// themselves with the account in the path. A port, unless it is the
    /// scheme's default, is part of the host, as in the `Host` header.
    #[must_use]
    pub fn with_hosts<Host: AsRef<str>>(mut self, hosts: impl IntoIterator<Item = Host>) -> Self {
        self.hosts.extend(
            hosts
                .into_iter()
                .map(|host| host.as_ref().to_ascii_lowercase().into()),
        );
        self.hosts.sort_by_key(|host| Reverse(host.len()));
        self
    }

    /// Verifies a request that arrived at `now`.
    ///
    /// `find_keys` gives the keys that go by a name, an account's two keys for
    /// instance; `find_policy` gives a stored access policy.
    ///
    /// A success means that the holder of a key signed the container or blob,
    /// times, permissions, protocols, client addresses and whatever else
    /// [`Verified`] confirms, and that they allow this request. It says
    /// nothing of whether container and blob exist.
    ///
    /// # Errors
    ///
    /// The first step that failed. Checks run from the form to the signature,
    /// so an expired URL is told to be expired whoever signed it; what only a
    /// signature can establish is checked after it.
    pub fn verify<Keys: IntoIterator<Item: Borrow<Credential>>>(
        &self,
        received: &Received<'_>,
        now: Timestamp,
        find_keys: impl FnOnce(KeyName<'_>) -> Keys,
        find_policy: impl FnOnce(PolicyName<'_>) -> Option<StoredPolicy>,
    ) -> Result<Verified, Refusal> {
        let path = received.path()?;
        let host = received.host()?.to_ascii_lowercase();
        let place = self.place(&host, &path)?;
        let parameters = received.parameters()?;
        if received.header("authorization")?.is_some() {
            return Err(Refusal::SeveralMechanisms);
        }
        let authentication = Authentication::parse(&parameters)?;
        if authentication.resource != "c" && place.blob.is_none() {
            return Err(Refusal::WrongResource);
        }
        check_time(authentication.start.value, authentication.expiry.value, now)?;
        if let Key::Delegation(delegation) = &authentication.key {
            check_key_time(&delegation.id, now)?;
        }

        let bound = Bound::find(received, &parameters, &authentication.key)?;
        check_signature(&place, &authentication, &bound, find_keys)?;

        let policy = stored_policy(&place, &authentication, find_policy)?;
        let starts_at = either(&authentication.start, policy.starts_at, name::START)?;
        let expires_at = either(&authentication.expiry, policy.expires_at, name::EXPIRY)?
            .ok_or(Refusal::MissingParameter { name: name::EXPIRY })?;
        let permissions = either(
            &authentication.permissions,
            policy.permissions,
            name::PERMISSIONS,
        )?
        .ok_or(Refusal::MissingParameter {
            name: name::PERMISSIONS,
        })?;
        check_time(starts_at, Some(expires_at), now)?;
        check_origin(received, &authentication)?;
        check_operation(received, &place, &parameters, permissions)?;
        let delegation = authentication.key.delegation();
        Ok(Verified {
            account: place.account.into(),
            container: place.container.into(),
            blob: place.blob.map(Into::into),
            permissions,
            starts_at,
            expires_at,
            delegation: delegation.map(|it| it.id.clone()),
            correlation_id: delegation.and_then(|it| it.correlation_id.value),
            policy: authentication.key.policy().map(Into::into),
            response_headers: authentication.response_headers(),
            signed_headers: authentication.signed_headers(),
            signed_parameters: authentication.signed_parameters(),
            parameters: parameters
                .into_iter()
                .filter(|(name, _)| !name::is_part(name))
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        })
    }

    /// Reads from host and path which account, container and blob are meant.
    fn place<'a>(&self, host: &'a str, path: &'a str) -> Result<Place<'a>, Refusal> {
        let path = path.strip_prefix('/').unwrap_or(path);
        let in_path = || path.split_once('/').ok_or(Refusal::NoContainer);
        let (account, path) = if self.hosts.is_empty() || self.hosts.iter().any(|it| **it == *host)
        {
            in_path()?
        } else {
            let mut suffixes = self.hosts.iter();
            let account = suffixes
                .find_map(|known| host.strip_suffix(&**known)?.strip_suffix('.'))
                .ok_or(Refusal::UnknownHost)?;
            (account, path)
        };
        let (container, blob) = path.split_once('/').unwrap_or((path, ""));
        if account.is_empty() || container.is_empty() {
            return Err(Refusal::NoContainer);
        }
        Ok(Place {
            account,
            container,
            blob: Some(blob).filter(|blob| !blob.is_empty()),
        })
    }
}

fn check_time(
    starts_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), Refusal> {
    if let Some(starts_at) = starts_at.filter(|at| now < *at) {
        return Err(Refusal::NotYetValid { starts_at });
    }
    if let Some(expires_at) = expires_at.filter(|at| now >= *at) {
        return Err(Refusal::Expired { expires_at });
    }
    Ok(())
}

fn check_key_time(id: &DelegationKeyId, now: Timestamp) -> Result<(), Refusal> {
    if now < id.starts_at {
        return Err(Refusal::KeyNotYetValid {
            starts_at: id.starts_at,
        });
    }
    if now >= id.expires_at {
        return Err(Refusal::KeyExpired {
            expires_at: id.expires_at,
        });
    }
    Ok(())
}

fn check_signature<Keys: IntoIterator<Item: Borrow<Credential>>>(
    place: &Place<'_>,
    authentication: &Authentication<'_>,
    bound: &Bound<'_>,
    find_keys: impl FnOnce(KeyName<'_>) -> Keys,
) -> Result<(), Refusal> {
    let lines = bound.lines();
    let mut buffer = Vec::with_capacity(512);
    string_to_sign(place, authentication, &lines).push(&mut buffer);

    let name = KeyName {
        account: place.account,
        delegation: authentication.key.delegation().map(|it| &it.id),
    };
    let (mut is_known, mut matches) = (false, Choice::from(0));
    for credential in find_keys(name) {
        let credential = credential.borrow();
        if credential.delegation() == name.delegation {
            is_known = true;
            let expected = credential.signing_key().sign(&buffer);
            matches |= expected.ct_eq(&authentication.signature);
        }
    }
    if !is_known {
        return Err(Refusal::UnknownKey);
    }
    if !bool::from(matches) {
        let shown = string_to_sign(place, authentication, &bound.shown_lines()).text();
        return Err(Refusal::SignatureDoesNotMatch(Box::new(Mismatch {
            string_to_sign: shown.into(),
        })));
    }
    Ok(())
}

fn string_to_sign<'a>(
    place: &Place<'a>,
    authentication: &Authentication<'a>,
    lines: &'a Lines,
) -> StringToSign<'a> {
    StringToSign {
        permissions: authentication.permissions.text,
        start: authentication.start.text,
        expiry: authentication.expiry.text,
        account: place.account,
        container: place.container,
        blob: place.blob.filter(|_| authentication.resource != "c"),
        signed_by: match &authentication.key {
            Key::Account { policy } => SignedBy::Account { policy },
            Key::Delegation(delegation) => SignedBy::Delegation {
                layout: delegation.layout,
                key: delegation.key,
                authorized_agent: delegation.authorized_agent,
                unauthorized_agent: delegation.unauthorized_agent,
                correlation_id: delegation.correlation_id.text,
                headers: &lines.headers,
                parameters: &lines.parameters,
            },
        },
        addresses: authentication.addresses.text,
        protocols: authentication.protocols,
        version: authentication.version,
        resource: authentication.resource,
        snapshot: authentication.snapshot,
        encryption_scope: authentication.encryption_scope,
        overrides: authentication.overrides,
    }
}

/// Gives the policy that the signature hangs on, or one that sets nothing.
fn stored_policy(
    place: &Place<'_>,
    authentication: &Authentication<'_>,
    find_policy: impl FnOnce(PolicyName<'_>) -> Option<StoredPolicy>,
) -> Result<StoredPolicy, Refusal> {
    let Some(id) = authentication.key.policy() else {
        return Ok(StoredPolicy::default());
    };
    find_policy(PolicyName {
        account: place.account,
        container: place.container,
        id,
    })
    .ok_or(Refusal::UnknownPolicy)
}

/// Gives what either the URL or the policy sets; not even the same may be set by both.
fn either<T: Copy>(
    field: &Field<'_, T>,
    of_policy: Option<T>,
    name: &'static str,
) -> Result<Option<T>, Refusal> {
    match (field.value, of_policy) {
        (Some(_), Some(_)) => Err(Refusal::SetByPolicy { name }),
        (of_url, of_policy) => Ok(of_url.or(of_policy)),
    }
}

fn check_origin(
    received: &Received<'_>,
    authentication: &Authentication<'_>,
) -> Result<(), Refusal> {
    if authentication.protocols == "https" && !received.is_https {
        return Err(Refusal::ProtocolMismatch);
    }
    let is_outside = |range: AddressRange| !range.contains(received.client_address);
    if authentication.addresses.value.is_some_and(is_outside) {
        return Err(Refusal::AddressMismatch);
    }
    Ok(())
}

fn check_operation(
    received: &Received<'_>,
    place: &Place<'_>,
    parameters: &[(String, String)],
    permissions: Permissions,
) -> Result<(), Refusal> {
    let scope = match place.blob {
        Some(_) => Scope::Blob,
        None => Scope::Container,
    };
    let needs = Needs::of(received.method, scope, |name| find(parameters, name));
    match needs {
        Some(needs) if permissions.intersects(needs.any_of) => Ok(()),
        _ => Err(Refusal::PermissionMismatch {
            any_of: needs.map(|needs| needs.any_of),
        }),
    }
}
