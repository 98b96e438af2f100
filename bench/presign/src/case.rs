//! What everybody signs, and how their URLs are checked.

use presign::{
    Timestamp,
    s3::{Credential, Received, Verifier},
};

pub const BUCKET: &str = "examplebucket";
pub const REGION: &str = "us-east-1";
pub const ENDPOINT: &str = "https://s3.us-east-1.amazonaws.com";
pub const HOST: &str = "examplebucket.s3.us-east-1.amazonaws.com";
pub const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
pub const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
pub const TTL_SECONDS: u32 = 3600;

/// 1,000 keys of 60 characters which share their first 16.
pub fn keys() -> Vec<String> {
    (0..1000_u32)
        .map(|shard| {
            let run = shard.wrapping_mul(0x9e37_79b9);
            let key = format!("runs/2026-11-07/{run:08x}/checkpoints/shard-{shard:05}-of-01000.pt");
            assert_eq!(key.len(), 60);
            key
        })
        .collect()
}

/// 800 characters, none of which needs encoding.
pub fn session_token() -> String {
    "IQoJb3JpZ2luX2VjEJr".chars().cycle().take(800).collect()
}

/// Panics unless the URL verifies at the moment it was signed.
pub fn check(name: &str, url: &str, session_token: Option<&str>) {
    let rest = url.strip_prefix("https://").expect("an https URL");
    let (host, rest) = rest.split_once('/').expect("a path");
    let (path, query) = rest.split_once('?').expect("a query");
    let date = query
        .split('&')
        .find_map(|parameter| parameter.strip_prefix("X-Amz-Date="))
        .expect("a date");
    let received = Received {
        method: "GET",
        raw_path: &format!("/{path}"),
        raw_query: query,
        headers: &[("host", host.as_bytes())],
    };
    let mut credential = Credential::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY).expect("a credential");
    if let Some(token) = session_token {
        credential = credential.with_session(token, None).expect("a token");
    }
    let now = Timestamp::from_basic_iso8601(date).expect("a basic date");
    let verified = Verifier::new(REGION)
        .with_hosts(["s3.us-east-1.amazonaws.com"])
        .verify(&received, now, |_| Some(&credential))
        .unwrap_or_else(|refusal| panic!("{name}: {refusal}: {url}"));
    assert_eq!(verified.resource.bucket(), Some(BUCKET), "{name}");
    assert!(
        keys()
            .iter()
            .any(|key| verified.resource.key() == Some(key)),
        "{name}"
    );
}

/// How many compressions a URL costs at least, once all that can be kept is kept: those of the
/// canonical request, two of the string to sign, one of the outer hash.
pub fn compressions(url: &str) -> f64 {
    let signed = url
        .strip_prefix("https://")
        .and_then(|url| url.strip_prefix(HOST))
        .and_then(|url| url.split_once("&X-Amz-Signature="))
        .expect("a URL of the case")
        .0;
    let headers = format!("GET\n\nhost:{HOST}\n\nhost\nUNSIGNED-PAYLOAD");
    let blocks = (signed.len() + headers.len() + 9).div_ceil(64);
    (blocks + 2 + 1) as f64
}
