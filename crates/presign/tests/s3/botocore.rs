//! URLs made by AWS's own SDK for Python: ours must carry the same signature, and theirs verify.
//!
//! `data/botocore.json` was written by `data/generate.py`, which says how.

use presign::{
    Request, Target, Timestamp, Ttl, Window,
    s3::{Addressing, Credential, Endpoint, Signer, Verifier},
};
use serde::Deserialize;

use crate::support::Wire;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    endpoint: String,
    virtual_host: bool,
    bucket: String,
    region: String,
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    method: String,
    key: Option<String>,
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
    at: i64,
    ttl: u32,
    url: String,
}

impl Vector {
    fn all() -> Vec<Self> {
        serde_json::from_str(include_str!("../data/botocore.json")).unwrap()
    }

    fn credential(&self) -> Credential {
        let credential =
            Credential::new(self.access_key_id.as_str(), self.secret_access_key.as_str()).unwrap();
        match &self.session_token {
            Some(token) => credential.with_session(token.as_str(), None).unwrap(),
            None => credential,
        }
    }

    fn window(&self) -> Window {
        Window {
            from: Timestamp::from_unix_seconds(self.at),
            ttl: Ttl::from_seconds(self.ttl).unwrap(),
        }
    }

    fn headers(&self) -> Vec<(&str, &str)> {
        borrow(&self.headers)
    }
}

fn borrow(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect()
}

/// What comes before the query, and the query's parameters without their order, in
/// which botocore differs.
fn parts(url: &str) -> (&str, Vec<&str>) {
    let (base, query) = url.split_once('?').unwrap();
    let mut parameters: Vec<_> = query.split('&').collect();
    parameters.sort_unstable();
    (base, parameters)
}

#[test]
fn urls_equal_those_of_botocore() {
    let vectors = Vector::all();
    assert!(vectors.len() >= 60);
    for vector in vectors {
        let addressing = if vector.virtual_host {
            Addressing::VirtualHost
        } else {
            Addressing::Path
        };
        let endpoint =
            Endpoint::parse(&vector.endpoint, addressing, &vector.bucket, &vector.region).unwrap();
        let request = Request {
            method: vector.method.parse().unwrap(),
            target: vector.key.as_deref().map_or(Target::Bucket, Target::Object),
            headers: &vector.headers(),
            query: &borrow(&vector.query),
        };
        let url = Signer::new(endpoint, vector.credential())
            .sign(&request, vector.window())
            .unwrap();
        // botocore writes flags without `=`, which is the same parameter.
        let theirs = ["uploads", "acl", "tagging"]
            .iter()
            .fold(vector.url.clone(), |url, flag| {
                url.replace(&format!("?{flag}&"), &format!("?{flag}=&"))
            });
        assert_eq!(parts(url.expose()), parts(&theirs));
    }
}

#[test]
fn urls_of_botocore_verify() {
    for vector in Vector::all() {
        let (_, host) = vector.endpoint.split_once("://").unwrap();
        let verifier = Verifier::new(vector.region.as_str()).with_hosts([host]);
        let wire = Wire::new(&vector.method, &vector.url, &vector.headers());
        let window = vector.window();
        let credential = vector.credential();
        let accepted = wire.verify(&verifier, window.from, &credential).unwrap();
        assert_eq!(accepted.resource.bucket(), Some(&*vector.bucket));
        assert_eq!(accepted.resource.key(), vector.key.as_deref());
        assert_eq!(accepted.expires_at, window.ends());
        for (name, value) in &vector.query {
            assert_eq!(accepted.parameter(name), Some(value.as_str()));
        }
        for (name, _) in &vector.headers {
            assert!(accepted.is_signed(&name.to_ascii_lowercase()), "{name}");
        }
        // The same URL must fail with one bit of its secret changed.
        let other = Credential::new(
            vector.access_key_id.as_str(),
            vector.secret_access_key.replacen('w', "v", 1),
        );
        let other = match vector.session_token {
            Some(token) => other.unwrap().with_session(token, None),
            None => other,
        };
        let refusal = wire.verify(&verifier, window.from, &other.unwrap());
        assert_eq!(refusal.unwrap_err().s3_code(), "SignatureDoesNotMatch");
    }
}
