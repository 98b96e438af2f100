//! Other crates, each as its documentation says to sign a download, with as little around as it lets.

mod aws_lc_rs;
mod aws_sdk;
mod aws_sigv4;
mod object_store_azure;
mod object_store_s3;
mod opendal;
mod reqsign;
mod rusty_s3;

use std::hint::black_box;

use crate::{
    case::{self, keys},
    measure::Candidate,
};

pub const RUSTY_S3: &str = "rusty-s3";
/// Those that sign for S3.
pub const OF_S3: [&str; 6] = [
    RUSTY_S3,
    "aws-sigv4",
    "reqsign",
    "object_store",
    "opendal",
    "aws-sdk-s3",
];
pub const OBJECT_STORE_AZURE: &str = "object_store for azure";
pub const RSA: &str = "aws-lc-rs, RSA alone";

pub fn candidates() -> Vec<Candidate<'static>> {
    vec![
        of_s3(RUSTY_S3, rusty_s3::signer()),
        of_s3("aws-sigv4", aws_sigv4::signer()),
        of_s3("reqsign", reqsign::signer()),
        of_s3("object_store", object_store_s3::signer()),
        of_s3("opendal", opendal::signer()),
        of_s3("aws-sdk-s3", aws_sdk::signer()),
        candidate(
            OBJECT_STORE_AZURE,
            10,
            object_store_azure::signer(),
            |_, url| case::azure::check(OBJECT_STORE_AZURE, url, &case::azure::account_key()),
        ),
        candidate(RSA, 1, aws_lc_rs::signer(), |key, it| {
            aws_lc_rs::check(key, it)
        }),
    ]
}

fn of_s3(name: &str, sign: impl FnMut(&str) -> String + 'static) -> Candidate<'static> {
    candidate(name, 10, sign, |_, url| case::s3::check(name, url, None))
}

/// Measures a function that signs for one key, by so many calls at a time.
fn candidate<Signed: 'static>(
    name: &str,
    calls: usize,
    mut sign: impl FnMut(&str) -> Signed + 'static,
    check: impl FnOnce(&str, &Signed),
) -> Candidate<'static> {
    let keys = keys();
    check(&keys[0], &sign(&keys[0]));
    let mut next = 0;
    Candidate::new(name, move || {
        for key in &keys[next..next + calls] {
            black_box(sign(black_box(key)));
        }
        next = (next + calls) % keys.len();
        calls
    })
}

/// For peers that are asynchronous, though they have nothing to wait for.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}
