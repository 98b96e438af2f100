//! A request on its way, and the reading of it that presign's is compared with.

use percent_encoding::percent_decode_str;

use crate::input::Fields;

/// A request as a server would receive it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wire {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
}

impl Wire {
    /// Reads method, path, query, and then names and values of headers.
    pub(crate) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let mut wire = Self {
            method: fields.text()?.to_owned(),
            path: fields.text()?.to_owned(),
            query: fields.text()?.to_owned(),
            headers: Vec::new(),
        };
        while let Some(name) = fields.text() {
            let value = fields.bytes().unwrap_or_default().to_vec();
            wire.headers.push((name.to_owned(), value));
        }
        Some(wire)
    }

    /// What a client sends that uses the URL with these headers.
    pub(crate) fn new(method: &str, url: &str, headers: &[(&str, &str)]) -> Self {
        let (_, rest) = url.split_once("://").expect("a signed URL has a scheme");
        let (place, query) = rest.split_once('?').expect("a signed URL has a query");
        let (host, _) = place.split_once('/').expect("a signed URL has a path");
        let mut wire = Self {
            method: method.to_owned(),
            path: place[host.len()..].to_owned(),
            query: query.to_owned(),
            headers: vec![("Host".to_owned(), host.into())],
        };
        for (name, value) in headers {
            wire.headers.push(((*name).to_owned(), (*value).into()));
        }
        wire
    }

    /// Its fields as [`Wire::read`] reads them, after one more.
    pub(crate) fn write(&self, first: &str) -> Vec<u8> {
        let mut fields = vec![
            first.as_bytes(),
            self.method.as_bytes(),
            self.path.as_bytes(),
            self.query.as_bytes(),
        ];
        for (name, value) in &self.headers {
            fields.extend([name.as_bytes(), value]);
        }
        crate::input::join(&fields)
    }

    pub(crate) fn header_slices(&self) -> Vec<(&str, &[u8])> {
        let headers = self.headers.iter();
        headers.map(|(name, value)| (&**name, &**value)).collect()
    }

    /// The values of a header, blanks collapsed, joined by commas.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let mut same = self
            .headers
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name))
            .peekable();
        same.peek()?;
        let values: Option<Vec<String>> = same
            .map(|(_, value)| {
                let words = str::from_utf8(value).ok()?.split([' ', '\t']);
                Some(
                    words
                        .filter(|word| !word.is_empty())
                        .collect::<Vec<_>>()
                        .join(" "),
                )
            })
            .collect();
        Some(values?.join(","))
    }

    /// The value of the first header of this name, without blanks around it.
    pub(crate) fn trimmed_header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(other, _)| other.eq_ignore_ascii_case(name))?;
        Some(str::from_utf8(value).ok()?.trim_matches([' ', '\t']))
    }

    /// The decoded path; `None` if it is not UTF-8.
    pub(crate) fn decoded_path(&self) -> Option<String> {
        Some(
            percent_decode_str(&self.path)
                .decode_utf8()
                .ok()?
                .into_owned(),
        )
    }

    /// The decoded parameters in the order of the query; `None` if they are not UTF-8.
    pub(crate) fn parameters(&self) -> Option<Vec<(String, String)>> {
        let decode = |text: &str| {
            let text = text.replace('+', " ");
            Some(percent_decode_str(&text).decode_utf8().ok()?.into_owned())
        };
        let parameters = self
            .query
            .split('&')
            .filter(|parameter| !parameter.is_empty());
        parameters
            .map(|parameter| {
                let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
                Some((decode(name)?, decode(value)?))
            })
            .collect()
    }

    /// The decoded value of a parameter, whatever the case of its name.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let mut parameters = self.parameters()?.into_iter();
        parameters
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// The same request with another value of every parameter of this name, in whatever case and spelling.
    pub(crate) fn with_parameter(&self, name: &str, encoded: &str) -> Self {
        let parameters: Vec<String> = self
            .query
            .split('&')
            .map(|parameter| {
                let (raw, _) = parameter.split_once('=').unwrap_or((parameter, ""));
                let decoded = percent_decode_str(raw).decode_utf8_lossy();
                if decoded.eq_ignore_ascii_case(name) {
                    format!("{raw}={encoded}")
                } else {
                    parameter.to_owned()
                }
            })
            .collect();
        Self {
            query: parameters.join("&"),
            ..self.clone()
        }
    }
}
