//! URLs made by Google's own library for Python: ours must be the same, and theirs verify.
//!
//! `data/google_python.json` was written by `data/generate_google.py`, which says how.

use presign::{
    Request, Target, Timestamp, Ttl, Window,
    gcs::{Addressing, Algorithm, Credential, Endpoint, HmacKey, Signer, Verifier, VerifyingKey},
};
use serde::Deserialize;

use crate::support::{ServiceAccount, Wire};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    hmac_key: AccessKey,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccessKey {
    access_id: String,
    secret: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    endpoint: String,
    addressing: String,
    bucket: String,
    key: Option<String>,
    method: String,
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
    at: i64,
    ttl: u32,
    hmac: bool,
    url: String,
}

impl File {
    fn read() -> Self {
        let file: Self = serde_json::from_str(include_str!("../data/google_python.json")).unwrap();
        assert!(file.vectors.len() >= 40);
        file
    }

    fn credential(&self, vector: &Vector) -> Credential {
        let AccessKey { access_id, secret } = &self.hmac_key;
        if vector.hmac {
            HmacKey::new(access_id.as_str(), secret.as_str())
                .unwrap()
                .into()
        } else {
            ServiceAccount::read().key().into()
        }
    }
}

impl Vector {
    fn window(&self) -> Window {
        Window {
            from: Timestamp::from_unix_seconds(self.at),
            ttl: Ttl::from_seconds(self.ttl).unwrap(),
        }
    }
}

fn borrow(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect()
}

#[test]
fn urls_equal_those_of_googles_library() {
    let file = File::read();
    for vector in &file.vectors {
        let addressing = match &*vector.addressing {
            "path" => Addressing::Path,
            "virtual" => Addressing::VirtualHost,
            "bound" => Addressing::BucketHost,
            other => panic!("{other}"),
        };
        let endpoint = Endpoint::parse(&vector.endpoint, addressing, &vector.bucket).unwrap();
        let request = Request {
            method: vector.method.parse().unwrap(),
            target: vector.key.as_deref().map_or(Target::Bucket, Target::Object),
            headers: &borrow(&vector.headers),
            query: &borrow(&vector.query),
        };
        let url = Signer::new(endpoint, file.credential(vector))
            .sign(&request, vector.window())
            .unwrap();
        assert_eq!(url.expose(), vector.url);
    }
}

#[test]
fn urls_of_googles_library_verify() {
    let file = File::read();
    for vector in &file.vectors {
        let verifier = if vector.addressing == "bound" {
            let (_, host) = vector.endpoint.split_once("://").unwrap();
            Verifier::new().with_bucket_host(host, &vector.bucket)
        } else {
            Verifier::new().with_hosts(["storage.googleapis.com", "127.0.0.1:4443"])
        };
        let key = match file.credential(vector) {
            Credential::Hmac(key) => VerifyingKey::from(key),
            Credential::ServiceAccount(key) => VerifyingKey::from(&key),
            other => panic!("{other:?}"),
        };
        let credential = file.credential(vector);
        let wire = Wire::new(&vector.method, &vector.url, &borrow(&vector.headers));
        let window = vector.window();
        let accepted = wire
            .verify(&verifier, window.from, credential.authorizer(), &key)
            .unwrap();
        let algorithm = if vector.hmac {
            Algorithm::HmacSha256
        } else {
            Algorithm::RsaSha256
        };
        assert_eq!(accepted.algorithm, algorithm);
        assert_eq!(accepted.resource.bucket(), Some(&*vector.bucket));
        assert_eq!(accepted.resource.key(), vector.key.as_deref());
        assert_eq!(accepted.expires_at, window.ends());
        for (name, value) in &vector.query {
            assert_eq!(accepted.parameter(name), Some(value.as_str()));
        }
        for (name, _) in &vector.headers {
            assert!(accepted.is_signed(&name.to_ascii_lowercase()), "{name}");
        }
    }
}
