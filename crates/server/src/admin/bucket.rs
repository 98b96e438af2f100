//! Buckets: registered, and removed once empty.

use super::place::{self, Place};
use super::told::tell_bucket;
use super::{Admin, Error, network, open};
use crate::db::bucket::BucketRow;
use crate::policy::{BucketFacts, ChangeBucket, CreateBucket, Permit, RemoveBucket};
use crate::stores;
use protocol::admin::State;
use protocol::audit::{Action, Event};
use protocol::bucket::{AudienceEndpoints, Bucket, CredentialPlan, NewBucket, Registration};
use protocol::id::BucketId;

/// The longest endpoint, in bytes.
const MAX_ENDPOINT_BYTES: usize = 1024;

impl Admin {
    /// Registers a bucket. Its secret is sealed before it goes anywhere.
    pub async fn create_bucket(&self, permit: Permit<CreateBucket>) -> Result<Bucket, Error> {
        let (CreateBucket { request }, asked) = open(permit);
        let registration = request
            .resolve()
            .map_err(|misfit| Error::invalid(misfit.field, misfit.reason))?;
        self.check(&registration, &request.endpoints)?;
        let id: BucketId = self.ids.make();
        let credential_revision = 1;
        let plan = &registration.credential;
        let sealed_plan = stores::seal_plan(
            self.stores.seal_keys(),
            &stores::seal::Place::plan(id, credential_revision),
            plan,
        )
        .map_err(Error::Seal)?;
        // Before anything is asked of a store, and again when nothing can come between
        self.check_free(&request, &registration)?;
        let mut row = BucketRow {
            id,
            name: request.name.clone(),
            external_id: external_id(id, plan),
            plan: plan.kind(),
            identity: plan.identity().to_owned(),
            place: registration.place.clone(),
            endpoints: request.endpoints.clone(),
            prefix: registration.prefix.clone(),
            state: State::Active,
            is_default: request.default,
            sealed_plan,
            credential_revision,
            capabilities: None,
            allowed_networks: Vec::new(),
            created_at: self.clock.now(),
        };
        let checked = if request.verify {
            Some(self.check_fit(&row, &asked).await?)
        } else {
            None
        };
        let mut change = self.begin(&asked).await?;
        self.check_free(&request, &registration)?;
        row.created_at = change.at();
        row.capabilities = checked
            .as_ref()
            .and_then(|checked| checked.report.capabilities.clone());
        change.create_bucket(&row).await?;
        change
            .add_event(&Event {
                subject: Some(row.name.to_string()),
                detail: Some(format!(
                    "`{}` at `{}`, prefix `{}`",
                    row.place.container(),
                    row.place.endpoint(),
                    row.prefix
                )),
                ..self.event(&asked, Action::BucketCreate, change.at())
            })
            .await?;
        if let Some(checked) = checked {
            let event = self.event(&asked, Action::BucketVerify, change.at());
            change.add_event(&checked.tell(event)).await?;
        }
        self.commit(change).await?;
        Ok(tell_bucket(&row.into()))
    }

    /// Refuses a name, a place or a role that another bucket has.
    fn check_free(&self, request: &NewBucket, registration: &Registration) -> Result<(), Error> {
        self.check_place(registration, &request.endpoints)?;
        if self.directory.bucket_named(&request.name).is_some() {
            return Err(Error::Conflict(format!(
                "bucket name `{}` is taken; choose another one",
                request.name
            )));
        }
        if request.default
            && let Some(other) = self.directory.default_bucket()
        {
            return Err(Error::Conflict(format!(
                "`{}` is the default bucket already; there can be only one",
                other.name
            )));
        }
        Ok(())
    }

    /// Checks what can be checked without asking the store.
    fn check(
        &self,
        registration: &Registration,
        endpoints: &AudienceEndpoints,
    ) -> Result<(), Error> {
        place::check_prefix(&registration.prefix)
            .map_err(|reason| Error::invalid("prefix", reason))?;
        let usual = ("place.endpoint", registration.place.endpoint());
        let others = endpoints
            .values()
            .map(|endpoint| ("endpoints", endpoint.clone()));
        let sts = registration.credential.sts_endpoint();
        let sts = sts.map(|endpoint| ("credential.sts_endpoint", endpoint.to_owned()));
        for (field, endpoint) in std::iter::once(usual).chain(others).chain(sts) {
            if endpoint.is_empty() || endpoint.len() > MAX_ENDPOINT_BYTES {
                return Err(Error::invalid(
                    field,
                    format!("must have between 1 and {MAX_ENDPOINT_BYTES} bytes"),
                ));
            }
            self.stores.check_endpoint(&endpoint).map_err(|error| {
                let hint = error.hint().map(|hint| format!("\nhint: {hint}"));
                Error::invalid(field, format!("{error}{}", hint.unwrap_or_default()))
            })?;
        }
        stores::check_registration(registration, endpoints)
            .map_err(|misfit| Error::invalid(misfit.field, misfit.reason))
    }

