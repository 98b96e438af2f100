//! Cloud Storage by the server's own identity, which has Google sign for a service account.

use super::NoCredential;
use crate::clock::Clock;
use crate::stores::lender::{Mint, Minted};
use crate::stores::signer::{Credential, Iam, SIGN_BLOB_MAX_LIFE};
use async_trait::async_trait;
use protocol::Timestamp;
use reqsign_core::{Context, ProvideCredential as _};
use reqsign_google::{
    DefaultCredentialProvider, DefaultCredentialProviderBuilder, EnvCredentialProvider,
    ServiceAccountTokenCredentialProvider, VmMetadataCredentialProvider,
    WellKnownCredentialProvider,
};
use std::sync::Arc;

/// What IAM's API asks for.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// Mints tokens that have Google sign.
pub(super) struct SigningTokens {
    source: DefaultCredentialProvider,
    service_account: String,
    context: Context,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for SigningTokens {
    /// The providers show what they hold.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningTokens")
            .field("service_account", &self.service_account)
            .finish_non_exhaustive()
    }
}

impl SigningTokens {
    /// The server's own identity is what Google's libraries would find: the file that the environment
    /// names (of whichever kind), the one in its usual place, the machine's account.
    pub(super) fn new(service_account: &str, context: Context, clock: Arc<dyn Clock>) -> Self {
        let source = DefaultCredentialProviderBuilder::new()
            .env(EnvCredentialProvider::new().with_scope(SCOPE))
            .well_known(WellKnownCredentialProvider::new().with_scope(SCOPE))
            .vm_metadata(VmMetadataCredentialProvider::new().with_scope(SCOPE))
            .build();
        Self {
            source,
            service_account: service_account.to_owned(),
            context,
            clock,
        }
    }
}

#[async_trait]
impl Mint for SigningTokens {
    async fn mint(&self) -> Result<Minted, NoCredential> {
        let now = self.clock.now();
        let given = self.source.provide_credential(&self.context).await?;
        let mut given = given.ok_or(NoCredential::Absent)?;
        // A file with a key is exchanged for a token
        if let (None, Some(key)) = (&given.token, given.service_account) {
            let exchange = ServiceAccountTokenCredentialProvider::new(key).with_scope(SCOPE);
            let exchanged = exchange.provide_credential(&self.context).await?;
            given = exchanged.ok_or(NoCredential::Absent)?;
        }
        let token = given.token.ok_or(NoCredential::Absent)?;
        let iam = Iam::new(
            self.context.clone(),
            &self.service_account,
            &token.access_token,
            now.plus(SIGN_BLOB_MAX_LIFE),
        )?;
        Ok(Minted {
            credential: Credential::SignBlob(Arc::new(iam)),
            ends_at: token
                .expires_at
                .map(|at| Timestamp::from_unix_seconds(at.as_second())),
        })
    }
}
