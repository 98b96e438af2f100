//! A request as it arrived, and the reading of its parts.

use std::borrow::Cow;

use super::{
    header,
    parameter::{X_AMZ_ALGORITHM, X_AMZ_SIGNATURE},
    refusal::Refusal,
};
use crate::encode;

/// A request exactly as it was on the wire, before anything decoded or normalised it.
///
/// With HTTP/2 give the `:authority` as a `host` header.
///
/// ```
/// use presign::s3::Received;
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
    /// Whether the query claims to authenticate the request with Signature
    /// Version 4; if not, it is anonymous or authenticated by a header.
    pub fn is_presigned(&self) -> bool {
        self.raw_parameters().any(|(name, _)| {
            encode::decode_component(name)
                .is_some_and(|name| name == X_AMZ_ALGORITHM || name == X_AMZ_SIGNATURE)
        })
    }

    /// Names and values as they stand between `&`s; a parameter without `=` has an empty value.
    fn raw_parameters(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.raw_query
            .split('&')
            .filter(|parameter| !parameter.is_empty())
            .map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
    }

    /// The decoded query parameters, in the order received.
    pub(super) fn parameters(&self) -> Result<Vec<(String, String)>, Refusal> {
        self.raw_parameters()
            .map(|(name, value)| {
                let name = encode::decode_component(name)?;
                Some((name, encode::decode_component(value)?))
            })
            .collect::<Option<_>>()
            .ok_or(Refusal::InvalidUri)
    }

    /// The decoded path.
    pub(super) fn path(&self) -> Result<String, Refusal> {
        encode::decode_path(self.raw_path)
            .filter(|path| path.starts_with('/'))
            .ok_or(Refusal::InvalidUri)
    }

    /// Whether a header of this lower-case name is there.
    pub(super) fn has_header(&self, name: &str) -> bool {
        self.headers
            .iter()
            .any(|(other, _)| other.eq_ignore_ascii_case(name))
    }

    /// The canonical value of a header, its lines joined by commas. `None` if it is not there.
    pub(super) fn header(&self, name: &str) -> Result<Option<String>, Refusal> {
        let mut joined: Option<String> = None;
        for (_, value) in self
            .headers
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name))
        {
            let value =
                str::from_utf8(value).map_err(|_| Refusal::InvalidHeader { name: name.into() })?;
            let value: Cow<'_, str> = header::canonical_value(value);
            match &mut joined {
                None => joined = Some(value.into_owned()),
                Some(joined) => {
                    joined.push(',');
                    joined.push_str(&value);
                }
            }
        }
        Ok(joined)
    }

    /// The one `Host` header.
    pub(super) fn host(&self) -> Result<&'a str, Refusal> {
        let mut hosts = self
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(header::HOST));
        match (hosts.next(), hosts.next()) {
            (Some((_, host)), None) => str::from_utf8(host).ok(),
            _ => None,
        }
        .ok_or_else(|| Refusal::InvalidHeader {
            name: header::HOST.into(),
        })
    }
}

impl std::fmt::Debug for Received<'_> {
    /// Shows neither query nor header values, which hold the signature and may hold keys.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Received")
            .field("method", &self.method)
            .field("raw_path", &self.raw_path)
            .finish_non_exhaustive()
    }
}
