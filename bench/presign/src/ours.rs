//! This crate: batches, single URLs, and the bare compression function.

pub mod azure;
pub mod gcs;
pub mod kernel;
pub mod s3;

use std::hint::black_box;

use presign::{Kernel, SignedUrl, Timestamp, Ttl, UrlBuffer, Window};

use crate::{
    case::{TTL_SECONDS, keys},
    measure::Candidate,
};

const AT: i64 = 1_762_500_000;

pub fn candidates() -> Vec<Candidate<'static>> {
    let kernels = Kernel::available().into_iter().map(kernel::compression);
    kernels
        .chain(s3::candidates())
        .chain(gcs::candidates())
        .chain(azure::candidates())
        .collect()
}

/// Signs for all keys in one call, each time in another second.
fn batches(
    name: impl Into<String>,
    mut sign: impl FnMut(&[String], Window, &mut UrlBuffer) -> Result<(), presign::Error> + 'static,
    check: impl FnOnce(&str),
) -> Candidate<'static> {
    let keys = keys();
    let mut urls = UrlBuffer::new();
    sign(&keys, window(AT), &mut urls).expect("signable");
    check(urls.get(0).expect("a URL").expose());
    let mut at = AT;
    Candidate::new(name, move || {
        at += 1;
        urls.clear();
        sign(&keys, window(at), &mut urls).expect("signable");
        black_box(&urls).len()
    })
}

/// Signs one key after the other, so many in each second.
fn singles(
    name: impl Into<String>,
    a_second: usize,
    mut sign: impl FnMut(&str, Window) -> Result<SignedUrl, presign::Error> + 'static,
    check: impl FnOnce(&str),
) -> Candidate<'static> {
    let mut keys = keys();
    keys.truncate(a_second);
    check(sign(&keys[0], window(AT)).expect("signable").expose());
    let mut at = AT;
    Candidate::new(name, move || {
        at += 1;
        for key in &keys {
            black_box(sign(black_box(key), window(at)).expect("signable"));
        }
        keys.len()
    })
}

fn window(at: i64) -> Window {
    Window {
        from: Timestamp::from_unix_seconds(at),
        ttl: Ttl::from_seconds(TTL_SECONDS).expect("a life"),
    }
}
