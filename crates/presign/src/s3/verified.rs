//! What a verified request turned out to ask for.

use crate::{Timestamp, v4::resource::Resource};

/// A request whose signature holds: everything in it was put there by the signer.
///
/// Act on these decoded values rather than on a second reading of the request.
///
/// ```
/// use presign::{Method, Request, Target, Timestamp, Ttl, Window, s3};
///
/// # let endpoint = s3::Endpoint::parse("http://store:8333", s3::Addressing::Path, "models", "r1")?;
/// # let credential = s3::Credential::new("AKIA", "secret")?;
/// # let signer = s3::Signer::new(endpoint, credential.clone());
/// let now = Timestamp::from_unix_seconds(1_369_353_600);
/// let window = Window { from: now, ttl: Ttl::from_seconds(60)? };
/// let url = signer.sign(&Request::new(Method::Get, Target::Object("a b.bin")), window)?;
/// let (path, query) = url.expose().strip_prefix("http://store:8333").unwrap().split_once('?').unwrap();
///
/// let received = s3::Received {
///     method: "GET",
///     raw_path: path,
///     raw_query: query,
///     headers: &[("host", b"store:8333")],
/// };
/// let verified = s3::Verifier::new("r1").verify(&received, now, |_| Some(&credential)).unwrap();
/// assert_eq!(verified.resource.bucket(), Some("models"));
/// assert_eq!(verified.resource.key(), Some("a b.bin"));
/// assert_eq!(verified.expires_at, window.ends());
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// Whose credential signed it.
    pub access_key_id: Box<str>,
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

/// What the signature says of the body.
///
/// ```
/// use presign::s3::Payload;
///
/// assert_ne!(Payload::Unsigned, Payload::Sha256([0; 32]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Payload {
    /// Nothing: any body goes.
    Unsigned,
    /// Its SHA-256, sent as `x-amz-content-sha256`: a body with another must be refused.
    Sha256([u8; 32]),
}
