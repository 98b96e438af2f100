//! Looks names up for the HTTP client, and hands it only addresses that were judged: what was judged is
//! what is connected to, because nobody looks the name up a second time.

use super::address::{AddressRules, Scheme};
use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

/// Finds the addresses of a name; their port is 0.
pub(super) type Lookup =
    Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// The operating system's look-up.
pub(super) fn system() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
    })
}

/// A resolver whose answers were judged.
pub(super) struct JudgingResolver {
    pub(super) rules: Arc<AddressRules>,
    pub(super) scheme: Scheme,
    pub(super) lookup: Lookup,
}

impl Resolve for JudgingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (rules, scheme) = (Arc::clone(&self.rules), self.scheme);
        let found = (self.lookup)(name.as_str().to_owned());
        Box::pin(async move {
            let found = found.await?;
            let shown = found.clone();
            let allowed = rules.allowed(scheme, found).inspect_err(|forbidden| {
                // For the operator, who has to know which network to list; callers are not told
                tracing::warn!(
                    store.host = name.as_str(),
                    store.addresses = ?shown,
                    "not connected to a store: {forbidden}"
                );
            })?;
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}
