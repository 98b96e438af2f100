//! Signing many keys at once: what is the same is done once, what is left is done in lanes.
//!
//! # What signing one URL costs
//!
//! A Signature Version 4 (and Google's HMAC variant, which differs in words alone) is three
//! SHA-256 hashes, one within the other:
//!
//! ```text
//! request = SHA-256("GET\n/" key "\n" query "\n" headers "\n" … "UNSIGNED-PAYLOAD")
//! inner   = SHA-256(key block ⊕ ipad, algorithm "\n" time "\n" scope "\n" hex(request))
//! mac     = SHA-256(key block ⊕ opad, inner)                        the URL ends in hex(mac)
//! ```
//!
//! SHA-256 eats its message in *blocks* of 64 bytes, each by a *compression*, which makes a new
//! *state* of 32 bytes from the last one. For a key of 60 characters that is 6 compressions for
//! the request, 4 for the inner hash, 2 for the outer: all of the time, when it is done well.
//!
//! # What is the same for all keys
//!
//! - **Beginnings.** The state after a common beginning is the same for all messages: a
//!   [`Midstate`] keeps it. Each hash of the MAC starts with a block made of the signing key, and
//!   the inner one goes on with a block of algorithm, time and scope; so 3 of the 12 compressions
//!   fall away. If all keys begin with the same 59 bytes or so, a fourth does.
//! - **Ends.** Behind the key come query and headers, the same for all. They cannot be hashed
//!   before the key is. But a compression first expands its block into 64 words, a third of its
//!   work, and that needs no state: for keys of the same length it is done once
//!   ([`Repeated`](crate::kernel::Repeated)).
//! - **All else.** [`Template`] holds the URL's text on both sides of the key, the messages'
//!   [`Frame`]s, and the states, made and checked once for a batch.
//!
//! # What is left
//!
//! Nine compressions for each URL, in a chain: each needs the one before. But those of other
//! URLs are independent. A [`Kernel`](crate::Kernel) does the same step for up to 32 URLs at
//! once, each of them in a *lane*:
//!
//! ```text
//! keys ─► window of 256, by length ─► groups of 32 ─► lanes: request ─► hex ─► inner ─► outer ─► hex
//!                                                                                                 │
//! UrlBuffer ◄──────────────────────────── head + key + tail + signature, in the keys' order ◄─────┘
//! ```
//!
//! Keys of different lengths can be in one group: whose message has ended sits out. They are
//! sorted so that it seldom happens, and that ends can be shared.
//!
//! # Azure
//!
//! A shared access signature is the MAC alone, of a text with the blob's name in its middle: one
//! [`Frame`], of which [`Macs`] computes the HMACs in the same lanes. Two or three compressions
//! a URL are left; writing the signature in base64 takes as long.
//!
//! # One URL
//!
//! One URL alone takes the same way without lanes and templates; only the state of algorithm,
//! time and scope is kept for the next one of the same second (`v4::kept`).

mod frame;
mod macs;
mod midstate;
mod request;
mod template;
mod url_buffer;
mod window;

pub(crate) use frame::Frame;
pub(crate) use macs::Macs;
pub(crate) use midstate::{HmacKey, Midstate};
pub use request::BatchRequest;
pub(crate) use template::{Parts, Template};
pub use url_buffer::{Iter, SignedUrlRef, UrlBuffer};
pub(crate) use window::in_windows;
