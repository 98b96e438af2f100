//! Uploads in parts: begun, listed, given up.

use super::urls::{plain_key, plain_root};
use super::{Broker, Error, Mandate, SHORT_CAP_SECONDS, UPLOAD_CAP_SECONDS, landed};
use crate::db::upload::{self, Phase, UploadRow};
use crate::policy::{AbortUpload, BeginUpload, ListParts, Permit};
use protocol::audit::Action;
use protocol::id::ObjectId;
use protocol::layout::Layout;
use protocol::transfer::{Upload, UploadState, UploadedParts};
use protocol::{Digest, ObjectKey};
use std::time::Duration;

/// How long an upload may take.
const LIFE: Duration = Duration::from_secs(UPLOAD_CAP_SECONDS as u64);
/// An upload that ends sooner than this is not taken up again.
const RESUMABLE: Duration = Duration::from_secs(SHORT_CAP_SECONDS as u64);

/// Content of the registry that is to be uploaded in parts.
#[derive(Debug, Clone)]
pub struct ObjectToUpload {
    /// The object.
    pub id: ObjectId,
    /// Its key; the server made it, and nothing else is written there.
    pub key: ObjectKey,
    /// Size in bytes.
    pub size_bytes: u64,
    /// The composite digest of its parts.
    pub digest: Digest,
}

impl Broker {
    /// Begins to upload a large plain object. The same content to the same key by the same principal
    /// goes on where it was left.
    ///
    /// # Errors
    /// When size or digest are not those of an upload in parts, the store refuses, or the decision is
    /// not recorded.
    pub async fn begin_upload(&self, permit: Permit<BeginUpload>) -> Result<Upload, Error> {
        let mandate = Mandate::of(&permit)?;
        let (op, _) = permit.into_op();
        let request = op.request;
        let object = ObjectToUpload {
            id: self.ids.make(),
            key: plain_key(&plain_root(&mandate), &request.key, || "key".to_owned())?,
            size_bytes: request.size_bytes,
            digest: request.digest,
        };
        self.open_upload(&mandate, object, true).await
    }

    /// Begins to upload content of the registry, or goes on where the same principal left it.
    ///
    /// # Errors
    /// As [`Broker::begin_upload`].
    pub async fn open_object_upload(
        &self,
        mandate: &Mandate,
        object: ObjectToUpload,
    ) -> Result<Upload, Error> {
        self.open_upload(mandate, object, false).await
    }

    async fn open_upload(
        &self,
        mandate: &Mandate,
        object: ObjectToUpload,
        plain: bool,
    ) -> Result<Upload, Error> {
        let layout = parts_layout(&object)?;
        let (now, bucket) = (self.clock.now(), mandate.bucket());
        let mut row = UploadRow {
            id: self.ids.make(),
            team_id: mandate.team().id,
            bucket_id: bucket.id,
            object_id: object.id,
            key: object.key,
            store_upload_id: "".into(),
            size_bytes: object.size_bytes,
            digest: object.digest,
            phase: Phase::Open,
            plain,
            verified_by: None,
            started_by: mandate.caller().principal_id(),
            created_at: now,
            expires_at: now.plus(LIFE),
        };
        let until = now.plus(RESUMABLE);
        let known = if plain {
            upload::find_open_plain(&self.db, &row, until).await?
        } else {
            upload::find_open_of_object(&self.db, object.id, row.started_by, until).await?
        };
        if let Some(known) = known {
            return Ok(body(&known, layout));
        }
        let mut event = mandate.event(&self.ids, Action::UploadBegin);
        event.upload_id = Some(row.id);
        event.subject = Some(row.key.to_string());
        event.detail = Some(format!("{} bytes", row.size_bytes));
        self.ledger.record(event, Some(mandate.recheck())).await?;
        let bucket_error = Error::of_bucket(bucket);
        let control = self.stores.control(bucket).map_err(&bucket_error)?;
        row.store_upload_id = control
            .create_multipart(&row.key, row.id)
            .await
            .map_err(&bucket_error)?;
        if let Err(error) = upload::insert(&self.db, &row).await {
            // Nobody learnt of it, so it stays empty; it is only tidier to drop it
            let _ = control
                .abort_multipart(&row.key, &row.store_upload_id)
                .await;
            return Err(error.into());
        }
        Ok(body(&row, layout))
    }

