//! Sessions of a role: for each team one that opens its root alone.

use super::s3::{OWN_SESSION, Source, access_key};
use super::sts::StsElsewhere;
use super::{Narrowed, NoCredential};
use crate::stores::Error;
use crate::stores::lender::{Mint, MintSessions, Minted, Tenant};
use async_trait::async_trait;
use protocol::Network;
use reqsign_aws_v4::{AssumeRoleGrant, AssumeRoleGranter, Credential as Given};
use reqsign_core::{Context, GrantCredential as _, ProvideCredential as _, SigningCredential as _};
use std::sync::Arc;
use std::time::Duration;

/// The longest name of a session, in characters.
const MAX_SESSION_NAME: usize = 64;

/// A role, and who assumes it.
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) external_id: Option<String>,
    pub(super) session: Duration,
    pub(super) region: String,
    /// What each team's session is narrowed to.
    pub(super) narrowed: Narrowed,
    pub(super) source: Source,
    /// Where the source is looked for.
    pub(super) own: Context,
    /// Where the service answers; `None`: Amazon's, in the region.
    pub(super) sts_endpoint: Option<http::Uri>,
    /// Who sends to it.
    pub(super) named: Context,
    /// The key that assumes the role, while it is good.
    pub(super) key: tokio::sync::Mutex<Option<Given>>,
}

impl std::fmt::Debug for Role {
    /// The providers show what they hold.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Role")
            .field("arn", &self.arn)
            .finish_non_exhaustive()
    }
}

impl Role {
    /// The key that assumes the role. Many sessions are minted with one.
    async fn key(&self) -> Result<Given, NoCredential> {
        let mut kept = self.key.lock().await;
        if let Some(key) = kept.as_ref().filter(|key| key.is_valid()) {
            return Ok(key.clone());
        }
        let given = self.source.provide_credential(&self.own).await?;
        let given = given.ok_or(NoCredential::Absent)?;
        Ok(kept.insert(given).clone())
    }
}

/// Mints sessions of a role.
#[derive(Debug, Clone)]
pub(super) struct RoleSessions(pub(super) Arc<Role>);

impl RoleSessions {
    fn session(&self, name: String, policy: Option<String>) -> Box<dyn Mint> {
        let role = Arc::clone(&self.0);
        Box::new(Session { role, name, policy })
    }
}

impl MintSessions for RoleSessions {
    /// The role's own policy bounds it: the server looks into the whole bucket, and must be able to
    /// tell an object that is not there from one that it may not see.
    fn own(&self) -> Box<dyn Mint> {
        self.session(OWN_SESSION.to_owned(), None)
    }

    fn of_team(&self, team: Tenant<'_>, networks: &[Network]) -> Result<Box<dyn Mint>, Error> {
        let policy = self.0.narrowed.policy(team, networks)?;
        Ok(self.session(session_name(team.name), Some(policy)))
    }
}

/// What the store's log shows of a team's session.
fn session_name(team: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let name = team.chars().map(|c| if allowed(c) { c } else { '-' });
    format!("{OWN_SESSION}-")
        .chars()
        .chain(name)
        .take(MAX_SESSION_NAME)
        .collect()
}

#[derive(Debug)]
struct Session {
    role: Arc<Role>,
    name: String,
    policy: Option<String>,
}

#[async_trait]
impl Mint for Session {
    async fn mint(&self) -> Result<Minted, NoCredential> {
        let role = &*self.role;
        let mut grant = AssumeRoleGrant::new(&role.arn, &self.name);
        if let Some(id) = &role.external_id {
            grant = grant.with_external_id(id);
        }
        if let Some(policy) = &self.policy {
            grant = grant.with_policy(policy);
        }
        let key = role.key().await?;
        let context = match &role.sts_endpoint {
            None => role.own.clone(),
            Some(endpoint) => role.named.clone().with_http_send(StsElsewhere {
                endpoint: endpoint.clone(),
                signed_by: Some((key.clone(), role.region.clone())),
                context: role.named.clone(),
            }),
        };
        let given = AssumeRoleGranter::new(&role.region, grant)
            .grant_credential(&context, &key, Some(role.session))
            .await?;
        access_key(given)
    }
}

#[cfg(test)]
mod tests {
    use super::session_name;

    #[test]
    fn a_session_is_called_after_its_team() {
        assert_eq!(session_name("vision"), "signet-vision");
        assert_eq!(session_name("vi sion/é"), "signet-vi-sion--");
        assert_eq!(session_name(&"x".repeat(100)).len(), 64);
    }
}
