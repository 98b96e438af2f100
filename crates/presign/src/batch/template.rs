//! All of a signed URL that does not depend on the key.

use std::{borrow::Cow, mem};

use crate::{
    SignedUrl, encode,
    kernel::{Kernel, Seal},
};

use super::{
    frame::{Frame, Groups},
    midstate::{HmacKey, Midstate},
    url_buffer::UrlBuffer,
    window::{WINDOW, in_windows},
};

/// What a template is made of; everything is encoded already.
pub(crate) struct Parts<'a> {
    pub(crate) method: &'a str,
    /// Scheme and host.
    pub(crate) base_url: &'a str,
    /// The path up to the key.
    pub(crate) path: &'a str,
    /// The canonical query, without the signature.
    pub(crate) query: &'a str,
    /// Each canonical header and a newline.
    pub(crate) header_lines: &'a str,
    /// The headers' names, joined by `;`.
    pub(crate) header_names: &'a str,
    /// The payload line.
    pub(crate) payload: &'a str,
    /// The string to sign, as far as the canonical request's hash.
    pub(crate) string_to_sign: [&'a str; 6],
    /// The key derived for the scope.
    pub(crate) key: &'a HmacKey,
    /// The name of the parameter that takes the signature.
    pub(crate) signature_name: &'a str,
}

/// Signs URLs that differ in the key alone.
pub(crate) struct Template {
    /// The URL up to the key.
    url_head: String,
    /// The URL from the key to the signature.
    url_tail: String,
    canonical_request: Frame,
    seal: Seal,
}

impl Parts<'_> {
    /// Signs for one key, which is encoded, without a template that others could use.
    pub(crate) fn sign(&self, key: &str) -> SignedUrl {
        let Self {
            base_url,
            path,
            query,
            ..
        } = *self;
        let mut pieces = [&[][..]; 12];
        let opening = self.opening().into_iter().chain([path, key]);
        for (place, piece) in pieces.iter_mut().zip(opening.chain(self.closing())) {
            *place = piece.as_bytes();
        }
        let digest = Midstate::new().digest(&pieces);
        let signature = self.seal().sign(&digest);
        let digits = encode::digits_as_str(&signature);
        let url = [
            base_url,
            path,
            key,
            "?",
            query,
            "&",
            self.signature_name,
            "=",
            digits,
        ];
        SignedUrl::new(url.concat())
    }

    /// The canonical request up to the path.
    const fn opening(&self) -> [&str; 2] {
        [self.method, "\n"]
    }

    /// The canonical request from the end of the path on.
    const fn closing(&self) -> [&str; 8] {
        [
            "\n",
            self.query,
            "\n",
            self.header_lines,
            "\n",
            self.header_names,
            "\n",
            self.payload,
        ]
    }

    fn seal(&self) -> Seal {
        let mut string_to_sign = self.key.inner();
        for piece in self.string_to_sign {
            string_to_sign.absorb(piece.as_bytes());
        }
        string_to_sign.seal(self.key)
    }
}

impl Template {
    pub(crate) fn new(parts: &Parts<'_>) -> Self {
        let mut opening = Midstate::new();
        for piece in parts.opening() {
            opening.absorb(piece.as_bytes());
        }
        opening.absorb(parts.path.as_bytes());
        Self {
            url_head: [parts.base_url, parts.path].concat(),
            url_tail: ["?", parts.query, "&", parts.signature_name, "="].concat(),
            canonical_request: Frame {
                opening,
                closing: parts.closing().concat().into_bytes(),
            },
            seal: parts.seal(),
        }
    }

    /// Signs for one key, which is encoded.
    pub(crate) fn sign(&self, key: &str) -> SignedUrl {
        let digest = self.canonical_request.digest(key.as_bytes());
        let signature = self.seal.sign(&digest);
        let url = [
            &self.url_head,
            key,
            &self.url_tail,
            encode::digits_as_str(&signature),
        ];
        SignedUrl::new(url.concat())
    }

    /// Signs for many keys, which come encoded, and appends their URLs to `urls`; on an
    /// error among the keys leaves `urls` as it was.
    pub(crate) fn sign_batch<'k, E>(
        &self,
        kernel: Kernel,
        keys: impl Iterator<Item = Result<Cow<'k, str>, E>>,
        urls: &mut UrlBuffer,
    ) -> Result<(), E> {
        let mut groups = Groups::new(&self.canonical_request);
        let mut signatures = [[0; 64]; WINDOW];
        let mut digits_at = [0; WINDOW];
        urls.append_all(|urls| {
            in_windows(keys, |window| {
                let mut free = signatures.as_mut_slice();
                let order = groups.each(window, |job| {
                    let (group, behind) = mem::take(&mut free).split_at_mut(job.messages.len());
                    kernel.sign(job, &self.seal, group);
                    free = behind;
                });
                for (position, place) in order.iter().enumerate() {
                    if let Some(at) = digits_at.get_mut(*place) {
                        *at = 64 * position;
                    }
                }
                let keys_bytes: usize = window.iter().map(|key| key.len()).sum();
                let each_bytes = self.url_head.len() + self.url_tail.len() + 64;
                urls.reserve(window.len(), keys_bytes + window.len() * each_bytes);
                let digits = encode::digits_as_str(signatures.as_flattened());
                for (key, at) in window.iter().zip(digits_at) {
                    let signature = digits.get(at..at + 64).unwrap_or_default();
                    urls.push(&self.url_head, key, &self.url_tail, signature);
                }
            })
        })
    }
}
