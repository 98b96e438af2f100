//! What a verified request turned out to be allowed.

use super::{credential::DelegationKeyId, guid::Guid, permissions::Permissions};
use crate::Timestamp;

/// A request whose signature holds and permits it.
///
/// Unlike other schemes, this one does not cover the whole request: only what
/// [`Verified::is_signed_header`] and [`Verified::is_signed_parameter`] confirm
/// was put there by the signer, besides the fields of this type. Act on these
/// decoded values rather than on a second reading of the request.
///
/// ```
/// use presign::{Method, Request, Target, Timestamp, Ttl, Window, azure};
///
/// let endpoint = azure::Endpoint::parse("http://127.0.0.1:10000/teamvision", "teamvision", "models")?;
/// let credential = azure::Credential::from(azure::AccountKey::new("c3dvcmRmaXNo")?);
/// let signer = azure::Signer::new(endpoint, azure::Version::V2020_12_06, credential.clone());
/// let now = Timestamp::from_unix_seconds(1_369_353_600);
/// let window = Window { from: now, ttl: Ttl::from_seconds(60)? };
/// let url = signer.sign(&Request::new(Method::Put, Target::Object("a b.bin")), window)?;
/// let (path, query) = url.expose().strip_prefix("http://127.0.0.1:10000").unwrap().split_once('?').unwrap();
///
/// let received = azure::Received {
///     method: "PUT",
///     raw_path: path,
///     raw_query: query,
///     headers: &[("host", b"127.0.0.1:10000"), ("x-ms-blob-type", b"BlockBlob")],
///     is_https: false,
///     client_address: [127, 0, 0, 1].into(),
/// };
/// let verified = azure::Verifier::new()
///     .verify(&received, now, |_| Some(&credential), |_| None)
///     .unwrap();
/// assert_eq!((&*verified.account, &*verified.container), ("teamvision", "models"));
/// assert_eq!(verified.blob.as_deref(), Some("a b.bin"));
/// assert!(verified.permissions.contains(azure::Permissions::WRITE));
/// assert_eq!(verified.expires_at, window.ends());
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// The account whose key signed, or which delegated the key.
    pub account: Box<str>,
    /// The container, which nobody has checked yet.
    pub container: Box<str>,
    /// The decoded name of the blob that the request is about.
    pub blob: Option<Box<str>>,
    /// What is permitted. Without [`Permissions::WRITE`], a `PUT` must not
    /// overwrite: only the receiver knows whether the blob exists.
    pub permissions: Permissions,
    /// When it began to be valid, if it says so.
    pub starts_at: Option<Timestamp>,
    /// The first second at which it is no longer valid.
    pub expires_at: Timestamp,
    /// The delegated key that signed; `None` if the account's own did.
    pub delegation: Option<DelegationKeyId>,
    /// The id with which the request is to be logged.
    pub correlation_id: Option<Guid>,
    /// The stored access policy that it hangs on.
    pub policy: Option<Box<str>>,
    /// Names and values of the response's headers that the signer replaces.
    pub response_headers: Vec<(&'static str, Box<str>)>,
    /// Lower-case names of the request headers that the signature covers.
    pub signed_headers: Vec<Box<str>>,
    /// Lower-case names of the query parameters that the signature covers.
    pub signed_parameters: Vec<Box<str>>,
    /// The decoded query parameters that do not belong to the signature, in the order received.
    pub parameters: Vec<(Box<str>, Box<str>)>,
}

impl Verified {
    /// The decoded value of a query parameter that does not belong to the
    /// signature, whatever the case of its name.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| &**value)
    }

    /// Whether the signature covers the request header of this lower-case name.
    pub fn is_signed_header(&self, name: &str) -> bool {
        self.signed_headers.iter().any(|signed| &**signed == name)
    }

    /// Whether the signature covers the query parameter of this lower-case name.
    pub fn is_signed_parameter(&self, name: &str) -> bool {
        self.signed_parameters
            .iter()
            .any(|signed| &**signed == name)
    }
}
