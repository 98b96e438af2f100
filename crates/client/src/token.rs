//! The token that requests carry.

use crate::error::Error;
use std::str::FromStr;

/// An API token. `Debug` hides it, and there is no `Display`.
///
/// ```
/// let token: client::Token = "signet-0123456789abcdefghijklmnopqrstuvwxyzABCD".parse()?;
/// assert_eq!(format!("{token:?}"), "Token(hidden)");
/// assert!("two words".parse::<client::Token>().is_err());
/// # Ok::<(), client::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Box<str>);

impl Token {
    /// The token's text. Send or store it; never log it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for Token {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::Setup {
                reason: "the token is empty, or has characters that no token has".to_owned(),
            });
        }
        Ok(Self(text.into()))
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(hidden)")
    }
}
