//! The request headers and query parameters that a signature covers, `srh` and
//! `srq`, and the lines that they have in the string to sign.
//!
//! The names stand in the URL in the order of the lines. The values stand in
//! the lines alone, so that the service has to take them from the request.

use std::borrow::Cow;

use crate::{BindFault, Error, encode};

/// The names and lines of what is bound, both empty if nothing is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Binding {
    /// The encoded names joined by commas, as the URL has them.
    pub(super) names: String,
    pub(super) lines: String,
}

impl Binding {
    /// Checks the headers that a caller wants bound.
    pub(super) fn of_headers(headers: &[(&str, &str)]) -> Result<Self, Error> {
        let mut binding = Self::default();
        let mut rest = headers;
        while let Some((&(name, value), others)) = rest.split_first() {
            let cannot_bind = |fault| Error::CannotBind {
                header: name.into(),
                fault,
            };
            let name = lower_case_name(name).ok_or_else(|| cannot_bind(BindFault::Name))?;
            let value = check_header(&name, value).map_err(cannot_bind)?;
            if others
                .iter()
                .any(|(other, _)| other.eq_ignore_ascii_case(&name))
            {
                return Err(cannot_bind(BindFault::Duplicate));
            }
            binding.push_name(&name);
            push_header(&mut binding.lines, &name, value);
            rest = others;
        }
        Ok(binding)
    }

    /// Adds a query parameter that a caller wants bound and whose value is checked.
    pub(super) fn push_parameter(&mut self, name: &str, value: &str) -> Result<(), Error> {
        if !is_parameter_name(name) {
            return Err(Error::CannotBindParameter {
                name: name.into(),
                fault: BindFault::Name,
            });
        }
        self.push_name(name);
        push_parameter(&mut self.lines, name, value);
        Ok(())
    }

    fn push_name(&mut self, name: &str) {
        if !self.names.is_empty() {
            self.names.push(',');
        }
        self.names.push_str(&encode::component(name));
    }
}

/// Each header's line ends in a newline of its own, besides the one that ends the field.
pub(super) fn push_header(lines: &mut String, name: &str, value: &str) {
    for part in [name, ":", value, "\n"] {
        lines.push_str(part);
    }
}

/// Each parameter's line begins with a newline of its own.
pub(super) fn push_parameter(lines: &mut String, name: &str, value: &str) {
    for part in ["\n", name, ":", value] {
        lines.push_str(part);
    }
}

/// Whether the name can stand in `srq` and before a colon, and be read in one
/// way only: `a:b:c` could be `a` with the value `b:c` or `a:b` with `c`.
pub(super) fn is_parameter_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_control() || ",:%".contains(c))
}

/// Whether the name is an HTTP field name (RFC 9110 section 5.6.2, "token").
pub(super) fn is_header_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(allowed)
}

/// Takes off the blanks around a header's value, which HTTP does not count.
pub(super) fn trim(value: &str) -> &str {
    value.trim_matches([' ', '\t'])
}

/// Whether a header's value is a secret that may not be shown even to whoever sent it.
pub(super) fn is_secret(name: &str) -> bool {
    matches!(
        name,
        "authorization"
            | "cookie"
            // A copy's source may itself be a signed URL.
            | "x-ms-copy-source"
            | "x-ms-copy-source-authorization"
            | "x-ms-encryption-key"
            | "x-ms-source-encryption-key"
    )
}

fn lower_case_name(name: &str) -> Option<Cow<'_, str>> {
    if !is_header_name(name) {
        return None;
    }
    Some(if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    })
}

