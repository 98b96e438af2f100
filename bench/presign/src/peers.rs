//! Other crates, each as its documentation says to sign a download, with as little around as it lets.

mod aws_sdk;
mod aws_sigv4;
mod object_store;
mod opendal;
mod reqsign;
mod rusty_s3;

use std::hint::black_box;

use crate::{
    case::{check, keys},
    measure::Candidate,
};

pub const RUSTY_S3: &str = "rusty-s3";
pub const ALL: [&str; 6] = [
    RUSTY_S3,
    "aws-sigv4",
    "reqsign",
    "object_store",
    "opendal",
    "aws-sdk-s3",
];

pub fn candidates() -> Vec<Candidate<'static>> {
    vec![
        candidate(RUSTY_S3, rusty_s3::signer()),
        candidate("aws-sigv4", aws_sigv4::signer()),
        candidate("reqsign", reqsign::signer()),
        candidate("object_store", object_store::signer()),
        candidate("opendal", opendal::signer()),
        candidate("aws-sdk-s3", aws_sdk::signer()),
    ]
}

/// Measures a function that signs for one key.
fn candidate(name: &str, mut sign: impl FnMut(&str) -> String + 'static) -> Candidate<'static> {
    let keys = keys();
    check(name, &sign(&keys[0]), None);
    let mut next = 0;
    Candidate::new(name, move || {
        const SOME: usize = 10;
        for key in &keys[next..next + SOME] {
            black_box(sign(black_box(key)));
        }
        next = (next + SOME) % keys.len();
        SOME
    })
}

/// For peers that are asynchronous, though they have nothing to wait for.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}
