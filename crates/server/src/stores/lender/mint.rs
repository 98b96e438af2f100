//! Where credentials that end come from.

use crate::stores::plan::NoCredential;
use crate::stores::signer::Credential;
use async_trait::async_trait;
use protocol::Timestamp;

/// A credential, and to when it can be signed with.
#[derive(Debug, Clone)]
pub(in crate::stores) struct Minted {
    pub(in crate::stores) credential: Credential,
    /// `None`: it does not say.
    pub(in crate::stores) ends_at: Option<Timestamp>,
}

/// Mints one credential after another.
#[async_trait]
pub(in crate::stores) trait Mint: std::fmt::Debug + Send + Sync {
    /// A credential as of now.
    async fn mint(&self) -> Result<Minted, NoCredential>;
}
