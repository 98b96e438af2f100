//! What is to be applied at the cloud for a bucket, from its registration and its teams.

use super::{Admin, Error};
use crate::policy::{BucketFacts, Permit, ReadBuckets};
use crate::stores::setup;
use crate::stores::setup::{
    AccessLog, AssumeRole, AzureContainer, ControlAuth, Document, GcsBucket, Place, S3Bucket,
    S3Store, Setup, Team,
};
use protocol::ParseError;
use protocol::admin::State;
use protocol::bucket::{
    PlanKind, PolicyDocument, PolicyDocuments, PolicyReason, PolicyRequest, StorePlace,
};
use std::str::FromStr;

impl Admin {
    /// Says what is to be applied at the cloud for a bucket; applies nothing.
    ///
    /// # Errors
    /// When something that cannot be left open is not told, or cannot be written into a document.
    pub fn bucket_policy(
        &self,
        _permit: &Permit<ReadBuckets>,
        bucket: &BucketFacts,
        request: &PolicyRequest,
    ) -> Result<PolicyDocuments, Error> {
        if bucket.state == State::Removed {
            return Err(Error::NotFound);
        }
        let mut teams = self.directory.teams();
        teams.retain(|team| {
            team.state != State::Removed
                && team
                    .bucket
                    .as_ref()
                    .is_some_and(|used| used.id == bucket.id)
        });
        teams.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        let teams = teams
            .iter()
            .map(|team| {
                Ok(Team {
                    name: team.name.clone(),
                    root: parsed("prefix", &bucket.team_root(team.id))?,
                })
            })
            .collect::<Result<Vec<_>, Error>>()?;
        let place = Place::new(bucket.place.container(), &bucket.prefix)
            .map_err(|error| Error::Conflict(format!("bucket `{}`: {error}", bucket.name)))?;
        let setup = match &bucket.place {
            StorePlace::S3 {
                endpoint, region, ..
            } => s3(bucket, request, place, teams, endpoint, region)?,
            StorePlace::Gcs { .. } => gcs(bucket, request, place, teams)?,
            StorePlace::Azure { account, .. } => azure(request, place, teams, account)?,
            _ => return Err(Error::NotFound),
        }
        .map_err(|error| Error::Conflict(error.to_string()))?;
        let documents = setup
            .documents
            .iter()
            .map(|document| told(document, request))
            .collect::<Result<_, _>>()?;
        Ok(PolicyDocuments {
            documents,
            terraform: setup.terraform(),
            notes: setup.notes,
        })
    }
}

type Made = Result<Result<Setup, setup::Error>, Error>;

fn s3(
    bucket: &BucketFacts,
    request: &PolicyRequest,
    place: Place,
    teams: Vec<Team>,
    endpoint: &str,
    region: &str,
) -> Made {
    absent("subnets", request.subnets.is_empty())?;
    absent("project", request.project.is_none())?;
    absent("subscription", request.subscription.is_none())?;
    absent("resource_group", request.resource_group.is_none())?;
    let region = parsed("place.region", region)?;
    let of_plan = matches!(bucket.plan, PlanKind::AssumeRole | PlanKind::WebIdentity)
        .then(|| bucket.identity.clone().into_string());
    let signing = request.principal.clone().or(of_plan).ok_or_else(|| {
        Error::invalid(
            "principal",
            "is needed: the ARN of the identity whose key the bucket has",
        )
    })?;
    let assume_role = match (&request.server_principal, &bucket.external_id) {
        (Some(principal), Some(external_id)) => Some(AssumeRole {
            principal: parsed("server_principal", principal)?,
            external_id: parsed("external_id", external_id)?,
        }),
        (Some(_), None) => {
            return Err(Error::invalid(
                "server_principal",
                "is for buckets whose plan assumes a role",
            ));
        }
        (None, _) => None,
    };
    let access_log = match &request.access_log_container {
        Some(container) => Some(AccessLog {
            target: Place::new(container, &request.access_log_prefix)
                .map_err(|error| Error::invalid("access_log_container", error.to_string()))?,
        }),
        None => None,
    };
    Ok(S3Bucket {
        store: S3Store::at(endpoint, &region),
        place,
        region,
        teams,
        signing: parsed("principal", &signing)?,
        control: parsed_or_none("control_principal", request.control_principal.as_deref())?,
        control_auth: ControlAuth::Query,
        networks: all("networks", &request.networks)?,
        vpc_endpoints: all("vpc_endpoints", &request.vpc_endpoints)?,
        max_signature_age_seconds: request.max_signature_age_seconds,
        kms_key: parsed_or_none("kms_key", request.kms_key.as_deref())?,
        origins: all("origins", &request.origins)?,
        access_log,
        assume_role,
    }
    .setup())
}

