//! The API, asked in process and over sockets, as each kind of caller.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

#[path = "support/app.rs"]
mod support;

#[expect(dead_code, reason = "each test binary uses its own part of these")]
#[path = "support/requests.rs"]
mod requests;

#[path = "api/artifacts.rs"]
mod artifacts;
#[path = "api/audit.rs"]
mod audit;
#[path = "api/buckets.rs"]
mod buckets;
#[path = "api/faults.rs"]
mod faults;
#[path = "api/keys.rs"]
mod keys;
#[path = "api/leaks.rs"]
mod leaks;
#[path = "api/networks.rs"]
mod networks;
#[path = "api/objects.rs"]
mod objects;
#[path = "api/people.rs"]
mod people;
#[path = "api/proxies.rs"]
mod proxies;
#[path = "api/reach.rs"]
mod reach;
#[path = "api/serving.rs"]
mod serving;
