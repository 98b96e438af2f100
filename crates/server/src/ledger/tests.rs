//! Tests of the ledger on real databases.

mod append;
mod clock;
mod denials;
mod fence;
mod outbox;
mod query;
mod trouble;
mod verify;

use super::{DirectoryView, Ledger, segment};
use crate::clock::{Clock, ManualClock};
use crate::db::testing::TestDatabase;
use crate::db::{self, Db};
use crate::directory::Refusal;
use crate::ids::IdMaker;
use crate::policy::{Need, Question, Recheck, Source, Terms, TokenFacts};
use futures::future::BoxFuture;
use parking_lot::Mutex;
use protocol::Timestamp;
use protocol::audit::{Action, Actor, Event, Grant};
use protocol::id::{BucketId, EventId, LaneId, PrincipalId, TeamId};
use protocol::transfer::BoundBy;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// A directory whose answers a test gives; its revision is the database's when it was last refreshed.
struct TestDirectory {
    db: Db,
    state: Mutex<TestState>,
}

#[derive(Default)]
struct TestState {
    revision: u64,
    refusals: HashMap<PrincipalId, Refusal>,
    rechecked: usize,
    cut_off: bool,
}

impl DirectoryView for TestDirectory {
    fn revision(&self) -> u64 {
        self.state.lock().revision
    }

    fn refresh(&self) -> BoxFuture<'_, Result<u64, db::Error>> {
        Box::pin(async {
            if self.state.lock().cut_off {
                return Err(db::Error::NotDurable("a fault was injected".to_owned()));
            }
            let mut connection = self.db.acquire().await?;
            let revision = db::directory::get_revision(&mut connection).await?;
            self.state.lock().revision = revision;
            Ok(revision)
        })
    }

    fn recheck(&self, recheck: &Recheck, _now: Timestamp) -> Result<u64, Refusal> {
        let mut state = self.state.lock();
        state.rechecked += 1;
        match state.refusals.get(&recheck.principal) {
            Some(refusal) => Err(*refusal),
            None => Ok(state.revision),
        }
    }
}

/// What servers share.
#[derive(Clone)]
struct World {
    database: TestDatabase,
    clock: Arc<ManualClock>,
    ids: Arc<IdMaker>,
}

impl World {
    fn new(database: TestDatabase) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_unix_millis(
            1_790_000_000_000,
        )));
        let ids = Arc::new(IdMaker::seeded(Arc::clone(&clock) as Arc<dyn Clock>, 7));
        Self {
            database,
            clock,
            ids,
        }
    }

    /// A server's ledger and the directory under it.
    async fn open(&self) -> (Arc<Ledger>, Arc<TestDirectory>) {
        let directory = Arc::new(TestDirectory {
            db: self.database.db.clone(),
            state: Mutex::default(),
        });
        directory.refresh().await.unwrap();
        let ledger = Ledger::open_with(
            self.database.db.clone(),
            Arc::clone(&directory) as Arc<dyn DirectoryView>,
            Arc::clone(&self.clock) as Arc<dyn Clock>,
            Arc::clone(&self.ids),
        )
        .await
        .unwrap();
        (ledger, directory)
    }

    /// Changes the directory, as any server does; nobody has refreshed yet.
    async fn move_directory(&self) -> u64 {
        let mut tx = self.database.begin().await.unwrap();
        let revision = db::directory::advance(&mut tx).await.unwrap();
        db::directory::fence(&mut tx, revision).await.unwrap();
        tx.commit().await.unwrap();
        revision
    }

    fn event(&self) -> Event {
        Event {
            id: self.ids.make(),
            at: self.clock.now(),
            action: Action::TeamCreate,
            actor: None,
            network: None,
            request_id: None,
            team_id: None,
            team: None,
            operation: None,
            rule: None,
            grant: None,
            upload_id: None,
            version_id: None,
            subject: None,
            detail: None,
        }
    }

    fn grant(&self, principal: PrincipalId, team: TeamId, keys: usize) -> Event {
        let id = self.ids.make();
        Event {
            action: Action::UrlIssue,
            actor: Some(Actor {
                principal_id: principal,
                name: "ada".parse().unwrap(),
                token_id: self.ids.make(),
            }),
            network: Some("192.0.2.7".to_owned()),
            request_id: Some("req_1".to_owned()),
            team_id: Some(team),
            team: Some("vision".parse().unwrap()),
            operation: Some("sign-urls".to_owned()),
            grant: Some(Grant {
                id,
                bucket_id: BucketId::from_parts(1, [2; 10]),
                method: "GET".to_owned(),
                access_key_id: "AKIDEXAMPLE".to_owned(),
                signed_at: self.clock.now(),
                expires_at: self.clock.now().plus(Duration::from_hours(1)),
                bound_by: BoundBy::Operation,
                keys: (0..keys)
                    .map(|n| format!("{team}/files/{id}-{n}"))
                    .collect(),
                parts: Vec::new(),
                objects: Vec::new(),
                pinned_to: None,
            }),
            ..self.event()
        }
    }

    fn recheck(&self, principal: PrincipalId, revision: u64) -> Recheck {
        Recheck {
            principal,
            token: TokenFacts {
                id: self.ids.make(),
                principal,
                expires_at: None,
            },
            source: Source::default(),
            question: Question::instance(Need::Anyone),
            terms: Terms::default(),
            revision,
        }
    }

    /// The ids of all events in the segments, in the order of lanes and segments, and the number of
    /// events of each segment.
    async fn recorded(&self) -> Recorded {
        let mut recorded = Recorded::default();
        for lane in db::ledger::list_lanes(&self.database).await.unwrap() {
            let segments =
                db::ledger::list_segments(&self.database, lane.id, 0, i64::MAX, i64::MAX)
                    .await
                    .unwrap();
            for row in segments {
                let lines = segment::lines(&row.events).unwrap();
                for line in segment::split(&lines) {
                    let event: Event = serde_json::from_slice(line).unwrap();
                    recorded.ids.push(event.id);
                }
                recorded.segments.push((lane.id, row.event_count));
            }
        }
        recorded
    }
}

#[derive(Debug, Default)]
struct Recorded {
    ids: Vec<EventId>,
    segments: Vec<(LaneId, i64)>,
}

async fn assert_intact(ledger: &Ledger) {
    let verification = ledger.verify().await.unwrap();
    assert!(verification.intact, "{verification:?}");
}
