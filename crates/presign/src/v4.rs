//! What AWS's Signature Version 4 and Google's V4 signing share: all but their words.
//!
//! Both hash a [canonical request](canonical_request), tie the hash to a time
//! and a scope in the [string to sign](string_to_sign), and sign that, with a
//! [key derived for one day](signing_key) where the secret is a symmetric one.
//! A [`Dialect`](dialect::Dialect) holds the words of one scheme.
//!
//! The signers check a request and bring it into canonical form in an
//! [`Outline`](outline::Outline), to which a [`Stamp`](stamp::Stamp) adds who signs
//! and when. From there [symmetric keys](hmac_signer) sign one URL, or many by the
//! templates of [`batch`](crate::batch), and all others a [`Draft`](draft::Draft) at
//! a time. The verifiers read what the query [claims](authentication) about a request as it
//! arrived, and take the same steps with [what is said to be signed](signed).

pub(crate) mod access_key;
pub(crate) mod authentication;
pub(crate) mod canonical_request;
pub(crate) mod dialect;
pub(crate) mod draft;
pub(crate) mod fault;
pub(crate) mod header;
pub(crate) mod hmac_signer;
pub(crate) mod hosts;
pub(crate) mod kept;
pub(crate) mod mismatch;
pub(crate) mod outline;
pub(crate) mod parameter;
pub(crate) mod received;
pub(crate) mod resource;
pub(crate) mod signed;
pub(crate) mod signing_key;
pub(crate) mod site;
pub(crate) mod stamp;
pub(crate) mod string_to_sign;
