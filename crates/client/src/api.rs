//! The typed API: one method a route, by area.

mod admin;
mod artifact;
mod audit;
mod identity;
mod transfer;

pub use artifact::CommitAnswer;
pub use audit::{EventFilter, GrantFilter};

use crate::error::{Error, Result};
use crate::http_client::HttpSettings;
use crate::retry::{Jitter, RetryPolicy};
use crate::store::Store;
use crate::token::Token;
use protocol::Page;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// The API of one Signet server, as one caller. Cheap to clone.
///
/// ```no_run
/// # async fn example() -> client::Result<()> {
/// let token = "signet-0123456789abcdefghijklmnopqrstuvwxyzABCD".parse()?;
/// let api = client::Api::new("https://signet.example.com", token)?;
/// println!("signed in as {}", api.me().await?.principal.name);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Api(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    base: Url,
    token: Option<Token>,
    http: reqwest::Client,
    store: Store,
    retry: RetryPolicy,
    jitter: Jitter,
}

/// How an [`Api`] is to behave; from [`Api::builder`].
///
/// ```
/// let api = client::Api::builder("http://127.0.0.1:8080").system_proxy(false).build()?;
/// # Ok::<(), client::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ApiBuilder {
    base: String,
    token: Option<Token>,
    http: HttpSettings,
    retry: RetryPolicy,
    seed: Option<u64>,
}

impl Api {
    /// The API of the server at this address, with the token's rights and the usual settings.
    ///
    /// # Errors
    /// When the address is not an `http` or `https` URL without query.
    pub fn new(base: &str, token: Token) -> Result<Self> {
        Self::builder(base).token(token).build()
    }

    /// Settings for the API of the server at this address.
    pub fn builder(base: impl Into<String>) -> ApiBuilder {
        ApiBuilder {
            base: base.into(),
            token: None,
            http: HttpSettings::default(),
            retry: RetryPolicy::default(),
            seed: None,
        }
    }

    /// The server's address.
    pub fn base(&self) -> &Url {
        &self.0.base
    }

    pub(crate) fn token(&self) -> Option<&Token> {
        self.0.token.as_ref()
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.0.http
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn retry(&self) -> RetryPolicy {
        self.0.retry
    }

    pub(crate) fn jitter(&self) -> &Jitter {
        &self.0.jitter
    }
}

impl ApiBuilder {
    /// Calls with this token. Without one, only `health` and `ready` answer.
    #[must_use]
    pub fn token(mut self, token: Token) -> Self {
        self.token = Some(token);
        self
    }

    /// How failed requests are tried again, to the API and to stores.
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// The longest wait for a connection; `None` waits as long as the system does. Default: 10 s.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.http.connect_timeout = timeout;
        self
    }

    /// The longest time in which nothing is sent or received; `None` waits for ever. Default: 60 s.
    #[must_use]
    pub fn idle_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.http.idle_timeout = timeout;
        self
    }

    /// Whether the proxy that the system names is used. Default: yes.
    #[must_use]
    pub fn system_proxy(mut self, used: bool) -> Self {
        self.http.system_proxy = used;
        self
    }

    /// Trusts these certificates, in PEM, besides the system's roots.
    ///
    /// # Errors
    /// When there is no certificate in it.
    pub fn add_root_certificates(mut self, pem: &[u8]) -> Result<Self> {
        self.http.add_roots(pem)?;
        Ok(self)
    }

    /// Seeds the jitter of pauses, to repeat a run. Default: a seed of its own each time.
    #[must_use]
    pub fn jitter_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Sets the client up.
    ///
    /// # Errors
    /// When the address is not an `http` or `https` URL without user, query and fragment, or TLS
    /// cannot be set up.
    pub fn build(self) -> Result<Api> {
        let base = base_url(&self.base)?;
        let seed = self.seed.unwrap_or_else(|| {
            // The standard library seeds each hasher anew
            std::hash::RandomState::new().build_hasher().finish()
        });
        Ok(Api(Arc::new(Inner {
            base,
            token: self.token,
            http: self.http.api()?,
            store: Store::new(self.http.store()?, self.http.idle_timeout),
            retry: self.retry,
            jitter: Jitter::new(seed),
        })))
    }
}

fn base_url(text: &str) -> Result<Url> {
    let url = Url::parse(text).map_err(|_| {
        Error::setup("the server's address is not a URL; give one as `https://signet.example.com`")
    })?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if plain {
        Ok(url)
    } else {
        Err(Error::setup(
            "the server's address must be `http` or `https`, without user, query and fragment",
        ))
    }
}

/// Reads a listing to its end.
///
/// ```no_run
/// # async fn example(api: client::Api) -> client::Result<()> {
/// let teams = client::collect_pages(|after| {
///     let api = api.clone();
///     async move { api.list_teams(after.as_deref()).await }
/// })
/// .await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The first error of `list`; [`Error::Answer`] when the listing goes in circles.
pub async fn collect_pages<T, F, R>(mut list: F) -> Result<Vec<T>>
where
    F: FnMut(Option<String>) -> R,
    R: Future<Output = Result<Page<T>>>,
{
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = list(after.clone()).await?;
        all.extend(page.items);
        if page.next.is_none() {
            return Ok(all);
        }
        if page.next == after {
            return Err(Error::answer(
                crate::error::Peer::Server,
                "repeats a page of the listing",
            ));
        }
        after = page.next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_would_leak_or_mislead_is_refused() {
        for bad in [
            "signet.example",
            "ftp://signet.example",
            "https://u:p@signet.example",
            "https://signet.example/?a=b",
            "https://signet.example/#a",
            "",
        ] {
            assert!(Api::builder(bad).build().is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn debug_hides_the_token() {
        let secret = "signet-0123456789abcdefghijklmnopqrstuvwxyzABCD";
        let api = Api::new("https://signet.example", secret.parse().unwrap()).unwrap();
        assert!(!format!("{api:?}").contains("0123456789"));
    }
}
