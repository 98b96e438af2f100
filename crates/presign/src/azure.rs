//! Azure Blob Storage: shared access signatures (SAS), and their verification.
//!
//! A SAS is a set of query parameters that anybody may append to the URL of a
//! container or blob. They say what is permitted, when, from where and over
//! which protocol; the last, `sig`, is an HMAC-SHA256 of all that.
//!
//! Two kinds of keys sign two kinds of SAS:
//!
//! | | [service SAS][service] | [user delegation SAS][delegation] |
//! |---|---|---|
//! | key | [`AccountKey`], which does not end | [`DelegationKey`], which Entra ID gives for up to 7 days |
//! | allows at most | everything | what the roles of the key's principal allow, too |
//! | id in the service's logs | none | `scid`, [`Terms::with_correlation_id`] |
//! | binds request headers and query parameters | never | in [`Version::V2026_04_06`] |
//! | revoked by | its stored policy, [`Terms::with_stored_policy`], or a new account key | revoking all of the account's delegation keys, or the principal's roles |
//!
//! # How a URL is signed
//!
//! 1. The *permission* is the least that the request needs ([`Permissions`]):
//!    `r` for a `GET`, `w` for a `PUT`, `l` for listing; or what [`Terms`] give.
//! 2. The *string to sign* has a line for each field, empty if there is none:
//!    permissions, begin and end; `/blob/<account>/<container>/<blob>`; the
//!    stored policy's id, or the delegated key with agent and correlation ids;
//!    addresses, protocols, version, kind of resource, snapshot, encryption
//!    scope; in the one case above the bound headers (`name:value` and a newline
//!    for each) and query parameters (a newline and `name:value` for each); then
//!    what replaces the response's headers.
//! 3. The *signature* is its HMAC with the key, in base64.
//!
//! [`Signer`] and [`Verifier`] share the second step and the table of
//! permissions, and nothing else. Both are tested against URLs made by
//! Microsoft's SDKs for Python and JavaScript.
//!
//! ```
//! use presign::{Error, Method, Request, Target, Timestamp, Ttl, Window, azure};
//!
//! let endpoint = azure::Endpoint::azure(azure::Cloud::Public, "teamvision", "models")?;
//! let key = azure::AccountKey::new("c3dvcmRmaXNo")?;
//! let signer = azure::Signer::new(endpoint, azure::Version::V2020_12_06, key);
//! let window = Window {
//!     // Some minutes ago: the service allows no difference of clocks.
//!     from: Timestamp::from_unix_seconds(1_790_000_000 - 300),
//!     ttl: Ttl::from_seconds(1200)?,
//! };
//!
//! let download = Request {
//!     query: &[("rscd", "attachment")],
//!     ..Request::new(Method::Get, Target::Object("weights.bin"))
//! };
//! let url = signer.sign(&download, window)?;
//! assert!(url.expose().contains("&sp=r&spr=https&rscd=attachment&sig="));
//!
//! // A new blob, but not in place of an old one. Whoever uploads adds `x-ms-blob-type`.
//! let upload = Request::new(Method::Put, Target::Object("weights.bin"));
//! let create_only = azure::Terms::new().with_permissions(azure::Permissions::CREATE);
//! let url = signer.sign_with(&upload, &create_only, window)?;
//! assert!(url.expose().contains("&sp=c&"));
//!
//! // A service SAS has no place for what a request has to look like.
//! let bound = Request { headers: &[("content-length", "5")], ..upload };
//! assert!(matches!(signer.sign(&bound, window), Err(Error::CannotBind { .. })));
//! # Ok::<(), Error>(())
//! ```
//!
//! # How a request is verified
//!
//! The verifier asks for the keys of the account or the delegated key that the query names, and
//! for the stored policy if it names one; then it says what is permitted.
//!
//! ```
//! use presign::{Method, Request, Target, Timestamp, Ttl, Window, azure};
//!
//! # let endpoint = azure::Endpoint::azure(azure::Cloud::Public, "teamvision", "models")?;
//! let key = azure::AccountKey::new("c3dvcmRmaXNo")?;
//! # let signer = azure::Signer::new(endpoint, azure::Version::V2020_12_06, key.clone());
//! let now = Timestamp::from_unix_seconds(1_790_000_000);
//! let window = Window { from: now, ttl: Ttl::from_seconds(1200)? };
//! let download = Request::new(Method::Get, Target::Object("weights.bin"));
//! let url = signer.sign(&download, window)?;
//!
//! let received = url.expose().strip_prefix("https://teamvision.blob.core.windows.net").unwrap();
//! let (raw_path, raw_query) = received.split_once('?').unwrap();
//! let received = azure::Received {
//!     method: "GET",
//!     raw_path,
//!     raw_query,
//!     headers: &[("host", b"teamvision.blob.core.windows.net")],
//!     is_https: true,
//!     client_address: [192, 0, 2, 1].into(),
//! };
//! let verifier = azure::Verifier::new().with_hosts(["blob.core.windows.net"]);
//! let find_keys = |name: azure::KeyName<'_>| {
//!     (name.account == "teamvision").then(|| azure::Credential::from(key.clone()))
//! };
//! let verified = verifier.verify(&received, now, find_keys, |_| None).unwrap();
//! assert_eq!(verified.blob.as_deref(), Some("weights.bin"));
//!
//! // What is permitted by `r` is no `DELETE`.
//! let changed = azure::Received { method: "DELETE", ..received };
//! assert!(verifier.verify(&changed, now, find_keys, |_| None).is_err());
//! # Ok::<(), presign::Error>(())
//! ```
//!
//! # Versions and limits
//!
//! - [`Version`] says which `sv` is signed: `2020-12-06`, or `2026-04-06` for binding headers and
//!   parameters. The verifier takes all that the service has published from the first on.
//! - A URL lives for at most 7 days ([`Ttl::MAX`](crate::Ttl::MAX)). For a delegated key that is
//!   the service's limit, and it ends with the key at the latest; with an account's key the
//!   service would take more.
//! - It is good from its first second on, and neither before nor after: the service allows no
//!   difference of clocks, so begin some minutes ago.
//! - A blob's name has 1 to 1,024 characters, none of them a control character, in at most 254
//!   segments between slashes. It is signed as it stands; most clients resolve `.` and `..`
//!   before they send.
//!
//! # What it cannot do
//!
//! - **The method is not signed, the permission is.** A URL for `GET` serves
//!   `HEAD` and the block list as well; one for `PUT` serves every write to its
//!   blob: content, blocks, properties, metadata, snapshots.
//! - **Nothing of the request is bound** unless a delegated key signs in
//!   `2026-04-06`: not the body's length or hash, not the block's number, not a
//!   listing's prefix. So the signer refuses headers, and of query parameters
//!   takes only those that name the operation, such as `comp` and `blockid`.
//!   Blocks and their list are then put under one URL.
//! - **What is not there cannot be bound.** Whoever has the URL may add query
//!   parameters and headers that it does not name: `comp=block` to a `PUT`, a
//!   `versionid` to a `GET`. Name what must not change.
//! - **No URL is revoked alone**, but by deleting its blob or, with an account
//!   key, its stored policy.
//! - **`sip` takes IPv4 addresses only**, and fails for clients in the account's
//!   own Azure region, which come from private addresses. Azurite signs it but
//!   does not check it; and it refuses `scid`, `saoid`, `suoid`, `srh` and `srq`,
//!   which it does not know.
//! - **Binding is young.** Bound headers (`srh`) are known to hold against the
//!   service; of bound query parameters (`srq`) it is only known that all of
//!   Microsoft's SDKs write them as this module does. Try them on an account
//!   before relying on them. Their lines are told apart by newlines alone: the
//!   signer signs no value with one, and the verifier reads none.
//!
//! User-bound SAS (`sduoid`), directories (`sr=d`) and account SAS (`ss`) are
//! neither signed nor verified.
//!
//! [service]: https://learn.microsoft.com/rest/api/storageservices/create-service-sas
//! [delegation]: https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas

mod authentication;
mod binding;
mod bound;
mod credential;
mod delegation_texts;
mod encoded_signature;
mod endpoint;
mod guid;
mod iso8601;
mod lookup;
mod operation;
mod parameter;
mod permissions;
mod query;
mod received;
mod refusal;
mod signer;
mod signing_key;
mod string_to_sign;
mod template;
mod terms;
mod url;
mod verified;
mod verifier;
mod version;

pub use credential::{AccountKey, Credential, DelegationKey, DelegationKeyId};
pub use endpoint::{Cloud, Endpoint};
pub use guid::Guid;
pub use lookup::{KeyName, PolicyName, StoredPolicy};
pub use permissions::Permissions;
pub use received::Received;
pub use refusal::{Mismatch, Refusal};
pub use signer::Signer;
pub use terms::{AddressRange, Agent, Terms};
pub use verified::Verified;
pub use verifier::Verifier;
pub use version::Version;
