//! Completes uploads: nothing is published that the store does not hold as announced.

use super::landed::{self, Assembly};
use super::{Broker, Error, Mandate};
use crate::db::registry::object::Settled;
use crate::db::upload::{self, Phase, UploadRow};
use crate::policy::{CompleteUpload, Permit, UploadFacts};
use crate::stores::{self, Completed, Control, Head, StoredChecksum};
use protocol::Digest;
use protocol::audit::Action;
use protocol::transfer::{Object, VerifiedBy};
use std::time::Duration;

/// How long drafts that counted on this object may count on the one that was first.
const LEASE: Duration = Duration::from_hours(24);

impl Broker {
    /// Has the store put the parts together, after each was compared with what it was announced as.
    /// Asking again after it is done answers the same.
    ///
    /// # Errors
    /// [`Error::ContentMismatch`] when a part is missing, foreign or not as announced; otherwise when
    /// the upload was given up, the store refuses or does not answer, or the decision is not recorded.
    pub async fn complete_upload(&self, permit: Permit<CompleteUpload>) -> Result<Object, Error> {
        let mandate = Mandate::of(&permit)?;
        let (op, _) = permit.into_op();
        let facts = op.upload;
        let row = self.upload_row(facts.id).await?;
        match row.phase {
            Phase::Completed => return object_of(&row),
            Phase::Aborting | Phase::Aborted => return Err(given_up()),
            Phase::Open => {}
        }
        let bucket_error = Error::of_bucket(mandate.bucket());
        let control = self
            .stores
            .control(mandate.bucket())
            .map_err(&bucket_error)?;
        let assembly = match control.list_parts(&row.key, &row.store_upload_id).await {
            Ok(stored) => {
                let announced = upload::announced_parts(&self.db, row.id).await?;
                let assembly = landed::assemble(facts.layout, row.digest, &announced, &stored)
                    .map_err(|mismatch| Error::ContentMismatch(mismatch.to_string()))?;
                Some(assembly)
            }
            // An answer to an earlier attempt was lost, perhaps: the object itself tells
            Err(error) if error.is_no_such_upload() => None,
            Err(error) => return Err(bucket_error(error)),
        };
        // From here on it cannot be undone: on the record, under the directory of this moment
        let mut event = mandate.event(&self.ids, Action::UploadComplete);
        event.upload_id = Some(row.id);
        event.subject = Some(row.key.to_string());
        event.detail = Some(format!("{} bytes", row.size_bytes));
        self.ledger.record(event, Some(mandate.recheck())).await?;
        let completed = match &assembly {
            Some(assembly) => put_together(&*control, &row, assembly)
                .await
                .map_err(|failure| match failure {
                    Failure::Mismatch(text) => Error::ContentMismatch(text),
                    Failure::Store(error) => bucket_error(error),
                })?,
            None => None,
        };
        let head = control.head(&row.key).await.map_err(&bucket_error)?;
        let told = judge(&facts, &row, completed.as_ref(), head.as_ref())?;
        let proven = told
            || assembly.is_some_and(|assembly| assembly.told)
            || control
                .enforces_part_checksums(&probe_key(&mandate)?, row.id)
                .await
                .map_err(&bucket_error)?;
        let verified_by = if proven {
            VerifiedBy::PartChecksums
        } else {
            VerifiedBy::Client
        };
        let etag = head.and_then(|head| head.etag);
        self.publish(&row, verified_by, etag.as_deref()).await?;
        object_of(&self.upload_row(row.id).await?)
    }

    async fn publish(
        &self,
        row: &UploadRow,
        verified_by: VerifiedBy,
        etag: Option<&str>,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        if row.plain {
            upload::complete_plain(&self.db, row.id, row.object_id, verified_by, now).await?;
            return Ok(());
        }
        let lease = now.plus(LEASE);
        match upload::complete_content(&self.db, row, verified_by, etag, now, lease).await? {
            Settled::Verified | Settled::Yielded { .. } => Ok(()),
            Settled::Gone => Err(Error::Conflict(
                "the draft that needed this object was given up; begin anew".to_owned(),
            )),
        }
    }
}

fn given_up() -> Error {
    Error::Conflict("this upload was given up; begin anew".to_owned())
}

/// The answer, from the row alone.
fn object_of(row: &UploadRow) -> Result<Object, Error> {
    let verified_by = row.verified_by.ok_or_else(given_up)?;
    Ok(Object {
        id: row.object_id,
        size_bytes: row.size_bytes,
        digest: row.digest,
        verified_by,
    })
}

/// Where a store is tried out, in the team's own root.
fn probe_key(mandate: &Mandate) -> Result<protocol::ObjectKey, Error> {
    protocol::ObjectKey::under(&mandate.root(), "probe")
        .map_err(|error| Error::Conflict(format!("the bucket's prefix is too long: {error}")))
}

enum Failure {
    Mismatch(String),
    Store(stores::Error),
}

/// `None`: the store knows the upload no more, as if it had been completed before.
async fn put_together(
    control: &dyn Control,
    row: &UploadRow,
    assembly: &Assembly,
) -> Result<Option<Completed>, Failure> {
    let done = control
        .complete_multipart(&row.key, &row.store_upload_id, &assembly.parts)
        .await;
    match done {
        Ok(completed) => Ok(Some(completed)),
        Err(error) if error.is_no_such_upload() => Ok(None),
        Err(error) => Err(match error.code() {
            Some(code @ ("InvalidPart" | "InvalidPartOrder" | "BadDigest" | "EntityTooSmall")) => {
                Failure::Mismatch(format!(
                    "the store does not take the parts together (`{code}`); send those that are missing and complete again"
                ))
            }
            _ => Failure::Store(error),
        }),
    }
}

/// Judges the object at the key. True when the store's own checksum proves it.
fn judge(
    facts: &UploadFacts,
    row: &UploadRow,
    completed: Option<&Completed>,
    head: Option<&Head>,
) -> Result<bool, Error> {
    let lost = || {
        Error::ContentMismatch(
            "the store knows this upload no more; abort it and begin anew".to_owned(),
        )
    };
    let made_here = head.is_some_and(|head| {
        head.upload == Some(row.id)
            || completed.is_some_and(|completed| head.etag.as_ref() == Some(&completed.etag))
    });
    if !made_here {
        // Others write plain keys too: then this object was there, and has been replaced
        return match completed {
            Some(_) if row.plain => Ok(false),
            _ => Err(lost()),
        };
    }
    let head = head.ok_or_else(lost)?;
    if head.size_bytes != row.size_bytes {
        return Err(Error::ContentMismatch(format!(
            "the object has {} bytes in the store, not {}",
            head.size_bytes, row.size_bytes
        )));
    }
    match (head.sha256, row.digest) {
        (
            Some(StoredChecksum::Composite {
                composite: stored,
                part_count,
            }),
            Digest::Sha256Composite { composite, .. },
        ) => {
            if stored == composite && part_count == facts.layout.part_count() {
                Ok(true)
            } else {
                Err(Error::ContentMismatch(
                    "the object is not what was announced".to_owned(),
                ))
            }
        }
        _ => Ok(false),
    }
}
