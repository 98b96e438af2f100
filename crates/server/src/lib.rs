//! The broker of Signet as a library.

pub mod admin;
pub mod api;
pub mod auth;
pub mod broker;
pub mod clock;
pub mod config;
pub mod db;
pub mod directory;
pub mod gate;
pub mod ids;
pub mod ledger;
pub mod policy;
pub mod registry;
pub mod serve;
pub mod stores;
pub mod telemetry;
