//! Query parameters: their names, and their canonical order.

use std::borrow::Cow;

use crate::encode;

pub(super) const X_AMZ_ALGORITHM: &str = "X-Amz-Algorithm";
pub(super) const X_AMZ_CONTENT_SHA256: &str = "X-Amz-Content-Sha256";
pub(super) const X_AMZ_CREDENTIAL: &str = "X-Amz-Credential";
pub(super) const X_AMZ_DATE: &str = "X-Amz-Date";
pub(super) const X_AMZ_EXPIRES: &str = "X-Amz-Expires";
pub(super) const X_AMZ_SECURITY_TOKEN: &str = "X-Amz-Security-Token";
pub(super) const X_AMZ_SIGNATURE: &str = "X-Amz-Signature";
pub(super) const X_AMZ_SIGNED_HEADERS: &str = "X-Amz-SignedHeaders";

/// Parameters that decide how a request is authenticated: those above, and
/// those of the older Signature Version 2.
const AUTHENTICATION: [&str; 10] = [
    X_AMZ_ALGORITHM,
    X_AMZ_CONTENT_SHA256,
    X_AMZ_CREDENTIAL,
    X_AMZ_DATE,
    X_AMZ_EXPIRES,
    X_AMZ_SECURITY_TOKEN,
    X_AMZ_SIGNATURE,
    X_AMZ_SIGNED_HEADERS,
    "AWSAccessKeyId",
    "Signature",
];

/// Whether a parameter of this name, in any case, is part of the authentication.
pub(super) fn is_authentication(name: &str) -> bool {
    AUTHENTICATION
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
}

/// An encoded name and value; the order is that of the canonical query.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Parameter<'a> {
    name: Cow<'a, str>,
    value: Cow<'a, str>,
}

impl<'a> Parameter<'a> {
    pub(super) fn encode(name: &'a str, value: &'a str) -> Self {
        Self {
            name: encode::component(name),
            value: encode::component(value),
        }
    }

    /// Takes a name and a value that are encoded or need no encoding.
    pub(super) const fn encoded(name: &'a str, value: &'a str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            value: Cow::Borrowed(value),
        }
    }
}

/// Sorts the parameters by their encoded names and joins them.
pub(super) fn canonical_query(mut parameters: Vec<Parameter<'_>>) -> String {
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

    #[test]
    fn authentication_parameters_are_known_in_any_case() {
        assert!(is_authentication("x-amz-signature"));
        assert!(is_authentication("X-Amz-SignedHeaders"));
        assert!(!is_authentication("x-amz-acl"));
        assert!(!is_authentication("x-grant"));
    }
}
