//! Why a value did not parse.

/// A value that is not what its type requires. Names the kind of value and what is wrong with it,
/// never the value itself, which may be a secret pasted into the wrong field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {fault}")]
pub struct ParseError {
    /// What was being parsed, as a noun: `team name`, `entry path`.
    pub kind: &'static str,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing was given.
    #[error("is empty")]
    Empty,
    /// Longer than allowed, in bytes.
    #[error("is {got} bytes long; at most {max} bytes are allowed")]
    TooLong {
        /// Largest length allowed, in bytes.
        max: usize,
        /// Length given, in bytes.
        got: usize,
    },
    /// Shorter than allowed, in bytes.
    #[error("is {got} bytes long; at least {min} bytes are needed")]
    TooShort {
        /// Smallest length allowed, in bytes.
        min: usize,
        /// Length given, in bytes.
        got: usize,
    },
    /// A character that is not allowed, and where it stands.
    #[error("has {character:?} at byte {at}; allowed: {allowed}")]
    Character {
        /// The offending character.
        character: char,
        /// Its offset in bytes.
        at: usize,
        /// What is allowed, in words.
        allowed: &'static str,
    },
    /// A path component that is empty, `.` or `..`.
    #[error("has the component `{component}`; components must not be empty, `.` or `..`")]
    Component {
        /// The offending component.
        component: &'static str,
    },
    /// A word that has a meaning of its own.
    #[error("is reserved: {reason}")]
    Reserved {
        /// Why it cannot be used.
        reason: &'static str,
    },
    /// Not of the expected form.
    #[error("is not of the form {expected}")]
    Form {
        /// The form expected.
        expected: &'static str,
    },
    /// Outside of a range.
    #[error("is out of range: {allowed}")]
    Range {
        /// The allowed range in words.
        allowed: &'static str,
    },
}

impl Fault {
    /// The error for a value of `kind`.
    pub fn of(self, kind: &'static str) -> ParseError {
        ParseError { kind, fault: self }
    }
}
