//! What Signet's tests and benchmarks share.

pub mod load;
pub mod process;
pub mod proxy;
pub mod store;
