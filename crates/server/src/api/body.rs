//! Bodies, names in the path, and query parameters: parsed once, refused as problems.

use super::error::ApiError;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use protocol::problem::ErrorCode;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The largest body of a request, in bytes; set on each request by the layer around all routes.
#[derive(Debug, Clone, Copy)]
pub(super) struct MaxBodyBytes(pub(super) usize);

/// A body in JSON.
#[derive(Debug)]
pub(super) struct Json<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ApiError::new(
                ErrorCode::Malformed,
                "the body must be JSON; send `content-type: application/json`",
            )
            .with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        parse(&read(request).await?).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => JsonText(body).into_response(),
            Err(error) => ApiError::internal(error).into_response(),
        }
    }
}

/// A body that is JSON already.
#[derive(Debug)]
pub(super) struct JsonText(pub(super) Vec<u8>);

impl IntoResponse for JsonText {
    fn into_response(self) -> Response {
        let json = HeaderValue::from_static("application/json");
        ([(header::CONTENT_TYPE, json)], self.0).into_response()
    }
}

/// A body in JSON that may be absent: then it is what `{}` is.
#[derive(Debug)]
pub(super) struct OptionalJson<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for OptionalJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let bytes = read(request).await?;
        if bytes.is_empty() {
            parse(b"{}").map(Self)
        } else {
            parse(&bytes).map(Self)
        }
    }
}

/// What was made, and 201.
#[derive(Debug)]
pub(super) struct Created<T>(pub(super) T);

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, Json(self.0)).into_response()
    }
}

/// Names and ids in the path.
#[derive(Debug)]
pub(super) struct Path<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    #[expect(
        clippy::disallowed_types,
        reason = "the one place that turns its refusal into ours"
    )]
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        use axum::extract::path::ErrorKind;
        use axum::extract::rejection::PathRejection;
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(failed)) => {
                Err(match failed.into_kind() {
                    ErrorKind::DeserializeError { key, message, .. } => {
                        ApiError::invalid(key, message)
                    }
                    ErrorKind::Message(message) => ApiError::invalid("", message),
                    ErrorKind::InvalidUtf8InPathParam { key } => {
                        ApiError::invalid(key, "must be UTF-8")
                    }
                    _ => ApiError::invalid("", "the path cannot be read"),
                })
            }
            Err(_) => Err(ApiError::invalid("", "the path cannot be read")),
        }
    }
}

/// Query parameters.
#[derive(Debug)]
pub(super) struct Query<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    #[expect(
        clippy::disallowed_types,
        reason = "the one place that turns its refusal into ours"
    )]
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Query::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                let cause = std::error::Error::source(&rejection).map(ToString::to_string);
                let message = cause.as_deref().unwrap_or("cannot be read");
                Err(ApiError::invalid(
                    "",
                    format!("query parameter: {}", without_values(message)),
                ))
            }
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

async fn read(request: Request) -> Result<Bytes, ApiError> {
    let max = request.extensions().get::<MaxBodyBytes>();
    let max = max.map_or(0, |max| max.0);
    let too_large = || {
        let detail = format!("the body is larger than {max} bytes; send less at once");
        ApiError::new(ErrorCode::TooLarge, detail)
    };
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > max) {
        return Err(too_large());
    }
    match Limited::new(request.into_body(), max).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(_) => Err(ApiError::new(
            ErrorCode::Malformed,
            "the body broke off before its end",
        )),
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    match serde_json::from_slice(bytes) {
        Ok(value) => Ok(value),
        Err(error) if error.is_data() => Err(data_fault::<T>(bytes, &error)),
        Err(error) => Err(ApiError::new(
            ErrorCode::Malformed,
            format!(
                "the body cannot be read as JSON: see line {} column {}",
                error.line(),
                error.column()
            ),
        )),
    }
}

/// Reads again, slower, to learn which field it is.
fn data_fault<T: DeserializeOwned>(bytes: &[u8], error: &serde_json::Error) -> ApiError {
    let deserializer = &mut serde_json::Deserializer::from_slice(bytes);
    match serde_path_to_error::deserialize::<_, T>(deserializer) {
        Err(located) => {
            let path = located.path().to_string();
            let field = if path == "." { String::new() } else { path };
            ApiError::invalid(field, without_values(&located.into_inner().to_string()))
        }
        Ok(_) => ApiError::invalid("", without_values(&error.to_string())),
    }
}

/// Takes what the client sent, and the place in the text, out of a message of serde: it may be a
/// secret in the wrong field.
fn without_values(message: &str) -> String {
    const QUOTING: [&str; 4] = [
        "invalid type",
        "invalid value",
        "invalid length",
        "unknown variant",
    ];
    let message = match message.rfind(" at line ") {
        Some(at) => message.get(..at).unwrap_or(message),
        None => message,
    };
    // Before it stands at most the name of a field
    let quoting = QUOTING
        .iter()
        .filter_map(|kind| Some(message.find(kind)? + kind.len()))
        .min();
    match (quoting, message.rfind(", expected ")) {
        (Some(told), Some(expected)) if told <= expected => {
            let told = message.get(..told).unwrap_or_default();
            format!("{told}{}", message.get(expected..).unwrap_or_default())
        }
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, without_values};
    use protocol::transfer::UrlsRequest;

    #[test]
    fn a_fault_in_a_body_names_the_field_and_not_the_value() {
        let fault = |body: &str| {
            let error = parse::<UrlsRequest>(body.as_bytes()).unwrap_err();
            format!(
                "{} {}: {}",
                error.status.as_u16(),
                error.field.unwrap_or_default(),
                error.detail
            )
        };
        insta::assert_snapshot!(fault("{"), @"400 : the body cannot be read as JSON: see line 1 column 1");
        insta::assert_snapshot!(fault("[1]"), @"400 : the body cannot be read as JSON: see line 1 column 2");
        insta::assert_snapshot!(fault(r#"{"method":"get","objects":[{"key":"a"},{"key":"../b"}]}"#), @"422 objects[1].key: key has the component `..`; components must not be empty, `.` or `..`");
        insta::assert_snapshot!(fault(r#"{"method":"get","objects":[],"ttl_seconds":"signet-secret"}"#), @"422 ttl_seconds: invalid type, expected u32");
        insta::assert_snapshot!(fault(r#"{"method":"get","objects":[],"ttl_seconds":-1}"#), @"422 ttl_seconds: invalid value, expected u32");
        insta::assert_snapshot!(fault(r#"{"method":"get","objects":[],"ttl":1}"#), @"422 ttl: unknown field `ttl`, expected one of `method`, `objects`, `ttl_seconds`, `save_as`, `audience`, `network`");
        insta::assert_snapshot!(fault(r#"{"method":"get"}"#), @"422 : missing field `objects`");
    }

    #[test]
    fn a_value_with_expected_inside_is_taken_out_whole() {
        let message = r#"invalid type: string "a, expected b", expected u32 at line 1 column 2"#;
        assert_eq!(without_values(message), "invalid type, expected u32");
        let message = "action: unknown variant `a: b`, expected one of `x`, `y`";
        assert_eq!(
            without_values(message),
            "action: unknown variant, expected one of `x`, `y`"
        );
    }
}
