//! Grants, events, and the ledger's verification.

use super::Api;
use crate::error::Result;
use http::Method;
use protocol::audit::{Action, Event, GrantRecord, LedgerVerification};
use protocol::id::GrantId;
use protocol::{Page, PrincipalName, TeamName, Timestamp};

/// Which grants to list. What is absent does not narrow.
///
/// ```
/// let live = client::api::GrantFilter { live: true, ..Default::default() };
/// assert!(live.team.is_none());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GrantFilter {
    /// Of objects of this team.
    pub team: Option<TeamName>,
    /// Released to this principal.
    pub principal: Option<PrincipalName>,
    /// Only those whose URLs the stores still accept.
    pub live: bool,
    /// Those after this mark of an earlier page.
    pub after: Option<String>,
}

/// Which events to list. What is absent does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// About this team.
    pub team: Option<TeamName>,
    /// By this principal.
    pub principal: Option<PrincipalName>,
    /// Of this kind.
    pub action: Option<Action>,
    /// Decided at or after this time.
    pub from: Option<Timestamp>,
    /// Decided before this time.
    pub to: Option<Timestamp>,
    /// Those after this mark of an earlier page.
    pub after: Option<String>,
    /// The most events in one page.
    pub limit: Option<u32>,
}

impl Api {
    /// Lists grants (`GET /v1/grants`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn list_grants(&self, filter: &GrantFilter) -> Result<Page<GrantRecord>> {
        let call = self
            .route(Method::GET, &["v1", "grants"])
            .query("team", filter.team.as_ref())
            .query("principal", filter.principal.as_ref())
            .query("live", filter.live.then_some(true))
            .query("after", filter.after.as_ref());
        self.json(call).await
    }

    /// A grant by its id (`GET /v1/grants/{grant}`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn get_grant(&self, grant: GrantId) -> Result<GrantRecord> {
        let id = grant.to_string();
        self.json(self.route(Method::GET, &["v1", "grants", &id]))
            .await
    }

    /// Lists events, newest last (`GET /v1/audit`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn list_events(&self, filter: &EventFilter) -> Result<Page<Event>> {
        let call = self
            .route(Method::GET, &["v1", "audit"])
            .query("team", filter.team.as_ref())
            .query("principal", filter.principal.as_ref())
            .query("action", filter.action.map(Action::as_str))
            .query("from", filter.from)
            .query("to", filter.to)
            .query("after", filter.after.as_ref())
            .query("limit", filter.limit);
        self.json(call).await
    }

    /// Verifies the chains of the ledger (`GET /v1/audit/verify`).
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn verify_ledger(&self) -> Result<LedgerVerification> {
        self.json(self.route(Method::GET, &["v1", "audit", "verify"]))
            .await
    }
}
