//! A request as it arrived, and the reading of its parts.

use std::net::IpAddr;

use super::{binding, parameter::SIGNATURE, refusal::Refusal};
use crate::encode;

const HOST: &str = "host";

/// A request exactly as it was on the wire, before anything decoded or normalised it.
///
/// With HTTP/2 give the `:authority` as a `host` header.
///
/// ```
/// use presign::azure::Received;
///
/// let received = Received {
///     method: "GET",
///     raw_path: "/models/weights.bin",
///     raw_query: "sv=2020-12-06&sr=b&sp=r&se=2030-01-01&sig=AA",
///     headers: &[("host", b"teamvision.blob.core.windows.net")],
///     is_https: true,
///     client_address: [203, 0, 113, 7].into(),
/// };
/// assert!(received.is_signed());
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
    /// Whether it came over TLS.
    pub is_https: bool,
    /// Where it came from, as far as the receiver trusts what it knows of that.
    pub client_address: IpAddr,
}

impl<'a> Received<'a> {
    /// Whether the query claims to authenticate the request with a shared
    /// access signature; if not, it is anonymous or authenticated by a header.
    pub fn is_signed(&self) -> bool {
        self.raw_parameters().any(|(name, _)| {
            encode::decode_component(name).is_some_and(|name| name.eq_ignore_ascii_case(SIGNATURE))
        })
    }

    /// Names and values as they stand between `&`s; a parameter without `=` has an empty value.
    fn raw_parameters(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.raw_query
            .split('&')
            .filter(|parameter| !parameter.is_empty())
            .map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
    }

    /// The decoded query parameters, in the order received. No two have names
    /// that differ in case alone: the service does not tell those apart.
    pub(super) fn parameters(&self) -> Result<Vec<(String, String)>, Refusal> {
        let mut parameters: Vec<(String, String)> = Vec::new();
        for (name, value) in self.raw_parameters() {
            let decode = |text| encode::decode_component(text).ok_or(Refusal::InvalidUri);
            let (name, value) = (decode(name)?, decode(value)?);
            if parameters
                .iter()
                .any(|(other, _)| other.eq_ignore_ascii_case(&name))
            {
                return Err(Refusal::DuplicateParameter { name: name.into() });
            }
            parameters.push((name, value));
        }
        Ok(parameters)
    }

    /// The decoded path.
    pub(super) fn path(&self) -> Result<String, Refusal> {
        encode::decode_path(self.raw_path)
            .filter(|path| path.starts_with('/') && !path.contains(char::is_control))
            .ok_or(Refusal::InvalidUri)
    }

    /// The value of a header. `None` if it is not there; refused if it is there twice, so that
    /// readers could take either.
    pub(super) fn header(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        let invalid = || Refusal::InvalidHeader { name: name.into() };
        let mut lines = self
            .headers
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value);
        match (lines.next(), lines.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => str::from_utf8(value)
                .ok()
                .map(binding::trim)
                .filter(|value| !value.contains(char::is_control))
                .map(Some)
                .ok_or_else(invalid),
            (Some(_), Some(_)) => Err(invalid()),
        }
    }

    /// The one `Host` header.
    pub(super) fn host(&self) -> Result<&'a str, Refusal> {
        self.header(HOST)?
            .ok_or_else(|| Refusal::InvalidHeader { name: HOST.into() })
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
