//! The request that a signed URL stands for.

use std::str::FromStr;

use crate::Error;

/// The HTTP method that the URL is good for; no other works with it.
///
/// ```
/// use presign::Method;
///
/// assert_eq!("PUT".parse::<Method>()?, Method::Put);
/// assert_eq!(Method::Delete.as_str(), "DELETE");
/// # Ok::<(), presign::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Read an object or list a bucket.
    Get,
    /// Read an object's metadata.
    Head,
    /// Write an object or a part of one.
    Put,
    /// Begin or complete a multipart upload.
    Post,
    /// Delete an object or abort a multipart upload.
    Delete,
}

impl Method {
    /// The method's name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

impl FromStr for Method {
    type Err = Error;

    /// Parses the upper-case name, as methods are case-sensitive.
    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "GET" => Ok(Self::Get),
            "HEAD" => Ok(Self::Head),
            "PUT" => Ok(Self::Put),
            "POST" => Ok(Self::Post),
            "DELETE" => Ok(Self::Delete),
            _ => Err(Error::UnknownMethod),
        }
    }
}

/// What the request is about, inside the signer's bucket.
///
/// ```
/// use presign::Target;
///
/// let object = Target::Object("data/part-0001.parquet");
/// let listing = Target::Bucket;
/// assert_ne!(object, listing);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// One object, by its key as the store knows it: not encoded, 1 to 1,024
    /// bytes. An empty key is refused, never taken for the bucket.
    ///
    /// Every key is signed as it stands. Note that most HTTP clients resolve
    /// `.` and `..` between slashes before they send, which the store then
    /// refuses: do not give such keys to objects.
    Object(&'a str),
    /// The bucket itself: list its objects or its multipart uploads.
    Bucket,
}

/// A request to sign.
///
/// Every header given here has to be sent with the same value by whoever uses
/// the URL; every query parameter becomes part of it. Neither is encoded yet.
///
/// ```
/// use presign::{Method, Request, Target};
///
/// let upload_part = Request {
///     method: Method::Put,
///     target: Target::Object("weights.bin"),
///     headers: &[("content-length", "5242880")],
///     query: &[("partNumber", "1"), ("uploadId", "VXBsb2FkIElE")],
/// };
/// assert_eq!(upload_part.query.len(), 2);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: Method,
    /// The object or bucket.
    pub target: Target<'a>,
    /// Names and values of the headers that the URL's user must send.
    pub headers: &'a [(&'a str, &'a str)],
    /// Names and values of further query parameters; an empty value for flags such as `uploads`.
    pub query: &'a [(&'a str, &'a str)],
}

impl<'a> Request<'a> {
    /// A request without bound headers or further query parameters.
    pub const fn new(method: Method, target: Target<'a>) -> Self {
        Self {
            method,
            target,
            headers: &[],
            query: &[],
        }
    }
}
