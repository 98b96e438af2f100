//! Makes the signer of a bucket.

use super::Error;
use super::seal::{Place, SealKeys};
use crate::policy::BucketFacts;
use presign::s3::{Addressing, Credential, Endpoint, Signer};
use protocol::admin;

/// Checks that URLs can be signed for a bucket at this address, before it is registered.
///
/// # Errors
/// What is wrong with endpoint, region or the store's name of the bucket.
pub fn endpoint(
    url: &str,
    addressing: admin::Addressing,
    container: &str,
    region: &str,
) -> Result<Endpoint, presign::Error> {
    let addressing = match addressing {
        admin::Addressing::VirtualHost => Addressing::VirtualHost,
        admin::Addressing::Path => Addressing::Path,
    };
    Endpoint::parse(url, addressing, container, region)
}

pub(super) fn open(keys: &SealKeys, bucket: &BucketFacts) -> Result<Signer, Error> {
    let endpoint = endpoint(
        &bucket.endpoint,
        bucket.addressing,
        &bucket.container,
        &bucket.region,
    )?;
    let place = Place::secret_access_key(bucket.id, bucket.credential_revision);
    let secret = keys.open(&place, &bucket.sealed_secret)?;
    let credential = Credential::new(&*bucket.access_key_id, secret)?;
    Ok(Signer::new(endpoint, credential))
}
