//! Grants and events: what was decided.

use super::app::App;
use super::authenticated::Authenticated;
use super::body::{Json, Path, Query};
use super::error::ApiError;
use crate::ledger::{EventFilter, GrantFilter};
use crate::policy::{Caller, Operation, Permit, ReadAudit, ReadTeamAudit, TeamFacts};
use axum::extract::State;
use protocol::audit::{Action, Event, GrantRecord, LedgerVerification};
use protocol::id::{EventId, GrantId, PrincipalId};
use protocol::{Page, PrincipalName, TeamName, Timestamp};
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list_grants))
        .routes(routes!(get_grant))
        .routes(routes!(list_events))
        .routes(routes!(verify_ledger))
}

/// Which grants.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Grants {
    /// Of objects that this team owns. Required for who is no instance admin.
    team: Option<TeamName>,
    /// Given to this principal.
    principal: Option<PrincipalName>,
    /// True: with URLs that the stores still accept.
    #[serde(default)]
    live: bool,
    /// Read on after this: the `next` of the page before.
    after: Option<GrantId>,
    /// At most so many, 1 to 1,000; 100 when not given.
    limit: Option<u32>,
}

/// Which events.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Events {
    /// About what this team owns. Required for who is no instance admin.
    team: Option<TeamName>,
    /// Done by this principal.
    principal: Option<PrincipalName>,
    /// Of this kind.
    action: Option<Action>,
    /// At this time or later.
    from: Option<Timestamp>,
    /// Before this time.
    to: Option<Timestamp>,
    /// Read on after this: the `next` of the page before.
    after: Option<EventId>,
    /// At most so many, 1 to 1,000; 100 when not given.
    limit: Option<u32>,
}

impl App {
    /// Decides about reading what was recorded of one team, or of everybody, and records that it is read.
    async fn reading(
        &self,
        caller: &Caller,
        team: Option<&TeamName>,
    ) -> Result<Option<Arc<TeamFacts>>, ApiError> {
        let Some(name) = team else {
            let permit = self.decide(caller, ReadAudit {})?;
            self.record_reading(&permit).await?;
            return Ok(None);
        };
        let team = self.team(name)?;
        let op = ReadTeamAudit {
            team: Arc::clone(&team),
        };
        let permit = self.decide(caller, op)?;
        self.record_reading(&permit).await?;
        Ok(Some(team))
    }

    async fn record_reading<Op: Operation>(&self, permit: &Permit<Op>) -> Result<(), ApiError> {
        let event = permit.event(self.ids.make(), Action::AuditRead);
        Ok(self.ledger.record(event, Some(permit.recheck())).await?)
    }

    /// The principal to filter by. One that does not exist did nothing.
    fn filtered_by(&self, name: Option<&PrincipalName>) -> Option<PrincipalId> {
        let nobody = || PrincipalId::from_parts(0, [0; 10]);
        name.map(|name| {
            let standing = self.directory.principal_named(name);
            standing.map_or_else(nobody, |standing| standing.id)
        })
    }
}

/// Lists grants, oldest first.
#[utoipa::path(
    get, path = "/v1/grants", tag = "audit", params(Grants),
    responses((status = 200, body = Page<GrantRecord>)),
)]
async fn list_grants(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Query(query): Query<Grants>,
) -> Result<Json<Page<GrantRecord>>, ApiError> {
    let team = app.reading(&caller, query.team.as_ref()).await?;
    let filter = GrantFilter {
        team: team.map(|team| team.id),
        principal: app.filtered_by(query.principal.as_ref()),
        alive_at: query.live.then(|| app.clock.now()),
        after: query.after,
        limit: query.limit,
    };
    Ok(Json(app.ledger.grants(&filter).await?))
}

/// Tells of a grant.
#[utoipa::path(
    get, path = "/v1/grants/{grant}", tag = "audit", params(("grant" = GrantId, Path)),
    responses((status = 200, body = GrantRecord)),
)]
async fn get_grant(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(id): Path<GrantId>,
) -> Result<Json<GrantRecord>, ApiError> {
    let found = app.ledger.find_grant(id).await?;
    let grant = found.ok_or_else(ApiError::not_found)?;
    app.reading(&caller, Some(&grant.team)).await?;
    Ok(Json(grant))
}

/// Lists events, oldest first.
#[utoipa::path(
    get, path = "/v1/audit", tag = "audit", params(Events),
    responses((status = 200, body = Page<Event>)),
)]
async fn list_events(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Query(query): Query<Events>,
) -> Result<Json<Page<Event>>, ApiError> {
    let team = app.reading(&caller, query.team.as_ref()).await?;
    let filter = EventFilter {
        team: team.map(|team| team.id),
        principal: app.filtered_by(query.principal.as_ref()),
        action: query.action,
        from: query.from,
        to: query.to,
        after: query.after,
        limit: query.limit,
    };
    Ok(Json(app.ledger.events(&filter).await?))
}

/// Verifies every chain of the ledger.
#[utoipa::path(
    get, path = "/v1/audit/verify", tag = "audit",
    responses((status = 200, body = LedgerVerification)),
)]
async fn verify_ledger(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
) -> Result<Json<LedgerVerification>, ApiError> {
    let permit = app.decide(&caller, ReadAudit {})?;
    app.record_reading(&permit).await?;
    Ok(Json(app.ledger.verify().await?))
}
