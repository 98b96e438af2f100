//! Content that goes up in parts.

use super::world::World;
use crate::db::testing::for_each_database;
use crate::policy::{CompleteUpload, SignParts};
use crate::registry::Error;
use crate::registry::content::sha256;
use protocol::artifact::{NewEntry, RegisteredEntry};
use protocol::id::{ObjectId, UploadId, VersionId};
use protocol::layout::Layout;
use protocol::transfer::{Object, PartDigest, Reach, SignedRequest, VerifiedBy};
use protocol::{Digest, Timestamp};
use std::time::Duration;

const PART: usize = 16 << 20;

/// A file of three parts, the last one of a byte.
fn large() -> (Vec<u8>, NewEntry) {
    let body: Vec<u8> = (0..=2 * PART)
        .map(|n| u8::try_from(n % 251).unwrap())
        .collect();
    let parts: Vec<u8> = body
        .chunks(PART)
        .flat_map(|part| *sha256(part).as_bytes())
        .collect();
    let size_bytes = u64::try_from(body.len()).unwrap();
    assert_eq!(Layout::of(size_bytes).unwrap().part_count(), 3);
    let digest = Digest::Sha256Composite {
        part_size_bytes: u64::try_from(PART).unwrap(),
        composite: sha256(&parts),
    };
    let entry = NewEntry {
        path: "large.bin".parse().unwrap(),
        size_bytes,
        digest,
    };
    (body, entry)
}

impl World {
    async fn offer_large(
        &self,
        who: &str,
        version: VersionId,
        entry: &NewEntry,
    ) -> RegisteredEntry {
        let told = self
            .register(who, version, vec![entry.clone()])
            .await
            .unwrap();
        told.entries.into_iter().next().unwrap()
    }

    async fn send_parts(&self, who: &str, upload: UploadId, body: &[u8], numbers: &[u32]) {
        let part = |number: u32| {
            let at = usize::try_from(number - 1).unwrap() * PART;
            &body[at..body.len().min(at + PART)]
        };
        let find = |team| self.directory.team(team);
        let upload = self
            .broker
            .find_upload(upload, find)
            .await
            .unwrap()
            .unwrap();
        let parts = numbers
            .iter()
            .map(|number| PartDigest {
                number: *number,
                sha256: sha256(part(*number)),
            })
            .collect();
        let permit = self.permit(
            who,
            SignParts {
                upload,
                parts,
                reach: Reach::default(),
            },
        );
        for signed in self.broker.sign_parts(permit).await.unwrap().parts {
            let request = SignedRequest {
                url: signed.url,
                headers: signed.headers,
                expires_at: Timestamp::from_unix_millis(0),
                bound_by: protocol::transfer::BoundBy::Operation,
            };
            assert_eq!(self.send(&request, part(signed.number)).await, 200);
        }
    }

    async fn complete(&self, who: &str, upload: UploadId) -> ObjectId {
        self.try_complete(who, upload).await.unwrap().id
    }

    async fn try_complete(&self, who: &str, upload: UploadId) -> Result<Object, Error> {
        let find = |team| self.directory.team(team);
        let upload = self
            .broker
            .find_upload(upload, find)
            .await
            .unwrap()
            .unwrap();
        let permit = self.permit(who, CompleteUpload { upload });
        self.broker.complete_upload(permit).await
    }
}

fn in_parts(told: &RegisteredEntry) -> (ObjectId, UploadId) {
    match told {
        RegisteredEntry::Parts {
            object_id,
            upload_id,
        } => (*object_id, *upload_id),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_upload_in_parts_is_taken_up_again_and_shared() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        let (body, entry) = large();
        let version = world.begin("alice", "train").await;
        let (object, upload) = in_parts(&world.offer_large("alice", version, &entry).await);
        world.send_parts("alice", upload, &body, &[1, 2]).await;
        // Not before it is completed
        let missing = world.landed("alice", version, vec![object]).await.unwrap();
        assert_eq!(missing.missing, [object]);
        let refused = world.commit("alice", version).await;
        assert!(
            matches!(refused, Err(Error::ContentMismatch(_))),
            "{refused:?}"
        );

        // Killed: the next run goes on with the same upload in another draft
        let version = world.begin("alice", "train").await;
        let again = in_parts(&world.offer_large("alice", version, &entry).await);
        assert_eq!(again, (object, upload));
        // Somebody else begins one of his own
        let theirs = world.begin("bob", "other").await;
        let (lost, other) = in_parts(&world.offer_large("bob", theirs, &entry).await);
        assert!(lost != object && other != upload);
        world.send_parts("alice", upload, &body, &[3]).await;
        assert_eq!(world.complete("alice", upload).await, object);
        let committed = world.commit("alice", version).await.unwrap().version;
        assert_eq!(committed.size_bytes, entry.size_bytes);
        let facts = world.named("train", "latest").await.unwrap();
        let page = world.urls(facts, None).await.unwrap();
        assert_eq!(page.entries[0].verified_by, VerifiedBy::PartChecksums);
        assert_eq!(page.entries[0].digest, entry.digest);

        // The other one completes too, and yields; what it made is collected
        world.send_parts("bob", other, &body, &[1, 2, 3]).await;
        assert_eq!(world.complete("bob", other).await, object);
        world.commit("bob", theirs).await.unwrap();
        world.clock.advance(Duration::from_hours(26));
        assert_eq!(world.collect().await.objects, 1);
        let facts = world.named("other", "latest").await.unwrap();
        assert_eq!(world.urls(facts, None).await.unwrap().entries.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn of_two_uploaders_in_parts_the_one_who_lies_harms_nobody() {
    for_each_database(|database| async move {
        let world = World::new(database).await;
        let (body, entry) = large();
        // One byte of the second part is another
        let mut lie = body.clone();
        lie[PART + 5] ^= 1;
        let lies = world.begin("bob", "lies").await;
        let (claimed, theirs) = in_parts(&world.offer_large("bob", lies, &entry).await);
        world.send_parts("bob", theirs, &lie, &[1, 2, 3]).await;
        // The store took the parts, as each is what it was announced as, but the whole is not
        let refused = world.try_complete("bob", theirs).await.unwrap_err();
        assert!(matches!(refused, Error::ContentMismatch(_)), "{refused:?}");
        let landed = world.landed("bob", lies, vec![claimed]).await.unwrap();
        assert_eq!(landed.missing, [claimed]);

        let version = world.begin("alice", "train").await;
        let (object, upload) = in_parts(&world.offer_large("alice", version, &entry).await);
        assert_ne!(object, claimed);
        world.send_parts("alice", upload, &body, &[1, 2, 3]).await;
        assert_eq!(world.complete("alice", upload).await, object);
        world.commit("alice", version).await.unwrap();
        // Neither later nor by asking again
        world.try_complete("bob", theirs).await.unwrap_err();
        world.commit("bob", lies).await.unwrap();
        for collection in ["train", "lies"] {
            let facts = world.named(collection, "latest").await.unwrap();
            let page = world.urls(facts, None).await.unwrap();
            let read = reqwest::get(page.entries[0].url.expose()).await.unwrap();
            let read = read.bytes().await.unwrap();
            assert!(read == body, "{collection} has other bytes");
        }
    })
    .await;
}
