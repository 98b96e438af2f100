//! Opens a bucket's credential plan.

use super::Error;
use super::lender::{Lender, Signers};
use super::seal::{Place, SealKeys};
use super::signer::Credential;
use crate::policy::BucketFacts;
use presign::{azure, gcs, s3};
use protocol::bucket::CredentialPlan;
use zeroize::Zeroizing;

/// Seals a plan for a bucket.
///
/// # Errors
/// When it cannot be sealed.
pub fn seal(
    keys: &SealKeys,
    place: &Place<'_>,
    plan: &CredentialPlan,
) -> Result<Vec<u8>, super::seal::Error> {
    let text = serde_json::to_string(plan).map_err(|_| super::seal::Error::Broken)?;
    keys.seal(place, &Zeroizing::new(text))
}

/// Opens the plan of a bucket and makes what lends its signers.
pub(super) fn open(keys: &SealKeys, bucket: &BucketFacts) -> Result<Lender, Error> {
    let place = Place::plan(bucket.id, bucket.credential_revision);
    let text = keys.open(&place, &bucket.sealed_plan)?;
    let plan: CredentialPlan =
        serde_json::from_str(text.expose()).map_err(|_| super::seal::Error::Broken)?;
    let credential = credential(&plan)?;
    Ok(Lender::Fixed(Signers::new(
        &bucket.place,
        &bucket.endpoints,
        &credential,
    )?))
}

/// The credential of a plan that holds it itself.
///
/// # Errors
/// When it cannot be one.
pub(super) fn credential(plan: &CredentialPlan) -> Result<Credential, Error> {
    Ok(match plan {
        CredentialPlan::AccessKey {
            access_key_id,
            secret_access_key,
            session_token,
        } => {
            let (id, secret) = (access_key_id.as_str(), secret_access_key.expose());
            let credential = s3::Credential::new(id, secret)?;
            Credential::S3(match session_token {
                Some(token) => credential.with_session(token.expose(), None)?,
                None => credential,
            })
        }
        CredentialPlan::ServiceAccountKey {
            client_email,
            private_key,
        } => Credential::Gcs(
            gcs::ServiceAccountKey::from_pem(client_email.as_str(), private_key.expose())?.into(),
        ),
        CredentialPlan::HmacKey { access_id, secret } => {
            Credential::Gcs(gcs::HmacKey::new(access_id.as_str(), secret.expose())?.into())
        }
        CredentialPlan::AccountKey { account_key } => {
            Credential::Azure(azure::AccountKey::new(account_key.expose())?.into())
        }
        _ => return Err(Error::PlanUnknown(plan.kind())),
    })
}
