//! What every request passes before the operations see it, in the order in which S3 decides:
//! signature and expiry, the credential's buckets, the bucket's networks.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::{CONTENT_LENGTH, DATE, EXPECT, HOST, REFERER, SERVER, USER_AGENT};
use http::{HeaderName, HeaderValue, Request, Response};
use hyper::body::Incoming;
use presign::Timestamp;
use s3s::service::S3Service;

use crate::access_log::{AccessLog, Line};
use crate::asked::Asked;
use crate::authentication::{Payload, Verifiers};
use crate::body::{Received, Rest, Sent};
use crate::counters::{Counters, RequestKind};
use crate::dialect::Dialect;
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::settings::{BucketSettings, Holder, Settings};
use crate::{Clock, answer, cors, google, headers, random};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amz-request-id");
const HOST_ID: HeaderName = HeaderName::from_static("x-amz-id-2");

/// The decisions and everything that they need.
pub(crate) struct Front {
    pub(crate) settings: Settings,
    pub(crate) verifiers: Verifiers,
    pub(crate) operations: S3Service,
    pub(crate) clock: Clock,
    pub(crate) log: Arc<AccessLog>,
    pub(crate) counters: Counters,
    pub(crate) latency_micros: AtomicU64,
    pub(crate) unavailable: AtomicBool,
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
            asked.dialect(),
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
        let ids: &[_] = match asked.dialect() {
            Dialect::Amazon => &[(REQUEST_ID, &request_id), (HOST_ID, &host_id)],
            Dialect::Google => {
                google::answers::rename(answer.headers_mut());
                &[(google::answers::REQUEST_ID, &request_id)]
            }
        };
        let further = [
            (SERVER, &"signet-devstore".to_owned()),
            (DATE, &answer::http_date(now)),
        ];
        for (name, value) in ids.iter().chain(&further) {
            if let Ok(value) = HeaderValue::from_str(value) {
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
        let (holder, payload) = self.verifiers.verify(asked, &self.settings, now)?;
        asked.requester = Some(holder.owner.clone());
        let bucket = self.authorize(asked, holder, remote)?;
        let operation = asked.operation.supported()?;
        let (received, query) = (&asked.parts.headers, &asked.query);
        let (headers, extra) = match payload {
            Payload::Amazon(payload) => headers::forward(received, query, operation, payload)?,
            Payload::Google(payload) => {
                google::translation::forward(received, query, operation, payload)?
            }
        };
        if let Some(key) = &asked.key {
            body.count_in(self.counters.received(&bucket.name, key));
        }
        let body = match payload {
            Payload::Google(payload) if !operation.takes_bytes() => {
                google::body::check(body, payload).await?
            }
            _ => s3s::Body::http_body_unsync(body),
        };
        let mut request = Request::new(body);
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

    fn authorize(
        &self,
        asked: &Asked,
        holder: &Holder,
        remote: IpAddr,
    ) -> Result<&BucketSettings, Refusal> {
        let name = asked.bucket.as_deref().unwrap_or_default();
        if !holder.scope.allows(name) {
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
