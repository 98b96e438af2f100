//! Reads the token of a request: `Bearer` (RFC 6750), or the password of `Basic` (RFC 7617).

use super::AuthError;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use protocol::token::TOKEN_MAX_CHARS;
use zeroize::Zeroizing;

/// SHA-256 of the token that a request carries.
pub(super) fn sha256_of_token(headers: &HeaderMap) -> Result<[u8; 32], AuthError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(AuthError::Missing)?;
    // Two credentials: whoever stands between us and the client may have looked at the other
    if values.next().is_some() {
        return Err(AuthError::Unknown);
    }
    let value = value.as_bytes();
    let space = value.iter().position(|&b| b == b' ');
    let (scheme, rest) = space
        .and_then(|at| value.split_at_checked(at))
        .ok_or(AuthError::Unknown)?;
    let rest = rest.trim_ascii();
    if scheme.eq_ignore_ascii_case(b"bearer") {
        hash(rest)
    } else if scheme.eq_ignore_ascii_case(b"basic") {
        let pair = Zeroizing::new(STANDARD.decode(rest).map_err(|_| AuthError::Unknown)?);
        let colon = pair.iter().position(|&b| b == b':');
        let password = colon
            .and_then(|at| pair.get(at + 1..))
            .ok_or(AuthError::Unknown)?;
        hash(password)
    } else {
        Err(AuthError::Unknown)
    }
}

fn hash(token: &[u8]) -> Result<[u8; 32], AuthError> {
    if token.is_empty() || token.len() > TOKEN_MAX_CHARS {
        return Err(AuthError::Unknown);
    }
    digest::digest(&digest::SHA256, token)
        .as_ref()
        .try_into()
        .map_err(|_| AuthError::Unknown)
}
