//! Signs for Cloud Storage with a key that Google keeps, by IAM's [`signBlob`]: one request a URL.
//!
//! [`signBlob`]: https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signBlob

use super::{Headers, Signed, gcs, request};
use crate::stores::Error;
use crate::stores::act::Act;
use crate::stores::plan::NoCredential;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use http::{HeaderValue, StatusCode, header};
use presign::gcs::Unsigned;
use presign::{Request, SignedUrl, Window};
use protocol::id::GrantId;
use protocol::{ObjectKey, Timestamp};
use reqsign_core::Context;
use std::sync::Arc;
use std::time::Duration;

/// How long a signature is certain to be good: Google changes the keys behind it.
pub(in crate::stores) const MAX_LIFE: Duration = Duration::from_hours(12);
/// Requests for one batch at a time.
const AT_ONCE: usize = 16;
/// Attempts at one signature.
const ATTEMPTS: u32 = 3;
/// Pause before the second attempt; doubled before the third.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Has Google sign for a service account, on a token of the server's own identity.
pub(in crate::stores) struct Iam {
    context: Context,
    url: Box<str>,
    client_email: Box<str>,
    authorization: HeaderValue,
    good_until: Timestamp,
}

impl std::fmt::Debug for Iam {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Iam")
            .field("client_email", &self.client_email)
            .finish_non_exhaustive()
    }
}

impl Iam {
    /// `good_until`: to when signatures that are made with the token are certain to be good.
    ///
    /// # Errors
    /// When the token is none.
    pub(in crate::stores) fn new(
        context: Context,
        service_account: &str,
        token: &str,
        good_until: Timestamp,
    ) -> Result<Self, NoCredential> {
        let mut authorization =
            HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| NoCredential::Unusable)?;
        authorization.set_sensitive(true);
        Ok(Self {
            context,
            url: format!(
                "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{service_account}:signBlob"
            )
            .into(),
            client_email: service_account.into(),
            authorization,
            good_until,
        })
    }

    async fn sign_blob(&self, text: &str) -> Result<Vec<u8>, Error> {
        let body = serde_json::json!({ "payload": STANDARD.encode(text) }).to_string();
        let body = Bytes::from(body);
        let mut pause = FIRST_PAUSE;
        let mut left = ATTEMPTS;
        loop {
            left -= 1;
            match self.attempt(body.clone()).await {
                Err(NoCredential::NoAnswer) if left > 0 => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                answer => return Ok(answer?),
            }
        }
    }

    async fn attempt(&self, body: Bytes) -> Result<Vec<u8>, NoCredential> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            signed_blob: String,
        }
        let request = http::Request::post(&*self.url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, self.authorization.clone())
            .body(body)
            .map_err(|_| NoCredential::Settings)?;
        let answer = self.context.http_send(request).await;
        let answer = answer.map_err(|_| NoCredential::NoAnswer)?;
        match answer.status() {
            StatusCode::OK => {}
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                return Err(NoCredential::NoAnswer);
            }
            _ => return Err(NoCredential::Refused { code: None }),
        }
        let answer: Answer =
            serde_json::from_slice(answer.body()).map_err(|_| NoCredential::Unusable)?;
        STANDARD
            .decode(answer.signed_blob)
            .map_err(|_| NoCredential::Unusable)
    }
}

/// Signs for a bucket of Cloud Storage, each URL by a request.
#[derive(Debug, Clone)]
pub struct SignBlob {
    signer: presign::gcs::SignBlob,
    iam: Arc<Iam>,
}

impl SignBlob {
    pub(super) fn new(
        endpoint: presign::gcs::Endpoint,
        iam: Arc<Iam>,
    ) -> Result<Self, presign::Error> {
        Ok(Self {
            signer: presign::gcs::SignBlob::new(endpoint, &*iam.client_email)?,
            iam,
        })
    }

    pub(super) fn client_email(&self) -> &str {
        &self.iam.client_email
    }

    pub(super) fn good_until(&self) -> Timestamp {
        self.iam.good_until
    }

    /// Says what is to be signed.
    pub(super) fn prepare<'a>(
        &self,
        acts: impl Iterator<Item = (&'a ObjectKey, &'a Act<'a>)>,
        grant: GrantId,
        window: Window,
    ) -> Result<Prepared, presign::Error> {
        let grant = grant.to_string();
        let urls = acts
            .map(|(key, act)| {
                let words = gcs::words(act);
                let (headers, mut query) = words.pairs();
                query.push((gcs::GRANT_PARAMETER, &grant));
                let request = request(act, key, &headers, &query);
                let unsigned = self.signer.prepare(&request, window)?;
                Ok((unsigned, words.headers()))
            })
            .collect::<Result<_, presign::Error>>()?;
        Ok(Prepared {
            iam: Arc::clone(&self.iam),
            urls,
        })
    }

    pub(super) async fn sign_one(
        &self,
        request: &Request<'_>,
        window: Window,
    ) -> Result<SignedUrl, Error> {
        let unsigned = self.signer.prepare(request, window)?;
        let signature = self.iam.sign_blob(unsigned.string_to_sign()).await?;
        Ok(unsigned.finish(&signature))
    }
}

/// URLs that wait for their signatures.
pub struct Prepared {
    iam: Arc<Iam>,
    urls: Vec<(Unsigned, Headers)>,
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared").finish_non_exhaustive()
    }
}

impl Prepared {
    /// Has them signed, some at a time, in their order.
    pub(super) async fn finish(self) -> Result<Signed, Error> {
        let iam = &self.iam;
        futures::stream::iter(self.urls)
            .map(|(unsigned, headers)| async move {
                let signature = iam.sign_blob(unsigned.string_to_sign()).await?;
                Ok::<_, Error>((unsigned.finish(&signature), headers))
            })
            .buffered(AT_ONCE)
            .try_fold(Signed::default(), async |mut signed, (url, headers)| {
                signed.urls.append(&url);
                signed.headers.push(headers);
                Ok(signed)
            })
            .await
    }
}
