//! Tests of the registry's tables on both engines.

mod many;
mod object;
mod scene;
mod version;
