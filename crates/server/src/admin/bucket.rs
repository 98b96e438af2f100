//! Buckets: registered, and removed once empty.

use super::place::{self, Place};
use super::told::tell_bucket;
use super::{Admin, Error, open};
use crate::db::bucket::BucketRow;
use crate::policy::{CreateBucket, Permit, RemoveBucket};
use crate::stores;
use protocol::admin::{Bucket, NewBucket, State};
use protocol::audit::{Action, Event};
use protocol::id::BucketId;
use zeroize::Zeroizing;

/// The longest endpoint and credential, in bytes.
const MAX_FIELD_BYTES: usize = 1024;

impl Admin {
    /// Registers a bucket. Its secret is sealed before it goes anywhere.
    pub async fn create_bucket(&self, permit: Permit<CreateBucket>) -> Result<Bucket, Error> {
        let (CreateBucket { request }, asked) = open(permit);
        check(&request)?;
        let id: BucketId = self.ids.make();
        let credential_revision = 1;
        let secret = Zeroizing::new(request.secret_access_key);
        let sealed_secret = self
            .stores
            .seal_keys()
            .seal(
                &stores::seal::Place::secret_access_key(id, credential_revision),
                &secret,
            )
            .map_err(Error::Seal)?;
        let mut change = self.begin(&asked).await?;
        self.check_place(&request.endpoint, &request.container, &request.prefix)?;
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
        let row = BucketRow {
            id,
            name: request.name,
            provider: request.provider,
            endpoint: request.endpoint,
            region: request.region,
            container: request.container,
            prefix: request.prefix,
            addressing: request.addressing,
            state: State::Active,
            is_default: request.default,
            access_key_id: request.access_key_id,
            sealed_secret,
            credential_revision,
            created_at: change.at(),
        };
        change.create_bucket(&row).await?;
        change
            .add_event(&Event {
                subject: Some(row.name.to_string()),
                detail: Some(format!(
                    "`{}` at `{}`, prefix `{}`",
                    row.container, row.endpoint, row.prefix
                )),
                ..self.event(&asked, Action::BucketCreate, change.at())
            })
            .await?;
        self.commit(change).await?;
        Ok(tell_bucket(row))
    }

    /// Refuses a place that is equal to a registered one, around it, or inside.
    fn check_place(&self, endpoint: &str, container: &str, prefix: &str) -> Result<(), Error> {
        let here = Place::of(endpoint, container, prefix)
            .ok_or_else(|| Error::invalid("endpoint", "has no host"))?;
        let registered = self.directory.buckets();
        let clash = registered.iter().find(|bucket| {
            bucket.state != State::Removed
                && Place::of(&bucket.endpoint, &bucket.container, &bucket.prefix)
                    .is_some_and(|there| there.overlaps(&here))
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

/// Checks what can be checked without anybody else.
fn check(request: &NewBucket) -> Result<(), Error> {
    for (field, text) in [
        ("endpoint", &request.endpoint),
        ("access_key_id", &request.access_key_id),
        ("secret_access_key", &request.secret_access_key),
    ] {
        if text.is_empty() || text.len() > MAX_FIELD_BYTES {
            return Err(Error::invalid(
                field,
                format!("must have between 1 and {MAX_FIELD_BYTES} bytes"),
            ));
        }
    }
    place::check_prefix(&request.prefix).map_err(|reason| Error::invalid("prefix", reason))?;
    if place::is_link_local(&request.endpoint) {
        return Err(Error::invalid(
            "endpoint",
            "is an address of the machine itself, not of a store",
        ));
    }
    stores::check_registration(request).map_err(|misfit| {
        Error::invalid(misfit.field, format!("cannot be used: {}", misfit.reason))
    })
}
