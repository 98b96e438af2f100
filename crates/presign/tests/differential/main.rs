//! Thousands of made-up requests, each signed by us and by the SDK that the cloud's vendor
//! maintains: the URLs must be the same.
//!
//! The SDKs run in `oracle.py`, which holds none of our code. `scripts/differential.sh` installs
//! them and names their interpreter in `SIGNET_TEST_SDK_PYTHON`, and the folder of an older SDK in
//! `SIGNET_TEST_SDK_OLDER_AZURE`; without the first, the tests say that they do nothing. Requests come from a seed, which a failure names and `SIGNET_TEST_SEED` sets.
//!
//! Where an SDK answers otherwise, the class of requests stands with its reason in the cloud's
//! `EXCEPTIONS`, and what both sides answer is tested too.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, and tells what it compared"
)]

mod azure;
mod azure_case;
mod azure_operation;
mod comparison;
mod draw;
mod gcs;
mod oracle;
mod s3;
mod s3_operation;
mod text;
