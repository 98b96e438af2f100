//! What the tests share: taking a URL apart as a server receives it, and its verification.

use presign::{
    Method, Request, Target, Timestamp, Ttl, Window,
    s3::{Addressing, Credential, Endpoint, Received, Refusal, Signer, Verified, Verifier},
};

pub(crate) const REGION: &str = "eu-west-1";
pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_369_353_600);

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

    pub(crate) fn verify(
        &self,
        verifier: &Verifier,
        now: Timestamp,
        credential: &Credential,
    ) -> Result<Verified, Refusal> {
        let headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        let received = Received {
            method: &self.method,
            raw_path: &self.path,
            raw_query: &self.query,
            headers: &headers,
        };
        verifier.verify(&received, now, |id| {
            (id == credential.access_key_id()).then_some(credential)
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

pub(crate) fn credential() -> Credential {
    Credential::new(
        "AKIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    )
    .unwrap()
}

pub(crate) fn endpoint(addressing: Addressing) -> Endpoint {
    Endpoint::parse(
        "http://store.example.com:8333",
        addressing,
        "models",
        REGION,
    )
    .unwrap()
}

pub(crate) fn signer(credential: &Credential) -> Signer {
    Signer::new(endpoint(Addressing::Path), credential.clone())
}

pub(crate) fn window(ttl_seconds: u32) -> Window {
    Window {
        from: NOW,
        ttl: Ttl::from_seconds(ttl_seconds).unwrap(),
    }
}

/// An upload that binds headers and carries parameters, as received.
pub(crate) fn upload(credential: &Credential) -> Wire {
    let headers = [
        ("content-length", "5"),
        ("x-amz-checksum-crc32", "NhCmhg=="),
    ];
    let request = Request {
        method: Method::Put,
        target: Target::Object("run 1/weights+.bin"),
        headers: &headers,
        query: &[
            ("partNumber", "1"),
            ("uploadId", "u/1"),
            ("x-grant", "grt_01"),
        ],
    };
    let url = signer(credential).sign(&request, window(600)).unwrap();
    Wire::new("PUT", url.expose(), &headers)
}
