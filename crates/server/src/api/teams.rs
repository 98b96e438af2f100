//! Teams, their members and service accounts.

use super::app::App;
use super::authenticated::Authenticated;
use super::body::{Created, Json, Path, Query};
use super::error::ApiError;
use super::listing::{Listing, page};
use crate::policy::{
    ChangeTeam, CreateServiceAccount, CreateTeam, ReadSelf, ReadTeam, RemoveMembership,
    SetMembership,
};
use axum::extract::State;
use http::StatusCode;
use protocol::admin::{
    Membership, NewServiceAccount, NewTeam, Principal, SetRole, Team, TeamChange,
};
use protocol::{Page, PrincipalName, TeamName};
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list_teams, create_team))
        .routes(routes!(get_team, change_team))
        .routes(routes!(list_members))
        .routes(routes!(set_membership, remove_membership))
        .routes(routes!(create_service_account))
}

/// Makes a team; the caller becomes its admin.
#[utoipa::path(
    post, path = "/v1/teams", tag = "teams", request_body = NewTeam,
    responses((status = 201, body = Team)),
)]
async fn create_team(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Json(request): Json<NewTeam>,
) -> Result<Created<Team>, ApiError> {
    let permit = app.decide(&caller, CreateTeam { request })?;
    Ok(Created(app.admin.create_team(permit).await?))
}

/// Lists the teams that the caller is in; for an instance admin all.
#[utoipa::path(
    get, path = "/v1/teams", tag = "teams", params(Listing),
    responses((status = 200, body = Page<Team>)),
)]
async fn list_teams(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Team>>, ApiError> {
    let _permit = app.decide(&caller, ReadSelf {})?;
    let teams = app.teams_known_to(caller.standing());
    let after = listing.after.as_deref();
    Ok(Json(page(
        teams,
        after,
        |team| team.name.as_str(),
        |team| app.tell_team(&team),
    )))
}

/// Tells of a team.
#[utoipa::path(
    get, path = "/v1/teams/{team}", tag = "teams", params(("team" = TeamName, Path)),
    responses((status = 200, body = Team)),
)]
async fn get_team(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(team): Path<TeamName>,
) -> Result<Json<Team>, ApiError> {
    let team = app.team(&team)?;
    let permit = app.decide(&caller, ReadTeam { team })?;
    Ok(Json(app.tell_team(&permit.op().team)))
}

/// Gives a team another bucket, state, or list of networks that its data may be asked for from.
#[utoipa::path(
    patch, path = "/v1/teams/{team}", tag = "teams", params(("team" = TeamName, Path)),
    request_body = TeamChange, responses((status = 200, body = Team)),
)]
async fn change_team(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(team): Path<TeamName>,
    Json(change): Json<TeamChange>,
) -> Result<Json<Team>, ApiError> {
    let team = app.team(&team)?;
    let permit = app.decide(&caller, ChangeTeam { team, change })?;
    Ok(Json(app.admin.change_team(permit).await?))
}

/// Lists the members of a team and their roles.
#[utoipa::path(
    get, path = "/v1/teams/{team}/members", tag = "teams",
    params(("team" = TeamName, Path), Listing),
    responses((status = 200, body = Page<Membership>)),
)]
async fn list_members(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(team): Path<TeamName>,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Membership>>, ApiError> {
    let team = app.team(&team)?;
    let permit = app.decide(&caller, ReadTeam { team })?;
    let team = &permit.op().team;
    let members = app.directory.members(team.id);
    let after = listing.after.as_deref();
    Ok(Json(page(
        members,
        after,
        |(member, _)| member.name.as_str(),
        |(member, role)| Membership {
            team: team.name.clone(),
            principal: member.name.clone(),
            kind: member.kind,
            role,
        },
    )))
}

/// Gives a user or service account a role in a team.
#[utoipa::path(
    put, path = "/v1/teams/{team}/members/{principal}", tag = "teams",
    params(("team" = TeamName, Path), ("principal" = PrincipalName, Path)),
    request_body = SetRole, responses((status = 200, body = Membership)),
)]
async fn set_membership(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path((team, subject)): Path<(TeamName, PrincipalName)>,
    Json(SetRole { role }): Json<SetRole>,
) -> Result<Json<Membership>, ApiError> {
    let team = app.team(&team)?;
    let op = SetMembership {
        team,
        subject,
        role,
    };
    let permit = app.decide(&caller, op)?;
    Ok(Json(app.admin.set_membership(permit).await?))
}

/// Ends a membership.
#[utoipa::path(
    delete, path = "/v1/teams/{team}/members/{principal}", tag = "teams",
    params(("team" = TeamName, Path), ("principal" = PrincipalName, Path)),
    responses((status = 204)),
)]
async fn remove_membership(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path((team, subject)): Path<(TeamName, PrincipalName)>,
) -> Result<StatusCode, ApiError> {
    let team = app.team(&team)?;
    let permit = app.decide(&caller, RemoveMembership { team, subject })?;
    app.admin.remove_membership(permit).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a service account that the team owns.
#[utoipa::path(
    post, path = "/v1/teams/{team}/service-accounts", tag = "teams",
    params(("team" = TeamName, Path)), request_body = NewServiceAccount,
    responses((status = 201, body = Principal)),
)]
async fn create_service_account(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(team): Path<TeamName>,
    Json(request): Json<NewServiceAccount>,
) -> Result<Created<Principal>, ApiError> {
    let team = app.team(&team)?;
    let permit = app.decide(&caller, CreateServiceAccount { team, request })?;
    Ok(Created(app.admin.create_service_account(permit).await?))
}
