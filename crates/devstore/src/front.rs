//! What every request passes before the operations see it, in the order in which S3 decides:
//! signature and expiry, the credential's buckets, the bucket's networks.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::{
    CONTENT_LENGTH, CONTENT_RANGE, DATE, EXPECT, HOST, REFERER, SERVER, USER_AGENT,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use hyper::body::Incoming;
use presign::Timestamp;
use presign::s3::{Payload, Received as Signed, Verifier};
use s3s::service::S3Service;

use crate::access_log::{AccessLog, Line};
use crate::body::{Received, Rest, Sent};
use crate::counters::{Counters, RequestKind};
use crate::operation::Operation;
use crate::query::{Query, path_parts};
use crate::refusal::Refusal;
use crate::settings::{BucketSettings, Credential, Settings};
use crate::{Clock, answer, cors, headers, random};

/// The decisions and everything that they need.
pub(crate) struct Front {
    pub(crate) settings: Settings,
    pub(crate) verifier: Verifier,
    pub(crate) operations: S3Service,
    pub(crate) clock: Clock,
    pub(crate) log: Arc<AccessLog>,
    pub(crate) counters: Counters,
    pub(crate) latency_micros: AtomicU64,
    pub(crate) unavailable: AtomicBool,
}

/// One request as it is known so far: from its path at first, from its signature once verified.
struct Asked {
    parts: Parts,
    query: Query,
    bucket: Option<String>,
    key: Option<String>,
    operation: Operation,
    requester: Option<String>,
    signed: bool,
}

impl Asked {
    fn new(parts: Parts) -> Self {
        let (bucket, key) = path_parts(parts.uri.path());
        let query = Query::parse(parts.uri.query().unwrap_or_default());
        let operation = Operation::of(&parts.method, key.is_some(), &query);
        let signed = query.has("X-Amz-Signature");
        Self {
            parts,
            query,
            bucket,
            key,
            operation,
            requester: None,
            signed,
        }
    }

    fn text(&self, name: &HeaderName) -> Option<String> {
        let value = self.parts.headers.get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    }

    /// The request as its sender wrote it.
    fn request_line(&self) -> String {
        let target = self
            .parts
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str());
        format!("{} {target} {:?}", self.parts.method, self.parts.version)
    }

    /// The size of the object, as far as request and answer tell it.
    fn object_size_bytes(&self, answer: &HeaderMap) -> Option<u64> {
        let text = match self.operation {
            Operation::PutObject | Operation::UploadPart => self.parts.headers.get(CONTENT_LENGTH),
            Operation::GetObject | Operation::HeadObject => answer
                .get(CONTENT_RANGE)
                .or_else(|| answer.get(CONTENT_LENGTH)),
            _ => None,
        };
        text?.to_str().ok()?.rsplit('/').next()?.parse().ok()
    }
}

impl Front {
    /// Answers one request, whatever it is.
    pub(crate) async fn answer(
        &self,
        request: Request<Incoming>,
        remote: IpAddr,
    ) -> Response<Sent> {
        let started = Instant::now();
        let now = (self.clock)();
        let (parts, body) = request.into_parts();
        let mut asked = Asked::new(parts);
        let rest = Rest::default();
        let body = Received::new(body, &rest);
        let outcome = self.decide(&mut asked, body, remote, now).await;
        // Who waits for a "100 Continue" has sent nothing yet
        if !asked.parts.headers.contains_key(EXPECT) {
            rest.drain().await;
        }
        self.counters.count(RequestKind {
            method: asked.parts.method.to_string(),
            bucket: asked.bucket.clone().unwrap_or_default(),
            operation: asked.operation,
        });
        let request_id = hex::encode_upper(random::<8>());
        let host_id = BASE64.encode(random::<32>());
        let (mut answer, error_code) = answer::finish(
            outcome,
            &asked.parts.method,
            asked.parts.uri.path(),
            &request_id,
            &host_id,
        )
        .await;
        if asked.operation != Operation::Preflight
            && let Some(bucket) = asked
                .bucket
                .as_ref()
                .and_then(|name| self.settings.buckets.get(name))
        {
            let allowed = cors::actual(&bucket.cors, &asked.parts.method, &asked.parts.headers);
            answer.headers_mut().extend(allowed);
        }
        let own = [
            (
                HeaderName::from_static("x-amz-request-id"),
                request_id.clone(),
            ),
            (HeaderName::from_static("x-amz-id-2"), host_id.clone()),
            (SERVER, "signet-devstore".to_owned()),
            (DATE, answer::http_date(now)),
        ];
        for (name, value) in own {
            if let Ok(value) = HeaderValue::try_from(value) {
                answer.headers_mut().insert(name, value);
            }
        }
        let line = Line {
            time: now,
            remote,
            request_id,
            operation: asked
                .operation
                .log_name(&asked.parts.method, asked.key.is_some()),
            request: asked.request_line(),
            status: answer.status().as_u16(),
            error_code,
            bytes_sent: 0,
            object_size_bytes: answer
                .status()
                .is_success()
                .then(|| asked.object_size_bytes(answer.headers()))
                .flatten(),
            started,
            turn_around: started.elapsed(),
            referer: asked.text(&REFERER),
            user_agent: asked.text(&USER_AGENT),
            host_id,
            signed: asked.signed,
            host: asked.text(&HOST),
            region: self.settings.region.clone(),
            bucket: asked.bucket,
            requester: asked.requester,
            key: asked.key,
        };
        let expected_bytes = answer
            .headers()
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let log = Arc::clone(&self.log);
        answer.map(|body| Sent::new(body, expected_bytes, line, log))
    }

