//! How policy says no.

/// Why a request was refused, and whether the caller may know that what it asked for exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Denial {
    /// The caller may not know that it exists: 404.
    #[error("not found")]
    Hidden(Rule),
    /// The caller knows that it exists: 403.
    #[error("{0}")]
    Forbidden(Rule),
}

impl Denial {
    /// The rule that said no.
    pub fn rule(self) -> Rule {
        match self {
            Self::Hidden(rule) | Self::Forbidden(rule) => rule,
        }
    }
}

/// The rule that said no. The text is for the caller, the name for the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Rule {
    /// The principal is suspended or removed.
    #[error("this account is suspended; ask an administrator of the instance")]
    PrincipalSuspended,
    /// The token has expired.
    #[error("this token has expired; make a new one")]
    TokenExpired,
    /// The token was revoked while the request was decided.
    #[error("this token was revoked; make a new one")]
    TokenRevoked,
    /// The caller is not in the team.
    #[error("you are not a member of this team; ask an admin of the team")]
    NotAMember,
    /// The caller's role does not allow it.
    #[error("your role in this team does not allow this; ask an admin of the team")]
    RoleTooLow,
    /// Only an instance admin may do this.
    #[error("only an administrator of the instance may do this")]
    NotInstanceAdmin,
    /// Only a person may do this.
    #[error("only a user may do this, not a service account")]
    NotAUser,
    /// It belongs to somebody else.
    #[error("this was begun by somebody else")]
    NotOwner,
    /// The team is suspended or removed.
    #[error("this team is suspended; ask an administrator of the instance")]
    TeamSuspended,
    /// The team has no bucket.
    #[error(
        "this team has no bucket, and the instance has no default; ask an administrator of the instance"
    )]
    NoBucket,
    /// The bucket is suspended or removed.
    #[error("the bucket of this team is suspended; ask an administrator of the instance")]
    BucketSuspended,
    /// It was begun in a bucket that is not the team's any more.
    #[error("this was begun in a bucket that is no longer the team's; begin anew")]
    BucketMoved,
    /// What it is about is no longer open.
    #[error("this is no longer open")]
    NotOpen,
    /// What it is about has run out of time.
    #[error("this has expired; begin anew")]
    Expired,
    /// A limit allows reading only.
    #[error("a limit allows reading only")]
    LimitReadOnly,
    /// A limit allows no download.
    #[error("a limit allows no downloads")]
    LimitNoDownload,
    /// A limit allows no object of this size.
    #[error("a limit allows no object as large as this")]
    LimitObjectSize,
    /// It may not be asked from the caller's network.
    #[error(
        "this may not be asked from your network; ask from an allowed one, or have an administrator of the instance allow yours"
    )]
    NetworkNotAllowed,
    /// The URLs were to be held to a network that is not allowed.
    #[error(
        "`network` does not lie within one of the allowed networks; name one that does, or have an administrator of the instance allow it"
    )]
    PinNotAllowed,
    /// A principal may not do this to itself.
    #[error("you may not do this to your own account")]
    NotToYourself,
}

impl Rule {
    /// The rule's name in the ledger.
    pub fn name(self) -> &'static str {
        match self {
            Self::PrincipalSuspended => "principal-suspended",
            Self::TokenExpired => "token-expired",
            Self::TokenRevoked => "token-revoked",
            Self::NotAMember => "not-a-member",
            Self::RoleTooLow => "role-too-low",
            Self::NotInstanceAdmin => "not-instance-admin",
            Self::NotAUser => "not-a-user",
            Self::NotOwner => "not-owner",
            Self::TeamSuspended => "team-suspended",
            Self::NoBucket => "no-bucket",
            Self::BucketSuspended => "bucket-suspended",
            Self::BucketMoved => "bucket-moved",
            Self::NotOpen => "not-open",
            Self::Expired => "expired",
            Self::LimitReadOnly => "limit-read-only",
            Self::LimitNoDownload => "limit-no-download",
            Self::LimitObjectSize => "limit-object-size",
            Self::NetworkNotAllowed => "network-not-allowed",
            Self::PinNotAllowed => "pin-not-allowed",
            Self::NotToYourself => "not-to-yourself",
        }
    }
}
