//! The live check of buckets: on stores that are as they should be, and on stores with one thing wrong.
#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

#[path = "verify/azurite.rs"]
mod azurite;
#[path = "verify/between.rs"]
mod between;
#[path = "verify/browsers.rs"]
mod browsers;
#[path = "verify/careless.rs"]
mod careless;
#[path = "verify/credentials.rs"]
mod credentials;
#[path = "verify/ends.rs"]
mod ends;
#[path = "verify/good.rs"]
mod good;
#[path = "verify/promises.rs"]
mod promises;
#[path = "verify/seaweedfs.rs"]
mod seaweedfs;
#[path = "verify/support.rs"]
mod support;
#[path = "verify/whereabouts.rs"]
mod whereabouts;
