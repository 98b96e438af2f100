//! The client against an API and a store in this process that can be told to misbehave.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

mod api;
mod fake;
mod get;
mod hostile;
mod memory;
mod object;
mod put;
mod put_trouble;
