//! The names of the query parameters that make up a shared access signature.

pub(super) const ADDRESSES: &str = "sip";
pub(super) const AUTHORIZED_AGENT: &str = "saoid";
pub(super) const CORRELATION_ID: &str = "scid";
pub(super) const ENCRYPTION_SCOPE: &str = "ses";
pub(super) const EXPIRY: &str = "se";
pub(super) const KEY_EXPIRY: &str = "ske";
pub(super) const KEY_OBJECT_ID: &str = "skoid";
pub(super) const KEY_SERVICE: &str = "sks";
pub(super) const KEY_START: &str = "skt";
pub(super) const KEY_TENANT_ID: &str = "sktid";
pub(super) const KEY_USER_TENANT_ID: &str = "skdutid";
pub(super) const KEY_VERSION: &str = "skv";
pub(super) const PERMISSIONS: &str = "sp";
pub(super) const POLICY: &str = "si";
pub(super) const PROTOCOLS: &str = "spr";
pub(super) const RESOURCE: &str = "sr";
pub(super) const SIGNATURE: &str = "sig";
pub(super) const SIGNED_HEADERS: &str = "srh";
pub(super) const SIGNED_PARAMETERS: &str = "srq";
pub(super) const START: &str = "st";
pub(super) const UNAUTHORIZED_AGENT: &str = "suoid";
pub(super) const USER_OBJECT_ID: &str = "sduoid";
pub(super) const VERSION: &str = "sv";

/// What replaces headers of the response, in the order of the string to sign.
pub(super) const OVERRIDES: [&str; 5] = ["rscc", "rscd", "rsce", "rscl", "rsct"];

/// A blob's snapshot and version: part of the string to sign where the URL is for one of those.
pub(super) const SNAPSHOT: &str = "snapshot";
pub(super) const VERSION_ID: &str = "versionid";

const RESERVED: [&str; 26] = [
    ADDRESSES,
    AUTHORIZED_AGENT,
    CORRELATION_ID,
    ENCRYPTION_SCOPE,
    EXPIRY,
    KEY_EXPIRY,
    KEY_OBJECT_ID,
    KEY_SERVICE,
    KEY_START,
    KEY_TENANT_ID,
    KEY_USER_TENANT_ID,
    KEY_VERSION,
    PERMISSIONS,
    POLICY,
    PROTOCOLS,
    RESOURCE,
    SIGNATURE,
    SIGNED_HEADERS,
    SIGNED_PARAMETERS,
    START,
    UNAUTHORIZED_AGENT,
    USER_OBJECT_ID,
    VERSION,
    // A directory's depth, and what makes a signature one for the whole account.
    "sdd",
    "srt",
    "ss",
];

/// Whether the parameter of this name, in any case, is part of a received signature.
pub(super) fn is_part(name: &str) -> bool {
    is_reserved(name)
        || OVERRIDES
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether the parameter of this name, in any case, is one that only the signer sets.
pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
}
