//! Whether a bucket can be signed for, before it is registered. Nobody is asked for a credential yet.

mod shape;

use super::lender::Sites;
use super::{Error, plan};
use protocol::bucket::{AudienceEndpoints, CredentialPlan, Misfit, Registration, StorePlace};

/// Checks that URLs can be signed for a bucket.
///
/// # Errors
/// What is wrong with its place or credential.
pub fn check_registration(
    bucket: &Registration,
    endpoints: &AudienceEndpoints,
) -> Result<(), Misfit> {
    let misfit = |field, reason: String| Misfit { field, reason };
    let (plan, provider) = (&bucket.credential, bucket.place.provider());
    if plan.kind().provider() != provider {
        return Err(misfit(
            "credential.plan",
            format!("is not a plan for `{provider}`"),
        ));
    }
    let sites = Sites::of(&bucket.place, endpoints);
    let held = plan::held(plan).and_then(|credential| {
        let sites = sites?;
        credential
            .map(|credential| sites.signers(&credential))
            .transpose()
    });
    held.map_err(|error| {
        let field = match &error {
            Error::Sign(presign::Error::InvalidBucket(_)) => "place.container",
            Error::Sign(presign::Error::InvalidRegion) => "place.region",
            Error::Sign(presign::Error::InvalidCredential(_)) => "credential",
            _ => "place.endpoint",
        };
        misfit(field, format!("cannot be used: {error}"))
    })?;
    if let (
        CredentialPlan::AssumeRole { kms_key, .. },
        StorePlace::S3 {
            endpoint,
            region,
            container,
            ..
        },
    ) = (plan, &bucket.place)
    {
        plan::Narrowed::of(endpoint, region, container, kms_key.as_deref())
            .map_err(|error| misfit("credential.kms_key", format!("cannot be used: {error}")))?;
    }
    shape::check(plan, &bucket.place).map_err(|(field, reason)| misfit(field, reason.to_owned()))
}
