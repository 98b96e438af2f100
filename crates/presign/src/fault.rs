//! The details that errors carry: what exactly is wrong with an input.

use thiserror::Error;

/// Why a header cannot be bound.
///
/// ```
/// use presign::{BindFault, Error, Method, Request, Target, Timestamp, Ttl, Window, s3};
///
/// # let endpoint = s3::Endpoint::aws("us-east-1", "examplebucket")?;
/// # let signer = s3::Signer::new(endpoint, s3::Credential::new("AKIA", "secret")?);
/// # let window = Window { from: Timestamp::from_unix_seconds(0), ttl: Ttl::from_seconds(60)? };
/// let request = Request {
///     headers: &[("user-agent", "curl")],
///     ..Request::new(Method::Get, Target::Object("a.txt"))
/// };
/// let Err(Error::CannotBind { header, fault }) = signer.sign(&request, window) else { panic!() };
/// assert_eq!((&*header, fault), ("user-agent", BindFault::NotEndToEnd));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum BindFault {
    /// The name is not an HTTP field name.
    #[error("the name is not an HTTP field name")]
    Name,
    /// The value holds a control character.
    #[error("the value holds a control character")]
    Value,
    /// The header is given more than once.
    #[error("it is given more than once")]
    Duplicate,
    /// The signer sets it, or it would contradict what the signer sets.
    #[error("the signer decides it")]
    SetBySigner,
    /// Clients, proxies or connections set or change it on the way.
    #[error("it may change on the way to the store")]
    NotEndToEnd,
}

/// What is wrong with an object key.
///
/// ```
/// use presign::{Error, KeyFault, Method, Request, Target, Timestamp, Ttl, Window, s3};
///
/// # let endpoint = s3::Endpoint::aws("us-east-1", "examplebucket")?;
/// # let signer = s3::Signer::new(endpoint, s3::Credential::new("AKIA", "secret")?);
/// # let window = Window { from: Timestamp::from_unix_seconds(0), ttl: Ttl::from_seconds(60)? };
/// let nothing = Request::new(Method::Delete, Target::Object(""));
/// assert_eq!(signer.sign(&nothing, window), Err(Error::InvalidKey(KeyFault::Empty)));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyFault {
    /// Without a key the URL would mean the whole bucket.
    #[error("is empty")]
    Empty,
    /// Longer than the store takes, in UTF-8 bytes.
    #[error("has `{length_bytes}` bytes, more than `{max_bytes}`")]
    TooLong {
        /// Its length.
        length_bytes: usize,
        /// The longest the store takes.
        max_bytes: usize,
    },
}

/// What is wrong with an endpoint.
///
/// ```
/// use presign::{EndpointFault, Error, s3::{Addressing, Endpoint}};
///
/// let with_path = Endpoint::parse("https://store.example.com/s3", Addressing::Path, "models", "r1");
/// assert_eq!(with_path, Err(Error::InvalidEndpoint(EndpointFault::Path)));
/// ```
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndpointFault {
    /// It does not start with a known scheme.
    #[error("must start with `https://` or `http://`")]
    Scheme,
    /// It has a user name or password.
    #[error("must not hold a user name or password")]
    UserInfo,
    /// It has something behind the host and port.
    #[error("must not have a path, query or fragment")]
    Path,
    /// The host is empty, not ASCII, or not a name or address.
    #[error("must name a host in ASCII, or an IP address (IPv6 in brackets)")]
    Host,
    /// The port is not a number from 1 to 65535.
    #[error("must have a port from 1 to 65535, or none")]
    Port,
    /// A bucket cannot be put in front of an IP address.
    #[error("is an IP address, which needs path-style addressing")]
    AddressNeedsPathStyle,
}

/// What is wrong with a bucket's name.
///
/// ```
/// use presign::{BucketFault, Error, s3::Endpoint};
///
/// let upper_case = Endpoint::aws("us-east-1", "Models");
/// assert_eq!(upper_case, Err(Error::InvalidBucket(BucketFault::Character('M'))));
/// ```
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum BucketFault {
    /// Shorter than 3 characters or longer than the addressing style allows.
    #[error("must have `{min}` to `{max}` characters")]
    Length {
        /// The shortest length, in characters.
        min: usize,
        /// The longest length, in characters.
        max: usize,
    },
    /// It has a character that the addressing style does not allow.
    #[error("must not hold `{0}`")]
    Character(char),
    /// A part between dots is empty, too long for a host name, or starts or ends with `-` or, at
    /// Google, `_`.
    #[error("must start, end and continue after every `.` with a letter or digit")]
    Label,
}

/// What is wrong with a credential.
///
/// ```
/// use presign::{CredentialFault, Error, s3::Credential};
///
/// let refused = Credential::new("AKIA", "").unwrap_err();
/// assert_eq!(refused, Error::InvalidCredential(CredentialFault::SecretAccessKey));
/// ```
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialFault {
    /// The access key id is empty or holds a character outside printable ASCII, or a `/`.
    #[error("must have an access key id of printable ASCII without `/`")]
    AccessKeyId,
    /// The secret access key is empty.
    #[error("must have a secret access key")]
    SecretAccessKey,
    /// The session token is empty.
    #[error("must have a session token that is not empty, or none")]
    SessionToken,
    /// The name of the service account is empty or holds a character outside printable ASCII, or a `/`.
    #[error("must have a service account's e-mail address of printable ASCII without `/`")]
    ServiceAccount,
    /// The private key is not PKCS#8 in PEM, or not RSA with 2,048 to 8,192 bits.
    #[error("must have an RSA private key of `2048` to `8192` bits as PKCS#8 in PEM")]
    PrivateKey,
    /// The public key is not a `SubjectPublicKeyInfo` in PEM, or not RSA with 2,048 to 8,192 bits.
    #[error("must have an RSA public key of `2048` to `8192` bits as SubjectPublicKeyInfo in PEM")]
    PublicKey,
}
