//! Content of the registry that goes up in parts.

use super::fixture::{Fixture, LARGE_BYTES, large_digest};
use crate::broker::{Error, Item, Mandate, ObjectToUpload, Release};
use crate::clock::Clock as _;
use crate::db::registry::many;
use crate::db::registry::object::{self, NewObject, ObjectState, Owner};
use crate::db::testing::for_each_database;
use crate::db::upload::Phase;
use crate::policy::BeginUpload;
use protocol::ObjectKey;
use protocol::id::ObjectId;
use protocol::transfer::{NewUpload, Upload, UrlMethod, VerifiedBy};
use std::time::Duration;

impl Fixture {
    async fn mandate(&self, name: &str) -> Mandate {
        let request = NewUpload {
            key: "unused".parse().unwrap(),
            size_bytes: LARGE_BYTES,
            digest: large_digest(),
        };
        let team = self.team(self.vision);
        let permit = self.permit(name, BeginUpload { team, request }).await;
        Mandate::of(&permit.unwrap()).unwrap()
    }

    /// Content that is about to be uploaded by its owner.
    async fn content(&self, name: &str) -> (ObjectToUpload, Mandate) {
        let mandate = self.mandate(name).await;
        let id: ObjectId = self.world.ids.make();
        let key = ObjectKey::under(&mandate.root(), &format!("objects/{id}")).unwrap();
        let now = self.world.clock.now();
        let owner = Owner {
            team_id: self.vision,
            bucket_id: mandate.bucket().id,
            created_by: self.principal(name),
            created_at: now,
            leased_until: now.plus(Duration::from_hours(24)),
        };
        let new = NewObject {
            id,
            key: &key,
            size_bytes: LARGE_BYTES,
            digest: large_digest(),
        };
        let mut connection = self.db.acquire().await.unwrap();
        many::insert_pending(&mut connection, &owner, &[new])
            .await
            .unwrap();
        let object = ObjectToUpload {
            id,
            key,
            size_bytes: LARGE_BYTES,
            digest: large_digest(),
        };
        (object, mandate)
    }

    async fn open(&self, name: &str) -> (ObjectToUpload, Upload) {
        let (object, mandate) = self.content(name).await;
        let upload = self.broker.open_object_upload(&mandate, object.clone());
        (object, upload.await.unwrap())
    }

    async fn state(&self, id: ObjectId) -> ObjectState {
        let mut connection = self.db.acquire().await.unwrap();
        let row = object::find(&mut connection, id).await.unwrap();
        row.unwrap().state
    }
}

#[tokio::test]
async fn completed_content_is_verified() {
    for_each_database(|db| async move {
        let fixture = Fixture::on(db).await;
        let (object, upload) = fixture.open("mia").await;
        // Asked again, the same upload comes back; another member's would not
        let mandate = fixture.mandate("mia").await;
        let again = fixture
            .broker
            .open_object_upload(&mandate, object.clone())
            .await;
        assert_eq!(again.unwrap(), upload);
        fixture.send_parts("mia", upload.id, &[1, 2, 3]).await;
        assert_eq!(fixture.state(object.id).await, ObjectState::Pending);
        let done = fixture.complete("mia", upload.id).await.unwrap();
        assert_eq!(
            (done.id, done.verified_by),
            (object.id, VerifiedBy::PartChecksums)
        );
        assert_eq!(fixture.state(object.id).await, ObjectState::Verified);
    })
    .await;
}

#[tokio::test]
async fn of_two_with_one_digest_the_first_one_stays() {
    for_each_database(|db| async move {
        let fixture = Fixture::on(db).await;
        let (first, one) = fixture.open("mia").await;
        let (second, other) = fixture.open("max").await;
        assert_ne!(first.id, second.id);
        fixture.send_parts("mia", one.id, &[1, 2, 3]).await;
        fixture.send_parts("max", other.id, &[1, 2, 3]).await;
        fixture.complete("mia", one.id).await.unwrap();
        let done = fixture.complete("max", other.id).await.unwrap();
        assert_eq!(done.id, first.id);
        assert_eq!(fixture.complete("max", other.id).await.unwrap(), done);
        assert_eq!(fixture.state(second.id).await, ObjectState::Pending);
    })
    .await;
}

#[tokio::test]
async fn content_that_is_being_deleted_is_not_published() {
    let fixture = Fixture::new().await;
    let (object, upload) = fixture.open("mia").await;
    fixture.send_parts("mia", upload.id, &[1, 2, 3]).await;
    let later = fixture.world.clock.now().plus(Duration::from_hours(25));
    let doomed = object::doom(&fixture.db, object.id, later).await.unwrap();
    assert!(doomed);
    let error = fixture.complete("mia", upload.id).await.unwrap_err();
    assert!(matches!(error, Error::Conflict(_)), "{error:?}");
    assert_eq!(fixture.state(object.id).await, ObjectState::Doomed);
    assert_eq!(fixture.row(upload.id).await.phase, Phase::Open);
}

#[tokio::test]
async fn content_is_written_once() {
    let fixture = Fixture::new().await;
    let (object, mandate) = fixture.content("mia").await;
    let item = || {
        let sha256 = super::fixture::sha256(b"content");
        Item::write_new(&object.key, object.id, 7, sha256)
    };
    let mut statuses = Vec::new();
    for _ in 0..2 {
        let release = Release::new(UrlMethod::Put, vec![item()]);
        let released = fixture.broker.release(&mandate, release).await.unwrap();
        let url = &released.into_each()[0];
        let answer = fixture
            .send("PUT", url.url.expose(), &url.headers, "content")
            .await;
        statuses.push(answer.status);
    }
    assert_eq!(statuses, [200, 412]);
}
