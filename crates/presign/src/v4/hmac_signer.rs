//! Signing with a symmetric key, one URL or many: the same in both schemes.

use super::{
    kept::{Kept, StampAndSeal},
    outline::Outline,
    parameter::Parameter,
    signing_key::KeySource,
    site::{Site, encode_keys},
    stamp::{Authority, Stamp},
};
use crate::{
    BatchRequest, Error, Kernel, Request, SignedUrl, UrlBuffer, Window,
    batch::{Parts, Template},
    encode,
    kernel::Signature,
};

/// One symmetric key, for one bucket.
pub(crate) struct HmacSigner<'a> {
    /// Belongs to this key and this bucket alone.
    pub(crate) kept: &'a Kept,
    pub(crate) site: &'a Site,
    pub(crate) source: KeySource<'a>,
    pub(crate) algorithm: &'static str,
    /// A parameter that the key brings along.
    pub(crate) token: Option<Parameter<'a>>,
}

impl HmacSigner<'_> {
    /// Signs the request for the window, which has been checked.
    pub(crate) fn sign(&self, request: &Request<'_>, window: Window) -> Result<SignedUrl, Error> {
        let (path, key) = self.site.path_and_key(request.target)?;
        let common = BatchRequest::of(request);
        let outline = Outline::new(self.source.dialect, self.site, &common)?;
        Ok(self.with_stamp_and_seal(window, |stamp_and_seal| {
            sign(&outline, stamp_and_seal, path, &key)
        }))
    }

    /// Signs the same request for many objects, for the window, which has been checked.
    pub(crate) fn sign_batch<'k>(
        &self,
        kernel: Kernel,
        request: &BatchRequest<'_>,
        keys: impl IntoIterator<Item = &'k str>,
        window: Window,
        urls: &mut UrlBuffer,
    ) -> Result<(), Error> {
        let outline = Outline::new(self.source.dialect, self.site, request)?;
        let template = self.with_stamp_and_seal(window, |StampAndSeal { stamp, seal, .. }| {
            Template::new(&Parts {
                method: outline.method,
                base_url: outline.base_url,
                path: self.site.object_path(),
                query: &outline.query(stamp),
                closing: &outline.closing,
                signature_name: outline.dialect.signature,
                seal,
            })
        });
        template.sign_batch(kernel, encode_keys(keys), urls)
    }

    /// Does work with what all URLs of the window have in common.
    fn with_stamp_and_seal<T>(&self, window: Window, work: impl FnOnce(&StampAndSeal) -> T) -> T {
        let make = || {
            let day_key = self.kept.day_keys.get(&self.source, window.from);
            let authority = Authority {
                algorithm: self.algorithm,
                credential: &day_key.credential,
                scope: &day_key.scope,
                token: self.token.clone(),
            };
            let stamp = Stamp::new(self.source.dialect, authority, window);
            StampAndSeal {
                window,
                seal: day_key.key.seal(&stamp),
                stamp,
            }
        };
        self.kept.with(window, make, work)
    }
}

/// Signs a request for one path and key, which are encoded. What is signed of the URL is written
/// into it first, and hashed from there.
fn sign(
    outline: &Outline<'_>,
    StampAndSeal { stamp, seal, .. }: &StampAndSeal,
    path: &str,
    key: &str,
) -> SignedUrl {
    let signature_name = outline.dialect.signature;
    let uri = [outline.base_url, path, key];
    let uri_bytes: usize = uri.iter().map(|piece| piece.len()).sum();
    let query_bytes = outline.query_bytes(stamp);
    let signature_bytes = signature_name.len() + "=".len() + size_of::<Signature>();
    let mut url = String::with_capacity(uri_bytes + "?".len() + query_bytes + signature_bytes);
    for piece in uri {
        url.push_str(piece);
    }
    url.push('?');
    outline.write_query(stamp, &mut url);

    let (_, signed) = url.split_at(outline.base_url.len());
    let (uri, query) = signed.split_at(path.len() + key.len());
    // Neither the first `?` nor the last `&` is signed.
    let query = query.get(1..query.len() - 1).unwrap_or_default();
    let signature = outline.sign(uri, query, seal);
    url.push_str(signature_name);
    url.push('=');
    url.push_str(encode::digits_as_str(&signature));
    SignedUrl::new(url)
}
