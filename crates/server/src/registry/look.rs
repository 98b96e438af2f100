//! Looks for objects in their bucket: many in a list, each that is not as expected there on its own.

use crate::db::registry::ObjectRow;
use crate::stores::{Control, Error, Head, StoredChecksum};
use futures::StreamExt as _;
use protocol::Digest;
use protocol::id::ObjectId;
use protocol::transfer::VerifiedBy;
use std::collections::HashMap;
use tokio::sync::mpsc;

/// Questions to a bucket at a time.
const PARALLEL: usize = 128;
/// Objects that are looked for in one list.
const LISTED_TOGETHER: usize = 5_000;
/// An object that the bucket was seen to hold.
pub(super) struct Seen {
    pub(super) object: ObjectRow,
    /// Whether the store told the digest.
    pub(super) told: bool,
    pub(super) etag: Option<Box<str>>,
}

impl Seen {
    pub(super) fn verified_by(&self, untold: VerifiedBy) -> VerifiedBy {
        if self.told {
            VerifiedBy::StoreDigest
        } else {
            untold
        }
    }
}

/// What was looked for: seen as announced, or missing.
pub(super) type Looked = Result<Seen, ObjectId>;

/// Looks for objects and tells of each, until nobody listens. `may_list`: to be in the list with the
/// announced size is enough, as the store has compared the digest.
pub(super) async fn look_for(
    control: &dyn Control,
    objects: Vec<ObjectRow>,
    may_list: bool,
    tell: &mpsc::Sender<Looked>,
) -> Result<(), Error> {
    let mut unlisted = objects;
    if may_list {
        let listed;
        (listed, unlisted) = find_in_lists(control, unlisted).await?;
        for seen in listed {
            if tell.send(Ok(seen)).await.is_err() {
                return Ok(());
            }
        }
    }
    let mut looks = futures::stream::iter(unlisted)
        .map(|object| look(control, object))
        .buffer_unordered(PARALLEL);
    while let Some(looked) = looks.next().await {
        if tell.send(looked?).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Parts objects into those that the store lists as announced, and all others.
async fn find_in_lists(
    control: &dyn Control,
    mut objects: Vec<ObjectRow>,
) -> Result<(Vec<Seen>, Vec<ObjectRow>), Error> {
    objects.sort_unstable_by(|one, other| one.key.cmp(&other.key));
    let (mut seen, mut others) = (Vec::with_capacity(objects.len()), Vec::new());
    let mut rest = objects.into_iter().peekable();
    while rest.peek().is_some() {
        let chunk: Vec<ObjectRow> = rest.by_ref().take(LISTED_TOGETHER).collect();
        let (Some(first), Some(last)) = (chunk.first(), chunk.last()) else {
            break;
        };
        let listing = control.list_objects(&first.key, &last.key, chunk.len());
        let Some(listed) = listing.await? else {
            others.extend(chunk);
            others.extend(rest);
            break;
        };
        let mut listed: HashMap<_, _> = listed
            .into_iter()
            .map(|object| (object.key, (object.size_bytes, object.etag)))
            .collect();
        for object in chunk {
            match listed.remove(&object.key) {
                Some((size_bytes, etag)) if size_bytes == object.size_bytes => seen.push(Seen {
                    object,
                    told: false,
                    etag: Some(etag),
                }),
                _ => others.push(object),
            }
        }
    }
    Ok((seen, others))
}

/// Asks the bucket for one object: seen as announced, or missing. One that is not what was announced is
/// deleted, so that it can be sent again.
async fn look(control: &dyn Control, object: ObjectRow) -> Result<Looked, Error> {
    let Some(head) = control.head(&object.key).await? else {
        return Ok(Err(object.id));
    };
    if let Some(told) = judge(&object, &head) {
        return Ok(Ok(Seen {
            object,
            told,
            etag: head.etag,
        }));
    }
    tracing::warn!(
        object.id = %object.id,
        size_bytes = head.size_bytes,
        "an object is not what was announced, and is deleted"
    );
    // Its key is written once: what is wrong would keep out what is right
    if let Some(etag) = &head.etag
        && let Err(error) = control.discard(&object.key, etag).await
    {
        tracing::warn!(object.id = %object.id, %error, "it is still there");
    }
    Ok(Err(object.id))
}

/// Whether what the store says is what was announced (`None`: it is not), and whether it told the
/// digest.
fn judge(object: &ObjectRow, head: &Head) -> Option<bool> {
    if head.size_bytes != object.size_bytes {
        return None;
    }
    match (object.digest, head.sha256) {
        (Digest::Sha256(announced), Some(StoredChecksum::Whole(stored))) => {
            (announced == stored).then_some(true)
        }
        (Digest::Sha256(_), None) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::registry::ObjectState;
    use protocol::Sha256Digest;
    use protocol::id::{BucketId, PrincipalId, TeamId};

    #[test]
    fn only_what_was_announced_is_taken() {
        let digest = Sha256Digest::from_bytes([7; 32]);
        let object = ObjectRow {
            id: ObjectId::from_parts(1, [1; 10]),
            team_id: TeamId::from_parts(1, [1; 10]),
            bucket_id: BucketId::from_parts(1, [1; 10]),
            key: "k".parse().unwrap(),
            size_bytes: 3,
            digest: Digest::Sha256(digest),
            state: ObjectState::Pending,
            verified_by: None,
            created_by: PrincipalId::from_parts(1, [1; 10]),
        };
        let head = |size_bytes, sha256| Head {
            size_bytes,
            etag: None,
            sha256,
            upload: None,
        };
        let whole = Some(StoredChecksum::Whole(digest));
        assert_eq!(judge(&object, &head(3, whole)), Some(true));
        assert_eq!(judge(&object, &head(4, whole)), None);
        assert_eq!(judge(&object, &head(3, None)), Some(false));
        let other = Some(StoredChecksum::Whole(Sha256Digest::from_bytes([8; 32])));
        assert_eq!(judge(&object, &head(3, other)), None);
        let composite = Some(StoredChecksum::Composite {
            composite: digest,
            part_count: 1,
        });
        assert_eq!(judge(&object, &head(3, composite)), None);
    }
}
