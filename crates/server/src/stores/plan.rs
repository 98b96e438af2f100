//! Opens a bucket's credential plan.

mod assume_role;
mod azure;
mod fault;
mod gcs;
mod narrowed;
mod outside;
mod s3;
mod sts;
#[cfg(test)]
mod tests;
mod wire;

pub use fault::NoCredential;
pub(super) use outside::Outside;
pub(super) use wire::names_metadata;

use super::Error;
use super::lender::{Basis, Lender, Mint, Renewed, Sessions, Sites};
use super::seal::{Place, SealKeys};
use super::signer::{Credential, Site};
use crate::policy::BucketFacts;
use assume_role::{Role, RoleSessions};
use azure::DelegatedKeys;
use gcs::SigningTokens;
pub(super) use narrowed::Narrowed;
use presign::{azure as azure_keys, gcs as gcs_keys, s3 as s3_keys};
use protocol::bucket::{CredentialPlan, StorePlace};
use reqsign_aws_v4::StaticCredentialProvider;
use s3::AccessKeys;
use std::sync::Arc;
use std::time::Duration;
use sts::StsElsewhere;
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

/// Opens the plan of a bucket and makes what lends its signers. Nothing is minted yet.
pub(super) fn open(
    keys: &SealKeys,
    bucket: &BucketFacts,
    outside: &Outside,
) -> Result<Lender, Error> {
    let place = Place::plan(bucket.id, bucket.credential_revision);
    let text = keys.open(&place, &bucket.sealed_plan)?;
    let plan: CredentialPlan =
        serde_json::from_str(text.expose()).map_err(|_| super::seal::Error::Broken)?;
    let sites = Sites::of(&bucket.place, &bucket.endpoints)?;
    if let Some(credential) = held(&plan)? {
        return Ok(Lender::Fixed(sites.signers(&credential)?));
    }
    let basis = Arc::new(Basis {
        bucket: bucket.name.clone(),
        sites,
        clock: Arc::clone(&outside.clock),
        keeper: Arc::clone(&outside.keeper),
    });
    let external_id = bucket.external_id.as_deref();
    if let Some(role) = role(&plan, &bucket.place, external_id, outside)? {
        let sessions = Box::new(RoleSessions(Arc::new(role)));
        return Ok(Lender::Sessions(Sessions::new(sessions, basis)));
    }
    let mint = mint(&plan, &bucket.place, basis.sites.usual(), outside)?;
    Ok(Lender::Renewed(Renewed::new(mint, basis)))
}

/// The credential of a plan that holds it itself; `None` for a plan that says where one comes from.
///
/// # Errors
/// When it cannot be one.
pub(super) fn held(plan: &CredentialPlan) -> Result<Option<Credential>, Error> {
    Ok(Some(match plan {
        CredentialPlan::AccessKey {
            access_key_id,
            secret_access_key,
            session_token,
        } => {
            let (id, secret) = (access_key_id.as_str(), secret_access_key.expose());
            let credential = s3_keys::Credential::new(id, secret)?;
            Credential::S3(match session_token {
                Some(token) => credential.with_session(token.expose(), None)?,
                None => credential,
            })
        }
        CredentialPlan::ServiceAccountKey {
            client_email,
            private_key,
        } => Credential::Gcs(
            gcs_keys::ServiceAccountKey::from_pem(client_email.as_str(), private_key.expose())?
                .into(),
        ),
        CredentialPlan::HmacKey { access_id, secret } => {
            Credential::Gcs(gcs_keys::HmacKey::new(access_id.as_str(), secret.expose())?.into())
        }
        CredentialPlan::AccountKey { account_key } => {
            Credential::Azure(azure_keys::AccountKey::new(account_key.expose())?.into())
        }
        _ => return Ok(None),
    }))
}

