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

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// How many bytes it has in a query, with the `&` before the next one.
    pub(super) fn query_bytes(&self) -> usize {
        self.name.len() + "=".len() + self.value.len() + "&".len()
    }
}

/// Sorts the parameters by their encoded names and joins them.
pub(crate) fn canonical_query(mut parameters: Vec<Parameter<'_>>) -> String {
    parameters.sort_unstable();
    let mut query = String::with_capacity(parameters.iter().map(Parameter::query_bytes).sum());
    for parameter in &parameters {
        if !query.is_empty() {
            query.push('&');
        }
        for piece in [&*parameter.name, "=", &*parameter.value] {
            query.push_str(piece);
        }
    }
    query
}

/// Brings parameters, not encoded yet, into the order that they have when they are.
pub(crate) fn in_canonical_order<'a>(
    query: &'a [(&'a str, &'a str)],
) -> Cow<'a, [(&'a str, &'a str)]> {
    let compare =
        |(one, _): &(&str, &str), (other, _): &(&str, &str)| encode::cmp_components(one, other);
    if query.is_sorted_by(|one, next| compare(one, next).is_le()) {
        Cow::Borrowed(query)
    } else {
        let mut sorted = query.to_vec();
        sorted.sort_unstable_by(compare);
        Cow::Owned(sorted)
    }
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
