//! What a verifier tells of a signature that does not match.

use std::fmt;

/// What the verifier hashed and signed, so that a sender can compare it with its own.
///
/// It holds no secret: session tokens and customer-provided encryption keys
/// are replaced by `(hidden)`, and the signature is in neither text.
///
/// ```
/// use presign::{Timestamp, s3::{Credential, Received, Refusal, Verifier}};
///
/// let credential = Credential::new("AKIA", "secret")?;
/// let received = Received {
///     method: "GET",
///     raw_path: "/models/weights.bin",
///     raw_query: "X-Amz-Algorithm=AWS4-HMAC-SHA256\
///         &X-Amz-Credential=AKIA%2F19700101%2Feu-1%2Fs3%2Faws4_request\
///         &X-Amz-Date=19700101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host\
///         &X-Amz-Signature=0123",
///     headers: &[("host", b"store")],
/// };
/// let now = Timestamp::from_unix_seconds(0);
/// let refusal = Verifier::new("eu-1").verify(&received, now, |_| Some(&credential)).unwrap_err();
/// let Refusal::SignatureDoesNotMatch(mismatch) = refusal else { panic!("{refusal}") };
/// assert!(mismatch.canonical_request.starts_with("GET\n/models/weights.bin\nX-Amz-Algorithm="));
/// assert!(mismatch.string_to_sign.starts_with("AWS4-HMAC-SHA256\n19700101T000000Z\n"));
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mismatch {
    /// The canonical request, secrets hidden.
    pub canonical_request: Box<str>,
    /// The string to sign, with the hash of the canonical request as it really was.
    pub string_to_sign: Box<str>,
}

impl fmt::Debug for Mismatch {
    /// Shows only what was signed: the canonical request may name users' data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mismatch")
            .field("string_to_sign", &self.string_to_sign)
            .finish_non_exhaustive()
    }
}
