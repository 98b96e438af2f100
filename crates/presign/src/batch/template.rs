//! All of a signed URL that does not depend on the key.

use std::{borrow::Cow, mem};

use crate::{
    encode,
    kernel::{Kernel, Seal},
};

use super::{
    frame::{Frame, Groups},
    midstate::Midstate,
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
    /// The canonical request from the end of the query on.
    pub(crate) closing: &'a str,
    /// Signs the hashes of canonical requests.
    pub(crate) seal: &'a Seal,
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

impl Template {
    pub(crate) fn new(parts: &Parts<'_>) -> Self {
        let mut opening = Midstate::new();
        for piece in [parts.method, "\n", parts.path] {
            opening.absorb(piece.as_bytes());
        }
        Self {
            url_head: [parts.base_url, parts.path].concat(),
            url_tail: ["?", parts.query, "&", parts.signature_name, "="].concat(),
            canonical_request: Frame {
                opening,
                closing: ["\n", parts.query, parts.closing].concat().into_bytes(),
            },
            seal: parts.seal.clone(),
        }
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
