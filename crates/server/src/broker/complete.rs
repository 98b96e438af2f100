//! Completes uploads: nothing is published that the store does not hold as announced.

use super::landed::{self, Assembly};
use super::{Broker, Error, Mandate};
use crate::db::registry::object::Settled;
use crate::db::upload::{self, Phase, UploadRow};
use crate::policy::{CompleteUpload, Permit};
use crate::stores::{self, Completed, Control, Head, StoredChecksum};
use protocol::Digest;
use protocol::audit::Action;
use protocol::layout::Layout;
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
        let told = match judge(facts.layout, &row, completed.as_ref(), head.as_ref()) {
            Err(Refused::Discard { etag, error }) => {
                // Nobody is to read it, and nobody else's is deleted
                if let Err(cause) = control.discard(&row.key, &etag).await {
                    tracing::warn!(upload.id = %row.id, error = %cause, "an object that is not what was announced is still there");
                }
                return Err(error);
            }
            Err(Refused::Keep(error)) => return Err(error),
            Ok(told) => told,
        };
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
            Some(
                code @ ("InvalidPart" | "InvalidPartOrder" | "BadDigest" | "EntityTooSmall"
                | "InvalidBlockList"),
            ) => Failure::Mismatch(format!(
                "the store does not take the parts together (`{code}`); send those that are missing and complete again"
            )),
            _ => Failure::Store(error),
        }),
    }
}

/// Why an object is not published.
#[derive(Debug)]
enum Refused {
    /// It is none of this upload's.
    Keep(Error),
    /// This upload made it, and it is not what was announced.
    Discard { etag: Box<str>, error: Error },
}

/// Judges the object at the key. True when the store's own checksum proves it.
fn judge(
    layout: Layout,
    row: &UploadRow,
    completed: Option<&Completed>,
    head: Option<&Head>,
) -> Result<bool, Refused> {
    let lost = || {
        Refused::Keep(Error::ContentMismatch(
            "the store knows this upload no more; abort it and begin anew".to_owned(),
        ))
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
    let wrong = |text: String| {
        let error = Error::ContentMismatch(text);
        match head.etag.clone() {
            Some(etag) => Refused::Discard { etag, error },
            None => Refused::Keep(error),
        }
    };
    if head.size_bytes != row.size_bytes {
        return Err(wrong(format!(
            "the object had {} bytes in the store, not {}; send it again",
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
            if stored == composite && part_count == layout.part_count() {
                Ok(true)
            } else {
                Err(wrong(
                    "the object was not what was announced; send it again".to_owned(),
                ))
            }
        }
        _ => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::id::{BucketId, ObjectId, PrincipalId, TeamId, UploadId};
    use protocol::{Sha256Digest, Timestamp};

    const SIZE: u64 = 40 << 20;

    fn row(plain: bool) -> UploadRow {
        UploadRow {
            id: UploadId::from_parts(1, [1; 10]),
            team_id: TeamId::from_parts(1, [1; 10]),
            bucket_id: BucketId::from_parts(1, [1; 10]),
            object_id: ObjectId::from_parts(1, [1; 10]),
            key: "k".parse().unwrap(),
            store_upload_id: "u".into(),
            size_bytes: SIZE,
            digest: Digest::Sha256Composite {
                part_size_bytes: 16 << 20,
                composite: Sha256Digest::from_bytes([7; 32]),
            },
            phase: Phase::Open,
            plain,
            verified_by: None,
            started_by: PrincipalId::from_parts(1, [1; 10]),
            created_at: Timestamp::from_unix_seconds(1),
            expires_at: Timestamp::from_unix_seconds(2),
        }
    }

    fn head(size_bytes: u64) -> Head {
        Head {
            size_bytes,
            etag: Some("\"1\"".into()),
            sha256: None,
            upload: Some(row(false).id),
        }
    }

    fn judged(plain: bool, completed: bool, head: Option<&Head>) -> Result<bool, Refused> {
        let completed = completed.then(|| Completed {
            etag: "\"1\"".into(),
        });
        judge(
            Layout::of(SIZE).unwrap(),
            &row(plain),
            completed.as_ref(),
            head,
        )
    }

    #[test]
    fn what_this_upload_made_of_another_size_or_digest_is_deleted() {
        assert!(!judged(false, true, Some(&head(SIZE))).unwrap());
        let composite = |byte| StoredChecksum::Composite {
            composite: Sha256Digest::from_bytes([byte; 32]),
            part_count: 3,
        };
        let right = Head {
            sha256: Some(composite(7)),
            ..head(SIZE)
        };
        assert!(judged(false, true, Some(&right)).unwrap());
        let other = Head {
            sha256: Some(composite(8)),
            ..head(SIZE)
        };
        for wrong in [head(SIZE + 1), head(0), other] {
            for plain in [false, true] {
                let refused = judged(plain, true, Some(&wrong)).unwrap_err();
                let Refused::Discard { etag, error } = refused else {
                    panic!("{refused:?}");
                };
                assert_eq!(&*etag, "\"1\"");
                assert!(matches!(error, Error::ContentMismatch(_)), "{error:?}");
            }
        }
    }

    #[test]
    fn what_another_made_is_left_alone() {
        let others = Head {
            upload: None,
            etag: Some("\"2\"".into()),
            ..head(SIZE + 1)
        };
        for (completed, head) in [
            (true, Some(&others)),
            (false, Some(&others)),
            (true, None),
            (false, None),
        ] {
            let refused = judged(false, completed, head).unwrap_err();
            assert!(matches!(refused, Refused::Keep(_)), "{refused:?}");
        }
        // A plain key is anybody's of the team: the upload was completed, and then replaced
        assert!(!judged(true, true, Some(&others)).unwrap());
    }
}
