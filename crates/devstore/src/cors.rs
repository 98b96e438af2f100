//! Cross-origin requests, answered as S3 answers them from a bucket's rules.

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::CorsRule;

/// Whether `text` is `pattern`, in which one `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text
            .strip_prefix(head)
            .is_some_and(|rest| rest.ends_with(tail)),
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The headers that a preflight asks for, in lower case.
fn asked_headers(headers: &HeaderMap) -> Vec<String> {
    header(headers, &ACCESS_CONTROL_REQUEST_HEADERS)
        .unwrap_or_default()
        .split(',')
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| !name.is_empty())
        .collect()
}

/// The rule's pattern for the origin, when it has the method too.
fn pattern<'a>(rule: &'a CorsRule, origin: &str, method: &str) -> Option<&'a String> {
    rule.allowed_methods
        .iter()
        .any(|allowed| allowed == method)
        .then(|| {
            rule.allowed_origins
                .iter()
                .find(|allowed| matches(allowed, origin))
        })?
}

/// What both kinds of answers carry.
fn answer(rule: &CorsRule, pattern: &str, origin: &str) -> HeaderMap {
    let mut answer = HeaderMap::new();
    let mut put = |name, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            answer.insert(name, value);
        }
    };
    if pattern == "*" {
        put(ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    } else {
        put(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        put(ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
    }
    put(
        ACCESS_CONTROL_ALLOW_METHODS,
        &rule.allowed_methods.join(", "),
    );
    if !rule.expose_headers.is_empty() {
        put(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            &rule.expose_headers.join(", "),
        );
    }
    if let Some(seconds) = rule.max_age_seconds {
        put(ACCESS_CONTROL_MAX_AGE, &seconds.to_string());
    }
    put(
        VARY,
        "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
    );
    answer
}

/// Answers a preflight; `None` when no rule allows what it asks for.
pub(crate) fn preflight(rules: &[CorsRule], headers: &HeaderMap) -> Option<HeaderMap> {
    let origin = header(headers, &ORIGIN)?;
    let method = header(headers, &ACCESS_CONTROL_REQUEST_METHOD)?;
    let asked = asked_headers(headers);
    rules.iter().find_map(|rule| {
        let pattern = pattern(rule, origin, method)?;
        let allowed = |name: &String| {
            rule.allowed_headers
                .iter()
                .any(|pattern| matches(&pattern.to_ascii_lowercase(), name))
        };
        if !asked.iter().all(allowed) {
            return None;
        }
        let mut answer = answer(rule, pattern, origin);
        if let Ok(value) = HeaderValue::from_str(&asked.join(", "))
            && !asked.is_empty()
        {
            answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, value);
        }
        Some(answer)
    })
}

/// The headers that the answer to a real request gets; none when no rule allows its origin.
pub(crate) fn actual(rules: &[CorsRule], method: &http::Method, headers: &HeaderMap) -> HeaderMap {
    header(headers, &ORIGIN)
        .and_then(|origin| {
            rules.iter().find_map(|rule| {
                let pattern = pattern(rule, origin, method.as_str())?;
                Some(answer(rule, pattern, origin))
            })
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_stands_for_anything_in_its_place() {
        assert!(matches("*", "https://a.example"));
        assert!(matches("https://*.example", "https://a.example"));
        assert!(matches("https://a.example", "https://a.example"));
        assert!(!matches("https://*.example", "http://a.example"));
        assert!(!matches("https://*.example", "https://a.example.org"));
        // Head and tail may not share characters
        assert!(!matches("ab*ba", "aba"));
    }
}
