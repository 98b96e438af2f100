//! Tests of signing and verifying for Azure through the public interface.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod batch;
mod permits;
mod refusals;
mod sdk;
mod signing;
mod support;
mod tampering;