fn check_header<'a>(name: &str, value: &'a str) -> Result<&'a str, BindFault> {
    match name {
        "authorization" | "host" => return Err(BindFault::SetBySigner),
        "baggage" | "connection" | "expect" | "forwarded" | "keep-alive" | "te" | "traceparent"
        | "tracestate" | "trailer" | "transfer-encoding" | "upgrade" | "user-agent" | "via" => {
            return Err(BindFault::NotEndToEnd);
        }
        _ if name.starts_with("proxy-") || name.starts_with("x-forwarded-") => {
            return Err(BindFault::NotEndToEnd);
        }
        _ => {}
    }
    let value = trim(value);
    check_value(value)?;
    if value.is_ascii() {
        Ok(value)
    } else {
        Err(BindFault::NotAscii)
    }
}

/// Refuses what the string to sign cannot hold unambiguously: it has an empty
/// line for what is not there, and a newline in a value could pose as the end
/// of its field and the begin of another.
pub(super) fn check_value(value: &str) -> Result<(), BindFault> {
    if value.is_empty() {
        Err(BindFault::Empty)
    } else if value.contains(char::is_control) {
        Err(BindFault::Value)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_keep_their_order_and_lose_their_case() {
        let binding = Binding::of_headers(&[
            ("X-Ms-Blob-Type", "BlockBlob"),
            ("Content-Type", "\t text/plain;  charset=utf-8 "),
            ("content-length", "0"),
        ]);
        assert_eq!(
            binding,
            Ok(Binding {
                names: "x-ms-blob-type,content-type,content-length".into(),
                lines: "x-ms-blob-type:BlockBlob\ncontent-type:text/plain;  charset=utf-8\n\
                        content-length:0\n"
                    .into(),
            })
        );
        assert_eq!(Binding::of_headers(&[]), Ok(Binding::default()));
    }

    #[test]
    fn parameters_keep_order_and_case() {
        let mut binding = Binding::default();
        binding.push_parameter("comp", "block").unwrap();
        binding.push_parameter("X Grant/ü", "a b:,%/").unwrap();
        assert_eq!(binding.names, "comp,X%20Grant%2F%C3%BC");
        assert_eq!(binding.lines, "\ncomp:block\nX Grant/ü:a b:,%/");
    }

    #[test]
    fn headers_that_cannot_be_bound_are_errors() {
        let fault = |name: &str, value: &str| match Binding::of_headers(&[(name, value)]) {
            Err(Error::CannotBind { header, fault }) => {
                assert_eq!(&*header, name);
                Some(fault)
            }
            Ok(_) => None,
            Err(other) => panic!("{other}"),
        };
        for name in ["", "a b", "a:b", "a,b", "ä", "a\n"] {
            assert_eq!(fault(name, "x"), Some(BindFault::Name), "{name}");
        }
        for value in ["a\r\nb: c", "a\0", "a\tb"] {
            assert_eq!(fault("x-a", value), Some(BindFault::Value));
        }
        for value in ["", "  ", "\t"] {
            assert_eq!(fault("x-a", value), Some(BindFault::Empty));
        }
        assert_eq!(fault("x-a", "ä"), Some(BindFault::NotAscii));
        assert_eq!(fault("Host", "x"), Some(BindFault::SetBySigner));
        assert_eq!(fault("Authorization", "x"), Some(BindFault::SetBySigner));
        for name in [
            "Transfer-Encoding",
            "X-Forwarded-For",
            "proxy-authorization",
        ] {
            assert_eq!(fault(name, "x"), Some(BindFault::NotEndToEnd), "{name}");
        }
        assert_eq!(fault("x-ms-meta-a", "x"), None);
        assert_eq!(
            Binding::of_headers(&[("x-a", "1"), ("b", "1"), ("X-A", "2")]),
            Err(Error::CannotBind {
                header: "x-a".into(),
                fault: BindFault::Duplicate
            })
        );
    }

    #[test]
    fn parameter_names_that_could_be_read_in_two_ways_are_errors() {
        for name in ["", "a:b", "a,b", "a%2Cb", "a\nb"] {
            assert_eq!(
                Binding::default().push_parameter(name, "x"),
                Err(Error::CannotBindParameter {
                    name: name.into(),
                    fault: BindFault::Name
                })
            );
        }
    }
}
