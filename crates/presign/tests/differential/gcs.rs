//! Google Cloud Storage: what google-cloud-storage signs.

use std::sync::OnceLock;

use presign::{
    Request, Target, Timestamp, Ttl, Window,
    gcs::{Addressing, Credential, Endpoint, HmacKey, ServiceAccountKey, Signer},
};
use serde::{Deserialize, Serialize};

use crate::{
    comparison::{self, Exception, Outcome},
    draw::Draw,
    text,
};

#[test]
fn urls_equal_those_of_googles_library() {
    comparison::compare("gcs", EXCEPTIONS, |draw| Case::draw(draw, false));
}

/// The library has no HMAC keys: the oracle runs it under the name of that algorithm and derives
/// the key itself, so that this compares what is signed, and all of the URL, with the library's.
#[test]
fn urls_with_hmac_keys_equal_those_of_googles_library_but_for_the_key() {
    // The exceptions are about the request alone, which is signed in the same way.
    comparison::compare("gcs-hmac", &[], |draw| Case::draw(draw, true));
}

/// The public dummy account of Google's conformance vectors.
#[derive(Deserialize)]
struct Account {
    client_email: String,
    pkcs8_der_base64: String,
}

/// Its key, read once: that takes longer than to sign.
fn account_key() -> ServiceAccountKey {
    static KEY: OnceLock<ServiceAccountKey> = OnceLock::new();
    let read = || {
        let file = include_str!("../data/google_service_account.json");
        let account: Account = serde_json::from_str(file).unwrap();
        let base64 = account.pkcs8_der_base64;
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n");
        ServiceAccountKey::from_pem(account.client_email, &pem).unwrap()
    };
    KEY.get_or_init(read).clone()
}

const EXCEPTIONS: &[Exception<Case>] = &[
    // That would be a URL for the bucket.
    Exception {
        class: "empty key",
        outcome: Outcome::WeRefuse,
        make: |case| case.set_key(""),
    },
    // The store does not take it, so that a URL would be of no use.
    Exception {
        class: "key of 1,025 bytes",
        outcome: Outcome::WeRefuse,
        make: |case| case.set_key(&"k".repeat(1025)),
    },
    // Clients leave the default port out of `Host`; the library signs what it was given.
    Exception {
        class: "default port in the endpoint",
        outcome: Outcome::OtherUrl,
        make: |case| {
            case.addressing = "path";
            case.endpoint = "https://storage.googleapis.com:443";
        },
    },
    // The library sorts whole parameters, so that `=` has a part in it; Google's documentation
    // wants them sorted by name.
    Exception {
        class: "parameter whose name begins another",
        outcome: Outcome::OtherUrl,
        make: |case| {
            case.query.clear();
            for name in ["part", "part-1"] {
                case.query.push((name.to_owned(), "7".to_owned()));
            }
        },
    },
    // The library encodes the canonical request as ASCII.
    Exception {
        class: "header outside ASCII",
        outcome: Outcome::SdkRefuses,
        make: |case| case.set_header("x-goog-meta-note", "größe"),
    },
    // It cannot be sent; Python's `split` makes a space of it.
    Exception {
        class: "line break in a header",
        outcome: Outcome::WeRefuse,
        make: |case| case.set_header("x-goog-meta-note", "a\r\nx-goog-acl: public-read"),
    },
    // The library joins the values, which clients do not.
    Exception {
        class: "header given twice",
        outcome: Outcome::WeRefuse,
        make: |case| {
            case.set_header("x-goog-meta-note", "a");
            case.headers
                .push(("X-Goog-Meta-Note".to_owned(), "b".to_owned()));
        },
    },
];

#[derive(Debug, Serialize)]
struct Case {
    endpoint: &'static str,
    addressing: &'static str,
    bucket: &'static str,
    key: Option<String>,
    method: &'static str,
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
    /// Headers and parameters for which the library has arguments, by their names.
    arguments: Vec<(&'static str, String)>,
    at: i64,
    ttl: u32,
    #[serde(skip)]
    has_hmac_key: bool,
}

const ADDRESSES: &[(&str, &str)] = &[
    ("https://storage.googleapis.com", "path"),
    ("https://storage.googleapis.com", "virtual"),
    ("http://127.0.0.1:4443", "path"),
    ("https://storage.example.com:8443", "virtual"),
    ("https://data.example.com", "bound"),
    ("http://data.example.com:8080", "bound"),
];

/// Arguments of the library, and the header or parameter that each is.
const HEADER_ARGUMENTS: &[(&str, &str)] = &[
    ("content_type", "Content-Type"),
    ("content_md5", "Content-MD5"),
];
const QUERY_ARGUMENTS: &[(&str, &str)] = &[
    ("response_type", "response-content-type"),
    ("response_disposition", "response-content-disposition"),
    ("generation", "generation"),
];

/// A method; query parameters that it comes with; headers that may be bound with it.
struct Operation {
    method: &'static str,
    on_object: bool,
    query: &'static [&'static str],
    headers: &'static [&'static str],
}

