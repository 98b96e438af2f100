//! What a verified request turned out to ask for.

use crate::{
    Timestamp, encode,
    v4::{
        canonical_request::UNSIGNED_PAYLOAD,
        dialect::{GOOG4_HMAC_SHA256, GOOG4_RSA_SHA256},
        resource::Resource,
    },
};

/// A request whose signature holds: everything in it was put there by the signer.
///
/// Act on these decoded values rather than on a second reading of the request.
///
/// ```
/// use presign::{Method, Request, Target, Timestamp, Ttl, Window, gcs};
///
/// # let endpoint = gcs::Endpoint::google("models")?;
/// # let key = gcs::HmacKey::new("GOOG1EXAMPLE", "secret")?;
/// # let signer = gcs::Signer::new(endpoint, key.clone());
/// let now = Timestamp::from_unix_seconds(1_549_011_600);
/// let window = Window { from: now, ttl: Ttl::from_seconds(60)? };
/// let url = signer.sign(&Request::new(Method::Get, Target::Object("a b.bin")), window)?;
/// # let (_, path_and_query) = url.expose().split_once("googleapis.com").unwrap();
/// # let (path, query) = path_and_query.split_once('?').unwrap();
///
/// let received = gcs::Received {
///     method: "GET",
///     raw_path: path,
///     raw_query: query,
///     headers: &[("host", b"storage.googleapis.com")],
/// };
/// let key = gcs::VerifyingKey::from(key);
/// let verified = gcs::Verifier::new().verify(&received, now, |_| Some(&key)).unwrap();
/// assert_eq!(&*verified.authorizer, "GOOG1EXAMPLE");
/// assert_eq!(verified.resource.bucket(), Some("models"));
/// assert_eq!(verified.resource.key(), Some("a b.bin"));
/// assert_eq!(verified.expires_at, window.ends());
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// Who signed it: an HMAC key's access id or a service account's e-mail address.
    pub authorizer: Box<str>,
    /// With what kind of key.
    pub algorithm: Algorithm,
    /// Lower-case names of the headers that the signature covers.
    pub signed_headers: Vec<Box<str>>,
    /// When it was signed, or said to be.
    pub issued_at: Timestamp,
    /// The first second at which it is no longer valid.
    pub expires_at: Timestamp,
    /// What it is about.
    pub resource: Resource,
    /// The decoded query parameters that do not belong to the signature, in the order received.
    pub parameters: Vec<(Box<str>, Box<str>)>,
    /// What the signature says of the body, which only the receiver of the body can check.
    pub payload: Payload,
}

impl Verified {
    /// The decoded value of a query parameter that does not belong to the signature.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(other, _)| &**other == name)
            .map(|(_, value)| &**value)
    }

    /// Whether the signature covers the header of this lower-case name.
    pub fn is_signed(&self, header: &str) -> bool {
        self.signed_headers.iter().any(|name| &**name == header)
    }
}

/// How a request was signed.
///
/// ```
/// use presign::gcs::Algorithm;
///
/// assert_eq!(Algorithm::HmacSha256.as_str(), "GOOG4-HMAC-SHA256");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// With a service account's RSA key.
    RsaSha256,
    /// With an HMAC key.
    HmacSha256,
}

impl Algorithm {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RsaSha256 => GOOG4_RSA_SHA256,
            Self::HmacSha256 => GOOG4_HMAC_SHA256,
        }
    }
}

/// What the signature says of the body.
///
/// ```
/// use presign::gcs::Payload;
///
/// assert!(Payload::Unsigned.admits(&[1; 32]));
/// assert!(Payload::Sha256([1; 32]).admits(&[1; 32]));
/// assert!(!Payload::Sha256([2; 32]).admits(&[1; 32]));
/// assert!(!Payload::Unmatchable.admits(&[1; 32]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Nothing: any body goes.
    Unsigned,
    /// Its SHA-256, sent as `x-goog-content-sha256`: a body with another must be refused.
    Sha256([u8; 32]),
    /// Something that is the SHA-256 of no body: every body must be refused.
    Unmatchable,
}

impl Payload {
    /// Whether a body of this SHA-256 is one that was signed for.
    pub fn admits(self, sha256: &[u8; 32]) -> bool {
        match self {
            Self::Unsigned => true,
            Self::Sha256(signed) => signed == *sha256,
            Self::Unmatchable => false,
        }
    }

    pub(super) fn from_line(line: &str) -> Self {
        if line == UNSIGNED_PAYLOAD {
            Self::Unsigned
        } else {
            encode::sha256_from_hex(line).map_or(Self::Unmatchable, Self::Sha256)
        }
    }
}
