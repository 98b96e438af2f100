//! Tests of Cloud Storage signing and verifying through the public interface.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod batch;
mod google_python;
mod google_vectors;
mod keys;
#[path = "../shared/made_up.rs"]
mod made_up;
mod refusals;
mod support;
mod tampering;
#[path = "../shared/wire.rs"]
mod wire;
