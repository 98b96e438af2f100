//! The store as its clients meet it: over HTTP, with URLs from `presign`'s signer.

#![expect(clippy::unwrap_used, reason = "tests, and what they share")]

mod bodies;
mod browsers;
mod google;
mod listings;
mod log;
mod objects;
mod operations;
mod signatures;
mod support;
mod uploads;
