//! Whether the server may be relied on: `signet serve`, or `signet dev` and `demo`.

use super::Error;
use crate::db::{Db, setting::claim_setting};

const SETTING: &str = "mode";

/// What a server, and its database for good, is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// For people who rely on it.
    Production,
    /// For trying things out on one machine: its secrets are made up and its store is a folder. Listens
    /// on loopback alone, and answers to no other host name, so that no web page can reach it by one.
    Development,
}

impl Mode {
    fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Development => "development",
        }
    }

    /// Marks a new database, and refuses one of the other mode.
    pub(super) async fn claim(self, db: &Db) -> Result<(), Error> {
        let kept = claim_setting(db, SETTING, self.as_str()).await?;
        if kept == self.as_str() {
            Ok(())
        } else {
            Err(Error::OtherMode { kept })
        }
    }
}