    async fn decide(
        &self,
        asked: &mut Asked,
        mut body: Received,
        remote: IpAddr,
        now: Timestamp,
    ) -> Result<Response<s3s::Body>, Refusal> {
        let latency = Duration::from_micros(self.latency_micros.load(Ordering::Relaxed));
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        if self.unavailable.load(Ordering::Relaxed) {
            return Err(Refusal::new(
                503,
                "SlowDown",
                "Please reduce your request rate.",
            ));
        }
        if asked.operation == Operation::Preflight {
            return self.preflight(asked);
        }
        let (credential, payload) = self.authenticate(asked, now)?;
        asked.requester = Some(credential.owner.clone());
        let bucket = self.authorize(asked, credential, remote)?;
        let operation = asked.operation.supported()?;
        let (headers, extra) =
            headers::forward(&asked.parts.headers, &asked.query, operation, payload)?;
        if let Some(key) = &asked.key {
            body.count_in(self.counters.received(&bucket.name, key));
        }
        let mut request = Request::new(s3s::Body::http_body_unsync(body));
        *request.method_mut() = asked.parts.method.clone();
        *request.uri_mut() = asked
            .query
            .forward(&bucket.name, asked.key.as_deref())
            .parse()
            .map_err(|_| Refusal::new(400, "InvalidURI", "Couldn't parse the specified URI."))?;
        *request.headers_mut() = headers;
        request.extensions_mut().insert(extra);
        self.operations.call(request).await.map_err(|_| {
            Refusal::new(
                500,
                "InternalError",
                "We encountered an internal error. Please try again.",
            )
        })
    }

    fn preflight(&self, asked: &Asked) -> Result<Response<s3s::Body>, Refusal> {
        let rules = asked
            .bucket
            .as_ref()
            .and_then(|name| self.settings.buckets.get(name))
            .map(|bucket| bucket.cors.as_slice())
            .unwrap_or_default();
        let forbidden = |message| Refusal::new(403, "AccessForbidden", message);
        if rules.is_empty() {
            return Err(forbidden(
                "CORSResponse: CORS is not enabled for this bucket.",
            ));
        }
        let headers = cors::preflight(rules, &asked.parts.headers).ok_or_else(|| {
            forbidden(
                "CORSResponse: This CORS request is not allowed: no rule of the bucket has its origin, method and headers.",
            )
        })?;
        let mut answer = Response::new(s3s::Body::empty());
        *answer.headers_mut() = headers;
        Ok(answer)
    }

    /// Verifies the signature, and from here on goes by what was verified alone.
    fn authenticate(
        &self,
        asked: &mut Asked,
        now: Timestamp,
    ) -> Result<(&Credential, Payload), Refusal> {
        let headers: Vec<_> = asked
            .parts
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        let received = Signed {
            method: asked.parts.method.as_str(),
            raw_path: asked.parts.uri.path(),
            raw_query: asked.parts.uri.query().unwrap_or_default(),
            headers: &headers,
        };
        if !received.is_presigned() {
            return Err(Refusal::denied(
                "Access Denied: this store takes pre-signed URLs alone",
            ));
        }
        let find = |id: &str| self.settings.credentials.get(id);
        let verified = self
            .verifier
            .verify(&received, now, |id| {
                find(id).map(|credential| &credential.key)
            })
            .map_err(|refusal| Refusal::from(&refusal))?;
        let credential =
            find(&verified.access_key_id).ok_or_else(|| Refusal::denied("Access Denied"))?;
        asked.bucket = verified.resource.bucket().map(str::to_owned);
        asked.key = verified.resource.key().map(str::to_owned);
        asked.query = Query::verified(verified.parameters);
        asked.operation = Operation::of(&asked.parts.method, asked.key.is_some(), &asked.query);
        Ok((credential, verified.payload))
    }

    fn authorize(
        &self,
        asked: &Asked,
        credential: &Credential,
        remote: IpAddr,
    ) -> Result<&BucketSettings, Refusal> {
        let name = asked.bucket.as_deref().unwrap_or_default();
        if !credential.scope.allows(name) {
            return Err(Refusal::denied("Access Denied"));
        }
        let bucket = self.settings.buckets.get(name).ok_or_else(|| {
            Refusal::new(404, "NoSuchBucket", "The specified bucket does not exist")
                .with("BucketName", name)
        })?;
        let welcome = bucket
            .networks
            .as_ref()
            .is_none_or(|networks| networks.iter().any(|network| network.contains(remote)));
        if !welcome {
            return Err(Refusal::denied("Access Denied"));
        }
        Ok(bucket)
    }
}