    /// Gives a bucket another list of networks.
    pub async fn change_bucket(&self, permit: Permit<ChangeBucket>) -> Result<Bucket, Error> {
        let (
            ChangeBucket {
                bucket,
                change: asked_for,
            },
            asked,
        ) = open(permit);
        let mut change = self.begin(&asked).await?;
        let bucket = self.directory.bucket(bucket.id).ok_or(Error::NotFound)?;
        if bucket.state == State::Removed {
            return Err(Error::Conflict(format!(
                "bucket `{}` is removed",
                bucket.name
            )));
        }
        let Some(networks) = asked_for.allowed_networks else {
            return Ok(tell_bucket(&bucket));
        };
        network::check_count("allowed_networks", &networks)?;
        if *networks == *bucket.allowed_networks {
            return Ok(tell_bucket(&bucket));
        }
        change.set_bucket_networks(bucket.id, &networks).await?;
        change
            .add_event(&Event {
                subject: Some(bucket.name.to_string()),
                detail: Some(network::tell(&networks)),
                ..self.event(&asked, Action::BucketUpdate, change.at())
            })
            .await?;
        self.commit(change).await?;
        Ok(tell_bucket(&BucketFacts {
            allowed_networks: networks.into(),
            ..BucketFacts::clone(&bucket)
        }))
    }

    /// Refuses a place that is equal to a registered one, around it, or inside.
    fn check_place(&self, here: &Registration, endpoints: &AudienceEndpoints) -> Result<(), Error> {
        let here = Place::all(&here.place, endpoints, &here.prefix)
            .ok_or_else(|| Error::invalid("place.endpoint", "has no host"))?;
        let registered = self.directory.buckets();
        let clash = registered.iter().find(|bucket| {
            bucket.state != State::Removed
                && Place::all(&bucket.place, &bucket.endpoints, &bucket.prefix)
                    .is_some_and(|there| overlap(&here, &there))
        });
        match clash {
            None => Ok(()),
            Some(bucket) => Err(Error::Conflict(format!(
                "this place is that of bucket `{}`, around it, or inside; choose another container or prefix",
                bucket.name
            ))),
        }
    }

    /// Ends a registration, while no team has chosen the bucket and nothing is in it.
    pub async fn remove_bucket(&self, permit: Permit<RemoveBucket>) -> Result<(), Error> {
        let (RemoveBucket { bucket }, asked) = open(permit);
        let mut change = self.begin(&asked).await?;
        let bucket = self.directory.bucket(bucket.id).ok_or(Error::NotFound)?;
        if bucket.state == State::Removed {
            return Ok(());
        }
        let teams = self.directory.teams();
        let chosen_by = teams
            .iter()
            .find(|team| team.own_bucket == Some(bucket.id) && team.state != State::Removed);
        if let Some(team) = chosen_by {
            return Err(Error::Conflict(format!(
                "bucket `{}` is that of team `{}`; give the team another one first",
                bucket.name, team.name
            )));
        }
        if change.bucket_has_content(bucket.id).await? {
            return Err(Error::Conflict(format!(
                "bucket `{}` has objects or open uploads; delete them first",
                bucket.name
            )));
        }
        change.remove_bucket(bucket.id).await?;
        change
            .add_event(&Event {
                subject: Some(bucket.name.to_string()),
                ..self.event(&asked, Action::BucketRemove, change.at())
            })
            .await?;
        self.commit(change).await
    }
}

fn overlap(here: &[Place], there: &[Place]) -> bool {
    here.iter()
        .any(|here| there.iter().any(|there| here.overlaps(there)))
}

/// What a role's trust policy asks for, so that no other customer of its account's partners can have
/// Signet assume it. Not a secret.
fn external_id(bucket: BucketId, plan: &CredentialPlan) -> Option<String> {
    matches!(plan, CredentialPlan::AssumeRole { .. }).then(|| format!("signet-{bucket}"))
}
