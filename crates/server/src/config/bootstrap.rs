//! `[bootstrap]`: the first administrator.

use super::Error;
use super::section::{Values, section};
use protocol::{PrincipalName, Sha256Digest};

section! {
    /// The first administrator of the instance: made at start when there is none yet, and never changed by it later.
    Bootstrap "bootstrap" {
        /// The administrator's name.
        admin: Option<PrincipalName>,
        /// SHA-256 of the administrator's token, in hexadecimal. The token itself is not needed here.
        admin_token_sha256: Option<Sha256Digest>,
    }
    check check
}

impl Bootstrap {
    /// The first administrator and the SHA-256 of its token, if configured.
    pub fn first_admin(&self) -> Option<(&PrincipalName, Sha256Digest)> {
        self.admin.as_ref().zip(self.admin_token_sha256)
    }
}

fn check(bootstrap: Bootstrap, values: &Values<'_>) -> Result<Bootstrap, Error> {
    match (&bootstrap.admin, &bootstrap.admin_token_sha256) {
        (Some(_), None) => Err(values.invalid(
            "admin_token_sha256",
            "is needed beside `bootstrap.admin`\nhint: make one with `printf %s TOKEN | sha256sum`, from a token of at least 40 random characters",
        )),
        (None, Some(_)) => Err(values.invalid(
            "admin",
            "is needed beside `bootstrap.admin_token_sha256`",
        )),
        _ => Ok(bootstrap),
    }
}
