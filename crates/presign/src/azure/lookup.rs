//! What the verifier asks for: keys and stored access policies, by their names.

use super::{credential::DelegationKeyId, permissions::Permissions};
use crate::Timestamp;

/// Which key is said to have signed.
///
/// ```
/// use presign::azure::KeyName;
///
/// let name = KeyName { account: "teamvision", delegation: None };
/// assert_eq!(name.account, "teamvision");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyName<'a> {
    /// The storage account.
    pub account: &'a str,
    /// The delegated key; `None` for the account's own keys.
    pub delegation: Option<&'a DelegationKeyId>,
}

/// Which stored access policy a signature hangs on.
///
/// ```
/// use presign::azure::PolicyName;
///
/// let name = PolicyName { account: "teamvision", container: "models", id: "run-42" };
/// assert_eq!(name.id, "run-42");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PolicyName<'a> {
    /// The storage account.
    pub account: &'a str,
    /// The container that has the policy.
    pub container: &'a str,
    /// The policy's id.
    pub id: &'a str,
}

/// What a stored access policy of a container sets for the signatures that name it.
///
/// ```
/// use presign::azure::StoredPolicy;
///
/// // It sets nothing, and so serves to revoke alone.
/// let policy = StoredPolicy::default();
/// assert_eq!(policy.permissions, None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoredPolicy {
    /// What is permitted.
    pub permissions: Option<Permissions>,
    /// When it begins.
    pub starts_at: Option<Timestamp>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}
