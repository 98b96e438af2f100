//! The ledger's database on a bad day, seen from outside (T32): 503, no URL, and it goes on by itself.

use crate::support::{Answer, TestApp, Who, sha256};
use http::header;
use protocol::id::{GrantId, LaneId};
use protocol::transfer::Urls;
use serde_json::{Value, json};
use server::db::testing::TestDatabase;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How long a server may take to notice that its database is back.
const PATIENCE: Duration = Duration::from_secs(30);
/// Keys in a request: so many that the ledger's file must grow for its event.
const KEYS: usize = 300;

/// A server whose ledger has something in its lane, and what was answered so far.
struct Scene {
    app: TestApp,
    request: Value,
    lane: LaneId,
    answered: BTreeSet<GrantId>,
    /// Requests that were recorded, but whose answer did not say so.
    recorded_unanswered: usize,
}

impl Scene {
    async fn begin(database: Option<&TestDatabase>) -> Self {
        let url = database.map(|database| ("SIGNET_DATABASE__URL", database.url.as_str()));
        let app = TestApp::start_with(url.as_slice()).await;
        let keys = (0..KEYS).map(|n| json!({"key": sha256(&n.to_le_bytes()).to_hex()}));
        let request = json!({"method": "get", "objects": keys.collect::<Vec<_>>()});
        let lane = app.running.app().ledger.head().lane_id;
        let mut scene = Self {
            app,
            request,
            lane,
            answered: BTreeSet::new(),
            recorded_unanswered: 0,
        };
        scene.goes_on().await;
        scene
    }

    async fn ask(&self) -> Answer {
        let path = "/v1/teams/vision/urls";
        self.app
            .ask(Who::Member, "POST", path, self.request.clone())
            .await
    }

    fn faults(&self) -> server::ledger::Faults {
        self.app.running.app().ledger.faults().clone()
    }

    /// Asks until there is an answer with URLs, and looks at the whole ledger then.
    async fn goes_on(&mut self) {
        let began = Instant::now();
        let urls: Urls = loop {
            let answer = self.ask().await;
            if answer.status == 200 {
                break answer.json();
            }
            assert_no_url(&answer);
            assert!(began.elapsed() < PATIENCE, "still {}", answer.text);
            tokio::task::yield_now().await;
        };
        assert_eq!(urls.urls.len(), KEYS);
        self.answered.insert(urls.grant_id);
        let ledger = &self.app.running.app().ledger;
        assert_eq!(ledger.head().lane_id, self.lane, "the lane goes on");
        let verification = ledger.verify().await.unwrap();
        assert!(verification.intact, "{verification:?}");
        let recorded: Vec<GrantId> = self
            .app
            .events("url:issue")
            .await
            .into_iter()
            .filter_map(|event| event.grant.map(|grant| grant.id))
            .collect();
        let distinct: BTreeSet<GrantId> = recorded.iter().copied().collect();
        assert!(
            distinct.is_superset(&self.answered),
            "a URL without a record"
        );
        assert_eq!(distinct.len(), recorded.len(), "recorded twice");
        assert_eq!(
            recorded.len(),
            self.answered.len() + self.recorded_unanswered,
            "what was refused and not known to be recorded is not"
        );
    }
}

/// A refusal because nothing could be recorded.
#[track_caller]
fn assert_refused(answer: &Answer) {
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (503, "audit-unavailable"),
        "{}",
        answer.text
    );
    assert!(answer.headers.contains_key(header::RETRY_AFTER));
    assert_no_url(answer);
}

#[track_caller]
fn assert_no_url(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text);
    for part in ["://", "X-Amz-", "Signature", "x-grant", "grt_"] {
        assert!(!answer.text.contains(part), "{part} in {}", answer.text);
    }
}

/// Each test on SQLite, and on PostgreSQL where there is one.
async fn on_each_database(test: impl AsyncFn(&mut Scene, Option<&TestDatabase>)) {
    let mut scene = Scene::begin(None).await;
    test(&mut scene, None).await;
    scene.app.shutdown().await;
    if let Some(database) = TestDatabase::postgres().await {
        let mut scene = Scene::begin(Some(&database)).await;
        test(&mut scene, Some(&database)).await;
        scene.app.shutdown().await;
        database.drop_database().await;
    }
}

#[tokio::test]
async fn without_its_database_no_url_leaves_and_it_goes_on_when_it_is_back() {
    on_each_database(async |scene, database| {
        scene.faults().set_unreachable(true);
        for _ in 0..3 {
            assert_refused(&scene.ask().await);
        }
        scene.faults().set_unreachable(false);
        scene.goes_on().await;
        // And for real, where the database can be taken from its server
        if let Some(database) = database {
            database.take_away().await;
            assert_refused(&scene.ask().await);
            for _ in 0..3 {
                // The directory may have become too old by now, which is another code
                assert_no_url(&scene.ask().await);
            }
            database.give_back().await;
            scene.goes_on().await;
        }
    })
    .await;
}

#[tokio::test]
async fn on_a_full_disk_no_url_leaves_and_it_goes_on_when_there_is_room() {
    on_each_database(async |scene, database| {
        if database.is_none() {
            scene.faults().set_disk_full(true);
            for _ in 0..3 {
                assert_refused(&scene.ask().await);
            }
            scene.faults().set_disk_full(false);
            scene.goes_on().await;
        }
        // What the engine says then, said twice: a commit is tried once more
        scene.faults().fail_commits(2);
        assert_refused(&scene.ask().await);
        scene.goes_on().await;
    })
    .await;
}

#[tokio::test]
async fn a_connection_lost_right_after_commit_releases_no_url_and_forks_no_lane() {
    on_each_database(async |scene, _| {
        for landed in [true, false] {
            let faults = scene.faults();
            let pause = faults.pause();
            if landed {
                faults.lose_commit_replies(1);
            } else {
                faults.lose_commits(1);
            }
            let lost = async {
                pause.reached().await;
                faults.cut_off_after_commit();
                drop(pause);
            };
            let (answer, ()) = futures::join!(scene.ask(), lost);
            // It may be stored: nobody can know yet, so nothing is released
            assert_refused(&answer);
            scene.recorded_unanswered += usize::from(landed);
            assert_refused(&scene.ask().await);
            faults.set_unreachable(false);
            scene.goes_on().await;
        }
        // Where the database answers at once, it tells what became of the commit
        scene.faults().lose_commit_replies(1);
        scene.goes_on().await;
        scene.faults().lose_commits(1);
        scene.goes_on().await;
    })
    .await;
}
