//! Headers in a signature: which may be bound, and their canonical form.

use std::borrow::Cow;

use super::dialect::Dialect;
use crate::{BindFault, Error};

pub(crate) const HOST: &str = "host";

/// The headers of a canonical request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CanonicalHeaders {
    /// `name:value` and a newline for each, sorted by name.
    pub(crate) lines: String,
    /// The names, joined by `;`.
    pub(crate) names: String,
}

impl CanonicalHeaders {
    /// Takes lower-case names in ascending order and canonical values.
    pub(crate) fn new<'a, Headers>(headers: Headers) -> Self
    where
        Headers: IntoIterator<Item = (&'a str, &'a str), IntoIter: Clone>,
    {
        let headers = headers.into_iter();
        let line_bytes = |(name, value): (&str, &str)| name.len() + value.len() + ":\n".len();
        let mut lines = String::with_capacity(headers.clone().map(line_bytes).sum());
        let name_bytes = |(name, _): (&str, _)| name.len() + ";".len();
        let mut names = String::with_capacity(headers.clone().map(name_bytes).sum());
        for (name, value) in headers {
            for part in [name, ":", value, "\n"] {
                lines.push_str(part);
            }
            if !names.is_empty() {
                names.push(';');
            }
            names.push_str(name);
        }
        Self { lines, names }
    }

    /// Checks the headers that a caller wants bound, and puts `host` among them.
    pub(crate) fn bind(
        dialect: &Dialect,
        host: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self, Error> {
        let mut bound = Vec::with_capacity(headers.len() + 1);
        bound.push((Cow::Borrowed(HOST), Cow::Borrowed(host)));
        for &(name, value) in headers {
            let cannot_bind = |fault| Error::CannotBind {
                header: name.into(),
                fault,
            };
            let lower_case =
                lower_case_name(dialect, name).ok_or_else(|| cannot_bind(BindFault::Name))?;
            if let Some(fault) = unbindable(dialect, &lower_case) {
                return Err(cannot_bind(fault));
            }
            if has_control(value) {
                return Err(cannot_bind(BindFault::Value));
            }
            if bound.iter().any(|(known, _)| *known == lower_case) {
                return Err(cannot_bind(BindFault::Duplicate));
            }
            bound.push((lower_case, canonical_value(value)));
        }
        bound.sort_unstable();
        Ok(Self::new(
            bound.iter().map(|(name, value)| (&**name, &**value)),
        ))
    }

    /// The canonical request from the end of the query to its own, which is the payload line.
    pub(crate) fn closing(&self, payload: &str) -> String {
        ["\n", &self.lines, "\n", &self.names, "\n", payload].concat()
    }

    /// The canonical value of the header of this lower-case name.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.lines
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
    }
}

/// Trims a value and makes each run of blanks in it one space.
pub(crate) fn canonical_value(value: &str) -> Cow<'_, str> {
    let trimmed = value.trim_matches([' ', '\t']);
    let bytes = trimmed.as_bytes();
    if bytes.contains(&b'\t') || bytes.windows(2).any(|pair| pair == b"  ") {
        let words = trimmed.split([' ', '\t']).filter(|word| !word.is_empty());
        Cow::Owned(words.collect::<Vec<_>>().join(" "))
    } else {
        Cow::Borrowed(trimmed)
    }
}

/// Whether a header's value is a secret that may not be shown even to whoever sent it.
pub(crate) fn is_secret(name: &str) -> bool {
    matches!(
        name,
        "authorization"
            | "cookie"
            | "x-amz-copy-source-server-side-encryption-customer-key"
            | "x-amz-security-token"
            | "x-amz-server-side-encryption-customer-key"
            | "x-goog-copy-source-encryption-key"
            | "x-goog-encryption-key"
    )
}

/// Whether a value holds a control character other than a tabulator.
fn has_control(value: &str) -> bool {
    let is_plain = |byte: u8| matches!(byte, b'\t' | b' '..=b'~');
    // Those beyond ASCII are looked for only where there is something beyond ASCII.
    !value.bytes().all(is_plain) && value.chars().any(|c| c.is_control() && c != '\t')
}

