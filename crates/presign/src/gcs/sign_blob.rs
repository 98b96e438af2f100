//! Signing in two steps, with a key that Google keeps and IAM's `signBlob` uses.

use std::fmt;

use super::{
    Endpoint,
    draft::{check_service_account, outline, stamp},
};
use crate::{BatchRequest, Error, Request, SignedUrl, Window, encode, v4::draft::Draft};

/// How long a signature of `signBlob` is certain to be good: Google changes the keys behind it.
const MAX_TTL_SECONDS: u32 = 12 * 60 * 60;

/// Prepares URLs of one bucket for a service account whose key Google keeps.
///
/// The caller sends [`Unsigned::string_to_sign`] to IAM, base64-encoded as the
/// `payload` of [`signBlob`], and gives the decoded `signedBlob` back.
///
/// ```
/// use presign::{Method, Request, Target, Timestamp, Ttl, Window, gcs};
///
/// let endpoint = gcs::Endpoint::google("models")?;
/// let signer = gcs::SignBlob::new(endpoint, "signer@project.iam.gserviceaccount.com")?;
/// let window = Window {
///     from: Timestamp::from_unix_seconds(1_549_011_600),
///     ttl: Ttl::from_seconds(600)?,
/// };
/// let unsigned = signer.prepare(&Request::new(Method::Get, Target::Object("a.bin")), window)?;
/// assert!(unsigned.string_to_sign().starts_with("GOOG4-RSA-SHA256\n20190201T090000Z\n"));
/// # let iam_sign_blob = |_: &str| vec![0xab; 256];
/// let signature: Vec<u8> = iam_sign_blob(unsigned.string_to_sign());
/// let url = unsigned.finish(&signature);
/// assert!(url.expose().contains("&X-Goog-Signature=abab"));
/// # Ok::<(), presign::Error>(())
/// ```
///
/// [`signBlob`]: https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signBlob
#[derive(Clone, Debug)]
pub struct SignBlob {
    endpoint: Endpoint,
    client_email: Box<str>,
}

impl SignBlob {
    /// Takes the e-mail address of the account that will sign.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCredential`] if it is not printable ASCII or holds a `/`.
    pub fn new(endpoint: Endpoint, client_email: impl Into<Box<str>>) -> Result<Self, Error> {
        Ok(Self {
            endpoint,
            client_email: check_service_account(client_email.into())?,
        })
    }

    /// The bucket that URLs are for.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The account's e-mail address, which every URL shows.
    pub fn client_email(&self) -> &str {
        &self.client_email
    }

    /// Checks the request and says what is to be signed for it.
    ///
    /// # Errors
    ///
    /// Those of [`Signer::sign`](super::Signer::sign), and
    /// [`Error::TtlTooLong`] beyond 12 hours, for which alone Google promises
    /// that such a signature is good.
    pub fn prepare(&self, request: &Request<'_>, window: Window) -> Result<Unsigned, Error> {
        window.check(None)?;
        if window.ttl.seconds() > MAX_TTL_SECONDS {
            return Err(Error::TtlTooLong {
                max: MAX_TTL_SECONDS,
            });
        }
        let (path, key) = self.endpoint.site().path_and_key(request.target)?;
        let common = BatchRequest::of(request);
        let outline = outline(&self.endpoint, &common, window)?;
        let stamp = stamp(&self.client_email, &self.endpoint, window);
        let draft = Draft::new(&outline, &stamp, path, &key);
        Ok(Unsigned {
            string_to_sign: draft.string_to_sign().text().into(),
            url: draft.finish("").into_exposed(),
        })
    }
}

/// A URL that waits for its signature.
///
/// ```
/// # use presign::{Method, Request, Target, Timestamp, Ttl, Window, gcs};
/// # let endpoint = gcs::Endpoint::google("models")?;
/// # let signer = gcs::SignBlob::new(endpoint, "signer@project.iam.gserviceaccount.com")?;
/// # let window = Window { from: Timestamp::from_unix_seconds(0), ttl: Ttl::from_seconds(600)? };
/// let request = Request::new(Method::Get, Target::Object("a.bin"));
/// let unsigned: gcs::Unsigned = signer.prepare(&request, window)?;
/// assert_eq!(unsigned.string_to_sign().lines().count(), 4);
/// # Ok::<(), presign::Error>(())
/// ```
#[must_use]
pub struct Unsigned {
    string_to_sign: Box<str>,
    /// Up to where the signature begins.
    url: Box<str>,
}

impl Unsigned {
    /// What the account's key has to sign, with RSA PKCS #1 v1.5 and SHA-256.
    pub fn string_to_sign(&self) -> &str {
        &self.string_to_sign
    }

    /// Puts the signature's bytes to the URL. Nobody here can tell whether they
    /// are right: if not, the store refuses the URL.
    pub fn finish(self, signature: &[u8]) -> SignedUrl {
        let mut url = String::from(self.url);
        url.push_str(&encode::hex(signature));
        SignedUrl::new(url)
    }
}

impl fmt::Debug for Unsigned {
    /// Shows only what is to be signed: the URL may name users' data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unsigned")
            .field("string_to_sign", &self.string_to_sign)
            .finish_non_exhaustive()
    }
}
