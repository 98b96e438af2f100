//! Tests of S3 signing and verifying through the public interface.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod aws_examples;
mod batch;
mod botocore;
#[path = "../shared/made_up.rs"]
mod made_up;
mod refusals;
mod support;
mod tampering;
#[path = "../shared/wire.rs"]
mod wire;
