//! Access keys that the server has by itself: from its environment, files, container or machine.

use super::NoCredential;
use crate::stores::lender::{Mint, Minted};
use crate::stores::signer::Credential;
use async_trait::async_trait;
use presign::s3;
use protocol::Timestamp;
use reqsign_aws_v4::{
    AssumeRoleWithWebIdentityCredentialProvider, Credential as Given, DefaultCredentialProvider,
    ECSCredentialProvider, EnvCredentialProvider, IMDSv2CredentialProvider,
    ProfileCredentialProvider,
};
use reqsign_core::{Context, ProvideCredential as _, ProvideCredentialDyn};
use std::path::PathBuf;
use std::sync::Arc;

/// Where access keys come from.
pub(super) type Source = Arc<dyn ProvideCredentialDyn<Credential = Given>>;

/// Says when the environment's key ends, as tools that write it there do.
const ENVIRONMENT_ENDS: &str = "AWS_CREDENTIAL_EXPIRATION";
/// What the log of AWS shows of sessions that are no team's.
pub(super) const OWN_SESSION: &str = "signet";

pub(super) fn environment() -> Source {
    Arc::new(EnvCredentialProvider::new())
}

pub(super) fn profile(name: &str) -> Source {
    Arc::new(ProfileCredentialProvider::new().with_profile(name))
}

pub(super) fn container_metadata() -> Source {
    Arc::new(ECSCredentialProvider::new())
}

pub(super) fn instance_metadata() -> Source {
    Arc::new(IMDSv2CredentialProvider::new())
}

/// A token in a file, by the region's security token service.
pub(super) fn web_identity(role_arn: &str, token_file: &str, region: &str) -> Source {
    let provider = AssumeRoleWithWebIdentityCredentialProvider::with_config(
        role_arn.to_owned(),
        PathBuf::from(token_file),
    );
    Arc::new(
        provider
            .with_role_session_name(OWN_SESSION.to_owned())
            .with_region(region.to_owned())
            .with_regional_sts_endpoint(),
    )
}

/// Whatever the server has: environment, profile, web identity, container, machine, in this order. A
/// profile's own commands are not run.
pub(super) fn own_identity() -> Source {
    Arc::new(DefaultCredentialProvider::builder().no_process().build())
}

/// Mints access keys from a source.
pub(super) struct AccessKeys {
    pub(super) source: Source,
    pub(super) context: Context,
}

impl std::fmt::Debug for AccessKeys {
    /// The providers show what they hold.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessKeys").finish_non_exhaustive()
    }
}

#[async_trait]
impl Mint for AccessKeys {
    async fn mint(&self) -> Result<Minted, NoCredential> {
        let given = self.source.provide_credential(&self.context).await?;
        let mut minted = given.ok_or(NoCredential::Absent)?;
        if minted.expires_in.is_none() && minted.session_token.is_some() {
            let ends = self.context.env_var(ENVIRONMENT_ENDS);
            let is_the_environments = self.context.env_var("AWS_ACCESS_KEY_ID").as_deref()
                == Some(minted.access_key_id.as_str());
            minted.expires_in = ends
                .filter(|_| is_the_environments)
                .and_then(|ends| ends.parse().ok());
        }
        access_key(minted)
    }
}

/// The key in our words.
pub(super) fn access_key(given: Given) -> Result<Minted, NoCredential> {
    let ends_at = given
        .expires_in
        .map(|at| Timestamp::from_unix_seconds(at.as_second()));
    let key = s3::Credential::new(given.access_key_id, given.secret_access_key.as_str())
        .and_then(|key| match given.session_token {
            None => Ok(key),
            Some(token) => {
                let ends_at =
                    ends_at.map(|at| presign::Timestamp::from_unix_seconds(at.unix_seconds()));
                key.with_session(token.as_str(), ends_at)
            }
        })
        .map_err(|_| NoCredential::Unusable)?;
    Ok(Minted {
        credential: Credential::S3(key),
        ends_at,
    })
}
