//! The request headers and query parameters that a received signature names,
//! with the values that the request has for them.

use super::{
    authentication::{Key, find},
    binding,
    received::Received,
    refusal::Refusal,
};

const HIDDEN: &str = "(hidden)";

/// Names as the URL has them, in its order, and values of the request.
#[derive(Default)]
pub(super) struct Bound<'a> {
    headers: Vec<(&'a str, &'a str)>,
    parameters: Vec<(&'a str, &'a str)>,
}

/// The lines that they have in the string to sign.
pub(super) struct Lines {
    pub(super) headers: String,
    pub(super) parameters: String,
}

impl<'a> Bound<'a> {
    pub(super) fn find(
        received: &Received<'a>,
        parameters: &'a [(String, String)],
        key: &Key<'a>,
    ) -> Result<Self, Refusal> {
        let Key::Delegation(delegation) = key else {
            return Ok(Self::default());
        };
        let mut bound = Self::default();
        for name in &delegation.signed_headers {
            let missing = || Refusal::MissingSignedHeader {
                name: (*name).into(),
            };
            let value = received.header(name)?.ok_or_else(missing)?;
            bound.headers.push((name, value));
        }
        for name in &delegation.signed_parameters {
            let value = find(parameters, name)
                // Whatever has a control character was not signed as a value of its own.
                .filter(|value| !value.contains(char::is_control))
                .ok_or_else(|| Refusal::MissingSignedParameter {
                    name: (*name).into(),
                })?;
            bound.parameters.push((name, value));
        }
        Ok(bound)
    }

    pub(super) fn lines(&self) -> Lines {
        self.lines_with(|_, value| value)
    }

    /// The lines for people, with secrets hidden.
    pub(super) fn shown_lines(&self) -> Lines {
        self.lines_with(|name, value| {
            if binding::is_secret(&name.to_ascii_lowercase()) {
                HIDDEN
            } else {
                value
            }
        })
    }

    fn lines_with(&self, header: impl Fn(&str, &'a str) -> &'a str) -> Lines {
        let mut lines = Lines {
            headers: String::new(),
            parameters: String::new(),
        };
        for (name, value) in &self.headers {
            binding::push_header(&mut lines.headers, name, header(name, value));
        }
        for (name, value) in &self.parameters {
            binding::push_parameter(&mut lines.parameters, name, value);
        }
        lines
    }
}
