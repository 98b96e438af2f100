//! The store's half: checks URLs and checksums, answers ranges, breaks off on demand.

use super::{Content, Fault, Hit, Shared};
use aws_lc_rs::digest::{Context, SHA256};
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::StreamExt as _;
use http::Method;
use protocol::digest::Sha256Digest;
use protocol::id::UploadId;
use std::sync::Arc;

pub(super) async fn answer(
    shared: &Shared,
    hit: &mut Hit,
    upload: Option<UploadId>,
    body: Body,
    fault: Option<Fault>,
) -> Response {
    assert!(
        hit.header("authorization").is_none(),
        "the token went to the store"
    );
    let key = percent_decode(hit.path.strip_prefix("/store/").unwrap());
    let signature = hit.signature.expect("a signed URL");
    let told = match fault {
        Some(Fault::Status(status, code)) => Some(error(status, code, None)),
        Some(Fault::Later(status, after)) => Some(error(status, "SlowDown", Some(after))),
        Some(Fault::Cut(_) | Fault::Redirect(_)) | None => None,
    };
    if let Some(told) = told {
        // Read to the end, or the client may see a broken connection instead of the answer
        let mut rest = body.into_data_stream();
        while let Some(Ok(_)) = rest.next().await {}
        return told;
    }
    if shared.world().expired.contains(&signature) {
        return error(403, "AccessDenied", None);
    }
    match hit.method {
        Method::PUT => put(shared, hit, &key, upload, body).await,
        Method::HEAD => head(shared, &key),
        _ => get(shared, hit, &key, fault),
    }
}

async fn put(
    shared: &Shared,
    hit: &mut Hit,
    key: &str,
    upload: Option<UploadId>,
    body: Body,
) -> Response {
    let length = hit.header("content-length").map(str::to_owned);
    let length: u64 = length.expect("a body of known length").parse().unwrap();
    let discard = shared.world().discard;
    let mut kept = Vec::new();
    let mut hash = Context::new(&SHA256);
    let mut stream = body.into_data_stream();
    while let Some(chunk) = stream.next().await {
        let Ok(chunk) = chunk else {
            return error(400, "IncompleteBody", None);
        };
        hit.received_bytes += chunk.len() as u64;
        hash.update(&chunk);
        if !discard {
            kept.extend_from_slice(&chunk);
        }
    }
    assert_eq!(hit.received_bytes, length);
    let sha256 = Sha256Digest::from_bytes(hash.finish().as_ref().try_into().unwrap());
    if hit.header("x-amz-checksum-sha256") != Some(sha256.to_base64().as_str()) {
        return error(400, "BadDigest", None);
    }
    let content = if discard {
        Content::Zeros(length)
    } else {
        Content::Bytes(Arc::new(kept))
    };
    let mut world = shared.world();
    if let Some(id) = upload {
        let Some(upload) = world.uploads.get_mut(&id) else {
            return error(404, "NoSuchUpload", None);
        };
        upload.parts.insert(hit.part.unwrap(), (sha256, content));
    } else {
        if hit.header("if-none-match") == Some("*") && world.contents.contains_key(key) {
            return error(412, "PreconditionFailed", None);
        }
        world.contents.insert(key.to_owned(), content);
    }
    Response::builder().body(Body::empty()).unwrap()
}

fn sha256_of(content: &Content) -> String {
    let Content::Bytes(bytes) = content else {
        return String::new();
    };
    let digest = aws_lc_rs::digest::digest(&SHA256, bytes);
    Sha256Digest::from_bytes(digest.as_ref().try_into().unwrap()).to_base64()
}

fn head(shared: &Shared, key: &str) -> Response {
    match shared.world().contents.get(key) {
        None => error(404, "NoSuchKey", None),
        Some(content) => Response::builder()
            .header("content-length", content.size())
            .header("x-amz-checksum-sha256", sha256_of(content))
            .body(Body::empty())
            .unwrap(),
    }
}

fn get(shared: &Shared, hit: &Hit, key: &str, fault: Option<Fault>) -> Response {
    let world = shared.world();
    let Some(content) = world.contents.get(key).cloned() else {
        return error(404, "NoSuchKey", None);
    };
    let total = content.size();
    let range = hit.header("range").map(|text| {
        let (first, last) = text
            .strip_prefix("bytes=")
            .unwrap()
            .split_once('-')
            .unwrap();
        let last = last.parse().unwrap_or(total.saturating_sub(1));
        (first.parse::<u64>().unwrap(), last)
    });
    let (first, end) = match range {
        Some((first, last)) => (first, (last + 1).min(total)),
        None => (0, total),
    };
    if range.is_some() && first >= total {
        return error(416, "InvalidRange", None);
    }
    let mut response = Response::builder()
        .status(if range.is_some() { 206 } else { 200 })
        .header("content-length", end - first)
        .header(
            "etag",
            format!("\"{}\"", world.etags.get(key).copied().unwrap_or(0)),
        );
    if range.is_some() {
        response = response.header(
            "content-range",
            format!("bytes {first}-{}/{total}", end - 1),
        );
    }
    if key.starts_with("files/") {
        response = response.header("x-amz-checksum-sha256", sha256_of(&content));
    }
    let cut = match fault {
        Some(Fault::Cut(bytes)) => Some(bytes as u64),
        _ => None,
    };
    let stop = cut.map_or(end, |cut| (first + cut).min(end));
    let chunks = futures::stream::unfold(first, move |at| {
        let content = content.clone();
        async move {
            if at >= stop {
                // The connection breaks in the midst of the answer
                let broken = cut.is_some() && at == stop;
                return broken.then(|| (Err(std::io::Error::other("cut")), u64::MAX));
            }
            let next = (at + (64 << 10)).min(stop);
            Some((Ok::<_, std::io::Error>(chunk(&content, at, next)), next))
        }
    });
    response.body(Body::from_stream(chunks)).unwrap()
}

fn chunk(content: &Content, from: u64, to: u64) -> Bytes {
    let (from, to) = (usize::try_from(from).unwrap(), usize::try_from(to).unwrap());
    match content {
        Content::Bytes(bytes) => Bytes::copy_from_slice(&bytes[from..to]),
        Content::Zeros(_) => Bytes::from(vec![0; to - from]),
    }
}

fn error(status: u16, code: &str, retry_after: Option<u64>) -> Response {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code>\
         <Message>see https://store/?signature=1</Message><RequestId>STORE1</RequestId></Error>"
    );
    let mut response = Response::builder().status(status);
    if let Some(seconds) = retry_after {
        response = response.header("retry-after", seconds);
    }
    response.body(Body::from(body)).unwrap()
}

fn percent_decode(text: &str) -> String {
    // As a query value it is decoded by the same rules but for the plus
    let escaped = text.replace('+', "%2B");
    url::form_urlencoded::parse(format!("k={escaped}").as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap()
}
