//! The access key that both schemes derive signing keys from: an id and a secret.

use crate::{CredentialFault, Error, Secret};

#[derive(Clone, Debug)]
pub(crate) struct AccessKey {
    id: Box<str>,
    secret: Secret,
}

impl AccessKey {
    pub(crate) fn new(id: Box<str>, secret: Secret) -> Result<Self, Error> {
        if !is_id(&id) {
            return Err(Error::InvalidCredential(CredentialFault::AccessKeyId));
        }
        if secret.is_empty() {
            return Err(Error::InvalidCredential(CredentialFault::SecretAccessKey));
        }
        Ok(Self { id, secret })
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn secret(&self) -> &Secret {
        &self.secret
    }
}

/// Whether a text can stand before the scope, whose fields a `/` separates.
pub(crate) fn is_id(text: &str) -> bool {
    let printable = |byte: u8| byte.is_ascii_graphic() && byte != b'/';
    !text.is_empty() && text.bytes().all(printable)
}
