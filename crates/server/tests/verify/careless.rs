//! The negative control: a store that does everything it is asked and verifies nothing.

use crate::between::{Between, Passing, done};
use crate::support::{assert_found, assert_unfit, probe, s3_at, shown, verify};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Method, Request, Response, header};
use parking_lot::Mutex;
use protocol::bucket::Verdict;
use std::collections::HashMap;
use std::sync::Arc;

/// Objects by path, and the parts of the one upload that each may have.
#[derive(Default)]
struct Careless {
    objects: Mutex<HashMap<String, Bytes>>,
    parts: Mutex<HashMap<String, Bytes>>,
}

impl Careless {
    async fn start() -> Between {
        let store = Arc::new(Self::default());
        Between::serve(Router::new().fallback(move |request: Request<Body>| {
            let store = Arc::clone(&store);
            async move {
                let (parts, body) = request.into_parts();
                let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
                let passing = Passing {
                    method: parts.method.clone(),
                    path: parts.uri.path().to_owned(),
                    query: parts.uri.query().unwrap_or_default().to_owned(),
                    request: Request::from_parts(parts, body),
                };
                store.answer(&passing).map(Body::from)
            }
        }))
        .await
    }

    fn answer(&self, asked: &Passing) -> Response<Bytes> {
        if asked.is_multipart() {
            return self.multipart(asked);
        }
        let body = asked.request.body().clone();
        let mut objects = self.objects.lock();
        match asked.method {
            Method::PUT => {
                objects.insert(asked.path.clone(), body);
                done()
            }
            Method::DELETE => {
                objects.remove(&asked.path);
                done()
            }
            Method::OPTIONS => Response::builder()
                .header("access-control-allow-origin", "*")
                .header("access-control-allow-methods", "*")
                .header("access-control-allow-headers", "*")
                .body(Bytes::new())
                .unwrap(),
            _ => {
                let Some(object) = objects.get(&asked.path) else {
                    return crate::between::error(404, "NoSuchKey");
                };
                let part = asked.request.headers().get(header::RANGE).map(|range| {
                    let last = range.to_str().unwrap().strip_prefix("bytes=0-").unwrap();
                    object.slice(..=last.parse::<usize>().unwrap())
                });
                Response::builder()
                    .status(if part.is_some() { 206 } else { 200 })
                    .header(header::ETAG, "\"0\"")
                    .header("access-control-allow-origin", "*")
                    .header("access-control-expose-headers", "*")
                    .body(part.unwrap_or_else(|| object.clone()))
                    .unwrap()
            }
        }
    }

    fn multipart(&self, asked: &Passing) -> Response<Bytes> {
        let mut parts = self.parts.lock();
        let xml = |text: String| Response::new(Bytes::from(text));
        match asked.method {
            Method::POST if asked.begins_upload() => xml(
                "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
                    .to_owned(),
            ),
            Method::PUT => {
                parts.insert(asked.path.clone(), asked.request.body().clone());
                done()
            }
            Method::GET => {
                let size = parts.get(&asked.path).map_or(0, Bytes::len);
                xml(format!(
                    "<ListPartsResult><Part><PartNumber>1</PartNumber><ETag>0</ETag><Size>{size}</Size></Part></ListPartsResult>"
                ))
            }
            Method::POST => {
                let part = parts.remove(&asked.path).unwrap();
                self.objects.lock().insert(asked.path.clone(), part);
                xml("<CompleteMultipartUploadResult><ETag>0</ETag></CompleteMultipartUploadResult>".to_owned())
            }
            _ => done(),
        }
    }
}

#[tokio::test]
async fn a_store_that_verifies_nothing_fails_loudly() {
    let store = Careless::start().await;
    let report = verify(s3_at(&store.endpoint)).await;
    // Everything works, for everybody
    for name in [
        "put",
        "get",
        "head",
        "range",
        "multipart.complete",
        "delete",
    ] {
        let verdict = probe(&report, name).verdict;
        // Objects do not survive what must be refused
        if name != "delete" {
            assert_eq!(verdict, Verdict::Ok, "{name} of {}", shown(&report));
        }
    }
    let refusals: Vec<&str> = report
        .probes
        .iter()
        .filter(|probe| probe.name.starts_with("refuses."))
        .map(|probe| probe.name.as_str())
        .collect();
    assert_eq!(refusals.len(), 12);
    for name in refusals {
        let fix = match name {
            "refuses.unsigned" => "take public access away",
            _ => "do not use",
        };
        assert_unfit(&report, name, fix);
    }
    for name in [
        "binds.sha256",
        "binds.length",
        "binds.part-sha256",
        "writes-once",
    ] {
        assert_found(&report, name, Verdict::Warning, "use a store");
    }
}

#[tokio::test]
async fn a_web_server_is_no_store() {
    let page = Router::new().fallback(|| async { "<html>Welcome</html>" });
    let page = Between::serve(page).await;
    let report = verify(s3_at(&page.endpoint)).await;
    assert_unfit(&report, "get", "what answers is not a store");
    assert_unfit(&report, "absent", "what answers is not a store");
    assert_unfit(&report, "refuses.unsigned", "take public access away");
    assert_unfit(&report, "multipart.create", "");
}
