//! The result of signing: a URL that is itself a credential.

use std::fmt;

/// A signed URL. Whoever reads it can use it, so it prints as `SignedUrl(hidden)`.
///
/// ```
/// use presign::{Method, Request, Target, Timestamp, Ttl, Window, s3};
///
/// # let endpoint = s3::Endpoint::aws("us-east-1", "examplebucket")?;
/// # let signer = s3::Signer::new(endpoint, s3::Credential::new("AKIA", "secret")?);
/// # let window = Window { from: Timestamp::from_unix_seconds(0), ttl: Ttl::from_seconds(60)? };
/// let url = signer.sign(&Request::new(Method::Get, Target::Object("a.txt")), window)?;
/// assert_eq!(format!("{url:?}"), "SignedUrl(hidden)");
/// assert!(url.expose().starts_with("https://"));
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SignedUrl(Box<str>);

impl SignedUrl {
    pub(crate) fn new(url: String) -> Self {
        Self(url.into_boxed_str())
    }

    /// Shows the URL; call it only where the URL is handed to its user.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Gives the URL away; call it only where the URL is handed to its user.
    pub fn into_exposed(self) -> Box<str> {
        self.0
    }
}

impl fmt::Debug for SignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignedUrl(hidden)")
    }
}
