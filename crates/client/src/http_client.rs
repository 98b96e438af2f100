//! The two HTTP clients: one for the API, one for stores. TLS by rustls with aws-lc-rs and the
//! system's roots; redirects are answers like any other, never followed with a token or a signed URL.

use crate::error::Error;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls_platform_verifier::Verifier;
use std::sync::Arc;
use std::time::Duration;

/// What both clients are built from.
#[derive(Debug, Clone)]
pub(crate) struct HttpSettings {
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) system_proxy: bool,
    pub(crate) extra_roots: Vec<CertificateDer<'static>>,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Some(Duration::from_secs(10)),
            idle_timeout: Some(Duration::from_mins(1)),
            system_proxy: true,
            extra_roots: Vec::new(),
        }
    }
}

/// Which protocols TLS offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Versions {
    /// HTTP/2 and HTTP/1.1.
    Both,
    /// HTTP/1.1: bulk data goes faster over many connections than over one.
    Http1,
}

impl HttpSettings {
    /// Reads certificates of further roots from PEM.
    pub(crate) fn add_roots(&mut self, pem: &[u8]) -> Result<(), Error> {
        let before = self.extra_roots.len();
        for root in CertificateDer::pem_slice_iter(pem) {
            let root = root.map_err(|_| Error::setup("the root certificates are not valid PEM"))?;
            self.extra_roots.push(root);
        }
        if self.extra_roots.len() == before {
            return Err(Error::setup("there is no certificate in the given PEM"));
        }
        Ok(())
    }

    /// The client of the API. Its idle timeout covers the wait for an answer too.
    pub(crate) fn api(&self) -> Result<reqwest::Client, Error> {
        let mut builder = self.base(Versions::Both)?;
        if let Some(timeout) = self.idle_timeout {
            builder = builder.read_timeout(timeout);
        }
        build(builder)
    }

    /// The client of stores. Without a timeout of its own: a body may take hours to send, so
    /// whoever sends it watches that bytes move.
    pub(crate) fn store(&self) -> Result<reqwest::Client, Error> {
        build(self.base(Versions::Http1)?.http1_only())
    }

    fn base(&self, versions: Versions) -> Result<reqwest::ClientBuilder, Error> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(self.tls(versions)?)
            .user_agent(concat!("signet/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .pool_idle_timeout(self.idle_timeout)
            .tcp_nodelay(true);
        if let Some(timeout) = self.connect_timeout {
            builder = builder.connect_timeout(timeout);
        }
        if !self.system_proxy {
            builder = builder.no_proxy();
        }
        Ok(builder)
    }

    fn tls(&self, versions: Versions) -> Result<rustls::ClientConfig, Error> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let unusable = |_| Error::setup("TLS cannot be set up with the system's cryptography");
        let builder = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(unusable)?;
        let mut config = match self.verifier(provider) {
            Ok(verifier) => builder
                .dangerous()
                .with_custom_certificate_verifier(verifier)
                .with_no_client_auth(),
            Err(error) => {
                // A slim container without roots can still speak to a server on loopback
                tracing::warn!(%error, "no root certificates: every https connection will fail");
                builder
                    .with_root_certificates(rustls::RootCertStore::empty())
                    .with_no_client_auth()
            }
        };
        config.alpn_protocols = match versions {
            Versions::Both => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            Versions::Http1 => vec![b"http/1.1".to_vec()],
        };
        Ok(config)
    }

    fn verifier(
        &self,
        provider: Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ServerCertVerifier>, rustls::Error> {
        let roots = self.extra_roots.iter().cloned();
        Ok(Arc::new(Verifier::new_with_extra_roots(roots, provider)?))
    }
}

fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, Error> {
    builder
        .build()
        .map_err(|_| Error::setup("the HTTP client cannot be set up"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_that_are_not_certificates_are_refused() {
        let mut settings = HttpSettings::default();
        assert!(settings.add_roots(b"no certificate").is_err());
        let broken = b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
        assert!(settings.add_roots(broken).is_err());
    }
}
