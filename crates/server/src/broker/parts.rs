//! URLs for windows of parts.

use super::item::Item;
use super::release::Release;
use super::{Broker, Error, Mandate};
use crate::db::upload;
use crate::policy::{Permit, SignParts};
use crate::stores::Act;
use protocol::transfer::{MAX_BATCH, SignedPart, SignedParts, UrlMethod};
use std::collections::HashSet;

impl Broker {
    /// Releases URLs for parts, each of which can write only what it was announced with.
    ///
    /// # Errors
    /// When a part is none of the upload's, was announced otherwise before, and as
    /// [`Broker::release`].
    pub async fn sign_parts(&self, permit: Permit<SignParts>) -> Result<SignedParts, Error> {
        let mandate = Mandate::of(&permit)?;
        let (op, _) = permit.into_op();
        let (facts, parts) = (op.upload, op.parts);
        if !(1..=MAX_BATCH).contains(&parts.len()) {
            return Err(Error::invalid("parts", format!("must be 1 to {MAX_BATCH}")));
        }
        let mut seen = HashSet::with_capacity(parts.len());
        let mut items = Vec::with_capacity(parts.len());
        for (index, part) in parts.iter().enumerate() {
            let field = || format!("parts[{index}].number");
            let (_, size_bytes) = facts.layout.part(part.number).ok_or_else(|| {
                let count = facts.layout.part_count();
                Error::invalid(field(), format!("must be 1 to {count}"))
            })?;
            if !seen.insert(part.number) {
                return Err(Error::invalid(field(), "is given twice"));
            }
            let act = Act::WritePart {
                store_upload_id: &facts.store_upload_id,
                number: part.number,
                size_bytes,
                sha256: part.sha256,
            };
            items.push(Item::new(&facts.key, Some(facts.object_id), act));
        }
        // The first digest of a part holds: else an older URL could still write other bytes than
        // those that the part is taken for
        let held = upload::announce_parts(&self.db, facts.id, &parts).await?;
        if let Some((part, _)) = parts
            .iter()
            .zip(&held)
            .find(|(part, held)| part.sha256 != held.sha256)
        {
            return Err(Error::Conflict(format!(
                "part {} was announced with another digest; abort this upload and begin anew",
                part.number
            )));
        }
        let release = Release {
            reach: op.reach,
            ends_at: Some(facts.expires_at),
            upload_id: Some(facts.id),
            ..Release::new(UrlMethod::Put, items)
        };
        let released = self.release(&mandate, release).await?;
        Ok(SignedParts {
            grant_id: released.grant_id,
            expires_at: released.expires_at,
            bound_by: released.bound_by,
            parts: parts
                .iter()
                .zip(released.into_each())
                .map(|(part, released)| SignedPart {
                    number: part.number,
                    url: released.url,
                    headers: released.headers,
                })
                .collect(),
        })
    }
}
