//! This crate: batches by each kernel, single URLs, and the bare compression function.

use std::hint::black_box;

use presign::{
    BatchRequest, Kernel, Method, Request, Target, Timestamp, Ttl, UrlBuffer, Window,
    s3::{Credential, Endpoint, Signer},
};

use crate::{
    case::{
        ACCESS_KEY_ID, BUCKET, REGION, SECRET_ACCESS_KEY, TTL_SECONDS, check, keys, session_token,
    },
    measure::Candidate,
};

pub const SINGLE: &str = "single";
/// With a parameter, as the broker has: nothing is found from the last URL.
pub const SINGLE_WITH_QUERY: &str = "single with query";

const QUERY: &[(&str, &str)] = &[("x-grant", "grt_01k9gq3v6tfx8s2m4n7p0r5w1z")];
const AT: i64 = 1_762_500_000;

pub fn kernel(name: &str) -> String {
    format!("compression by {name}")
}

pub fn batch(kernel: &str) -> String {
    format!("batch by {kernel}")
}

pub fn batch_with_token(kernel: &str) -> String {
    format!("batch with token by {kernel}")
}

pub fn candidates() -> Vec<Candidate<'static>> {
    let mut candidates = Vec::new();
    for kernel in Kernel::available() {
        candidates.push(compression(kernel));
        let name = batch(kernel.name());
        candidates.push(batches(name, kernel, None));
        let name = batch_with_token(kernel.name());
        candidates.push(batches(name, kernel, Some(session_token())));
    }
    candidates.push(singles(SINGLE, &[]));
    candidates.push(singles(SINGLE_WITH_QUERY, QUERY));
    candidates
}

pub fn one_url(token: Option<&str>) -> String {
    let keys = keys();
    let request = Request::new(Method::Get, Target::Object(&keys[0]));
    let url = signer(token).sign(&request, window(AT)).expect("signable");
    check("ours", url.expose(), token);
    url.into_exposed().into()
}

/// The compression function alone, over so many blocks that gathering them is most of the rest.
fn compression(kernel: Kernel) -> Candidate<'static> {
    const MESSAGES: usize = 64;
    const BLOCKS: usize = 16;
    let messages: Vec<_> = (0..MESSAGES)
        .map(|message| [[message as u8; 64]; BLOCKS])
        .collect();
    let mut ends = vec![[0; 8]; MESSAGES];
    Candidate::new(self::kernel(kernel.name()), move || {
        let messages: Vec<_> = messages.iter().map(|message| &message[..]).collect();
        kernel.compress(&[1; 8], black_box(&messages), &mut ends);
        black_box(&ends);
        MESSAGES * BLOCKS
    })
}

fn batches(name: String, kernel: Kernel, token: Option<String>) -> Candidate<'static> {
    let keys = keys();
    let signer = signer(token.as_deref()).with_kernel(kernel);
    let request = BatchRequest::new(Method::Get);
    let mut urls = UrlBuffer::new();
    let mut at = AT;
    let sign = move || {
        at += 1;
        urls.clear();
        let keys = keys.iter().map(String::as_str);
        signer
            .sign_batch(&request, keys, window(at), &mut urls)
            .expect("signable");
        black_box(&urls).len()
    };
    Candidate::new(name, sign)
}

/// One URL at a time, a thousand in a second.
fn singles(name: &str, query: &'static [(&str, &str)]) -> Candidate<'static> {
    let keys = keys();
    let signer = signer(None);
    let mut at = AT;
    Candidate::new(name, move || {
        at += 1;
        for key in &keys {
            let request = Request {
                query,
                ..Request::new(Method::Get, Target::Object(black_box(key)))
            };
            black_box(signer.sign(&request, window(at)).expect("signable"));
        }
        keys.len()
    })
}

fn signer(token: Option<&str>) -> Signer {
    let endpoint = Endpoint::aws(REGION, BUCKET).expect("an endpoint");
    let mut credential = Credential::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY).expect("a credential");
    if let Some(token) = token {
        credential = credential.with_session(token, None).expect("a token");
    }
    Signer::new(endpoint, credential)
}

fn window(at: i64) -> Window {
    Window {
        from: Timestamp::from_unix_seconds(at),
        ttl: Ttl::from_seconds(TTL_SECONDS).expect("a life"),
    }
}
