//! A signed URL as a server receives it, and changes to it on the way.

use presign::Received;

/// A request as a server would receive it.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Wire {
    /// What a client sends that was told to use the URL with these headers.
    pub(crate) fn new(method: &str, url: &str, headers: &[(&str, &str)]) -> Self {
        let (_, rest) = url.split_once("://").unwrap();
        let (host, rest) = rest.split_at(rest.find('/').unwrap());
        let (path, query) = rest.split_once('?').unwrap();
        let mut headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        headers.push(("Host".to_owned(), host.to_owned()));
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
        }
    }

    /// Hands it over as it was received.
    pub(crate) fn receive<T>(&self, handle: impl FnOnce(&Received<'_>) -> T) -> T {
        let headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        handle(&Received {
            method: &self.method,
            raw_path: &self.path,
            raw_query: &self.query,
            headers: &headers,
        })
    }

    /// The raw value of a query parameter.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.query
            .split('&')
            .find_map(|parameter| parameter.strip_prefix(name)?.strip_prefix('='))
            .unwrap()
    }

    /// The same request with another raw value of a query parameter.
    pub(crate) fn with_parameter(&self, name: &str, value: &str) -> Self {
        let old = format!("{name}={}", self.parameter(name));
        self.with_query(&self.query.replacen(&old, &format!("{name}={value}"), 1))
    }

    /// The same request without a query parameter.
    pub(crate) fn without_parameter(&self, name: &str) -> Self {
        let kept = self
            .query
            .split('&')
            .filter(|parameter| !parameter.starts_with(&format!("{name}=")));
        self.with_query(&kept.collect::<Vec<_>>().join("&"))
    }

    pub(crate) fn with_query(&self, query: &str) -> Self {
        assert_ne!(query, self.query, "the query was to be changed");
        Self {
            query: query.to_owned(),
            ..self.clone()
        }
    }

    pub(crate) fn with_path(&self, path: &str) -> Self {
        assert_ne!(path, self.path, "the path was to be changed");
        Self {
            path: path.to_owned(),
            ..self.clone()
        }
    }

    pub(crate) fn with_header(&self, name: &str, value: &str) -> Self {
        let mut changed = self.clone();
        changed.headers.push((name.to_owned(), value.to_owned()));
        changed
    }

    pub(crate) fn without_header(&self, name: &str) -> Self {
        let mut changed = self.clone();
        changed
            .headers
            .retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        assert_ne!(
            changed.headers, self.headers,
            "the header was to be removed"
        );
        changed
    }
}