    /// Tells which parts the store holds as announced.
    ///
    /// # Errors
    /// When the store refuses or does not answer.
    pub async fn list_parts(&self, permit: Permit<ListParts>) -> Result<UploadedParts, Error> {
        let mandate = Mandate::of(&permit)?;
        let (op, _) = permit.into_op();
        let facts = op.upload;
        let row = self.upload_row(facts.id).await?;
        let announced = upload::announced_parts(&self.db, row.id).await?;
        let parts = match row.phase.state() {
            UploadState::Completed => announced,
            UploadState::Aborted => Vec::new(),
            UploadState::Open => {
                let bucket_error = Error::of_bucket(mandate.bucket());
                let control = self
                    .stores
                    .control(mandate.bucket())
                    .map_err(&bucket_error)?;
                match control.list_parts(&row.key, &row.store_upload_id).await {
                    Ok(stored) => landed::landed(facts.layout, &announced, &stored),
                    // Completed a moment ago, or dropped by the store: `complete` finds out
                    Err(error) if error.is_no_such_upload() => Vec::new(),
                    Err(error) => return Err(bucket_error(error)),
                }
            }
        };
        Ok(UploadedParts {
            upload: body(&row, facts.layout),
            parts,
        })
    }

    /// Gives an upload up and has the store drop its parts. Asking again changes nothing.
    ///
    /// # Errors
    /// When it was completed meanwhile, the store refuses or does not answer, or the decision is not
    /// recorded. When the store did not answer, the upload is given up all the same, and
    /// [`Broker::sweep`] asks the store again.
    pub async fn abort_upload(&self, permit: Permit<AbortUpload>) -> Result<(), Error> {
        let mandate = Mandate::of(&permit)?;
        let (op, _) = permit.into_op();
        let row = self.upload_row(op.upload.id).await?;
        match row.phase {
            Phase::Aborted => return Ok(()),
            Phase::Completed => return Err(completed()),
            Phase::Open | Phase::Aborting => {}
        }
        let mut event = mandate.event(&self.ids, Action::UploadAbort);
        event.upload_id = Some(row.id);
        event.subject = Some(row.key.to_string());
        self.ledger.record(event, Some(mandate.recheck())).await?;
        if !upload::begin_abort(&self.db, row.id, self.clock.now()).await?
            && self.upload_row(row.id).await?.phase == Phase::Completed
        {
            return Err(completed());
        }
        self.drop_parts(mandate.bucket(), &row).await
    }

    /// The row as it is now, whatever was judged a moment ago.
    pub(super) async fn upload_row(&self, id: protocol::id::UploadId) -> Result<UploadRow, Error> {
        upload::find(&self.db, id).await?.ok_or(Error::NotFound)
    }
}

fn completed() -> Error {
    Error::Conflict("this upload is completed; delete the object instead".to_owned())
}

/// The layout of an object that goes up in parts.
fn parts_layout(object: &ObjectToUpload) -> Result<Layout, Error> {
    let layout = Layout::of(object.size_bytes).ok_or_else(|| {
        Error::invalid(
            "size_bytes",
            format!(
                "is more than the {} bytes that a store takes",
                protocol::layout::MAX_OBJECT_BYTES
            ),
        )
    })?;
    let Layout::Parts {
        part_size_bytes, ..
    } = layout
    else {
        return Err(Error::invalid(
            "size_bytes",
            format!(
                "is at most {} bytes, which go up in one PUT; ask for a URL instead",
                protocol::layout::SINGLE_PUT_MAX_BYTES
            ),
        ));
    };
    if object.digest.algorithm() != layout.algorithm() {
        return Err(Error::invalid(
            "digest",
            format!("must be `sha256-composite/{part_size_bytes}:…` for an object of this size"),
        ));
    }
    Ok(layout)
}

/// What a client is told of an upload.
fn body(row: &UploadRow, layout: Layout) -> Upload {
    let part_size_bytes = match layout {
        Layout::Parts {
            part_size_bytes, ..
        } => part_size_bytes,
        Layout::Single { size_bytes } => size_bytes,
    };
    Upload {
        id: row.id,
        state: row.phase.state(),
        size_bytes: row.size_bytes,
        part_size_bytes,
        part_count: layout.part_count(),
        expires_at: row.expires_at,
    }
}
