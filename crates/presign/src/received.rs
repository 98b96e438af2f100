//! A request as it arrived.

use std::fmt;

use crate::{
    encode,
    v4::dialect::{AWS, Dialect, GOOGLE},
};

/// A request exactly as it was on the wire, before anything decoded or normalised it.
///
/// With HTTP/2 give the `:authority` as a `host` header.
///
/// ```
/// use presign::Received;
///
/// let received = Received {
///     method: "GET",
///     raw_path: "/models/weights.bin",
///     raw_query: "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00",
///     headers: &[("host", b"127.0.0.1:8333")],
/// };
/// assert!(received.is_presigned());
/// ```
#[derive(Clone, Copy)]
pub struct Received<'a> {
    /// The method.
    pub method: &'a str,
    /// The path with its leading slash, still encoded.
    pub raw_path: &'a str,
    /// What follows the `?`, still encoded; empty if nothing does.
    pub raw_query: &'a str,
    /// Names in any case, and values; a name may come more than once.
    pub headers: &'a [(&'a str, &'a [u8])],
}

impl<'a> Received<'a> {
    /// By which scheme the query claims to authenticate the request; `None` if the
    /// request is anonymous or authenticated in another way.
    pub fn scheme(&self) -> Option<Scheme> {
        if self.claims(&AWS) {
            Some(Scheme::Aws4)
        } else if self.claims(&GOOGLE) {
            Some(Scheme::Goog4)
        } else {
            None
        }
    }

    /// Whether that is AWS's Signature Version 4, which is for [`crate::s3::Verifier`] to verify.
    pub fn is_presigned(&self) -> bool {
        self.scheme() == Some(Scheme::Aws4)
    }

    fn claims(&self, dialect: &Dialect) -> bool {
        let known = [dialect.algorithm, dialect.signature];
        self.raw_parameters()
            .filter_map(|(name, _)| encode::decode_component(name))
            .any(|name| known.iter().any(|known| dialect.is(known, &name)))
    }

    /// Names and values as they stand between `&`s; a parameter without `=` has an empty value.
    pub(crate) fn raw_parameters(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.raw_query
            .split('&')
            .filter(|parameter| !parameter.is_empty())
            .map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
    }

    /// The values of the headers of this name, in the order received.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.headers
            .iter()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }

    /// Whether a header of this name is there.
    pub(crate) fn has_header(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }
}

/// A scheme of signing the query.
///
/// ```
/// use presign::{Received, Scheme};
///
/// let with_query = |raw_query| Received {
///     method: "GET",
///     raw_path: "/models/weights.bin",
///     raw_query,
///     headers: &[("host", b"storage.googleapis.com")],
/// };
/// assert_eq!(with_query("X-Goog-Signature=00").scheme(), Some(Scheme::Goog4));
/// assert_eq!(with_query("X-Amz-Signature=00").scheme(), Some(Scheme::Aws4));
/// assert_eq!(with_query("uploads").scheme(), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// AWS's Signature Version 4: verified by [`crate::s3::Verifier`].
    Aws4,
    /// Google's V4 signing: verified by [`crate::gcs::Verifier`].
    Goog4,
}

impl fmt::Debug for Received<'_> {
    /// Shows neither query nor header values, which hold the signature and may hold keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("method", &self.method)
            .field("raw_path", &self.raw_path)
            .finish_non_exhaustive()
    }
}
