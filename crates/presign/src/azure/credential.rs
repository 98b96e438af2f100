//! The two keys that sign: the account's own, and one that Entra ID delegates.

use super::{guid::Guid, signing_key::SigningKey};
use crate::{CredentialFault, Error, Secret, Timestamp};

/// One of the two keys of a storage account. It signs service SAS.
///
/// It does not end by itself, and whoever has it has the whole account:
/// a [`DelegationKey`] is to be preferred.
///
/// ```
/// use presign::azure::AccountKey;
///
/// let key = AccountKey::new("c3dvcmRmaXNo")?;
/// assert_eq!(format!("{key:?}"), "AccountKey(SigningKey(hidden))");
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct AccountKey(SigningKey);

impl AccountKey {
    /// Takes the key in base64, as Azure shows it.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCredential`] if it is empty or not base64.
    pub fn new(base64: impl Into<Secret>) -> Result<Self, Error> {
        SigningKey::from_base64(&base64.into()).map(Self)
    }
}

/// What a user delegation key says of itself, and every URL that it signed repeats.
///
/// The fields are those of the answer to [Get User Delegation Key][1].
///
/// ```
/// use presign::{Timestamp, azure::{DelegationKeyId, Guid}};
///
/// let id = DelegationKeyId {
///     object_id: "4e5c8a4e-6f4b-4c4b-9d5e-0d7a1f0a3c11".parse()?,
///     tenant_id: "72f988bf-86f1-41af-91ab-2d7cd011db47".parse()?,
///     starts_at: Timestamp::from_unix_seconds(1_700_000_000),
///     expires_at: Timestamp::from_unix_seconds(1_700_604_800),
///     service: "b".into(),
///     version: "2026-04-06".into(),
/// };
/// assert_ne!(id.object_id, Guid::from_u128(0));
/// # Ok::<(), presign::Error>(())
/// ```
///
/// [1]: https://learn.microsoft.com/rest/api/storageservices/get-user-delegation-key
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DelegationKeyId {
    /// `skoid`: the principal that asked for the key, and whose roles bound what it can do.
    pub object_id: Guid,
    /// `sktid`: the principal's tenant.
    pub tenant_id: Guid,
    /// `skt`: when the key begins to be good.
    pub starts_at: Timestamp,
    /// `ske`: the first second at which it no longer is, at most 7 days later.
    pub expires_at: Timestamp,
    /// `sks`: the service that the key is for, `b`.
    pub service: Box<str>,
    /// `skv`: the service version in which the key was asked for.
    pub version: Box<str>,
}

impl DelegationKeyId {
    fn check(&self) -> Result<(), CredentialFault> {
        let starts_at = self.starts_at.in_signable_years();
        let expires_at = self.expires_at.in_signable_years();
        let (Ok(starts_at), Ok(expires_at)) = (starts_at, expires_at) else {
            return Err(CredentialFault::Life);
        };
        if starts_at >= expires_at {
            return Err(CredentialFault::Life);
        }
        if &*self.service != "b" {
            return Err(CredentialFault::Service);
        }
        if super::iso8601::parse(&self.version).is_none() || self.version.len() != 10 {
            return Err(CredentialFault::Version);
        }
        Ok(())
    }
}

/// A user delegation key, which Azure gives to a principal of Entra ID for up to
/// 7 days. It signs user delegation SAS.
///
/// ```
/// use presign::{Timestamp, azure::{DelegationKey, DelegationKeyId, Guid}};
///
/// let id = DelegationKeyId {
///     object_id: Guid::from_u128(1),
///     tenant_id: Guid::from_u128(2),
///     starts_at: Timestamp::from_unix_seconds(1_700_000_000),
///     expires_at: Timestamp::from_unix_seconds(1_700_604_800),
///     service: "b".into(),
///     version: "2026-04-06".into(),
/// };
/// let key = DelegationKey::new(id.clone(), "c3dvcmRmaXNo")?;
/// assert_eq!(key.id(), &id);
/// assert!(format!("{key:?}").ends_with("key: SigningKey(hidden) }"));
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct DelegationKey {
    id: DelegationKeyId,
    key: SigningKey,
}

impl DelegationKey {
    /// Takes the key's public half and its value in base64.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCredential`] if the value is empty or not base64, the
    /// key ends before it begins, is for another service than blobs, or has a
    /// version that is not a date.
    pub fn new(id: DelegationKeyId, value: impl Into<Secret>) -> Result<Self, Error> {
        id.check().map_err(Error::InvalidCredential)?;
        let key = SigningKey::from_base64(&value.into())?;
        Ok(Self { id, key })
    }

    /// The public half, which every URL shows.
    pub fn id(&self) -> &DelegationKeyId {
        &self.id
    }
}

/// What signs a URL.
///
/// ```
/// use presign::azure::{AccountKey, Credential};
///
/// let credential = Credential::from(AccountKey::new("c3dvcmRmaXNo")?);
/// assert_eq!(credential.expires_at(), None);
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone, Debug)]
pub enum Credential {
    /// The account's key makes a service SAS.
    Account(AccountKey),
    /// A delegated key makes a user delegation SAS.
    Delegation(DelegationKey),
}

impl Credential {
    /// The first second at which the service no longer takes it; an account's key does not end.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.delegation().map(|id| id.expires_at)
    }

    /// The public half of a delegated key.
    pub fn delegation(&self) -> Option<&DelegationKeyId> {
        match self {
            Self::Account(_) => None,
            Self::Delegation(key) => Some(key.id()),
        }
    }

    pub(super) fn signing_key(&self) -> &SigningKey {
        match self {
            Self::Account(AccountKey(key)) | Self::Delegation(DelegationKey { key, .. }) => key,
        }
    }
}

impl From<AccountKey> for Credential {
    fn from(key: AccountKey) -> Self {
        Self::Account(key)
    }
}

impl From<DelegationKey> for Credential {
    fn from(key: DelegationKey) -> Self {
        Self::Delegation(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusable_delegation_keys_are_refused() {
        let at = Timestamp::from_unix_seconds;
        let good = DelegationKeyId {
            object_id: Guid::from_u128(1),
            tenant_id: Guid::from_u128(2),
            starts_at: at(100),
            expires_at: at(200),
            service: "b".into(),
            version: "2026-04-06".into(),
        };
        let fault = |id: DelegationKeyId| match DelegationKey::new(id, "c3dvcmRmaXNo") {
            Err(Error::InvalidCredential(fault)) => Some(fault),
            Ok(_) => None,
            Err(other) => panic!("{other}"),
        };
        let changed = |change: fn(&mut DelegationKeyId)| {
            let mut id = good.clone();
            change(&mut id);
            fault(id)
        };
        assert_eq!(fault(good.clone()), None);
        let life = Some(CredentialFault::Life);
        assert_eq!(changed(|id| id.expires_at = id.starts_at), life);
        assert_eq!(
            changed(|id| id.starts_at = Timestamp::from_unix_seconds(-1)),
            life
        );
        let never =
            |id: &mut DelegationKeyId| id.expires_at = Timestamp::from_unix_seconds(i64::MAX);
        assert_eq!(changed(never), life);
        assert_eq!(
            changed(|id| id.service = "q".into()),
            Some(CredentialFault::Service)
        );
        for version in ["", "2026-4-6", "2026-04-06T00:00Z", "2026-04-06\n"] {
            let id = DelegationKeyId {
                version: version.into(),
                ..good.clone()
            };
            assert_eq!(fault(id), Some(CredentialFault::Version), "{version}");
        }
    }
}
