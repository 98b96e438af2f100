//! URLs for plain objects.

use super::app::App;
use super::authenticated::Authenticated;
use super::body::{Json, JsonText, Path};
use super::error::ApiError;
use crate::broker::PlainReleased;
use crate::policy::PlainUrls;
use axum::extract::State;
use protocol::TeamName;
use protocol::transfer::{Urls, UrlsRequest};
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(create_urls))
}

/// Signs URLs for up to 5,000 plain objects, all for one method, on one grant.
#[utoipa::path(
    post, path = "/v1/teams/{team}/urls", tag = "objects", params(("team" = TeamName, Path)),
    request_body = UrlsRequest, responses((status = 200, body = Urls)),
)]
async fn create_urls(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(team): Path<TeamName>,
    Json(request): Json<UrlsRequest>,
) -> Result<JsonText, ApiError> {
    let team = app.team(&team)?;
    let permit = app.decide(&caller, PlainUrls { team, request })?;
    let plain = app.broker.urls(permit).await?;
    told(&plain).map(JsonText).map_err(ApiError::internal)
}

/// The JSON of [`Urls`], written from where the URLs were signed: there may be thousands.
fn told(plain: &PlainReleased) -> Result<Vec<u8>, serde_json::Error> {
    let released = &plain.released;
    let common = Urls {
        grant_id: released.grant_id,
        method: plain.method,
        expires_at: released.expires_at,
        bound_by: released.bound_by,
        headers: Vec::new(),
        urls: Vec::new(),
    };
    let mut json = serde_json::to_vec(&common)?;
    // The list of URLs comes last, and is empty so far
    json.truncate(json.len().saturating_sub("]}".len()));
    let text_bytes = released.urls.iter().map(|url| url.expose().len());
    let key_bytes = plain.objects.iter().map(|object| object.key.as_str().len());
    let around_bytes = plain.objects.len() * r#"{"key":"","url":""},"#.len();
    json.reserve(text_bytes.chain(key_bytes).sum::<usize>() + around_bytes);
    let each = plain.objects.iter().zip(&released.urls);
    for (index, ((object, url), headers)) in each.zip(&released.headers).enumerate() {
        if index > 0 {
            json.push(b',');
        }
        json.extend_from_slice(br#"{"key":"#);
        serde_json::to_writer(&mut json, &object.key)?;
        json.extend_from_slice(br#","url":"#);
        write_url(&mut json, url.expose())?;
        if !headers.is_empty() {
            json.extend_from_slice(br#","headers":"#);
            serde_json::to_writer(&mut json, headers)?;
        }
        json.push(b'}');
    }
    json.extend_from_slice(b"]}");
    Ok(json)
}

/// A URL as a string of JSON. Of what JSON escapes a signed URL has nothing, which is quicker to see
/// than to escape.
fn write_url(json: &mut Vec<u8>, url: &str) -> Result<(), serde_json::Error> {
    let is_escaped = |byte: u8| !byte.is_ascii_graphic() || matches!(byte, b'"' | b'\\');
    // Without an early end it is many bytes a step
    if url
        .bytes()
        .fold(false, |found, byte| found | is_escaped(byte))
    {
        return serde_json::to_writer(json, url);
    }
    json.push(b'"');
    json.extend_from_slice(url.as_bytes());
    json.push(b'"');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{told, write_url};
    use crate::broker::{PlainReleased, Released};
    use presign::{Method, Request, Target, Timestamp, Ttl, UrlBuffer, Window, s3};
    use protocol::transfer::{BearerUrl, BoundBy, ObjectUrl, UrlMethod, Urls, UrlsObject};

    #[test]
    fn what_is_written_is_what_the_contract_says() {
        let endpoint = s3::Endpoint::aws("us-east-1", "bucket").unwrap();
        let credential = s3::Credential::new("AKIA", "secret").unwrap();
        let signer = s3::Signer::new(endpoint, credential);
        let window = Window {
            from: Timestamp::from_unix_seconds(1_790_000_000),
            ttl: Ttl::from_seconds(60).unwrap(),
        };
        let keys = ["a", "b \"c\" \\d", "\u{e9}/\u{1f980}", "e%22"];
        for count in 0..=keys.len() {
            let mut plain = PlainReleased {
                method: UrlMethod::Get,
                objects: Vec::new(),
                released: Released {
                    grant_id: protocol::Id::from_parts(1, [7; 10]),
                    expires_at: protocol::Timestamp::from_unix_seconds(1_790_000_060),
                    bound_by: BoundBy::Request,
                    urls: UrlBuffer::new(),
                    headers: Vec::new(),
                },
            };
            let mut expected = Urls {
                grant_id: plain.released.grant_id,
                method: plain.method,
                expires_at: plain.released.expires_at,
                bound_by: plain.released.bound_by,
                headers: Vec::new(),
                urls: Vec::new(),
            };
            for (index, key) in keys.iter().take(count).enumerate() {
                let request = Request::new(Method::Get, Target::Object(key));
                let url = signer.sign(&request, window).unwrap();
                let headers = vec![("x-a".to_owned(), "\"".to_owned()); index];
                plain.released.urls.append(&url);
                plain.released.headers.push(headers.clone());
                plain.objects.push(UrlsObject {
                    key: key.parse().unwrap(),
                    sha256: None,
                    size_bytes: None,
                });
                expected.urls.push(ObjectUrl {
                    key: key.parse().unwrap(),
                    url: BearerUrl::new(url.expose()),
                    headers,
                });
            }
            let json = String::from_utf8(told(&plain).unwrap()).unwrap();
            assert_eq!(json, serde_json::to_string(&expected).unwrap());
        }
    }

    #[test]
    fn a_url_that_json_escapes_is_escaped() {
        for url in ["https://a/b?c=d%22", "https://a/\"", "a\\b", "\u{e9}\n"] {
            let mut json = Vec::new();
            write_url(&mut json, url).unwrap();
            assert_eq!(serde_json::from_slice::<String>(&json).unwrap(), url);
        }
    }
}
