//! A request with its body, ready to be sent as it stands.

use crate::wire::Wire;

#[derive(Clone, Debug)]
pub(crate) struct Sending {
    pub(crate) wire: Wire,
    pub(crate) body: Vec<u8>,
}

impl Sending {
    /// What a client sends that was told to use the URL with these headers.
    pub(crate) fn new(method: &str, url: &str, headers: &[(&str, &str)]) -> Self {
        Self {
            wire: Wire::new(method, url, headers),
            body: Vec::new(),
        }
    }

    pub(crate) fn with_body(&self, body: impl Into<Vec<u8>>) -> Self {
        Self {
            body: body.into(),
            ..self.clone()
        }
    }

    /// The same request, changed.
    pub(crate) fn but(&self, change: impl FnOnce(&Wire) -> Wire) -> Self {
        Self {
            wire: change(&self.wire),
            body: self.body.clone(),
        }
    }

    pub(crate) fn with_method(&self, method: &str) -> Self {
        self.but(|wire| Wire {
            method: method.to_owned(),
            ..wire.clone()
        })
    }

    /// The same request with another value of a header that it has.
    pub(crate) fn with_other_header(&self, name: &str, value: &str) -> Self {
        self.but(|wire| wire.without_header(name).with_header(name, value))
    }

    /// The same request with one more raw query parameter, at the end.
    pub(crate) fn and_parameter(&self, parameter: &str) -> Self {
        self.but(|wire| wire.with_query(&format!("{}&{parameter}", wire.query)))
    }

    /// The same request with another last character of a query parameter's value.
    pub(crate) fn with_last_character_changed(&self, name: &str) -> Self {
        self.but(|wire| {
            let mut value = wire.parameter(name).to_owned();
            let last = value.pop().unwrap();
            value.push(if last == '0' { '1' } else { '0' });
            wire.with_parameter(name, &value)
        })
    }

    /// The same request with one part of its path replaced.
    pub(crate) fn with_in_path(&self, old: &str, new: &str) -> Self {
        self.but(|wire| wire.with_path(&wire.path.replacen(old, new, 1)))
    }
}
