//! All of a signed URL that does not depend on the blob's name.

use super::{
    encoded_signature::EncodedSignature, endpoint::check_name, signing_key::SigningKey, url::Draft,
};
use crate::{
    Error, Kernel, UrlBuffer,
    batch::{Frame, HmacKey, Macs, in_windows},
    encode,
};

/// What a signature takes in most URLs, in bytes: 43 digits, some of them encoded, and `%3D`.
const USUAL_SIGNATURE_BYTES: usize = 50;

/// Signs URLs that differ in the blob's name alone.
pub(super) struct Template<'a> {
    /// The URL up to the name.
    url_head: String,
    /// The URL from the name to the signature.
    url_tail: String,
    /// The name, not encoded, is the middle.
    string_to_sign: Frame,
    key: &'a HmacKey,
}

impl<'a> Template<'a> {
    /// Takes a draft in which some blob is named.
    pub(super) fn new(draft: &Draft<'_>, key: &'a SigningKey) -> Self {
        let key = key.hmac();
        let mut string_to_sign = Frame {
            opening: key.inner(),
            closing: Vec::new(),
        };
        let mut opening = Vec::new();
        draft.signed.push_before_name(&mut opening);
        string_to_sign.opening.absorb(&opening);
        draft.signed.push_after_name(&mut string_to_sign.closing);
        let (mut url_head, mut url_tail) = (String::new(), String::new());
        draft.push_before_name(&mut url_head);
        draft.push_after_name(&mut url_tail);
        Self {
            url_head,
            url_tail,
            string_to_sign,
            key,
        }
    }

    /// Signs for many blobs, and appends their URLs to `urls`; on an error among the names leaves
    /// `urls` as it was.
    pub(super) fn sign_batch<'n>(
        &self,
        kernel: Kernel,
        names: impl IntoIterator<Item = &'n str>,
        urls: &mut UrlBuffer,
    ) -> Result<(), Error> {
        let names = names.into_iter().enumerate().map(|(index, name)| {
            check_name(name).map_err(|fault| Error::InvalidKeyInBatch { index, fault })
        });
        let mut macs = Macs::new(kernel, self.key, &self.string_to_sign);
        urls.append_all(|urls| {
            in_windows(names, |names| {
                let names_bytes: usize = names.iter().map(|name| name.len()).sum();
                let each_bytes = self.url_head.len() + self.url_tail.len() + USUAL_SIGNATURE_BYTES;
                urls.reserve(names.len(), names_bytes + names.len() * each_bytes);
                for (name, mac) in names.iter().zip(macs.of(names)) {
                    let signature = EncodedSignature::new(mac);
                    urls.push(
                        &self.url_head,
                        &encode::path(name),
                        &self.url_tail,
                        signature.as_str(),
                    );
                }
            })
        })
    }
}
