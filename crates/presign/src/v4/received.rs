//! The reading of a received request's parts.

use super::{
    fault::Fault,
    header::{HOST, canonical_value},
};
use crate::{Received, encode};

impl<'a> Received<'a> {
    /// The decoded query parameters, in the order received.
    pub(crate) fn parameters(&self) -> Result<Vec<(String, String)>, Fault> {
        self.raw_parameters()
            .map(|(name, value)| {
                let name = encode::decode_component(name)?;
                Some((name, encode::decode_component(value)?))
            })
            .collect::<Option<_>>()
            .ok_or(Fault::InvalidUri)
    }

    /// The decoded path.
    pub(crate) fn path(&self) -> Result<String, Fault> {
        encode::decode_path(self.raw_path)
            .filter(|path| path.starts_with('/'))
            .ok_or(Fault::InvalidUri)
    }

    /// The canonical value of a header, its lines joined by commas. `None` if it is not there.
    pub(crate) fn header(&self, name: &str) -> Result<Option<String>, Fault> {
        let mut joined: Option<String> = None;
        for value in self.values(name) {
            let value =
                str::from_utf8(value).map_err(|_| Fault::InvalidHeader { name: name.into() })?;
            let value = canonical_value(value);
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
    pub(crate) fn host(&self) -> Result<&'a str, Fault> {
        let mut hosts = self.values(HOST);
        match (hosts.next(), hosts.next()) {
            (Some(host), None) => str::from_utf8(host).ok(),
            _ => None,
        }
        .ok_or_else(|| Fault::InvalidHeader { name: HOST.into() })
    }
}
