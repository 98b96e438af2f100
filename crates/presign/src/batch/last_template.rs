//! The template used last, as requests that come one by one are mostly alike.

use std::{
    fmt,
    sync::{PoisonError, RwLock},
};

use super::template::Template;
use crate::{Error, Method, SignedUrl, Window};

/// Keeps one template for requests of objects that bind no header and add no query: the
/// method and the window decide all of it.
#[derive(Default)]
pub(crate) struct LastTemplate(RwLock<Option<Entry>>);

struct Entry {
    method: Method,
    window: Window,
    template: Template,
}

impl LastTemplate {
    /// Signs with the template for this method and window, which is made if it is not the last.
    pub(crate) fn sign(
        &self,
        method: Method,
        window: Window,
        key: &str,
        make: impl FnOnce() -> Result<Template, Error>,
    ) -> Result<SignedUrl, Error> {
        // A poisoned lock holds a whole entry all the same: it is replaced in one step.
        let last = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = &*last
            && (last.method, last.window) == (method, window)
        {
            return Ok(last.template.sign(key));
        }
        drop(last);
        let template = make()?;
        let url = template.sign(key);
        // Whoever is signing with the last one is not to be waited for.
        if let Ok(mut last) = self.0.try_write() {
            *last = Some(Entry {
                method,
                window,
                template,
            });
        }
        Ok(url)
    }
}

impl fmt::Debug for LastTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LastTemplate(hidden)")
    }
}
