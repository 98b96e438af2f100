//! Step 1: the canonical request, the one spelling of a request that both sides hash.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::header::CanonicalHeaders;

/// The payload line of a request whose body may be any.
pub(crate) const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// The parts of a canonical request, each already in canonical form.
pub(crate) struct CanonicalRequest<'a> {
    /// As on the wire: upper case.
    pub(crate) method: &'a str,
    /// The absolute path, encoded once and not normalised: `//` and `..` are part of a key.
    pub(crate) uri: Cow<'a, str>,
    /// Encoded parameters sorted by name, without the signature.
    pub(crate) query: Cow<'a, str>,
    pub(crate) headers: Cow<'a, CanonicalHeaders>,
    pub(crate) payload: Cow<'a, str>,
}

impl CanonicalRequest<'_> {
    fn pieces(&self) -> [&str; 11] {
        [
            self.method,
            "\n",
            &self.uri,
            "\n",
            &self.query,
            "\n",
            &self.headers.lines,
            "\n",
            &self.headers.names,
            "\n",
            &self.payload,
        ]
    }

    /// Hashes it, piece by piece, so that it need not be put together.
    pub(crate) fn sha256(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for piece in self.pieces() {
            hash.update(piece);
        }
        hash.finalize().into()
    }

    /// Puts it together, for people.
    pub(crate) fn text(&self) -> String {
        self.pieces().concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        encode,
        v4::{
            header::canonical_value,
            parameter::{Parameter, canonical_query},
        },
    };

    /// One case of AWS's signing test suite.
    struct Case {
        name: &'static str,
        method: &'static str,
        path: &'static str,
        query: &'static [(&'static str, &'static str)],
        /// Beside `host`, sorted.
        headers: &'static [(&'static str, &'static str)],
        /// The third line of the case's `query-string-to-sign.txt`.
        sha256: &'static str,
    }

    const PLAIN: Case = Case {
        name: "get-vanilla",
        method: "GET",
        path: "/",
        query: &[],
        headers: &[],
        sha256: "bb7705b4aa3cb8e8f5e1e0b3d4c0b64030797a313c8ceee43e33117cc43eadc5",
    };

    /// From `aws-signing-test-suite/v4` in the crate `aws-sigv4` 1.6.4 (Apache-2.0): those of the
    /// 40 cases that hold for S3, which neither normalises paths nor encodes them twice.
    const CASES: &[Case] = &[
        PLAIN,
        Case {
            name: "post-vanilla",
            method: "POST",
            sha256: "d27fc6fe1afc1d88b248c5ae9194ec0943a693dd6d81d8d815c88a369eb0471e",
            ..PLAIN
        },
        Case {
            name: "get-header-value-trim",
            headers: &[("my-header1", " value1"), ("my-header2", " \"a   b   c\"")],
            sha256: "84c9e353b6161b689210977f93b93e6a7182f9ecb2ceae8af8c3d86b080a88ae",
            ..PLAIN
        },
        Case {
            name: "get-relative-unnormalized",
            path: "/example/..",
            sha256: "6e02e2dba21d6f269bae339b86ff27a4b7bbc9d88c482abccbfbf8a49d602482",
            ..PLAIN
        },
        Case {
            name: "get-slashes-unnormalized",
            path: "//example//",
            sha256: "82241114f9a6320f054333c890952474aa7a0069d28a4326c3a8d95bbecc69ee",
            ..PLAIN
        },
        Case {
            name: "get-space-unnormalized",
            path: "/example space/",
            sha256: "cc3dd817bd405e51225826ec4934a96d065d6af5b6b0163c7a5abbd26a84519e",
            ..PLAIN
        },
        Case {
            name: "get-utf8",
            path: "/\u{1234}",
            sha256: "d8f78e05d0d9bb1c16ae1e60ed405de76cfb8fdcd3e414ffe65fad563b996d66",
            ..PLAIN
        },
        Case {
            name: "get-vanilla-query-order-encoded",
            query: &[
                ("Param-3", "Value3"),
                ("Param", "Value2"),
                ("\u{1234}", "Value1"),
            ],
            sha256: "9808d6cdc8245c74e705c68350fc6a62b91778cdd613890e5d177998c02c6f53",
            ..PLAIN
        },
        Case {
            name: "get-vanilla-query-order-key-case",
            query: &[("Param2", "value2"), ("Param1", "value1")],
            sha256: "b82878ecb2ab7ad194b9fe79b2946c2a36ee1627a219408089b2d774c1a0cedb",
            ..PLAIN
        },
        Case {
            name: "get-vanilla-with-session-token",
            query: &[(
                "X-Amz-Security-Token",
                "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267",
            )],
            sha256: "cb30434103085aa9e73780fc60dc9a9df818fd2a7b1de12a9f6f4d791f898761",
            ..PLAIN
        },
    ];

    /// The suite hashes the empty body where S3 has `UNSIGNED-PAYLOAD`.
    const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn canonical_requests_hash_as_in_the_signing_test_suite() {
        for case in CASES {
            let values = case.headers.iter().map(|(_, value)| canonical_value(value));
            let values: Vec<_> = values.collect();
            let names = case.headers.iter().map(|(name, _)| *name);
            let headers = CanonicalHeaders::new(
                std::iter::once(("host", "example.amazonaws.com"))
                    .chain(names.zip(values.iter().map(|value| &**value))),
            );
            let authentication = [
                ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
                (
                    "X-Amz-Credential",
                    "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request",
                ),
                ("X-Amz-Date", "20150830T123600Z"),
                ("X-Amz-Expires", "3600"),
                ("X-Amz-SignedHeaders", &headers.names),
            ];
            let parameters = case.query.iter().copied().chain(authentication);
            let query = canonical_query(parameters.map(|(a, b)| Parameter::encode(a, b)).collect());
            let request = CanonicalRequest {
                method: case.method,
                uri: encode::path(case.path),
                query: query.into(),
                headers: Cow::Borrowed(&headers),
                payload: EMPTY_SHA256.into(),
            };
            let text = request.text();
            assert_eq!(
                encode::hex(&request.sha256()),
                case.sha256,
                "{}: {text}",
                case.name
            );
        }
    }
}
