//! The query of a request: as its path and query say until it is verified, as its signature says from then on.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// The parameters that the operations read. Others mean nothing to S3 and are kept from the rest.
const READ: [&str; 21] = [
    "continuation-token",
    "delimiter",
    "encoding-type",
    "fetch-owner",
    "key-marker",
    "list-type",
    "max-keys",
    "max-parts",
    "max-uploads",
    "part-number-marker",
    "partNumber",
    "prefix",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "start-after",
    "upload-id-marker",
    "uploadId",
];

/// Decoded names and values in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Decodes what can be decoded; `+` is a space. Escapes that are not UTF-8 become U+FFFD,
    /// which no signature that verifies has.
    pub(crate) fn parse(raw: &str) -> Self {
        let pairs = raw
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (decode(name), decode(value))
            })
            .collect();
        Self(pairs)
    }

    /// The parameters that a signature was found to cover.
    pub(crate) fn verified(parameters: Vec<(Box<str>, Box<str>)>) -> Self {
        let own = |(name, value): (Box<str>, Box<str>)| (name.into(), value.into());
        Self(parameters.into_iter().map(own).collect())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(crate) fn has_in_any_case(&self, name: &str) -> bool {
        self.names().any(|other| other.eq_ignore_ascii_case(name))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|pair| pair.0.as_str())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|pair| pair.0 == name)
            .map(|pair| pair.1.as_str())
    }

    /// The `x-amz-…` parameters that stand for headers, as S3 lets a signer move them.
    pub(crate) fn moved_headers(&self) -> impl Iterator<Item = (String, &str)> {
        self.0
            .iter()
            .map(|pair| (pair.0.to_ascii_lowercase(), pair.1.as_str()))
            .filter(|(name, _)| name.starts_with("x-amz-"))
    }

    /// The path and query that the operations get: path style, with what they read and nothing else.
    pub(crate) fn forward(&self, bucket: &str, key: Option<&str>) -> String {
        let mut uri = format!("/{bucket}");
        if let Some(key) = key {
            uri.push('/');
            uri.extend(utf8_percent_encode(key, RESERVED_IN_PATH));
        }
        let read = self
            .0
            .iter()
            .filter(|pair| pair.0 == "uploads" || READ.contains(&pair.0.as_str()));
        for (count, (name, value)) in read.enumerate() {
            let value = utf8_percent_encode(value, RESERVED);
            let separator = if count == 0 { '?' } else { '&' };
            // Writing into a String cannot fail
            let _ = write!(uri, "{separator}{name}={value}");
        }
        uri
    }
}

/// Percent-encodes a key for a line of the access log.
pub(crate) fn encode_key(key: &str) -> String {
    utf8_percent_encode(key, RESERVED_IN_PATH).to_string()
}

fn decode(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

/// The bucket and key of a path-style path, as far as they can be read.
pub(crate) fn path_parts(raw_path: &str) -> (Option<String>, Option<String>) {
    let path = raw_path.strip_prefix('/').unwrap_or(raw_path);
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    let part = |text: &str| {
        let text = percent_decode_str(text).decode_utf8_lossy().into_owned();
        Some(text).filter(|text| !text.is_empty())
    };
    (part(bucket), part(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_operations_read_is_forwarded() {
        let query =
            Query::parse("partNumber=3&x-grant=g1&uploadId=a%2Bb+c&x-amz-acl=private&prefix=");
        assert_eq!(
            query.forward("vision", Some("a b/ü?&")),
            "/vision/a%20b/%C3%BC%3F%26?partNumber=3&uploadId=a%2Bb%20c&prefix="
        );
        let moved: Vec<_> = query.moved_headers().collect();
        assert_eq!(moved, [("x-amz-acl".to_owned(), "private")]);
    }
}
