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
    /// The scheme, its version or the kind of key has no place for it in the signature.
    #[error("this kind of signature does not cover it")]
    NotCovered,
    /// An empty value cannot be told from none.
    #[error("the value is empty")]
    Empty,
    /// The store's reading of other characters is not defined.
    #[error("the value holds a character outside ASCII")]
    NotAscii,
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
    /// Longer than the store takes, in characters.
    #[error("has `{length}` characters, more than `{max}`")]
    TooManyCharacters {
        /// Its length, in characters.
        length: usize,
        /// The longest the store takes, in characters.
        max: usize,
    },
    /// It has more segments between slashes than the store takes.
    #[error("has `{count}` segments, more than `{max}`")]
    TooManySegments {
        /// How many it has.
        count: usize,
        /// How many the store takes.
        max: usize,
    },
    /// The store takes no control characters.
    #[error("holds a control character")]
    ControlCharacter,
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
    /// The account's name is not one that Azure gives.
    #[error("must be that of an account named by 3 to 24 lower-case letters and digits")]
    Account,
    /// It has a path, and that is not the account's name.
    #[error("must have no path but the account's name")]
    AccountPath,
    /// The partition has no address with validated cryptography.
    #[error("has no FIPS address in this partition")]
    NoFips,
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
    /// It has a `-` at an end or beside another.
    #[error("must have a letter or digit on both sides of every `-`")]
    Hyphen,
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
    /// The key is empty or not base64.
    #[error("must have a key in base64 that is not empty")]
    Base64Key,
    /// The key's life ends before it begins, or lies outside the years 1970 to 9999.
    #[error("must have a life that begins before it ends, in the years 1970 to 9999")]
    Life,
    /// The delegation key is not for blobs.
    #[error("must be for the service `b`")]
    Service,
    /// The delegation key's version is not a date.
    #[error("must have a version of the form `YYYY-MM-DD`")]
    Version,
}

/// What is wrong with the terms of a shared access signature.
///
/// ```
/// use presign::{Error, TermsFault, azure::Terms};
///
/// let nameless = Terms::new().with_stored_policy("");
/// assert_eq!(nameless, Err(Error::InvalidTerms(TermsFault::PolicyId)));
/// ```
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TermsFault {
    /// The permissions given do not allow the request that is signed.
    #[error("do not permit the request")]
    NotPermitted,
    /// Listing and finding are permitted on a container alone.
    #[error("permit on a blob what can be done to a container only")]
    ContainerOnly,
    /// A stored access policy's id is too short, too long or has control characters.
    #[error("must name a stored policy by 1 to 64 characters, none of them a control character")]
    PolicyId,
    /// The last address of a range is below the first.
    #[error("must have a range of addresses that does not end before it begins")]
    Addresses,
    /// Stored access policies work with an account key only.
    #[error("name a stored policy, which needs an account key")]
    NeedsAccountKey,
    /// Correlation and agent ids are part of signatures made with a delegation key only.
    #[error("have a correlation or agent id, which needs a delegation key")]
    NeedsDelegationKey,
}
