//! Begins versions and gives drafts up.

use super::{DRAFT_LIFE, Error, Registry, read};
use crate::broker::Mandate;
use crate::db::registry::{self, NewDraft, VersionPhase, entry, name, version};
use crate::policy::{AbandonVersion, BeginVersion, Permit};
use protocol::artifact::{MAX_METADATA_BYTES, NewVersion, Version};
use protocol::audit::Action;
use std::sync::Arc;

/// What a collection holds when nobody said.
const DEFAULT_KIND: &str = "artifact";
/// The longest `kind`, in bytes.
const MAX_KIND_BYTES: usize = 128;
/// The longest description, in bytes.
const MAX_DESCRIPTION_BYTES: usize = 16 * 1024;

impl Registry {
    /// Begins a version; project and collection are made when they are absent.
    ///
    /// # Errors
    /// When a value cannot be taken, or the collection holds something else.
    pub async fn begin(&self, permit: Permit<BeginVersion>) -> Result<Version, Error> {
        let op = permit.op();
        let request = &op.request;
        let metadata = checked(request)?;
        let bucket = Mandate::of(&permit)?.bucket().id;
        let now = self.now();
        let id = self.parts.ids.make();
        let mut tx = self.db().begin().await?;
        let project =
            name::ensure_project(&mut tx, self.parts.ids.make(), op.team.id, &op.project, now)
                .await?;
        let (collection, held) = name::ensure_collection(
            &mut tx,
            self.parts.ids.make(),
            project,
            &request.collection,
            request.kind.as_deref().unwrap_or(DEFAULT_KIND),
            now,
        )
        .await?;
        if let Some(kind) = &request.kind
            && *kind != held
        {
            return Err(Error::Conflict(format!(
                "`{}` holds `{held}`, not `{kind}`; use another collection",
                request.collection
            )));
        }
        let draft = NewDraft {
            id,
            collection_id: collection,
            bucket_id: bucket,
            description: request.description.as_deref(),
            metadata: metadata.as_deref(),
            started_by: permit.caller().principal_id(),
            created_at: now,
            expires_at: now.plus(DRAFT_LIFE),
        };
        version::insert(&mut tx, &draft).await?;
        let row = version::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
        registry::commit(tx).await?;
        // A draft that is not told of is nothing: it holds no URL, and expires
        let facts = read::facts(row.clone(), Arc::clone(&op.team));
        self.record(&permit, Action::ArtifactCreate, &facts, None)
            .await?;
        read::version(row, &op.team, Vec::new())
    }

    /// Gives a draft up. What it alone needed is collected later. Asking again changes nothing.
    ///
    /// # Errors
    /// When the version was committed meanwhile.
    pub async fn abandon(&self, permit: Permit<AbandonVersion>) -> Result<(), Error> {
        let facts = &permit.op().version;
        let detail = Some("draft".to_owned());
        self.record(&permit, Action::ArtifactDelete, facts, detail)
            .await?;
        let mut tx = self.db().begin().await?;
        if version::abandon(&mut tx, facts.id, None).await? {
            entry::drop_all(&mut tx, facts.id).await?;
            registry::commit(tx).await?;
            return Ok(());
        }
        match version::find(&mut tx, facts.id).await?.map(|row| row.phase) {
            Some(VersionPhase::Committed | VersionPhase::Same) => Err(Error::Conflict(
                "the version was committed; delete it by its name".to_owned(),
            )),
            _ => Ok(()),
        }
    }
}

/// Checks what a client says of a version; gives its metadata as text.
fn checked(request: &NewVersion) -> Result<Option<String>, Error> {
    if let Some(kind) = &request.kind {
        let fits = (1..=MAX_KIND_BYTES).contains(&kind.len());
        if !fits || kind.chars().any(char::is_control) {
            return Err(Error::invalid(
                "kind",
                format!("must be 1 to {MAX_KIND_BYTES} bytes without control characters"),
            ));
        }
    }
    if request
        .description
        .as_ref()
        .is_some_and(|text| text.len() > MAX_DESCRIPTION_BYTES || text.contains('\0'))
    {
        return Err(Error::invalid(
            "description",
            format!("must be at most {MAX_DESCRIPTION_BYTES} bytes without NUL"),
        ));
    }
    let Some(metadata) = &request.metadata else {
        return Ok(None);
    };
    let text = serde_json::Value::Object(metadata.clone()).to_string();
    if text.len() > MAX_METADATA_BYTES {
        return Err(Error::invalid(
            "metadata",
            format!("must be at most {MAX_METADATA_BYTES} bytes of JSON"),
        ));
    }
    Ok(Some(text))
}
