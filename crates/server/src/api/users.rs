//! Users and service accounts.

use super::app::App;
use super::authenticated::Authenticated;
use super::body::{Created, Json, Path, Query};
use super::error::ApiError;
use super::listing::{Listing, page};
use crate::policy::{
    CreateUser, ReadPrincipal, ReadSelf, ReinstatePrincipal, RemovePrincipal, SuspendPrincipal,
};
use axum::extract::State;
use protocol::admin::{Me, NewUser, Principal, Suspension};
use protocol::{Page, PrincipalName};
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(get_me))
        .routes(routes!(list_users, create_user))
        .routes(routes!(get_user, remove_user))
        .routes(routes!(suspend_user))
        .routes(routes!(reinstate_user))
}

/// Who the caller is.
#[utoipa::path(get, path = "/v1/me", tag = "users", responses((status = 200, body = Me)))]
async fn get_me(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
) -> Result<Json<Me>, ApiError> {
    let _permit = app.decide(&caller, ReadSelf {})?;
    Ok(Json(app.tell_caller(&caller)))
}

/// Makes a user, and its personal team unless those are switched off.
#[utoipa::path(
    post, path = "/v1/users", tag = "users", request_body = NewUser,
    responses((status = 201, body = Principal)),
)]
async fn create_user(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Json(request): Json<NewUser>,
) -> Result<Created<Principal>, ApiError> {
    let permit = app.decide(&caller, CreateUser { request })?;
    Ok(Created(app.admin.create_user(permit).await?))
}

/// Lists the users and service accounts that the caller may know of.
#[utoipa::path(
    get, path = "/v1/users", tag = "users", params(Listing),
    responses((status = 200, body = Page<Principal>)),
)]
async fn list_users(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Principal>>, ApiError> {
    let _permit = app.decide(&caller, ReadSelf {})?;
    let mut known = app.directory.principals();
    known.retain(|principal| caller.standing().may_know(principal));
    let after = listing.after.as_deref();
    Ok(Json(page(
        known,
        after,
        |principal| principal.name.as_str(),
        |principal| app.tell_principal(&principal),
    )))
}

/// Tells of a user or service account.
#[utoipa::path(
    get, path = "/v1/users/{user}", tag = "users", params(("user" = PrincipalName, Path)),
    responses((status = 200, body = Principal)),
)]
async fn get_user(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(user): Path<PrincipalName>,
) -> Result<Json<Principal>, ApiError> {
    let subject = app.subject(&user)?.standing;
    let permit = app.decide(&caller, ReadPrincipal { subject })?;
    Ok(Json(app.tell_principal(&permit.op().subject)))
}

/// Stops a user or service account: every request is refused from now on, and its uploads are aborted.
#[utoipa::path(
    post, path = "/v1/users/{user}/suspend", tag = "users",
    params(("user" = PrincipalName, Path)),
    responses((status = 200, body = Suspension)),
)]
async fn suspend_user(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(user): Path<PrincipalName>,
) -> Result<Json<Suspension>, ApiError> {
    let subject = app.subject(&user)?;
    let permit = app.decide(
        &caller,
        SuspendPrincipal {
            subject: subject.standing,
            owner_team: subject.owner_team,
        },
    )?;
    Ok(Json(app.admin.suspend(permit).await?))
}

/// Lets a stopped user or service account go on.
#[utoipa::path(
    post, path = "/v1/users/{user}/reinstate", tag = "users",
    params(("user" = PrincipalName, Path)),
    responses((status = 200, body = Principal)),
)]
async fn reinstate_user(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(user): Path<PrincipalName>,
) -> Result<Json<Principal>, ApiError> {
    let subject = app.subject(&user)?;
    let permit = app.decide(
        &caller,
        ReinstatePrincipal {
            subject: subject.standing,
            owner_team: subject.owner_team,
        },
    )?;
    Ok(Json(app.admin.reinstate(permit).await?))
}

/// Removes a user or service account for good: its tokens are revoked and its memberships end.
#[utoipa::path(
    delete, path = "/v1/users/{user}", tag = "users", params(("user" = PrincipalName, Path)),
    responses((status = 200, body = Suspension)),
)]
async fn remove_user(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(user): Path<PrincipalName>,
) -> Result<Json<Suspension>, ApiError> {
    let subject = app.subject(&user)?;
    let permit = app.decide(
        &caller,
        RemovePrincipal {
            subject: subject.standing,
            owner_team: subject.owner_team,
        },
    )?;
    Ok(Json(app.admin.remove(permit).await?))
}
