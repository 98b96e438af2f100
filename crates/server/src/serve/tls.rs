//! TLS of a listener: rustls with aws-lc-rs.

use crate::config::Tls;
use axum_server::tls_rustls::RustlsConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;

/// Why TLS cannot be spoken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read, or is not what it must be.
    #[error("`{setting}` names `{path}`, which holds no {what} in PEM that can be read: {fault}")]
    File {
        /// The setting that names it.
        setting: &'static str,
        /// The file.
        path: String,
        /// What it must hold.
        what: &'static str,
        /// What is wrong; never what the file holds.
        fault: String,
    },
    /// The certificate and the key do not fit each other.
    #[error("the certificate in `tls.cert_file` cannot be used with the key in `tls.key_file`")]
    Unfit(#[source] rustls::Error),
}

/// What a listener needs to speak TLS 1.2 and 1.3, with HTTP/2 and HTTP/1.1 to choose from; `None` when
/// it is not configured.
///
/// # Errors
/// When the files cannot be read, or do not fit each other.
pub(super) fn load(tls: &Tls) -> Result<Option<RustlsConfig>, Error> {
    let Some((certificates, key)) = tls.files() else {
        return Ok(None);
    };
    let chain = CertificateDer::pem_file_iter(certificates)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|fault| unreadable("tls.cert_file", certificates, "certificate", &fault))?;
    let key = PrivateKeyDer::from_pem_file(key)
        .map_err(|fault| unreadable("tls.key_file", key, "private key", &fault))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Error::Unfit)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(Error::Unfit)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Some(RustlsConfig::from_config(Arc::new(config))))
}

fn unreadable(
    setting: &'static str,
    path: &Path,
    what: &'static str,
    fault: &rustls::pki_types::pem::Error,
) -> Error {
    Error::File {
        setting,
        path: path.display().to_string(),
        what,
        fault: fault.to_string(),
    }
}
