//! Buckets.

use super::app::App;
use super::authenticated::Authenticated;
use super::body::{Created, Json, Path, Query};
use super::error::ApiError;
use super::listing::{Listing, page};
use crate::admin::tell_bucket;
use crate::policy::{ChangeBucket, CreateBucket, ReadBuckets, RemoveBucket, VerifyBucket};
use axum::extract::State;
use http::StatusCode;
use protocol::bucket::{
    self, Bucket, BucketChange, NewBucket, PolicyDocuments, PolicyRequest, VerifyReport,
};
use protocol::{BucketName, Page};
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list_buckets, create_bucket))
        .routes(routes!(get_bucket, change_bucket, remove_bucket))
        .routes(routes!(get_bucket_policy))
        .routes(routes!(verify_bucket))
}

/// Registers a place in a store. Its secret is stored sealed, and never told again. The store is checked
/// before, unless `verify` is false.
#[utoipa::path(
    post, path = "/v1/buckets", tag = "buckets", request_body = NewBucket,
    responses((status = 201, body = Bucket)),
)]
async fn create_bucket(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Json(request): Json<NewBucket>,
) -> Result<Created<Bucket>, ApiError> {
    let permit = app.decide(&caller, CreateBucket { request })?;
    Ok(Created(app.admin.create_bucket(permit).await?))
}

/// Lists the registered buckets.
#[utoipa::path(
    get, path = "/v1/buckets", tag = "buckets", params(Listing),
    responses((status = 200, body = Page<Bucket>)),
)]
async fn list_buckets(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Bucket>>, ApiError> {
    let _permit = app.decide(&caller, ReadBuckets {})?;
    let buckets = app.directory.buckets();
    let after = listing.after.as_deref();
    Ok(Json(page(
        buckets,
        after,
        |bucket| bucket.name.as_str(),
        |bucket| tell_bucket(&bucket),
    )))
}

/// Tells of a bucket.
#[utoipa::path(
    get, path = "/v1/buckets/{bucket}", tag = "buckets", params(("bucket" = BucketName, Path)),
    responses((status = 200, body = Bucket)),
)]
async fn get_bucket(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(bucket): Path<BucketName>,
) -> Result<Json<Bucket>, ApiError> {
    let _permit = app.decide(&caller, ReadBuckets {})?;
    let bucket = app.directory.bucket_named(&bucket);
    let bucket = bucket.ok_or_else(ApiError::not_found)?;
    Ok(Json(tell_bucket(&bucket)))
}

/// Says what is to be applied at the cloud for a bucket; applies nothing.
#[utoipa::path(
    post, path = "/v1/buckets/{bucket}/policy", tag = "buckets",
    params(("bucket" = BucketName, Path)), request_body = PolicyRequest,
    responses((status = 200, body = PolicyDocuments)),
)]
async fn get_bucket_policy(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(bucket): Path<BucketName>,
    Json(request): Json<PolicyRequest>,
) -> Result<Json<PolicyDocuments>, ApiError> {
    let permit = app.decide(&caller, ReadBuckets {})?;
    let bucket = app.directory.bucket_named(&bucket);
    let bucket = bucket.ok_or_else(ApiError::not_found)?;
    Ok(Json(app.admin.bucket_policy(&permit, &bucket, &request)?))
}

/// Gives a bucket another list of networks that what is in it may be asked for from.
#[utoipa::path(
    patch, path = "/v1/buckets/{bucket}", tag = "buckets", params(("bucket" = BucketName, Path)),
    request_body = BucketChange, responses((status = 200, body = Bucket)),
)]
async fn change_bucket(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(bucket): Path<BucketName>,
    Json(change): Json<BucketChange>,
) -> Result<Json<Bucket>, ApiError> {
    let bucket = app.directory.bucket_named(&bucket);
    let bucket = bucket.ok_or_else(ApiError::not_found)?;
    let permit = app.decide(&caller, ChangeBucket { bucket, change })?;
    Ok(Json(app.admin.change_bucket(permit).await?))
}

/// Ends a bucket's registration; refused while something is in it.
#[utoipa::path(
    delete, path = "/v1/buckets/{bucket}", tag = "buckets",
    params(("bucket" = BucketName, Path)), responses((status = 204)),
)]
async fn remove_bucket(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(bucket): Path<BucketName>,
) -> Result<StatusCode, ApiError> {
    let bucket = app.directory.bucket_named(&bucket);
    let bucket = bucket.ok_or_else(ApiError::not_found)?;
    let permit = app.decide(&caller, RemoveBucket { bucket })?;
    app.admin.remove_bucket(permit).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Checks a bucket on its live store: what URLs must do, and what they must not. Notes what the store
/// was proven to do.
#[utoipa::path(
    post, path = "/v1/buckets/{bucket}/verify", tag = "buckets",
    params(("bucket" = BucketName, Path)), request_body = bucket::VerifyBucket,
    responses((status = 200, body = VerifyReport)),
)]
async fn verify_bucket(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Path(bucket): Path<BucketName>,
    Json(request): Json<bucket::VerifyBucket>,
) -> Result<Json<VerifyReport>, ApiError> {
    let bucket = app.directory.bucket_named(&bucket);
    let bucket = bucket.ok_or_else(ApiError::not_found)?;
    let permit = app.decide(&caller, VerifyBucket { bucket, request })?;
    Ok(Json(app.admin.verify_bucket(permit).await?))
}
