//! What the operator sets: one TOML file, the environment over it, one file a section.
//!
//! A value is parsed once, into a type that has its rules: a running server holds no unchecked text.
//! Secrets stand in files of their own or in the environment, never in the TOML file.

mod bootstrap;
mod database;
mod error;
mod limits;
mod log;
mod metrics;
mod network;
mod reference;
mod seal;
mod secret;
mod section;
mod server;
mod stores;
mod teams;
mod tls;
mod urls;

pub use bootstrap::Bootstrap;
pub use database::{Database, DatabaseUrl};
pub use error::Error;
pub use limits::Limits;
pub use log::{Log, LogFilter, LogFormat};
pub use metrics::Metrics;
pub use network::Networks;
pub use reference::reference;
pub use seal::Seal;
pub use secret::Secret;
pub use server::Server;
pub use stores::Stores;
pub use teams::Teams;
pub use tls::Tls;
pub use urls::Urls;

use section::Source;
use std::collections::BTreeMap;
use std::path::Path;

/// The version of the file's format that this server reads.
const VERSION: i64 = 1;

/// Everything that the operator sets.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the API listens.
    pub server: Server,
    /// TLS of the API's listener.
    pub tls: Tls,
    /// How much the server takes at once.
    pub limits: Limits,
    /// Where everything is kept.
    pub database: Database,
    /// The key that bucket credentials are sealed with.
    pub seal: Seal,
    /// Where buckets may be, and how their stores are asked.
    pub stores: Stores,
    /// Where metrics are served.
    pub metrics: Metrics,
    /// What is logged, and how.
    pub log: Log,
    /// The first administrator.
    pub bootstrap: Bootstrap,
    /// How teams come to be.
    pub teams: Teams,
    /// How long signed URLs live at most.
    pub urls: Urls,
    /// From where the server may be asked.
    pub network: Networks,
    effective: toml::Table,
}

/// The environment of the process. The one place that reads it.
pub fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

impl Config {
    /// Reads the file, if one is given, and `environment` over it.
    ///
    /// # Errors
    /// Names the setting, what is wrong with it, and the way out.
    pub fn load(
        path: Option<&Path>,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, Error> {
        let Some(path) = path else {
            return Self::parse("version = 1", environment);
        };
        let text = std::fs::read_to_string(path).map_err(|source| Error::Read {
            path: path.display().to_string(),
            source,
        })?;
        Self::parse(&text, environment)
    }

    /// Reads the text of a file, and `environment` over it.
    ///
    /// # Errors
    /// Names the setting, what is wrong with it, and the way out.
    pub fn parse(text: &str, environment: &BTreeMap<String, String>) -> Result<Self, Error> {
        let mut source = Source::new(parse_toml(text)?, environment);
        let config = Self {
            server: source.section()?,
            tls: source.section()?,
            limits: source.section()?,
            database: source.section()?,
            seal: source.section()?,
            stores: source.section()?,
            metrics: source.section()?,
            log: source.section()?,
            bootstrap: source.section()?,
            teams: source.section()?,
            urls: source.section()?,
            network: source.section()?,
            effective: source.finish()?,
        };
        Ok(config)
    }

    /// The values in force as TOML, with secrets hidden.
    pub fn effective(&self) -> String {
        format!("version = {VERSION}\n\n{}", self.effective)
    }
}

/// Parses the file and takes the version out.
fn parse_toml(text: &str) -> Result<toml::Table, Error> {
    let mut table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        // The library's own text quotes the line, which may hold a secret
        let line = error.span().map(|span| {
            let before = text.get(..span.start).unwrap_or_default();
            before.bytes().filter(|&b| b == b'\n').count() + 1
        });
        Error::Syntax {
            line: line.unwrap_or(0),
        }
    })?;
    match table.remove("version") {
        Some(toml::Value::Integer(VERSION)) => Ok(table),
        found => Err(Error::Version {
            found: found.map_or_else(|| "absent".to_owned(), |value| format!("`{value}`")),
        }),
    }
}

#[cfg(test)]
mod tests;
