//! Tests of the registry against the embedded store, on each database.

mod collecting;
mod committing;
mod fault;
mod getting;
mod lying;
mod naming;
mod parts;
mod putting;
mod world;
