//! Google's conformance vectors for signed URLs: ours must be the same to the byte, theirs verify.
//!
//! `data/README.md` says where they come from.

use std::collections::BTreeMap;

use presign::{
    Request, Target, Timestamp, Ttl, Window,
    gcs::{Addressing, Endpoint, Payload, Refusal, SignBlob, Signer, Verifier, VerifyingKey},
};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::support::{ServiceAccount, Wire, hexadecimal};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    #[serde(rename = "signingV4Tests")]
    signing: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Vector {
    description: String,
    bucket: String,
    object: Option<String>,
    method: String,
    expiration: u32,
    timestamp: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    query_parameters: BTreeMap<String, String>,
    scheme: Option<String>,
    url_style: Option<String>,
    bucket_bound_hostname: Option<String>,
    hostname: Option<String>,
    client_endpoint: Option<String>,
    emulator_hostname: Option<String>,
    universe_domain: Option<String>,
    expected_url: String,
    expected_canonical_request: String,
    expected_string_to_sign: String,
}

impl Vector {
    fn all() -> Vec<Self> {
        let file = include_str!("../data/google_v4_signatures.json");
        let file: File = serde_json::from_str(file).unwrap();
        assert_eq!(file.signing.len(), 29);
        file.signing
    }

    fn endpoint(&self) -> Endpoint {
        let universe = self.universe_domain.as_deref().unwrap_or("googleapis.com");
        let address = self
            .bucket_bound_hostname
            .clone()
            .or_else(|| self.hostname.clone())
            .or_else(|| self.client_endpoint.clone())
            .or_else(|| self.emulator_hostname.clone())
            .unwrap_or_else(|| format!("storage.{universe}"));
        let url = if address.contains("://") {
            address
        } else {
            format!("{}://{address}", self.scheme.as_deref().unwrap_or("https"))
        };
        let addressing = match self.url_style.as_deref() {
            None => Addressing::Path,
            Some("VIRTUAL_HOSTED_STYLE") => Addressing::VirtualHost,
            Some("BUCKET_BOUND_HOSTNAME") => Addressing::BucketHost,
            Some(style) => panic!("{style}"),
        };
        let endpoint = Endpoint::parse(&url, addressing, &self.bucket).unwrap();
        // In the vectors that have a port, it is not signed.
        endpoint.with_unsigned_port()
    }

    fn window(&self) -> Window {
        let basic = self.timestamp.replace(['-', ':'], "");
        Window {
            from: Timestamp::from_basic_iso8601(&basic).unwrap(),
            ttl: Ttl::from_seconds(self.expiration).unwrap(),
        }
    }

    fn headers(&self) -> Vec<(&str, &str)> {
        borrow(&self.headers)
    }

