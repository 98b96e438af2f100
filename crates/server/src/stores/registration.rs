//! Whether a bucket can be signed for, before it is registered.

use super::signer::endpoint;
use presign::Error;
use presign::s3::Credential;
use protocol::admin::NewBucket;

/// A value of a registration that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` cannot be used: {reason}")]
pub struct Misfit {
    /// The field at fault.
    pub field: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

/// Checks that URLs can be signed for a bucket.
///
/// # Errors
/// What is wrong with its endpoint, region, container or credential.
pub fn check_registration(bucket: &NewBucket) -> Result<(), Misfit> {
    let address = endpoint(
        &bucket.endpoint,
        bucket.addressing,
        &bucket.container,
        &bucket.region,
    )
    .map(drop);
    let credential = Credential::new(&*bucket.access_key_id, &*bucket.secret_access_key).map(drop);
    address.and(credential).map_err(|error| Misfit {
        field: match error {
            Error::InvalidBucket(_) => "container",
            Error::InvalidRegion => "region",
            Error::InvalidCredential(_) => "access_key_id",
            _ => "endpoint",
        },
        reason: error.to_string(),
    })
}
