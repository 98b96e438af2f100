//! Tokens.

use super::app::App;
use super::authenticated::Authenticated;
use super::body::{Created, Json, Path, Query};
use super::error::ApiError;
use crate::policy::{CreateToken, ImportOwnToken, ImportTokenFor, ListTokens, RevokeToken};
use axum::extract::State;
use http::StatusCode;
use protocol::admin::{ImportToken, ImportTokenHash, IssuedToken, NewToken, Token};
use protocol::id::TokenId;
use protocol::{Page, PrincipalName};
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list_own_tokens, create_own_token))
        .routes(routes!(import_own_token))
        .routes(routes!(revoke_token))
        .routes(routes!(list_tokens, create_token))
        .routes(routes!(import_token_hash))
}

/// The query of a listing of tokens.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TokensPage {
    /// Read on after this: the `next` of the page before.
    after: Option<TokenId>,
}

/// Lists the caller's tokens, without their secrets.
#[utoipa::path(
    get, path = "/v1/tokens", tag = "tokens", params(TokensPage),
    responses((status = 200, body = Page<Token>)),
)]
async fn list_own_tokens(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Query(page): Query<TokensPage>,
) -> Result<Json<Page<Token>>, ApiError> {
    let subject = app.subject_of(Arc::clone(caller.standing()));
    let permit = app.decide(
        &caller,
        ListTokens {
            subject: subject.standing,
            owner_team: subject.owner_team,
        },
    )?;
    Ok(Json(app.admin.list_tokens(permit, page.after).await?))
}

/// Makes a token for the caller. Its secret is told this once.
#[utoipa::path(
    post, path = "/v1/tokens", tag = "tokens", request_body = NewToken,
    responses((status = 201, body = IssuedToken)),
)]
async fn create_own_token(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Json(request): Json<NewToken>,
) -> Result<Created<IssuedToken>, ApiError> {
    let subject = app.subject_of(Arc::clone(caller.standing()));
    let permit = app.decide(
        &caller,
        CreateToken {
            subject: subject.standing,
            owner_team: subject.owner_team,
            request,
        },
    )?;
    Ok(Created(app.admin.create_token(permit).await?))
}

/// Brings an API key of the caller's along, so that machines need no new one.
#[utoipa::path(
    post, path = "/v1/tokens/import", tag = "tokens", request_body = ImportToken,
    responses((status = 201, body = Token)),
)]
async fn import_own_token(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Json(request): Json<ImportToken>,
) -> Result<Created<Token>, ApiError> {
    let permit = app.decide(&caller, ImportOwnToken { request })?;
    Ok(Created(app.admin.import_own_token(permit).await?))
}

/// Ends a token.
#[utoipa::path(
    delete, path = "/v1/tokens/{token}", tag = "tokens", params(("token" = TokenId, Path)),
    responses((status = 204)),
)]
async fn revoke_token(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(token): Path<TokenId>,
) -> Result<StatusCode, ApiError> {
    let owner = app.directory.token_owner(token);
    let subject = app.subject_of(owner.ok_or_else(ApiError::not_found)?);
    let permit = app.decide(
        &caller,
        RevokeToken {
            token,
            subject: subject.standing,
            owner_team: subject.owner_team,
        },
    )?;
    app.admin.revoke_token(permit).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the tokens of a user or service account, without their secrets.
#[utoipa::path(
    get, path = "/v1/users/{user}/tokens", tag = "tokens",
    params(("user" = PrincipalName, Path), TokensPage),
    responses((status = 200, body = Page<Token>)),
)]
async fn list_tokens(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(user): Path<PrincipalName>,
    Query(page): Query<TokensPage>,
) -> Result<Json<Page<Token>>, ApiError> {
    let subject = app.subject(&user)?;
    let permit = app.decide(
        &caller,
        ListTokens {
            subject: subject.standing,
            owner_team: subject.owner_team,
        },
    )?;
    Ok(Json(app.admin.list_tokens(permit, page.after).await?))
}

/// Makes a token for a user or service account. Its secret is told this once.
#[utoipa::path(
    post, path = "/v1/users/{user}/tokens", tag = "tokens",
    params(("user" = PrincipalName, Path)), request_body = NewToken,
    responses((status = 201, body = IssuedToken)),
)]
async fn create_token(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(user): Path<PrincipalName>,
    Json(request): Json<NewToken>,
) -> Result<Created<IssuedToken>, ApiError> {
    let subject = app.subject(&user)?;
    let permit = app.decide(
        &caller,
        CreateToken {
            subject: subject.standing,
            owner_team: subject.owner_team,
            request,
        },
    )?;
    Ok(Created(app.admin.create_token(permit).await?))
}

/// Brings a user's API key along by its hash, so that the user's machines need no new one.
#[utoipa::path(
    post, path = "/v1/users/{user}/tokens/import-hash", tag = "tokens",
    params(("user" = PrincipalName, Path)), request_body = ImportTokenHash,
    responses((status = 201, body = Token)),
)]
async fn import_token_hash(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(user): Path<PrincipalName>,
    Json(request): Json<ImportTokenHash>,
) -> Result<Created<Token>, ApiError> {
    let subject = app.subject(&user)?.standing;
    let permit = app.decide(&caller, ImportTokenFor { subject, request })?;
    Ok(Created(app.admin.import_token_for(permit).await?))
}
