//! The security token service at another address than Amazon's.
//!
//! The providers speak to Amazon's own addresses alone, partly by GET, which other stores do not take.
//! What they ask is sent to the plan's endpoint as a form, and signed for it.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header};
use reqsign_aws_v4::{Credential, RequestSigner};
use reqsign_core::hash::hex_sha256;
use reqsign_core::{Context, Error, HttpSend, Result, SignRequest as _};
use std::fmt;

/// Sends what is for Amazon's service to another one.
pub(super) struct StsElsewhere {
    pub(super) endpoint: http::Uri,
    /// Whose name is signed with, and for which region; `None`: the request says by itself who asks.
    pub(super) signed_by: Option<(Credential, String)>,
    pub(super) context: Context,
}

impl fmt::Debug for StsElsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StsElsewhere")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl HttpSend for StsElsewhere {
    async fn http_send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        let (asked, body) = request.into_parts();
        let form = match asked.uri.query() {
            Some(query) if body.is_empty() => Bytes::copy_from_slice(query.as_bytes()),
            _ => body,
        };
        let content_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        let request = Request::builder()
            .method(Method::POST)
            .uri(self.endpoint.clone())
            .header(header::CONTENT_TYPE, content_type)
            .header("x-amz-content-sha256", hex_sha256(&form))
            .body(())
            .map_err(|_| Error::config_invalid("the endpoint is no address"))?;
        let (mut parts, ()) = request.into_parts();
        if let Some((credential, region)) = &self.signed_by {
            RequestSigner::new("sts", region)
                .sign_request(&self.context, &mut parts, Some(credential), None)
                .await?;
        }
        self.context
            .http_send(Request::from_parts(parts, form))
            .await
    }
}
