//! Exit codes: part of the command line's contract.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | something unexpected |
//! | 2 | wrong use, or a value that cannot be |
//! | 3 | not signed in |
//! | 4 | forbidden, or absent |
//! | 5 | conflict |
//! | 6 | network or storage |
//! | 7 | digest mismatch |

use crate::output::Output;
use protocol::ErrorCode;
use std::process::ExitCode;

const UNEXPECTED: u8 = 1;
const USAGE: u8 = 2;
const NOT_SIGNED_IN: u8 = 3;
const FORBIDDEN: u8 = 4;
const CONFLICT: u8 = 5;
const NETWORK: u8 = 6;
const DIGEST: u8 = 7;

/// What the person at the command line can mend without asking anybody.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UserError {
    /// A value or a combination that cannot be.
    #[error("{0}")]
    Usage(String),
    /// There is no token to go with.
    #[error("not signed in to {server}\nhint: `signet login {server}`")]
    NotSignedIn {
        /// The server's address.
        server: String,
    },
    /// A store does not do what it must.
    #[error("{0}")]
    Storage(String),
}

/// Ends after clap refused the arguments, or printed help.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // Nothing is left to do when the terminal is gone
    let _ = error.print();
    if error.use_stderr() {
        ExitCode::from(USAGE)
    } else {
        ExitCode::SUCCESS
    }
}

/// Tells what failed, and ends with its code.
pub(crate) fn failed(output: Output, error: &anyhow::Error) -> ExitCode {
    let code = code(error);
    output.failure(error, code);
    ExitCode::from(code)
}

fn code(error: &anyhow::Error) -> u8 {
    error.chain().find_map(known).unwrap_or(UNEXPECTED)
}

fn known(cause: &(dyn std::error::Error + 'static)) -> Option<u8> {
    if let Some(error) = cause.downcast_ref::<UserError>() {
        return Some(match error {
            UserError::Usage(_) => USAGE,
            UserError::NotSignedIn { .. } => NOT_SIGNED_IN,
            UserError::Storage(_) => NETWORK,
        });
    }
    if cause.is::<protocol::ParseError>() {
        return Some(USAGE);
    }
    let error = cause.downcast_ref::<client::Error>()?;
    if let Some(code) = error.code() {
        return Some(of_api(code));
    }
    Some(match error {
        client::Error::Setup { .. }
        | client::Error::Names(_)
        | client::Error::UnsafeName { .. }
        | client::Error::Collision { .. } => USAGE,
        client::Error::DigestMismatch { .. } | client::Error::SizeMismatch { .. } => DIGEST,
        client::Error::SourceChanged { .. }
        | client::Error::Replaced { .. }
        | client::Error::Incomplete { .. } => CONFLICT,
        client::Error::File { .. } => UNEXPECTED,
        _ => NETWORK,
    })
}

fn of_api(code: ErrorCode) -> u8 {
    match code {
        ErrorCode::Unauthenticated => NOT_SIGNED_IN,
        ErrorCode::Forbidden | ErrorCode::Suspended | ErrorCode::NotFound | ErrorCode::Limited => {
            FORBIDDEN
        }
        ErrorCode::Conflict | ErrorCode::ContentMismatch => CONFLICT,
        ErrorCode::Invalid | ErrorCode::Malformed | ErrorCode::TooLarge => USAGE,
        ErrorCode::Internal => UNEXPECTED,
        _ => NETWORK,
    }
}
