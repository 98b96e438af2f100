//! What can be wrong with a configuration.

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read.
    #[error("configuration file `{path}` cannot be read")]
    Read {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("the configuration file is not TOML: see line {line}")]
    Syntax {
        /// Where, counted from 1.
        line: usize,
    },
    /// The file was written for another version of the format.
    #[error("`version` is {found}\nhint: write `version = 1` on the first line")]
    Version {
        /// What stands there.
        found: String,
    },
    /// There is no such section or setting.
    #[error("there is no setting `{name}`{origin}\nhint: known here are {known}")]
    Unknown {
        /// The section or setting.
        name: String,
        /// Where it was given, when not in the file.
        origin: String,
        /// What there is instead.
        known: String,
    },
    /// A setting that has no default is absent.
    #[error("`{setting}` is not set\nhint: {hint}")]
    Missing {
        /// The setting.
        setting: String,
        /// The way out.
        hint: String,
    },
    /// A setting has a value that it cannot have.
    #[error("`{setting}`{origin} {fault}")]
    Invalid {
        /// The setting.
        setting: String,
        /// Where it was given, when not in the file.
        origin: String,
        /// What is wrong, and the way out; never a secret.
        fault: String,
    },
    /// A file named by a setting cannot be used.
    #[error("`{setting}` names `{path}`, which cannot be read")]
    File {
        /// The setting.
        setting: &'static str,
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    /// A fault that two settings have together.
    pub(super) fn invalid(setting: &str, fault: impl Into<String>) -> Self {
        Self::Invalid {
            setting: setting.to_owned(),
            origin: String::new(),
            fault: fault.into(),
        }
    }
}
