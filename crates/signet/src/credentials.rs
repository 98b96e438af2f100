//! Where `signet login` keeps tokens: one file, readable by its owner alone.

use crate::exit::UserError;
use anyhow::Context as _;
use client::Token;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The file's content: one token a server.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    /// The server to use when none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default: Option<String>,
    #[serde(default)]
    tokens: BTreeMap<String, String>,
}

/// The credentials file.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    path: PathBuf,
}

impl Credentials {
    /// The file at `path`, else in the user's configuration directory.
    pub(crate) fn at(path: Option<PathBuf>) -> anyhow::Result<Self> {
        let path = match path {
            Some(path) => path,
            None => config_dir()
                .context("no home directory; name the file by --credentials")?
                .join("credentials.toml"),
        };
        Ok(Self { path })
    }

    /// The server to use when none is named.
    pub(crate) fn default_server(&self) -> anyhow::Result<Option<String>> {
        Ok(self.read()?.default)
    }

    /// The token for `server`.
    pub(crate) fn token(&self, server: &str) -> anyhow::Result<Token> {
        let stored = self.read()?;
        let token = stored
            .tokens
            .get(server)
            .ok_or_else(|| UserError::NotSignedIn {
                server: server.to_owned(),
            })?;
        token
            .parse()
            .with_context(|| format!("the token in {} cannot be used", self.path.display()))
    }

    /// Keeps `token` for `server`, which becomes the default.
    pub(crate) fn keep(&self, server: &str, token: &Token) -> anyhow::Result<&Path> {
        let mut stored = self.read()?;
        stored
            .tokens
            .insert(server.to_owned(), token.expose().to_owned());
        stored.default = Some(server.to_owned());
        let text = toml::to_string(&stored)?;
        let directory = self
            .path
            .parent()
            .context("the credentials file has no directory")?;
        std::fs::create_dir_all(directory)
            .with_context(|| format!("cannot make {}", directory.display()))?;
        // Mode 0600 from its first byte on, and never half written
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        file.write_all(text.as_bytes())?;
        file.persist(&self.path)
            .with_context(|| format!("cannot write {}", self.path.display()))?;
        Ok(&self.path)
    }

    fn read(&self) -> anyhow::Result<Stored> {
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Stored::default());
            }
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", self.path.display()));
            }
        };
        // The parser's own message would quote the line, and with it a token
        toml::from_str(&text).ok().with_context(|| {
            format!(
                "{} is not a credentials file\nhint: delete it and run `signet login`",
                self.path.display()
            )
        })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that looks for the home directory"
)]
fn config_dir() -> Option<PathBuf> {
    let base = match std::env::var("XDG_CONFIG_HOME") {
        Ok(directory) if Path::new(&directory).is_absolute() => PathBuf::from(directory),
        _ => PathBuf::from(std::env::var("HOME").ok().filter(|home| !home.is_empty())?)
            .join(".config"),
    };
    Some(base.join("signet"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn tokens_are_kept_for_their_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let credentials =
            Credentials::at(Some(directory.path().join("signet/credentials.toml"))).unwrap();
        let token: Token = "signet-0123456789abcdefghijklmnopqrstuvwxyzABCD"
            .parse()
            .unwrap();
        let path = credentials.keep("http://127.0.0.1:1", &token).unwrap();
        assert_eq!(
            std::fs::metadata(path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(
            credentials.token("http://127.0.0.1:1").unwrap().expose(),
            token.expose()
        );
        assert_eq!(
            credentials.default_server().unwrap().as_deref(),
            Some("http://127.0.0.1:1")
        );
        assert!(credentials.token("http://127.0.0.1:2").is_err());
    }

    #[test]
    fn a_broken_file_is_told_without_its_content() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("credentials.toml");
        std::fs::write(&path, "tokens = \"signet-secret\n").unwrap();
        let error = Credentials::at(Some(path))
            .unwrap()
            .default_server()
            .unwrap_err();
        assert!(!format!("{error:#}").contains("signet-secret"));
    }
}
