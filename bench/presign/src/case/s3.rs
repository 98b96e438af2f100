//! S3, where most peers sign.

use presign::{
    Timestamp,
    s3::{Credential, Received, Verifier},
};

use super::{Wire, assert_known};

pub const BUCKET: &str = "examplebucket";
pub const REGION: &str = "us-east-1";
pub const ENDPOINT: &str = "https://s3.us-east-1.amazonaws.com";
pub const HOST: &str = "examplebucket.s3.us-east-1.amazonaws.com";
pub const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
pub const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// 800 characters, none of which needs encoding.
pub fn session_token() -> String {
    "IQoJb3JpZ2luX2VjEJr".chars().cycle().take(800).collect()
}

/// Panics unless the URL verifies at the moment it was signed.
pub fn check(name: &str, url: &str, session_token: Option<&str>) {
    let wire = Wire::new(url);
    let received = Received {
        method: "GET",
        raw_path: wire.path,
        raw_query: wire.query,
        headers: &[("host", wire.host.as_bytes())],
    };
    let mut credential = Credential::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY).expect("a credential");
    if let Some(token) = session_token {
        credential = credential.with_session(token, None).expect("a token");
    }
    let date = wire.parameter("X-Amz-Date");
    let now = Timestamp::from_basic_iso8601(date).expect("a basic date");
    let verified = Verifier::new(REGION)
        .with_hosts(["s3.us-east-1.amazonaws.com"])
        .verify(&received, now, |_| Some(&credential))
        .unwrap_or_else(|refusal| panic!("{name}: {refusal}: {url}"));
    assert_eq!(verified.resource.bucket(), Some(BUCKET), "{name}");
    assert_known(name, verified.resource.key());
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
