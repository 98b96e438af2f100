//! A security token service that says of each session that it ends soon: one of its own keys, or one
//! before SeaweedFS's.

use aws_lc_rs::hmac;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use presign::s3;
use serde::Deserialize;
use serde_json::Value;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// An access key.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Key {
    #[serde(rename = "access_key_id")]
    pub(crate) id: String,
    #[serde(rename = "secret_access_key")]
    pub(crate) secret: String,
}

impl Key {
    /// One of many.
    pub(crate) fn numbered(number: u32) -> Self {
        Self {
            id: format!("ASIAROTATION{number:08}"),
            secret: format!("the secret of {number}"),
        }
    }

    fn token(&self) -> String {
        format!("token-of-{}", self.id)
    }

    /// The key of a session.
    pub(crate) fn session(&self, ends_at: Option<presign::Timestamp>) -> s3::Credential {
        let key = s3::Credential::new(self.id.as_str(), self.secret.as_str()).unwrap();
        key.with_session(self.token().as_str(), ends_at).unwrap()
    }
}

/// What `SIGNET_TEST_S3` describes.
#[derive(Debug, Deserialize)]
pub(crate) struct SeaweedFs {
    pub(crate) endpoint: String,
    pub(crate) admin: Key,
    pub(crate) role: Role,
    pub(crate) buckets: Vec<Bucket>,
    /// The key that its service signs the tokens of sessions with.
    #[serde(skip)]
    signing_key: Vec<u8>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Role {
    pub(crate) role_arn: String,
    pub(crate) sts_endpoint: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Bucket {
    pub(crate) name: String,
}

impl SeaweedFs {
    pub(crate) fn find() -> Option<Self> {
        #[expect(clippy::disallowed_methods, reason = "a setting of tests")]
        let path = std::env::var("SIGNET_TEST_S3").ok()?;
        let mut found: Self = read(Path::new(&path));
        let roles: Value = read(&Path::new(&path).with_file_name("roles.json"));
        let key = roles["sts"]["signingKey"].as_str().unwrap();
        found.signing_key = STANDARD.decode(key).unwrap();
        Some(found)
    }

    /// The token as the service would have made it for a session that ends then.
    fn ending(&self, token: &str, ends_at: jiff::Timestamp) -> String {
        let [header, claims, _] = token.split('.').collect::<Vec<_>>()[..] else {
            panic!("the token of a session is no JWT");
        };
        let mut claims: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        claims["exp"] = ends_at.as_second().into();
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.signing_key);
        let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// A session as it was given.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    key: Key,
    token: String,
}

impl Session {
    /// What signs with it, for somebody who does not know when it ends.
    pub(crate) fn credential(&self) -> s3::Credential {
        let key = s3::Credential::new(self.key.id.as_str(), self.key.secret.as_str()).unwrap();
        key.with_session(self.token.as_str(), None).unwrap()
    }
}

/// Who mints.
enum Minter {
    Keys(Vec<Key>),
    SeaweedFs(Arc<SeaweedFs>),
}

struct Serving {
    minter: Minter,
    life: Duration,
    minted: Mutex<Vec<Session>>,
}

/// The service, while it runs.
pub(crate) struct Sts {
    endpoint: String,
    serving: Arc<Serving>,
    server: tokio::task::JoinHandle<()>,
}

impl Sts {
    /// Gives one of these keys after the other; the store takes them for longer.
    pub(crate) async fn of_keys(keys: Vec<Key>, life: Duration) -> Self {
        Self::serve(Minter::Keys(keys), life).await
    }

    /// Has SeaweedFS mint, and its sessions end early.
    pub(crate) async fn before(seaweedfs: &Arc<SeaweedFs>, life: Duration) -> Self {
        Self::serve(Minter::SeaweedFs(Arc::clone(seaweedfs)), life).await
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The sessions that were given.
    pub(crate) fn minted(&self) -> Vec<Session> {
        self.serving.minted.lock().unwrap().clone()
    }

    async fn serve(minter: Minter, life: Duration) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let serving = Arc::new(Serving {
            minter,
            life,
            minted: Mutex::default(),
        });
        let router = Router::new()
            .fallback(assume_role)
            .with_state(Arc::clone(&serving));
        #[expect(clippy::disallowed_methods, reason = "it ends with the test")]
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            endpoint,
            serving,
            server,
        }
    }
}

impl Drop for Sts {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn assume_role(
    State(serving): State<Arc<Serving>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<String, (StatusCode, String)> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the store's clock is the machine's"
    )]
    let ends_at = jiff::Timestamp::now() + serving.life;
    let session = match &serving.minter {
        Minter::Keys(keys) => {
            let key = keys[serving.minted.lock().unwrap().len()].clone();
            let token = key.token();
            Session { key, token }
        }
        Minter::SeaweedFs(seaweedfs) => {
            // As it was signed, so for this address
            let http = reqwest::Client::builder().no_proxy().build().unwrap();
            let sent = http.post(&seaweedfs.role.sts_endpoint);
            let answer = sent.headers(headers).body(body).send().await.unwrap();
            let (status, text) = (answer.status(), answer.text().await.unwrap());
            let value = |name: &str| {
                let (_, rest) = text.split_once(&format!("<{name}>"))?;
                let (value, _) = rest.split_once("</")?;
                Some(value.to_owned())
            };
            let minted = || {
                let key = Key {
                    id: value("AccessKeyId")?,
                    secret: value("SecretAccessKey")?,
                };
                let token = seaweedfs.ending(&value("SessionToken")?, ends_at);
                Some(Session { key, token })
            };
            minted().ok_or_else(|| (status, text.clone()))?
        }
    };
    let answer = format!(
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>{}</AccessKeyId>\
         <SecretAccessKey>{}</SecretAccessKey><SessionToken>{}</SessionToken>\
         <Expiration>{}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>",
        session.key.id,
        session.key.secret,
        session.token,
        ends_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    );
    serving.minted.lock().unwrap().push(session);
    Ok(answer)
}
