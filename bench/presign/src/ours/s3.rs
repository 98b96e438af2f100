//! S3: batches by each kernel, with and without a session token, and single URLs.

use presign::{
    BatchRequest, Kernel, Method, Request, Target,
    s3::{Credential, Endpoint, Signer},
};

use super::{AT, batches, singles, window};
use crate::{
    case::{
        keys,
        s3::{ACCESS_KEY_ID, BUCKET, REGION, SECRET_ACCESS_KEY, check, session_token},
    },
    measure::Candidate,
};

pub const SINGLE: &str = "single";
/// With a parameter that differs each time, as the broker has.
pub const SINGLE_WITH_QUERY: &str = "single with query";

pub fn batch(kernel: &str) -> String {
    format!("batch by {kernel}")
}

pub fn batch_with_token(kernel: &str) -> String {
    format!("batch with token by {kernel}")
}

pub fn candidates() -> Vec<Candidate<'static>> {
    let mut candidates = Vec::new();
    for kernel in Kernel::available() {
        candidates.push(batch_of(batch(kernel.name()), kernel, None));
        let name = batch_with_token(kernel.name());
        candidates.push(batch_of(name, kernel, Some(session_token())));
    }
    candidates.push(single());
    candidates.push(single_with_query());
    candidates
}

pub fn one_url(token: Option<&str>) -> String {
    let keys = keys();
    let request = Request::new(Method::Get, Target::Object(&keys[0]));
    let url = signer(token).sign(&request, window(AT)).expect("signable");
    url.into_exposed().into()
}

fn batch_of(name: String, kernel: Kernel, token: Option<String>) -> Candidate<'static> {
    let signer = signer(token.as_deref()).with_kernel(kernel);
    let request = BatchRequest::new(Method::Get);
    batches(
        name.clone(),
        move |keys, window, urls| {
            let keys = keys.iter().map(String::as_str);
            signer.sign_batch(&request, keys, window, urls)
        },
        |url| check(&name, url, token.as_deref()),
    )
}

fn single() -> Candidate<'static> {
    let signer = signer(None);
    let sign = move |key: &str, window| {
        let request = Request::new(Method::Get, Target::Object(key));
        signer.sign(&request, window)
    };
    singles(SINGLE, 1000, sign, |url| check(SINGLE, url, None))
}

fn single_with_query() -> Candidate<'static> {
    let signer = signer(None);
    let grants: Vec<String> = (0..1000)
        .map(|grant| format!("grt_{:026}", grant * 7919))
        .collect();
    let mut next = 0;
    let sign = move |key: &str, window| {
        next = (next + 1) % grants.len();
        let request = Request {
            query: &[("x-grant", &grants[next])],
            ..Request::new(Method::Get, Target::Object(key))
        };
        signer.sign(&request, window)
    };
    singles(SINGLE_WITH_QUERY, 1000, sign, |url| {
        check(SINGLE_WITH_QUERY, url, None);
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
