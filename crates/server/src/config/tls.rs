//! `[tls]`: TLS of the API's listener.

use super::Error;
use super::section::{Values, section};
use std::path::PathBuf;

section! {
    /// TLS of the API's listener. Without it the API speaks plain HTTP, for a proxy in front or for loopback.
    Tls "tls" {
        /// File with the certificate chain in PEM, the server's own certificate first.
        cert_file: Option<PathBuf>,
        /// File with the private key in PEM.
        key_file: Option<PathBuf>,
    }
    check check
}

impl Tls {
    /// The files of the certificate chain and of the private key, if TLS is configured.
    pub fn files(&self) -> Option<(&PathBuf, &PathBuf)> {
        self.cert_file.as_ref().zip(self.key_file.as_ref())
    }
}

fn check(tls: Tls, values: &Values<'_>) -> Result<Tls, Error> {
    match (&tls.cert_file, &tls.key_file) {
        (Some(_), None) => Err(values.invalid("key_file", "is needed beside `tls.cert_file`")),
        (None, Some(_)) => Err(values.invalid("cert_file", "is needed beside `tls.key_file`")),
        _ => Ok(tls),
    }
}
