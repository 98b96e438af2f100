//! Uploads that the store knows and nobody else.

use super::fixture::Fixture;
use crate::clock::Clock as _;
use crate::policy::BucketFacts;
use protocol::admin::State;
use protocol::audit::Action;
use protocol::id::TeamId;
use protocol::{ObjectKey, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// Longer than any upload takes.
const AGE: Duration = Duration::from_hours(48);

async fn sweep(fixture: &Fixture, bucket: Arc<BucketFacts>, age: Duration) -> u32 {
    let directory = &fixture.world.directory;
    let is_team = |id| directory.team(id).is_some();
    let swept = fixture.broker.sweep_forgotten([bucket], is_team, age);
    swept.await.unwrap()
}

/// An upload whose answer was lost is aborted when it is old, and nothing else is.
async fn only_the_forgotten_one_goes(fixture: &Fixture, pass: impl Fn(), age: Duration) {
    let bucket = fixture.bucket(fixture.vision);
    let control = fixture.admin_control(fixture.vision);
    let expected = fixture.begin("mia", "large.bin").await.unwrap();
    let begun = |key: String| {
        let (control, id) = (Arc::clone(&control), fixture.world.ids.make());
        async move {
            let key: ObjectKey = key.parse().unwrap();
            let id = control.create_multipart(&key, id).await.unwrap();
            (key, id)
        }
    };
    let files = fixture.files(fixture.vision);
    let lost = begun(format!("{files}ü lost+ %20.bin")).await;
    let nobodys = TeamId::from_parts(9, [9; 10]);
    let foreign = [
        begun(format!("{}files/lost.bin", bucket.team_root(nobodys))).await,
        begun(format!("{}backup/lost.bin", bucket.prefix)).await,
        begun(format!("other-{}lost.bin", bucket.prefix)).await,
    ];
    assert_eq!(sweep(fixture, Arc::clone(&bucket), AGE).await, 0, "young");
    pass();
    assert_eq!(sweep(fixture, Arc::clone(&bucket), age).await, 1);
    assert_eq!(sweep(fixture, Arc::clone(&bucket), age).await, 0, "again");
    let gone = control.list_parts(&lost.0, &lost.1).await.unwrap_err();
    assert!(gone.is_no_such_upload(), "{gone}");
    let row = fixture.row(expected.id).await;
    control
        .list_parts(&row.key, &row.store_upload_id)
        .await
        .unwrap();
    for (key, id) in &foreign {
        control.list_parts(key, id).await.unwrap();
        control.abort_multipart(key, id).await.unwrap();
    }
    let events = fixture.events(Action::UploadAbort).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].subject.as_deref(), Some(lost.0.as_str()));
    assert_eq!(events[0].team_id, Some(fixture.vision));
    assert!(events[0].actor.is_none());
}

#[tokio::test]
async fn an_upload_that_nobody_knows_is_aborted_when_it_is_old() {
    let fixture = Fixture::new().await;
    let later = || fixture.world.clock.advance(AGE);
    only_the_forgotten_one_goes(&fixture, later, AGE).await;
    if let Some(fixture) = Fixture::external().await {
        // Its clock cannot be moved, so it is the age that is shortened
        let later = || {
            let now: Timestamp = crate::clock::SystemClock.now();
            fixture.world.clock.set(now.plus(Duration::from_secs(5)));
        };
        only_the_forgotten_one_goes(&fixture, later, Duration::from_secs(1)).await;
    }
}

#[tokio::test]
async fn pages_of_open_uploads_are_read_to_their_end() {
    let fixture = Fixture::new().await;
    let control = fixture.admin_control(fixture.vision);
    let files = fixture.files(fixture.vision);
    for number in 0..1_001 {
        // Two at each key, which a page may part
        let key = format!("{files}{}", number / 2).parse().unwrap();
        let id = fixture.world.ids.make();
        control.create_multipart(&key, id).await.unwrap();
    }
    fixture.world.clock.advance(AGE);
    let bucket = fixture.bucket(fixture.vision);
    assert_eq!(sweep(&fixture, bucket, AGE).await, 1_001);
}

#[tokio::test]
async fn a_store_that_cannot_be_asked_is_left_to_another_time() {
    let fixture = Fixture::new().await;
    let control = fixture.admin_control(fixture.vision);
    let key = format!("{}lost", fixture.files(fixture.vision));
    let id = fixture.world.ids.make();
    let key = key.parse().unwrap();
    control.create_multipart(&key, id).await.unwrap();
    fixture.world.clock.advance(AGE);
    let bucket = fixture.bucket(fixture.vision);
    let mut suspended = BucketFacts::clone(&bucket);
    suspended.state = State::Suspended;
    assert_eq!(sweep(&fixture, Arc::new(suspended), AGE).await, 0);
    fixture.store().set_unavailable(true);
    assert_eq!(sweep(&fixture, Arc::clone(&bucket), AGE).await, 0);
    fixture.store().set_unavailable(false);
    assert_eq!(sweep(&fixture, bucket, AGE).await, 1);
}
