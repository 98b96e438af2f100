//! An error answer.

use std::borrow::Cow;
use std::fmt::Write as _;

use http::StatusCode;

/// A request that is answered with an error before the operations see it.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: Cow<'static, str>,
    message: Cow<'static, str>,
    details: Vec<(&'static str, String)>,
}

impl Refusal {
    pub(crate) fn new(
        status: u16,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            code: code.into(),
            message: message.into(),
            details: Vec::new(),
        }
    }

    pub(crate) fn denied(message: &'static str) -> Self {
        Self::new(403, "AccessDenied", message)
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.push((name, value.into()));
        self
    }

    /// The error document, without what only the outermost layer knows.
    pub(crate) fn document(&self) -> String {
        let mut document = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message>",
            escape(&self.code),
            escape(&self.message)
        );
        for (name, value) in &self.details {
            // Writing into a String cannot fail
            let _ = write!(document, "<{name}>{}</{name}>", escape(value));
        }
        document.push_str("</Error>");
        document
    }
}

/// The answer of S3 to a request whose signature does not hold.
impl From<&presign::s3::Refusal> for Refusal {
    fn from(refusal: &presign::s3::Refusal) -> Self {
        let answer = Self::new(refusal.status(), refusal.s3_code(), refusal.to_string());
        match refusal {
            presign::s3::Refusal::SignatureDoesNotMatch(mismatch) => answer
                .with("StringToSign", &*mismatch.string_to_sign)
                .with("CanonicalRequest", &*mismatch.canonical_request),
            _ => answer,
        }
    }
}

/// Adds to an error document what S3's has, and only the outermost layer knows.
pub(crate) fn complete(document: &str, resource: &str, request_id: &str, host_id: &str) -> String {
    let document = with_message(document);
    let body = document.trim_end_matches("</Error>");
    format!(
        "{body}<Resource>{}</Resource><RequestId>{request_id}</RequestId><HostId>{host_id}</HostId></Error>",
        escape(resource)
    )
}

/// Adds a message to an error document that has none.
pub(crate) fn with_message(document: &str) -> String {
    let body = document.trim_end().trim_end_matches("</Error>");
    let message = if body.contains("<Message>") {
        ""
    } else {
        "<Message>The request was refused</Message>"
    };
    format!("{body}{message}</Error>")
}

/// The code in an error document.
pub(crate) fn code(document: &str) -> Option<&str> {
    let (_, rest) = document.split_once("<Code>")?;
    Some(rest.split_once("</Code>")?.0)
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // XML 1.0 has no way to write the other control characters
            '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' => {
                escaped.push('\u{fffd}');
            }
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_escaped_and_complete() {
        let refusal = Refusal::denied("a < b").with("Method", "P&UT");
        let document = complete(&refusal.document(), "/vision/\"k\u{0}", "4C", "aGk=");
        assert_eq!(code(&document), Some("AccessDenied"));
        assert!(document.ends_with(
            "<Error><Code>AccessDenied</Code><Message>a &lt; b</Message><Method>P&amp;UT</Method>\
             <Resource>/vision/&quot;k\u{fffd}</Resource><RequestId>4C</RequestId><HostId>aGk=</HostId></Error>"
        ));
    }

    #[test]
    fn a_document_without_a_message_gets_one() {
        let document = complete("<Error><Code>NoSuchKey</Code></Error>", "/", "1", "2");
        assert!(document.contains("</Code><Message>The request was refused</Message>"));
    }
}
