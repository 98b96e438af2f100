//! What browsers ask of a store before, and of its answers after: the [Fetch standard].
//!
//! [Fetch standard]: https://fetch.spec.whatwg.org/#http-cors-protocol

use super::findings::Findings;
use super::fix;
use super::name::Name;
use super::subject::Subject;
use super::wire::{Ask, NoAnswer, Seen};
use super::write::OBJECT;
use crate::stores::Act;
use bytes::Bytes;
use http::Method;
use protocol::bucket::{Origin, Provider};

const PREFLIGHTS: [(Name, Method); 3] = [
    (Name::CorsGet, Method::GET),
    (Name::CorsHead, Method::HEAD),
    (Name::CorsPut, Method::PUT),
];

/// Asks as pages of these origins would; `written`: there is an object to read.
pub(super) async fn probe(
    subject: &Subject,
    origins: &[Origin],
    written: bool,
    findings: &Findings,
) {
    if origins.is_empty() {
        let names = PREFLIGHTS.iter().map(|(name, _)| *name);
        for name in names.chain([Name::CorsEtag, Name::CorsChecksum]) {
            findings.skipped(
                name,
                "no origin of web pages is known; set `server.browser_origins`, or name one with `--origin`",
            );
        }
        return;
    }
    futures::future::join_all(origins.iter().map(async |origin| {
        let preflights = PREFLIGHTS
            .iter()
            .map(|(name, method)| preflight(subject, origin, *name, method, findings));
        let exposed = async {
            if written {
                exposed(subject, origin, findings).await;
            }
        };
        tokio::join!(futures::future::join_all(preflights), exposed);
    }))
    .await;
}

async fn preflight(
    subject: &Subject,
    origin: &Origin,
    name: Name,
    method: &Method,
    findings: &Findings,
) {
    let mut asked_headers = String::new();
    let seen = async {
        let act = match *method {
            Method::PUT => Subject::write(&subject.content(), true),
            Method::HEAD => Act::Look,
            _ => Act::read(),
        };
        let key = subject.key(OBJECT)?;
        let ask = subject
            .ask_by(subject.browser(), &key, &act, subject.window()?)
            .await?;
        asked_headers = non_simple(&ask);
        let mut headers = vec![
            ("origin".to_owned(), origin.to_string()),
            (
                "access-control-request-method".to_owned(),
                method.to_string(),
            ),
        ];
        if !asked_headers.is_empty() {
            headers.push((
                "access-control-request-headers".to_owned(),
                asked_headers.clone(),
            ));
        }
        let ask = Ask {
            method: Method::OPTIONS,
            headers,
            body: Bytes::new(),
            ..ask
        };
        subject.send(&ask).await
    }
    .await;
    let fault = match &seen {
        Err(_) => None,
        Ok(seen) => fault(seen, origin, method, &asked_headers),
    };
    let fix = || {
        let headers = if asked_headers.is_empty() {
            String::new()
        } else {
            format!(", the headers `{asked_headers}`")
        };
        format!(
            "add to the bucket's CORS rules the origin `{origin}`, the methods `GET`, `HEAD`, `PUT`{headers}, and expose `ETag`"
        )
    };
    note(findings, name, origin, seen, fault, fix);
}

/// Notes what came of a request for pages of an origin.
fn note(
    findings: &Findings,
    name: Name,
    origin: &Origin,
    seen: Result<Seen, NoAnswer>,
    fault: Option<&'static str>,
    fix: impl FnOnce() -> String,
) {
    match (seen, fault) {
        (Err(why), _) => {
            findings.failed(name, format!("{origin}: {why}"), fix::of_silence(&why));
        }
        (Ok(seen), None) => findings.ok(name, format!("{origin}: {}", seen.evidence())),
        (Ok(seen), Some(fault)) => {
            findings.failed(
                name,
                format!("{origin}: {}, {fault}", seen.evidence()),
                fix(),
            );
        }
    }
}

/// The names of the headers that a script sets, as a browser asks for them: those of the request that
/// it does not send by itself.
fn non_simple(ask: &Ask) -> String {
    let mut names: Vec<&str> = ask
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| *name != "content-length")
        .collect();
    names.sort_unstable();
    names.join(",")
}

/// Why a browser would not go on.
fn fault(
    seen: &Seen,
    origin: &Origin,
    method: &Method,
    asked_headers: &str,
) -> Option<&'static str> {
    // GET and HEAD need not be named
    let is_simple = matches!(*method, Method::GET | Method::HEAD);
    if !seen.is_success() {
        Some("the store does not allow it")
    } else if !allows_origin(seen, origin) {
        Some("the origin is not allowed")
    } else if !is_simple && !lists(seen, "access-control-allow-methods", method.as_str()) {
        Some("the method is not allowed")
    } else if asked_headers
        .split(',')
        .filter(|name| !name.is_empty())
        .any(|name| !lists(seen, "access-control-allow-headers", name))
    {
        Some("not all headers are allowed")
    } else {
        None
    }
}

fn allows_origin(seen: &Seen, origin: &Origin) -> bool {
    let allowed = seen.header("access-control-allow-origin");
    allowed.is_some_and(|allowed| allowed == "*" || allowed == origin.as_str())
}

/// Whether a header that is a list, perhaps given more than once, has a word in it.
fn lists(seen: &Seen, header: &str, word: &str) -> bool {
    seen.headers
        .get_all(header)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|listed| listed == "*" || listed.eq_ignore_ascii_case(word))
}

/// What scripts may see of an answer.
async fn exposed(subject: &Subject, origin: &Origin, findings: &Findings) {
    let seen = async {
        let key = subject.key(OBJECT)?;
        let act = Act::read();
        let mut ask = subject
            .ask_by(subject.browser(), &key, &act, subject.window()?)
            .await?;
        ask.headers.push(("origin".to_owned(), origin.to_string()));
        subject.send(&ask).await
    }
    .await;
    let exposes = |name: &str| {
        let lists = |seen: &Seen| lists(seen, "access-control-expose-headers", name);
        seen.as_ref().is_ok_and(lists)
    };
    let (etag, checksum) = (exposes("etag"), exposes("x-amz-checksum-sha256"));
    if subject.provider() != Provider::S3 {
        findings.skipped(
            Name::CorsChecksum,
            "the store tells no SHA-256 in its answers",
        );
    } else if checksum {
        findings.ok(Name::CorsChecksum, format!("{origin}: it is exposed"));
    } else {
        findings.warned(
            Name::CorsChecksum,
            format!("{origin}: `x-amz-checksum-sha256` is not exposed"),
            "add it to `ExposeHeaders` of the bucket's CORS rules, so that pages can verify what they read",
        );
    }
    let fault = match &seen {
        Ok(seen) if !seen.is_success() => Some("the store does not allow it"),
        Ok(seen) if !allows_origin(seen, origin) => Some("the origin is not allowed"),
        Ok(_) if !etag => Some("`ETag` is not exposed"),
        _ => None,
    };
    note(findings, Name::CorsEtag, origin, seen, fault, || {
        format!(
            "allow the origin `{origin}` in the bucket's CORS rules, and add `ETag` to its `ExposeHeaders`: pages put uploads in parts together by it"
        )
    });
}
