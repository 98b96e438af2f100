//! Why no document can be made.

use protocol::{ParseError, TeamName};

/// Settings from which no right document can be made, or a document that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A text that is not of the form that it must have.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// Nobody uses the bucket, so there is nothing to allow.
    #[error("no team uses the bucket\nhint: give it to a team first")]
    NoTeam,
    /// A team's root that is not beneath the bucket's prefix.
    #[error("the root of team `{team}` is not beneath the bucket's prefix")]
    OutsidePrefix {
        /// The team.
        team: TeamName,
    },
    /// A session's root that is not beneath the bucket's prefix.
    #[error("the session's root is not beneath the bucket's prefix")]
    RootOutsidePrefix,
    /// A session that could do nothing.
    #[error("a session must be for at least one operation")]
    NoOperation,
    /// A character that cannot be written into a policy without meaning something else.
    #[error(
        "{character:?} in a key's prefix cannot be written into a policy of this store\nhint: choose a prefix without it"
    )]
    CannotEscape {
        /// The character.
        character: char,
    },
    /// An ARN that belongs to another partition than the bucket.
    #[error("`{arn}` is not of the bucket's partition `{partition}`")]
    OtherPartition {
        /// The ARN.
        arn: String,
        /// The bucket's partition.
        partition: &'static str,
    },
    /// An ARN whose account AWS cannot have.
    #[error("`{arn}` does not name a role or user of an AWS account, whose number has 12 digits")]
    NotOfAws {
        /// The ARN.
        arn: String,
    },
    /// An identity that is assumed must be a role.
    #[error(
        "`{arn}` cannot be assumed\nhint: the signing identity must be a role when Signet assumes it"
    )]
    NotARole {
        /// The ARN.
        arn: String,
    },
    /// A store that lacks what was asked for.
    #[error("stores other than AWS have no {what}")]
    NotInStore {
        /// What it lacks.
        what: &'static str,
    },
    /// A limit of signatures' age that breaks good requests.
    #[error(
        "signatures cannot be limited to {seconds} s: below {min} s good requests fail at random\nhint: allow at least {min} s"
    )]
    SignatureAge {
        /// The limit asked for, in seconds.
        seconds: u64,
        /// The least that works, in seconds.
        min: u64,
    },
    /// Access logs of a bucket that would be written into the bucket itself.
    #[error(
        "the bucket's access log would log its own delivery\nhint: choose another bucket as target"
    )]
    LogsItself,
    /// A session policy that STS does not take.
    #[error(
        "the session policy has {got} characters; STS takes {max}\nhint: name fewer networks, or choose a shorter prefix"
    )]
    SessionPolicyTooLong {
        /// Its length in characters.
        got: usize,
        /// The most that STS takes.
        max: usize,
    },
    /// What is there already is not a document of that kind.
    #[error("what is there already cannot be merged with: {what}")]
    NotMergeable {
        /// What is wrong with it.
        what: &'static str,
    },
}
