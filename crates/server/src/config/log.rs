//! `[log]`: what is logged, and how.

use super::section::{Kind, Setting, section};

section! {
    /// What is logged on standard error, and how.
    Log "log" {
        /// Least level that is logged: `error`, `warn`, `info`, `debug` or `trace`; or levels by module, as
        /// `info,server::ledger=debug`. Libraries are heard from `warn` on, whatever stands here: their finer
        /// levels may hold what must not be logged.
        level: LogFilter = "info",
        /// `json`, one object a line; or `text`, for people.
        format: LogFormat = "json",
    }
}

/// Which levels of which modules are logged.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct LogFilter(String);

impl LogFilter {
    /// The filter's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for LogFilter {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        match tracing_subscriber::EnvFilter::try_new(&text) {
            Ok(_) if !text.is_empty() => Ok(Self(text)),
            _ => Err("it must be a level, or levels by module, as `info,server::ledger=debug`"),
        }
    }
}

impl Setting for LogFilter {
    const KIND: Kind = Kind::Text;
}

/// What a line of the log looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One object a line.
    Json,
    /// For people.
    Text,
}

impl Setting for LogFormat {
    const KIND: Kind = Kind::Text;
}
