//! Gives uploads up for the server itself: those that expired, and those of a stopped principal.

use super::{Broker, Error};
use crate::db::upload::{self, UploadRow};
use crate::policy::BucketFacts;
use crate::telemetry;
use futures::StreamExt as _;
use protocol::audit::{Action, Event};
use protocol::id::{BucketId, PrincipalId};
use std::sync::Arc;

/// Uploads in one round of the sweep.
const ROUND: u32 = 200;
/// Stores asked at a time.
const CONCURRENCY: usize = 16;

/// What became of uploads that were given up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// The store dropped the parts.
    pub aborted: u32,
    /// Given up, but the store did not answer: the sweep asks it again.
    pub unfinished: u32,
}

impl Broker {
    /// Aborts the uploads that expired, and those that a store has still to drop. `bucket` looks a
    /// bucket up.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sweep(
        &self,
        bucket: impl Fn(BucketId) -> Option<Arc<BucketFacts>>,
    ) -> Result<Swept, Error> {
        let mut swept = Swept::default();
        let mut after = String::new();
        loop {
            let now = self.clock.now();
            let rows = upload::begin_sweep(&self.db, now, &after, ROUND).await?;
            let Some(last) = rows.last() else {
                return Ok(swept);
            };
            after = last.id.to_string();
            let round = self.abort_all(rows, "expired", &bucket).await;
            swept.aborted += round.aborted;
            swept.unfinished += round.unfinished;
        }
    }

    /// Aborts the open uploads of a principal that may do nothing any more. `bucket` looks a bucket
    /// up.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn abort_uploads_of(
        &self,
        principal: PrincipalId,
        bucket: impl Fn(BucketId) -> Option<Arc<BucketFacts>>,
    ) -> Result<Swept, Error> {
        let rows = upload::begin_abort_of(&self.db, principal, self.clock.now()).await?;
        Ok(self.abort_all(rows, "principal stopped", &bucket).await)
    }

    async fn abort_all(
        &self,
        rows: Vec<UploadRow>,
        why: &'static str,
        bucket: &impl Fn(BucketId) -> Option<Arc<BucketFacts>>,
    ) -> Swept {
        // Each future owns what it needs, as streams of borrowing futures cannot be sent
        let work: Vec<_> = rows
            .into_iter()
            .map(|row| {
                let bucket = bucket(row.bucket_id);
                async move { self.abort_one(bucket, &row, why).await }
            })
            .collect();
        futures::stream::iter(work)
            .buffer_unordered(CONCURRENCY)
            .fold(Swept::default(), |mut swept, done| async move {
                if done {
                    swept.aborted += 1;
                } else {
                    swept.unfinished += 1;
                }
                swept
            })
            .await
    }

    async fn abort_one(
        &self,
        bucket: Option<Arc<BucketFacts>>,
        row: &UploadRow,
        why: &'static str,
    ) -> bool {
        let Some(bucket) = bucket else {
            tracing::warn!(upload.id = %row.id, "an upload's bucket is gone; its parts stay there");
            return false;
        };
        if let Err(error) = self.drop_parts(&bucket, row).await {
            tracing::warn!(upload.id = %row.id, %error, "an upload is given up, but its parts are still there");
            return false;
        }
        telemetry::count_aborted_upload(why);
        let event = Event {
            id: self.ids.make(),
            at: self.clock.now(),
            action: Action::UploadAbort,
            actor: None,
            network: None,
            request_id: None,
            team_id: Some(row.team_id),
            team: None,
            operation: None,
            rule: None,
            grant: None,
            upload_id: Some(row.id),
            version_id: None,
            subject: Some(row.started_by.to_string()),
            detail: Some(why.to_owned()),
        };
        // It releases nothing, so it need not wait for better times to be recorded
        if let Err(error) = self.ledger.record(event, None).await {
            tracing::warn!(upload.id = %row.id, %error, "the end of an upload is not on the record");
        }
        true
    }

    /// Has the store drop the parts of an upload that was given up, and notes that it did.
    pub(super) async fn drop_parts(
        &self,
        bucket: &Arc<BucketFacts>,
        row: &UploadRow,
    ) -> Result<(), Error> {
        let bucket_error = Error::of_bucket(bucket);
        let control = self.stores.control(bucket).map_err(&bucket_error)?;
        control
            .abort_multipart(&row.key, &row.store_upload_id)
            .await
            .map_err(&bucket_error)?;
        upload::finish_abort(&self.db, row.id).await?;
        Ok(())
    }
}
