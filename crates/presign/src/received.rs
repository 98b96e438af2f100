//! A request as it arrived.

use std::fmt;

use crate::{encode, v4::dialect::AWS};

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
    /// Whether the query claims to authenticate the request with AWS's Signature
    /// Version 4; if not, it is anonymous or authenticated in another way.
    pub fn is_presigned(&self) -> bool {
        self.raw_parameters().any(|(name, _)| {
            encode::decode_component(name)
                .is_some_and(|name| AWS.is(AWS.algorithm, &name) || AWS.is(AWS.signature, &name))
        })
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

impl fmt::Debug for Received<'_> {
    /// Shows neither query nor header values, which hold the signature and may hold keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("method", &self.method)
            .field("raw_path", &self.raw_path)
            .finish_non_exhaustive()
    }
}
