//! What can be wrong with a received request before its signature is looked at.

use crate::Timestamp;

/// The steps that both schemes' verifiers take; each has its own words for them.
#[derive(Debug)]
pub(crate) enum Fault {
    InvalidUri,
    InvalidHeader { name: Box<str> },
    UnknownHost,
    SeveralMechanisms,
    MissingParameter { name: &'static str },
    DuplicateParameter { name: Box<str> },
    UnsupportedAlgorithm,
    MalformedCredential,
    WrongScopeDate,
    WrongService,
    WrongTerminator,
    MalformedDate,
    InvalidExpires,
    MalformedSignedHeaders,
    HostNotSigned,
    NotYetValid { issued_at: Timestamp },
    Expired { expires_at: Timestamp },
    UnsignedHeaders { names: Vec<Box<str>> },
    MissingSignedHeader { name: Box<str> },
}