fn gcs(bucket: &BucketFacts, request: &PolicyRequest, place: Place, teams: Vec<Team>) -> Made {
    only_s3(request)?;
    absent("subnets", request.subnets.is_empty())?;
    absent("subscription", request.subscription.is_none())?;
    absent("resource_group", request.resource_group.is_none())?;
    let of_plan = (bucket.plan != PlanKind::HmacKey).then(|| bucket.identity.clone().into_string());
    let account = request.principal.clone().or(of_plan).ok_or_else(|| {
        Error::invalid(
            "principal",
            "is needed: the service account whose HMAC key the bucket has",
        )
    })?;
    Ok(GcsBucket {
        place,
        project: parsed_or_none("project", request.project.as_deref())?,
        teams,
        service_account: parsed("principal", &account)?,
        origins: all("origins", &request.origins)?,
        networks: all("networks", &request.networks)?,
    }
    .setup())
}

fn azure(request: &PolicyRequest, place: Place, teams: Vec<Team>, account: &str) -> Made {
    only_s3(request)?;
    absent("project", request.project.is_none())?;
    Ok(AzureContainer {
        subscription: parsed_or_none("subscription", request.subscription.as_deref())?,
        resource_group: parsed_or_none("resource_group", request.resource_group.as_deref())?,
        account: Some(parsed("place.account", account)?),
        place,
        teams,
        principal_id: parsed_or_none("principal", request.principal.as_deref())?,
        origins: all("origins", &request.origins)?,
        networks: all("networks", &request.networks)?,
        subnets: all("subnets", &request.subnets)?,
    }
    .setup())
}

fn only_s3(request: &PolicyRequest) -> Result<(), Error> {
    absent("control_principal", request.control_principal.is_none())?;
    absent("server_principal", request.server_principal.is_none())?;
    absent("vpc_endpoints", request.vpc_endpoints.is_empty())?;
    let age = request.max_signature_age_seconds;
    absent("max_signature_age_seconds", age.is_none())?;
    absent("kms_key", request.kms_key.is_none())?;
    let log = &request.access_log_container;
    absent("access_log_container", log.is_none())
}

/// What would be left out without a word is refused.
fn absent(field: &'static str, is_absent: bool) -> Result<(), Error> {
    if is_absent {
        Ok(())
    } else {
        Err(Error::invalid(field, "is not for the bucket's store"))
    }
}

fn parsed<T: FromStr<Err = ParseError>>(field: &'static str, text: &str) -> Result<T, Error> {
    text.parse()
        .map_err(|error: ParseError| Error::invalid(field, format!("cannot be used: {error}")))
}

fn parsed_or_none<T: FromStr<Err = ParseError>>(
    field: &'static str,
    text: Option<&str>,
) -> Result<Option<T>, Error> {
    text.map(|text| parsed(field, text)).transpose()
}

fn all<T: FromStr<Err = ParseError>>(
    field: &'static str,
    texts: &[String],
) -> Result<Vec<T>, Error> {
    texts.iter().map(|text| parsed(field, text)).collect()
}

fn told(document: &Document, request: &PolicyRequest) -> Result<PolicyDocument, Error> {
    let existing = request.existing.get(document.kind.as_str());
    let merged = document
        .merged_into(existing)
        .map_err(|error| Error::invalid("existing", error.to_string()))?;
    let mut warnings = document.warnings.clone();
    warnings.extend(merged.warnings);
    Ok(PolicyDocument {
        kind: document.kind.as_str().to_owned(),
        file: document.file.clone(),
        title: document.title.clone(),
        body: merged.body,
        reasons: document
            .reasons
            .iter()
            .map(|reason| PolicyReason {
                part: reason.part.clone(),
                why: reason.why.clone(),
            })
            .collect(),
        apply: document.apply.clone(),
        warnings,
    })
}
