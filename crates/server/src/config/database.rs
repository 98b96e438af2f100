//! `[database]`: where everything is kept.

use super::section::{Kind, Setting, Values, section};
use super::{Error, Secret};
use std::num::NonZeroU32;
use std::path::PathBuf;

section! {
    /// Where everything but the bytes is kept: SQLite for one server, PostgreSQL for any number.
    Database "database" {
        /// `sqlite:PATH`, made when absent, with the ledger in a second file beside it; or
        /// `postgres://USER@HOST/NAME`. One with a password may stand in the environment or in `url_file` alone.
        url: DatabaseUrl = "sqlite:signet.db",
        /// File that holds the URL, instead of `url`.
        url_file: Option<PathBuf>,
        /// Most connections to the database at the same time.
        max_connections: NonZeroU32 = 16,
    }
    check check
}

/// The place of a database; may hold a password, so `Debug` hides it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct DatabaseUrl(Secret);

impl DatabaseUrl {
    /// The URL, to connect with.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    fn has_password(&self) -> bool {
        url::Url::parse(self.expose()).is_ok_and(|url| {
            let in_query = url.query_pairs().any(|(name, _)| name == "password");
            url.password().is_some() || in_query
        })
    }
}

impl TryFrom<String> for DatabaseUrl {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let known = ["sqlite:", "postgres://", "postgresql://"];
        if known.iter().any(|scheme| text.starts_with(scheme)) {
            Ok(Self(Secret::from(text)))
        } else {
            Err("it must begin with `sqlite:` or `postgres://`")
        }
    }
}

impl Setting for DatabaseUrl {
    const KIND: Kind = Kind::Text;

    fn shown(value: &toml::Value) -> toml::Value {
        match value.as_str() {
            Some(text) if text.starts_with("sqlite:") => value.clone(),
            _ => toml::Value::from("(hidden)"),
        }
    }
}

fn check(mut database: Database, values: &Values<'_>) -> Result<Database, Error> {
    if let Some(path) = &database.url_file {
        if values.is_given("url") {
            return Err(values.invalid("url_file", "and `database.url` are both set; keep one"));
        }
        let text = Secret::read("database.url_file", path)?;
        database.url = DatabaseUrl::try_from(text.expose().to_owned())
            .map_err(|fault| values.invalid("url_file", format!("cannot be used: {fault}")))?;
    } else if database.url.has_password() && !values.is_from_environment("url") {
        return Err(values.invalid(
            "url",
            "has a password, which may not stand in this file\nhint: set SIGNET_DATABASE__URL, or name a file that holds the URL in `database.url_file`",
        ));
    }
    Ok(database)
}
