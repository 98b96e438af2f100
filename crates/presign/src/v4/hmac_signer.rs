//! Signing with a symmetric key, one URL or many: the same in both schemes.

use super::{
    outline::{Authority, Outline},
    parameter::Parameter,
    signing_key::{DayKeys, KeySource},
    site::{Site, encode_keys},
};
use crate::{
    BatchRequest, Error, Kernel, Request, SignedUrl, Target, UrlBuffer, Window,
    batch::{LastTemplate, Parts, Template},
};

/// What is kept from one signature for the next.
#[derive(Default)]
pub(crate) struct Kept {
    day_keys: DayKeys,
    last_template: LastTemplate,
}

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
        let common = BatchRequest::of(request);
        let (path, key) = self.site.path_and_key(request.target)?;
        let is_of_object = matches!(request.target, Target::Object(_));
        if is_of_object && common.headers.is_empty() && common.query.is_empty() {
            let last = &self.kept.last_template;
            last.sign(common.method, window, &key, || {
                self.put_together(&common, path, window, Template::new)
            })
        } else {
            self.put_together(&common, path, window, |parts| parts.sign(&key))
        }
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
        let path = self.site.object_path();
        let template = self.put_together(request, path, window, Template::new)?;
        template.sign_batch(kernel, encode_keys(keys), urls)
    }

    /// Checks all that does not depend on the key, and gives it to `work`.
    fn put_together<T>(
        &self,
        request: &BatchRequest<'_>,
        path: &str,
        window: Window,
        work: impl FnOnce(&Parts<'_>) -> T,
    ) -> Result<T, Error> {
        let day_key = self.kept.day_keys.get(&self.source, window.from);
        let authority = Authority {
            algorithm: self.algorithm,
            credential: &day_key.credential,
            scope: &day_key.scope,
            token: self.token.clone(),
        };
        let outline = Outline::new(self.source.dialect, self.site, authority, request, window)?;
        Ok(work(&outline.parts(path, day_key.key.hmac())))
    }
}