    /// Hands over the request to sign.
    fn request<T>(&self, handle: impl FnOnce(&Request<'_>) -> T) -> T {
        handle(&Request {
            method: self.method.parse().unwrap(),
            target: self
                .object
                .as_deref()
                .map_or(Target::Bucket, Target::Object),
            headers: &self.headers(),
            query: &borrow(&self.query_parameters),
        })
    }

    /// What a client sends, with the port as in the URL.
    fn wire(&self) -> Wire {
        Wire::new(&self.method, &self.expected_url, &self.headers())
    }

    /// What a client sends whose `Host` is what the vector signs.
    fn wire_to_signed_host(&self) -> Wire {
        let lines = self.expected_canonical_request.lines();
        let hosts: Vec<_> = lines
            .filter_map(|line| line.strip_prefix("host:"))
            .collect();
        let wire = self.wire().without_header("host");
        wire.with_header("Host", hosts[0])
    }

    fn verifier(&self) -> Verifier {
        let verifier = Verifier::new();
        match &self.bucket_bound_hostname {
            Some(host) => verifier.with_bucket_host(host, &self.bucket),
            None => verifier.with_hosts([
                "storage.googleapis.com",
                "storage.googleapis.com:443",
                "storage.domain.com",
                "xyz.googleapis.com",
                "localhost",
                "localhost:8080",
            ]),
        }
    }
}

fn borrow(pairs: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
    pairs
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect()
}

#[test]
fn urls_equal_googles() {
    let key = ServiceAccount::read().key();
    for vector in Vector::all() {
        let signer = Signer::new(vector.endpoint(), key.clone());
        let url = vector.request(|request| signer.sign(request, vector.window()));
        let url = url.unwrap_or_else(|error| panic!("{}: {error}", vector.description));
        assert_eq!(url.expose(), vector.expected_url, "{}", vector.description);
    }
}

#[test]
fn strings_to_sign_equal_googles() {
    let email = ServiceAccount::read().email;
    for vector in Vector::all() {
        let signer = SignBlob::new(vector.endpoint(), email.as_str()).unwrap();
        let unsigned = vector
            .request(|request| signer.prepare(request, vector.window()))
            .unwrap();
        // Its last line is the canonical request's hash, so that this holds for both texts.
        assert_eq!(
            unsigned.string_to_sign(),
            vector.expected_string_to_sign,
            "{}",
            vector.description
        );
    }
}

#[test]
fn canonical_requests_equal_googles() {
    let account = ServiceAccount::read();
    let key = VerifyingKey::from(&account.key());
    let mut contradictory = Vec::new();
    for vector in Vector::all() {
        let sha256 = hexadecimal(&Sha256::digest(&vector.expected_canonical_request));
        if !vector.expected_string_to_sign.ends_with(&sha256) {
            contradictory.push(vector.description);
            continue;
        }
        // A refusal shows what the verifier made of the request.
        let wire = vector.wire_to_signed_host();
        let wire = wire.with_parameter("X-Goog-Signature", "00");
        let now = vector.window().from;
        let refusal = wire.verify(&vector.verifier(), now, &account.email, &key);
        let Err(Refusal::SignatureDoesNotMatch(mismatch)) = refusal else {
            panic!("{}: {refusal:?}", vector.description);
        };
        let hidden = vector.expected_canonical_request.replace(
            "x-goog-encryption-key:key\n",
            "x-goog-encryption-key:(hidden)\n",
        );
        assert_eq!(&*mismatch.canonical_request, hidden);
        assert_eq!(&*mismatch.string_to_sign, vector.expected_string_to_sign);
    }
    // Its canonical request names the bucket in the path, its string to sign and URL do not.
    assert_eq!(contradictory, ["Universe domain with virtual hosted style"]);
}

#[test]
fn googles_urls_verify() {
    let account = ServiceAccount::read();
    let key = VerifyingKey::from(&account.key());
    for vector in Vector::all() {
        let window = vector.window();
        for wire in [vector.wire(), vector.wire_to_signed_host()] {
            let verified = wire.verify(&vector.verifier(), window.from, &account.email, &key);
            let verified =
                verified.unwrap_or_else(|refusal| panic!("{}: {refusal}", vector.description));
            assert_eq!(*verified.authorizer, *account.email);
            assert_eq!(verified.resource.bucket(), Some(&*vector.bucket));
            assert_eq!(verified.resource.key(), vector.object.as_deref());
            assert_eq!(verified.expires_at, window.ends());
            for (name, value) in &vector.query_parameters {
                assert_eq!(verified.parameter(name), Some(value.as_str()));
            }
            for (name, _) in vector.headers() {
                assert!(verified.is_signed(&name.to_ascii_lowercase()), "{name}");
            }
            // The hash in the one vector that has one lacks its last digit: no body has it.
            let payload = if vector.headers.contains_key("X-Goog-Content-SHA256") {
                Payload::Unmatchable
            } else {
                Payload::Unsigned
            };
            assert_eq!(verified.payload, payload, "{}", vector.description);
        }
    }
}

#[test]
fn changed_urls_of_google_are_refused() {
    let account = ServiceAccount::read();
    let key = VerifyingKey::from(&account.key());
    let mut refused = 0;
    for vector in Vector::all() {
        let wire = vector.wire_to_signed_host();
        let window = vector.window();
        let now = |seconds: i64| Timestamp::from_unix_seconds(window.from.unix_seconds() + seconds);
        let signature = wire.parameter("X-Goog-Signature").to_owned();
        let last = if signature.ends_with('0') { "1" } else { "0" };
        let signature = format!("{}{last}", &signature[..signature.len() - 1]);
        let late = i64::from(vector.expiration);
        let other_method = Wire {
            method: "PATCH".to_owned(),
            ..wire.clone()
        };
        let mut changes = vec![
            ("nothing but the time, late", late, wire.clone()),
            ("nothing but the time, early", -901, wire.clone()),
            (
                "signature",
                0,
                wire.with_parameter("X-Goog-Signature", &signature),
            ),
            ("method", 0, other_method),
            ("path", 0, wire.with_path(&format!("{}x", wire.path))),
            (
                "another parameter",
                0,
                wire.with_query(&format!("{}&zz=1", wire.query)),
            ),
            ("life", 0, wire.with_parameter("X-Goog-Expires", "604800")),
            (
                "time",
                0,
                wire.with_query(&wire.query.replacen("T090000Z", "T090001Z", 1)),
            ),
            (
                "location",
                0,
                wire.with_query(&wire.query.replacen("%2Fauto%2F", "%2Feu%2F", 1)),
            ),
            (
                "host",
                0,
                wire.without_header("host").with_header("host", "xyz.test"),
            ),
        ];
        for (name, value) in vector.headers() {
            let gone = wire.without_header(name);
            changes.push((
                "header's value",
                0,
                gone.with_header(name, &format!("{value}x")),
            ));
            changes.push(("header missing", 0, gone));
            changes.push(("header twice", 0, wire.with_header(name, value)));
        }
        for (what, seconds, changed) in changes {
            for verifier in [vector.verifier(), Verifier::new()] {
                let result = changed.verify(&verifier, now(seconds), &account.email, &key);
                assert!(result.is_err(), "{}: {what}", vector.description);
            }
            refused += 1;
        }
    }
    assert!(refused > 29 * 10);
}
