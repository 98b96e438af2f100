//! Tests of S3 signing and verifying through the public interface.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod aws_examples;
mod aws_suite;
mod batch;
mod botocore;
#[path = "../shared/made_up.rs"]
mod made_up;
#[path = "../shared/made_up_single.rs"]
mod made_up_single;
mod refusals;
mod single;
#[path = "../shared/spelled_out.rs"]
mod spelled_out;
mod support;
mod tampering;
#[path = "../shared/wire.rs"]
mod wire;