fn lower_case_name<'a>(dialect: &Dialect, name: &'a str) -> Option<Cow<'a, str>> {
    // RFC 9110 section 5.6.2, "token".
    let is_token = |byte: u8| {
        let is_mark = matches!(
            byte,
            b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~'
        );
        byte.is_ascii_alphanumeric() || is_mark
    };
    let is_allowed = |byte: u8| is_token(byte) || dialect.further_name_bytes.contains(&byte);
    if name.is_empty() || !name.bytes().all(is_allowed) {
        return None;
    }
    Some(if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    })
}

fn unbindable(dialect: &Dialect, name: &str) -> Option<BindFault> {
    match name {
        HOST | "authorization" => Some(BindFault::SetBySigner),
        _ if dialect.set_by_signer.contains(&name) => Some(BindFault::SetBySigner),
        "baggage"
        | "connection"
        | "expect"
        | "forwarded"
        | "keep-alive"
        | "te"
        | "traceparent"
        | "tracestate"
        | "trailer"
        | "transfer-encoding"
        | "upgrade"
        | "user-agent"
        | "via"
        | "x-amzn-trace-id"
        | "x-cloud-trace-context" => Some(BindFault::NotEndToEnd),
        _ if name.starts_with("proxy-") || name.starts_with("x-forwarded-") => {
            Some(BindFault::NotEndToEnd)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v4::dialect::AWS;

    #[test]
    fn headers_are_sorted_lower_cased_and_trimmed() {
        let headers = CanonicalHeaders::bind(
            &AWS,
            "b.example.com",
            &[
                ("X-Amz-Meta-Name", "  a \t b  c "),
                ("Content-Type", "text/plain; charset=utf-8"),
                ("If-None-Match", "*"),
                ("content-length", "0"),
                ("x-empty", ""),
            ],
        )
        .unwrap();
        assert_eq!(
            headers.lines,
            "content-length:0\ncontent-type:text/plain; charset=utf-8\nhost:b.example.com\n\
             if-none-match:*\nx-amz-meta-name:a b c\nx-empty:\n"
        );
        assert_eq!(
            headers.names,
            "content-length;content-type;host;if-none-match;x-amz-meta-name;x-empty"
        );
        assert_eq!(headers.value("x-amz-meta-name"), Some("a b c"));
        assert_eq!(headers.value("x-empty"), Some(""));
        assert_eq!(headers.value("x-amz-meta"), None);
    }

    #[test]
    fn what_cannot_be_bound_is_an_error() {
        let fault =
            |name: &str, value: &str| match CanonicalHeaders::bind(&AWS, "h", &[(name, value)]) {
                Err(Error::CannotBind { header, fault }) => {
                    assert_eq!(&*header, name);
                    Some(fault)
                }
                _ => None,
            };
        assert_eq!(fault("", "x"), Some(BindFault::Name));
        assert_eq!(fault("a b", "x"), Some(BindFault::Name));
        assert_eq!(fault("a:b", "x"), Some(BindFault::Name));
        assert_eq!(fault("a;b", "x"), Some(BindFault::Name));
        assert_eq!(fault("ä", "x"), Some(BindFault::Name));
        assert_eq!(fault("x-a", "1\r\nx-b: 2"), Some(BindFault::Value));
        assert_eq!(fault("x-a", "\0"), Some(BindFault::Value));
        assert_eq!(fault("Host", "x"), Some(BindFault::SetBySigner));
        assert_eq!(
            fault("X-Amz-Content-Sha256", "x"),
            Some(BindFault::SetBySigner)
        );
        assert_eq!(
            fault("Transfer-Encoding", "x"),
            Some(BindFault::NotEndToEnd)
        );
        assert_eq!(fault("X-Forwarded-For", "x"), Some(BindFault::NotEndToEnd));
        assert_eq!(fault("x-amz-checksum-sha256", "x"), None);
        assert_eq!(
            CanonicalHeaders::bind(&AWS, "h", &[("x-a", "1"), ("X-A", "1")]),
            Err(Error::CannotBind {
                header: "X-A".into(),
                fault: BindFault::Duplicate
            })
        );
    }
}