/// The role of a plan that assumes one.
fn role(
    plan: &CredentialPlan,
    place: &StorePlace,
    external_id: Option<&str>,
    outside: &Outside,
) -> Result<Option<Role>, Error> {
    let CredentialPlan::AssumeRole {
        role_arn,
        access_key_id,
        secret_access_key,
        sts_endpoint,
        session_seconds,
        kms_key,
    } = plan
    else {
        return Ok(None);
    };
    let StorePlace::S3 {
        endpoint,
        region,
        container,
        ..
    } = place
    else {
        return Err(Error::OtherStore);
    };
    let narrowed = Narrowed::of(endpoint, region, container, kms_key.as_deref())?;
    let source = match (access_key_id, secret_access_key) {
        (Some(id), Some(secret)) => Arc::new(StaticCredentialProvider::new(id, secret.expose())),
        _ => s3::own_identity(),
    };
    Ok(Some(Role {
        arn: role_arn.clone(),
        external_id: external_id.map(ToOwned::to_owned),
        session: Duration::from_secs((*session_seconds).into()),
        region: region.clone(),
        narrowed,
        source,
        own: outside.own.clone(),
        sts_endpoint: sts_endpoint.as_deref().map(sts_uri).transpose()?,
        named: outside.named.clone(),
        key: tokio::sync::Mutex::default(),
    }))
}

/// What mints the credentials of a plan that gives one at a time.
fn mint(
    plan: &CredentialPlan,
    place: &StorePlace,
    site: &Site,
    outside: &Outside,
) -> Result<Box<dyn Mint>, Error> {
    let own = &outside.own;
    let access_keys = |source| -> Box<dyn Mint> {
        let context = own.clone();
        Box::new(AccessKeys { source, context })
    };
    let delegated = |source, own| -> Result<Box<dyn Mint>, Error> {
        let Site::Azure(endpoint) = site else {
            return Err(Error::OtherStore);
        };
        Ok(Box::new(DelegatedKeys {
            source,
            own,
            account_url: endpoint.base_url().to_owned(),
            named: outside.named.clone(),
            clock: Arc::clone(&outside.clock),
        }))
    };
    Ok(match plan {
        CredentialPlan::Environment {} => access_keys(s3::environment()),
        CredentialPlan::Profile { profile } => access_keys(s3::profile(profile)),
        CredentialPlan::ContainerMetadata {} => access_keys(s3::container_metadata()),
        CredentialPlan::InstanceMetadata {} => access_keys(s3::instance_metadata()),
        CredentialPlan::WebIdentity {
            role_arn,
            token_file,
            sts_endpoint,
        } => {
            let StorePlace::S3 { region, .. } = place else {
                return Err(Error::OtherStore);
            };
            let context = match sts_endpoint {
                None => own.clone(),
                Some(endpoint) => own.clone().with_http_send(StsElsewhere {
                    endpoint: sts_uri(endpoint)?,
                    signed_by: None,
                    context: outside.named.clone(),
                }),
            };
            let source = s3::web_identity(role_arn, token_file, region);
            Box::new(AccessKeys { source, context })
        }
        CredentialPlan::SignBlob { service_account } => Box::new(SigningTokens::new(
            service_account,
            own.clone(),
            Arc::clone(&outside.clock),
        )),
        CredentialPlan::ClientSecret {
            tenant_id,
            client_id,
            client_secret,
        } => delegated(
            azure::client_secret(tenant_id, client_id, client_secret.expose()),
            own.clone(),
        )?,
        CredentialPlan::ManagedIdentity { client_id } => delegated(
            azure::managed_identity(),
            azure::with_identity(own, client_id.as_deref()),
        )?,
        CredentialPlan::WorkloadIdentity {
            tenant_id,
            client_id,
            token_file,
        } => delegated(
            azure::workload_identity(tenant_id, client_id, token_file),
            own.clone(),
        )?,
        _ => return Err(Error::PlanUnknown(plan.kind())),
    })
}

/// Where a security token service answers, as a URL without a path.
fn sts_uri(endpoint: &str) -> Result<http::Uri, Error> {
    let uri = format!("{}/", endpoint.trim_end_matches('/'));
    uri.parse().map_err(|_| NoCredential::Settings.into())
}
