//! What can go wrong, in terms that a caller can act on.
//!
//! No message holds a URL, a token or anything else that a server sent unasked: reasons that come
//! from outside are escaped and cut.

use protocol::{Digest, EntryPath, ErrorCode};
use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Signet said no.
    #[error(transparent)]
    Api(Box<ApiError>),
    /// The store said no.
    #[error(transparent)]
    Store(Box<StoreError>),
    /// No answer: the connection could not be made, or broke.
    #[error("the connection to {peer} failed")]
    Network {
        /// Who was asked.
        peer: Peer,
        /// Why, without the URL.
        source: reqwest::Error,
    },
    /// Nothing was sent or received for too long.
    #[error("the connection to {peer} stood still for {seconds} seconds")]
    Stalled {
        /// Who was asked.
        peer: Peer,
        /// How long was waited.
        seconds: u64,
    },
    /// The answer ended before it was whole.
    #[error("the answer of {peer} ended early")]
    Truncated {
        /// Who answered.
        peer: Peer,
    },
    /// An answer that does not keep to the contract.
    #[error("the answer of {peer} {reason}")]
    Answer {
        /// Who answered.
        peer: Peer,
        /// What is wrong with it.
        reason: String,
    },
    /// The client cannot be set up like this.
    #[error("{reason}")]
    Setup {
        /// What is wrong, and the way out.
        reason: String,
    },
    /// A fault of this client, better told than panicked about.
    #[error("{reason}; this is a fault of the client")]
    Internal {
        /// What went wrong.
        reason: &'static str,
    },
    /// Files that cannot go up under their names. Nothing was sent.
    #[error(transparent)]
    Names(Box<Names>),
    /// A file or folder of this machine.
    #[error("cannot {action} `{path}`")]
    File {
        /// What was to be done.
        action: &'static str,
        /// The file or folder.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
    /// A file changed between being hashed and being sent; the store took nothing of it.
    #[error("`{path}` changed while it was being uploaded; put it again when nothing writes to it")]
    SourceChanged {
        /// The file.
        path: String,
    },
    /// What was downloaded is not what was uploaded. Nothing was kept of it.
    #[error("`{path}` has the digest `{actual}` instead of `{expected}`")]
    DigestMismatch {
        /// The entry or key.
        path: String,
        /// The digest that it must have.
        expected: Digest,
        /// The digest of what came.
        actual: Digest,
    },
    /// What the store has is not of the announced size. Nothing was kept of it.
    #[error("`{path}` has {actual} bytes in the store instead of {expected}")]
    SizeMismatch {
        /// The entry or key.
        path: String,
        /// The size announced, in bytes.
        expected: u64,
        /// The size in the store, in bytes.
        actual: u64,
    },
    /// The object was replaced in the store while it was being downloaded.
    #[error("`{path}` was replaced while it was being downloaded; get it again")]
    Replaced {
        /// The entry or key.
        path: String,
    },
    /// A name that must not be written. Nothing was written for it.
    #[error("refused the name `{name}`: {reason}")]
    UnsafeName {
        /// The name, escaped.
        name: String,
        /// Why.
        reason: String,
    },
    /// Two names that the target directory cannot tell apart. Neither was written.
    #[error("`{first}` and `{second}` are one name in the file system of the target directory")]
    Collision {
        /// The name that came first.
        first: String,
        /// The name that came second.
        second: String,
    },
    /// The bucket does not hold what was sent to it.
    #[error("the bucket still misses {missing} of the files after they were sent again")]
    Incomplete {
        /// Number of files.
        missing: usize,
    },
}

impl Error {
    /// Whether the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Api(error) => matches!(error.status, 408 | 429 | 500 | 502..=504),
            Self::Store(error) => error.is_retryable(),
            Self::Network { .. } | Self::Stalled { .. } | Self::Truncated { .. } => true,
            _ => false,
        }
    }

    /// The stable code of Signet's answer.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Api(error) => error.code,
            _ => None,
        }
    }

    /// The HTTP status of the answer, of Signet or of the store.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Api(error) => Some(error.status),
            Self::Store(error) => Some(error.status),
            _ => None,
        }
    }

    /// How long the answer asked to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Api(error) => error.retry_after,
            Self::Store(error) => error.retry_after,
            _ => None,
        }
    }

    pub(crate) fn network(peer: Peer, error: reqwest::Error) -> Self {
        Self::Network {
            peer,
            source: error.without_url(),
        }
    }

    pub(crate) fn answer(peer: Peer, reason: impl Into<String>) -> Self {
        Self::Answer {
            peer,
            reason: reason.into(),
        }
    }

    pub(crate) fn setup(reason: impl Into<String>) -> Self {
        Self::Setup {
            reason: reason.into(),
        }
    }

    pub(crate) fn internal(reason: &'static str) -> Self {
        Self::Internal { reason }
    }

    pub(crate) fn file(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::File {
            action,
            path: printable(&path.to_string_lossy()),
            source,
        }
    }

    pub(crate) fn unsafe_name(name: &str, reason: impl Display) -> Self {
        Self::UnsafeName {
            name: printable(name),
            reason: reason.to_string(),
        }
    }

    pub(crate) fn lost_task(error: &tokio::task::JoinError) -> Self {
        Self::Internal {
            reason: if error.is_cancelled() {
                "the runtime is shutting down"
            } else {
                "a worker thread panicked"
            },
        }
    }
}

