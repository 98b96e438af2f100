//! Tests of S3 signing and verifying through the public interface.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod aws_examples;
mod botocore;
mod refusals;
mod support;
mod tampering;
