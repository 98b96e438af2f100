//! Azure Blob Storage: batches with both kinds of keys, single URLs with an account's.

use presign::{
    BatchRequest, Method, Request, Target, Timestamp,
    azure::{Cloud, Credential, Endpoint, Signer, Version},
};

use super::{AT, batches, singles};
use crate::{
    case::azure::{ACCOUNT, CONTAINER, account_key, check, delegation_key},
    measure::Candidate,
};

pub const BATCH: &str = "azure batch";
pub const BATCH_BY_DELEGATION: &str = "azure batch by delegation";
pub const SINGLE: &str = "azure single";

pub fn candidates() -> Vec<Candidate<'static>> {
    let delegation = delegation_key(Timestamp::from_unix_seconds(AT));
    vec![
        batch(BATCH, account_key()),
        batch(BATCH_BY_DELEGATION, delegation),
        single(),
    ]
}

fn batch(name: &str, credential: Credential) -> Candidate<'static> {
    let signer = signer(credential.clone());
    let request = BatchRequest::new(Method::Get);
    let sign = move |keys: &[String], window, urls: &mut _| {
        let keys = keys.iter().map(String::as_str);
        signer.sign_batch(&request, keys, window, urls)
    };
    batches(name, sign, |url| check(name, url, &credential))
}

fn single() -> Candidate<'static> {
    let signer = signer(account_key());
    let sign = move |key: &str, window| {
        let request = Request::new(Method::Get, Target::Object(key));
        signer.sign(&request, window)
    };
    singles(SINGLE, 1000, sign, |url| check(SINGLE, url, &account_key()))
}

fn signer(credential: Credential) -> Signer {
    let endpoint = Endpoint::azure(Cloud::Public, ACCOUNT, CONTAINER).expect("an endpoint");
    Signer::new(endpoint, Version::V2026_04_06, credential)
}