/// Who was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// The Signet server.
    Server,
    /// The team's store.
    Store,
}

impl Display for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Server => "the Signet server",
            Self::Store => "the store",
        })
    }
}

/// An answer of Signet that is not a success (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// The stable code; absent when this client does not know it, or somebody else answered.
    pub code: Option<ErrorCode>,
    /// What happened and the way out, for a person.
    pub detail: String,
    /// The field at fault, as a path into the body.
    pub field: Option<String>,
    /// Finds the request in the server's log and in the ledger.
    pub request_id: Option<String>,
    /// How long the server asked to wait.
    pub retry_after: Option<Duration>,
}

impl Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail)?;
        if let Some(field) = &self.field {
            write!(f, " (field `{field}`)")?;
        }
        write!(f, " [status {}", self.status)?;
        if let Some(code) = self.code {
            write!(f, ", code `{}`", code.as_str())?;
        }
        if let Some(id) = &self.request_id {
            write!(f, ", request `{id}`")?;
        }
        if let Some(wait) = self.retry_after {
            write!(f, ", try again after {} s", wait.as_secs())?;
        }
        f.write_str("]")
    }
}

impl std::error::Error for ApiError {}

/// An answer of the store that is not a success.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreError {
    /// What was to be done: `upload`, `download`.
    pub action: &'static str,
    /// The entry or key that it was about.
    pub path: String,
    /// The HTTP status.
    pub status: u16,
    /// The store's own code: `AccessDenied`.
    pub code: Option<String>,
    /// Finds the request in the store's log.
    pub request_id: Option<String>,
    /// How long the store asked to wait.
    pub retry_after: Option<Duration>,
}

impl Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "the store refused to {} `{}` [status {}",
            self.action, self.path, self.status
        )?;
        if let Some(code) = &self.code {
            write!(f, ", code `{code}`")?;
        }
        if let Some(id) = &self.request_id {
            write!(f, ", request `{id}`")?;
        }
        f.write_str("]")
    }
}

impl std::error::Error for StoreError {}

/// Files that cannot go up under their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// Each of them, in the order found.
    pub problems: Vec<NameProblem>,
}

/// A file that cannot go up, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameProblem {
    /// Its path beneath the source, escaped.
    pub name: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Names {
    /// How many are named in the message.
    const SHOWN: usize = 20;
}

impl Display for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = self.problems.len();
        write!(f, "nothing was sent, because of {count} of the files:")?;
        for problem in self.problems.iter().take(Self::SHOWN) {
            write!(f, "\n  `{}` {}", problem.name, problem.reason)?;
        }
        if count > Self::SHOWN {
            write!(f, "\n  and {} more", count - Self::SHOWN)?;
        }
        Ok(())
    }
}

impl std::error::Error for Names {}

/// Text from outside for a message: control characters escaped, at most 1,100 bytes or so.
pub(crate) fn printable(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(1_100)
        .flat_map(|c| {
            let escape =
                c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            let (plain, escaped) = if escape {
                (None, Some(c.escape_unicode()))
            } else {
                (Some(c), None)
            };
            plain.into_iter().chain(escaped.into_iter().flatten())
        })
        .collect();
    if text.chars().nth(1_100).is_some() {
        shown.push('…');
    }
    shown
}

/// An entry's path for a message or a report.
pub(crate) fn shown(path: &EntryPath) -> String {
    printable(path.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_cannot_steer_a_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\n"), "a\\u{1b}[31mb\\u{a}");
        assert_eq!(printable("é \u{202e}x"), "é \\u{202e}x");
        assert!(printable(&"x".repeat(5_000)).ends_with('…'));
    }

    #[test]
    fn a_message_names_what_a_person_needs() {
        let error = ApiError {
            status: 422,
            code: Some(ErrorCode::Invalid),
            detail: "team name is empty".to_owned(),
            field: Some("name".to_owned()),
            request_id: Some("req_1".to_owned()),
            retry_after: None,
        };
        assert_eq!(
            error.to_string(),
            "team name is empty (field `name`) [status 422, code `invalid`, request `req_1`]"
        );
        let names = Names {
            problems: (0..25)
                .map(|n| NameProblem {
                    name: n.to_string(),
                    reason: "is odd".to_owned(),
                })
                .collect(),
        };
        assert!(names.to_string().ends_with("and 5 more"));
    }
}