const OPERATIONS: &[Operation] = &[
    Operation {
        method: "GET",
        on_object: true,
        query: &[],
        headers: &["Range", "x-goog-if-generation-match", "x-goog-user-project"],
    },
    Operation {
        method: "HEAD",
        on_object: true,
        query: &[],
        headers: &["X-Goog-Encryption-Key"],
    },
    Operation {
        method: "DELETE",
        on_object: true,
        query: &[],
        headers: &["x-goog-if-generation-match"],
    },
    Operation {
        method: "PUT",
        on_object: true,
        query: &[],
        headers: &[
            "Cache-Control",
            "content-disposition",
            "x-goog-content-length-range",
            "X-Goog-If-Generation-Match",
            "X-Goog-Meta-Note",
            "x-goog-meta-team",
            "x-goog-content-sha256",
            "x-goog-hash",
        ],
    },
    Operation {
        method: "RESUMABLE",
        on_object: true,
        query: &[],
        headers: &["x-goog-meta-team"],
    },
    Operation {
        method: "POST",
        on_object: true,
        query: &["uploads"],
        headers: &["x-goog-meta-team"],
    },
    Operation {
        method: "PUT",
        on_object: true,
        query: &["partNumber", "uploadId"],
        headers: &["content-length"],
    },
    Operation {
        method: "POST",
        on_object: true,
        query: &["uploadId"],
        headers: &[],
    },
    Operation {
        method: "DELETE",
        on_object: true,
        query: &["uploadId"],
        headers: &[],
    },
    Operation {
        method: "GET",
        on_object: false,
        query: &["prefix", "delimiter", "max-keys"],
        headers: &["x-goog-user-project"],
    },
];

impl Case {
    fn draw(draw: &mut Draw, has_hmac_key: bool) -> Self {
        let (endpoint, addressing) = ADDRESSES[draw.below(ADDRESSES.len())];
        let bucket = if addressing == "virtual" {
            draw.pick(&["models", "team-vision-1"])
        } else {
            draw.pick(&["models", "team-vision_1", "models.example.com"])
        };
        let operation = &OPERATIONS[draw.below(OPERATIONS.len())];
        let owned = |name: &&str| (*name).to_owned();
        let query = operation
            .query
            .iter()
            .map(|name| (owned(name), text::value(draw)));
        let mut query: Vec<_> = query.collect();
        let mut arguments = Vec::new();
        if operation.method == "GET" && operation.on_object {
            for (argument, _) in QUERY_ARGUMENTS {
                if draw.once_in(3) {
                    arguments.push((*argument, text::value(draw)));
                }
            }
        }
        let mut headers = Vec::new();
        for name in operation.headers {
            if draw.once_in(3) {
                headers.push((owned(name), text::padded_header_value(draw)));
            }
        }
        for (argument, _) in HEADER_ARGUMENTS {
            if operation.method == "PUT" && draw.once_in(3) {
                arguments.push((*argument, text::header_value(draw)));
            }
        }
        query.extend(text::parameters(draw));
        let mut case = Self {
            endpoint,
            addressing,
            bucket,
            key: operation.on_object.then(|| text::key(draw, str::len, true)),
            method: operation.method,
            headers,
            query,
            arguments,
            at: draw.time(),
            ttl: draw.ttl(),
            has_hmac_key,
        };
        // See the exception about names that begin others, among them those of the signature.
        let names: Vec<_> = case.query.iter().map(|(name, _)| name.clone()).collect();
        let begins_another = |name: &str| {
            let in_signature = ["X-Goog-Algorithm", "response-content-type", "generation"];
            let others = names.iter().map(String::as_str).chain(in_signature);
            others
                .into_iter()
                .any(|other| other != name && other.starts_with(name))
        };
        case.query.retain(|(name, _)| !begins_another(name));
        case
    }

    fn set_key(&mut self, key: &str) {
        self.key = Some(key.to_owned());
        // Of those, a bucket has none.
        self.method = "GET";
    }

    fn set_header(&mut self, name: &str, value: &str) {
        self.headers = vec![(name.to_owned(), value.to_owned())];
    }

    fn all(&self, own: &[(String, String)], known: &[(&str, &str)]) -> Vec<(String, String)> {
        let found = self.arguments.iter().filter_map(|(argument, value)| {
            let (_, name) = known.iter().find(|(known, _)| known == argument)?;
            Some(((*name).to_owned(), value.clone()))
        });
        own.iter().cloned().chain(found).collect()
    }

    fn credential(&self) -> Result<Credential, presign::Error> {
        Ok(if self.has_hmac_key {
            HmacKey::new("GOOG1EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")?.into()
        } else {
            account_key().into()
        })
    }
}

impl comparison::Case for Case {
    fn sign(&self) -> Result<String, presign::Error> {
        let addressing = match self.addressing {
            "path" => Addressing::Path,
            "virtual" => Addressing::VirtualHost,
            _ => Addressing::BucketHost,
        };
        let mut headers = self.all(&self.headers, HEADER_ARGUMENTS);
        let query = self.all(&self.query, QUERY_ARGUMENTS);
        let mut method = self.method;
        if method == "RESUMABLE" {
            method = "POST";
            headers.push(("x-goog-resumable".to_owned(), "start".to_owned()));
        }
        let request = Request {
            method: method.parse()?,
            target: self.key.as_deref().map_or(Target::Bucket, Target::Object),
            headers: &text::borrow(&headers),
            query: &text::borrow(&query),
        };
        let window = Window {
            from: Timestamp::from_unix_seconds(self.at),
            ttl: Ttl::from_seconds(self.ttl)?,
        };
        let endpoint = Endpoint::parse(self.endpoint, addressing, self.bucket)?;
        let url = Signer::new(endpoint, self.credential()?).sign(&request, window)?;
        Ok(url.expose().to_owned())
    }

    fn normalize(&self, url: &str) -> Vec<String> {
        vec![url.to_owned()]
    }
}
