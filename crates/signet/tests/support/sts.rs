//! A security token service that says of each session that it ends soon: one of its own keys, or one
//! before SeaweedFS's.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use presign::s3;
use serde::Deserialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
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
        Some(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    }
}

/// Who mints.
enum Minter {
    Keys(Vec<Key>),
    Service(String),
}

struct Serving {
    minter: Minter,
    life: Duration,
    minted: AtomicUsize,
}

/// The service, while it runs.
pub(crate) struct Sts {
    endpoint: String,
    server: tokio::task::JoinHandle<()>,
}

impl Sts {
    /// Gives one of these keys after the other.
    pub(crate) async fn of_keys(keys: Vec<Key>, life: Duration) -> Self {
        Self::serve(Minter::Keys(keys), life).await
    }

    /// Has another service mint.
    pub(crate) async fn before(endpoint: &str, life: Duration) -> Self {
        Self::serve(Minter::Service(endpoint.to_owned()), life).await
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    async fn serve(minter: Minter, life: Duration) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let serving = Arc::new(Serving {
            minter,
            life,
            minted: AtomicUsize::new(0),
        });
        let router = Router::new().fallback(assume_role).with_state(serving);
        #[expect(clippy::disallowed_methods, reason = "it ends with the test")]
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { endpoint, server }
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
) -> (StatusCode, String) {
    #[expect(
        clippy::disallowed_methods,
        reason = "the store's clock is the machine's"
    )]
    let ends_at = jiff::Timestamp::now() + serving.life;
    let ends_at = ends_at.strftime("%Y-%m-%dT%H:%M:%SZ");
    match &serving.minter {
        Minter::Keys(keys) => {
            let key = &keys[serving.minted.fetch_add(1, Ordering::Relaxed)];
            let answer = format!(
                "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>{}</AccessKeyId>\
                 <SecretAccessKey>{}</SecretAccessKey><SessionToken>{}</SessionToken>\
                 <Expiration>{ends_at}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>",
                key.id,
                key.secret,
                key.token()
            );
            (StatusCode::OK, answer)
        }
        Minter::Service(endpoint) => {
            // As it was signed, so for this address; the body's length is its own
            let http = reqwest::Client::builder().no_proxy().build().unwrap();
            let answer = http.post(endpoint).headers(headers).body(body).send();
            let answer = answer.await.unwrap();
            let status = answer.status();
            let text = answer.text().await.unwrap();
            let told = text.split_once("<Expiration>").and_then(|(before, rest)| {
                let (_, after) = rest.split_once("</Expiration>")?;
                Some(format!("{before}<Expiration>{ends_at}</Expiration>{after}"))
            });
            (status, told.unwrap_or(text))
        }
    }
}
