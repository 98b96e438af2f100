//! Query parameters: their names, and their canonical order.

use std::borrow::Cow;

use super::dialect::Dialect;
use crate::{Error, encode};

/// An encoded name and value; the order is that of the canonical query.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Parameter<'a> {
    name: Cow<'a, str>,
    value: Cow<'a, str>,
}

impl<'a> Parameter<'a> {
    pub(crate) fn encode(name: &'a str, value: &'a str) -> Self {
        Self {
            name: encode::component(name),
            value: encode::component(value),
        }
    }

    /// Takes a name and a value that are encoded or need no encoding.
    pub(crate) const fn encoded(name: &'a str, value: &'a str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            value: Cow::Borrowed(value),
        }
    }
}

/// Sorts the parameters by their encoded names and joins them.
pub(crate) fn canonical_query(mut parameters: Vec<Parameter<'_>>) -> String {
    parameters.sort_unstable();
    let length = parameters
        .iter()
        .map(|parameter| parameter.name.len() + parameter.value.len() + 2)
        .sum();
    let mut query = String::with_capacity(length);
    for parameter in &parameters {
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(&parameter.name);
        query.push('=');
        query.push_str(&parameter.value);
    }
    query
}

/// Refuses names that the signature owns, and those that come twice, of which
/// readers could take either.
pub(crate) fn check(dialect: &Dialect, query: &[(&str, &str)]) -> Result<(), Error> {
    let mut rest = query;
    while let Some(((name, _), others)) = rest.split_first() {
        let name = *name;
        if name.is_empty() || dialect.is_authentication(name) {
            return Err(Error::ReservedParameter { name: name.into() });
        }
        if others.iter().any(|(other, _)| *other == name) {
            return Err(Error::DuplicateParameter { name: name.into() });
        }
        rest = others;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_sort_by_encoded_name() {
        let query = canonical_query(vec![
            Parameter::encode("b", "1"),
            Parameter::encode("a-", ""),
            Parameter::encode("a", "2"),
            Parameter::encode("X-Amz-Date", "x"),
            Parameter::encode("ü", "é"),
            Parameter::encode("a1", "3"),
            Parameter::encode("A", "/"),
        ]);
        // `%` sorts before every letter, `-` before digits, upper before lower case.
        assert_eq!(query, "%C3%BC=%C3%A9&A=%2F&X-Amz-Date=x&a=2&a-=&a1=3&b=1");
    }
}
