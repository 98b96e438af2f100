//! Aborts uploads that a store holds open and nobody knows of: the store began them, but its answer or
//! the row was lost. Their parts cost money, and nothing else would ever end them.

use super::{Broker, Error};
use crate::db::upload;
use crate::policy::BucketFacts;
use crate::stores::{Control, OpenUpload};
use crate::telemetry;
use futures::StreamExt as _;
use protocol::admin::State;
use protocol::audit::{Action, Event};
use protocol::id::TeamId;
use std::sync::Arc;
use std::time::Duration;

/// Uploads aborted at a time.
const CONCURRENCY: usize = 16;

impl Broker {
    /// Aborts the uploads in these buckets that were begun at least `age` ago beneath a team's root and
    /// that no row stands for; gives their number. `is_team` knows the teams: what lies elsewhere is
    /// somebody else's. A store that cannot be asked is asked the next time.
    ///
    /// `age` is to be well beyond the life of an upload, so that no clock and no lagging server matters.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sweep_forgotten(
        &self,
        buckets: impl IntoIterator<Item = Arc<BucketFacts>>,
        is_team: impl Fn(TeamId) -> bool,
        age: Duration,
    ) -> Result<u32, Error> {
        let before = self.clock.now().minus(age);
        let mut aborted = 0;
        for bucket in buckets {
            if bucket.state != State::Active {
                continue;
            }
            let listed = match self.stores.control(&bucket) {
                Ok(control) => {
                    let uploads = control.list_uploads(&bucket.prefix).await;
                    uploads.map(|uploads| (control, uploads))
                }
                Err(error) => Err(error),
            };
            let (control, uploads) = match listed {
                Ok((control, uploads)) => (control, uploads.unwrap_or_default()),
                Err(error) => {
                    tracing::warn!(bucket.name = %bucket.name, %error, "the open uploads of a bucket cannot be listed");
                    continue;
                }
            };
            let old = uploads.into_iter().filter(|open| open.begun_at <= before);
            // Each future owns what it needs, as streams of borrowing futures cannot be sent
            let work: Vec<_> = old
                .filter_map(|open| Some((team_of(&bucket, &open).filter(|id| is_team(*id))?, open)))
                .map(|(team, open)| {
                    let (control, bucket) = (Arc::clone(&control), Arc::clone(&bucket));
                    async move { self.forget(&*control, &bucket, team, &open).await }
                })
                .collect();
            let mut done = futures::stream::iter(work).buffer_unordered(CONCURRENCY);
            while let Some(one) = done.next().await {
                aborted += u32::from(one?);
            }
        }
        Ok(aborted)
    }

    /// Aborts one upload, unless a row stands for it. False when it is still there.
    async fn forget(
        &self,
        control: &dyn Control,
        bucket: &BucketFacts,
        team: TeamId,
        open: &OpenUpload,
    ) -> Result<bool, Error> {
        let (key, id) = (&open.key, &open.store_upload_id);
        if upload::is_expected(&self.db, key, id).await? {
            return Ok(false);
        }
        // Another server may have been first, and some stores list what is over; to abort that is no error
        let aborted = match control.list_parts(key, id).await {
            Ok(_) => control.abort_multipart(key, id).await,
            Err(error) if error.is_no_such_upload() => return Ok(false),
            Err(error) => Err(error),
        };
        if let Err(error) = aborted {
            tracing::warn!(bucket.name = %bucket.name, %error, "an upload that nobody knows is still there");
            return Ok(false);
        }
        tracing::info!(
            bucket.name = %bucket.name,
            team.id = %team,
            upload.begun_at = %open.begun_at,
            "aborted an upload that nobody knew"
        );
        telemetry::count_aborted_upload("forgotten");
        let event = Event {
            id: self.ids.make(),
            at: self.clock.now(),
            action: Action::UploadAbort,
            actor: None,
            network: None,
            request_id: None,
            team_id: Some(team),
            team: None,
            operation: None,
            rule: None,
            grant: None,
            upload_id: None,
            version_id: None,
            subject: Some(key.to_string()),
            detail: Some(format!("forgotten, begun {}", open.begun_at)),
        };
        // It releases nothing, so it need not wait for better times to be recorded
        if let Err(error) = self.ledger.record(event, None).await {
            tracing::warn!(%error, "the end of an upload that nobody knew is not on the record");
        }
        Ok(true)
    }
}

/// The team beneath whose root the key of an upload is.
fn team_of(bucket: &BucketFacts, open: &OpenUpload) -> Option<TeamId> {
    let key = open.key.as_str();
    let (team, _) = key.strip_prefix(&*bucket.prefix)?.split_once('/')?;
    let team = team.parse().ok()?;
    // An id can be written in more than one way, a root cannot
    key.starts_with(&bucket.team_root(team)).then_some(team)
}
