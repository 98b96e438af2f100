//! Google Cloud Storage: batches with an HMAC key, single URLs with a service account's key.

use presign::{
    BatchRequest, Method, Request, Target,
    gcs::{Credential, Endpoint, Signer},
};

use super::{batches, singles};
use crate::{
    case::gcs::{BUCKET, check, hmac_key, service_account_key},
    measure::Candidate,
};

pub const BATCH: &str = "gcs batch";
pub const SINGLE_BY_RSA: &str = "gcs single by RSA";

pub fn candidates() -> Vec<Candidate<'static>> {
    vec![batch(), single_by_rsa()]
}

fn batch() -> Candidate<'static> {
    let signer = signer(hmac_key());
    let request = BatchRequest::new(Method::Get);
    let sign = move |keys: &[String], window, urls: &mut _| {
        let keys = keys.iter().map(String::as_str);
        signer.sign_batch(&request, keys, window, urls)
    };
    batches(BATCH, sign, |url| check(BATCH, url, hmac_key()))
}

/// One in each second, as a second is enough for a few only.
fn single_by_rsa() -> Candidate<'static> {
    let key = service_account_key();
    let public_key = key.public_key().clone();
    let signer = signer(key);
    let sign = move |key: &str, window| {
        let request = Request::new(Method::Get, Target::Object(key));
        signer.sign(&request, window)
    };
    singles(SINGLE_BY_RSA, 1, sign, |url| {
        check(SINGLE_BY_RSA, url, public_key);
    })
}

fn signer(credential: impl Into<Credential>) -> Signer {
    Signer::new(Endpoint::google(BUCKET).expect("an endpoint"), credential)
}
