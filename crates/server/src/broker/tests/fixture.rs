//! Two teams with a bucket each, their people, a ledger, and a client that sends what it is told.

mod store;
mod uploads;
mod values;

pub(super) use store::Answer;
pub(super) use values::{
    large_digest, part_bytes, part_digest, put_request, request, sha256, told,
};

use crate::auth::Auth;
use crate::broker::{Broker, Error};
use crate::clock::{Clock, SystemClock};
use crate::db::bucket::BucketRow;
use crate::db::testing::TestDatabase;
use crate::directory::testing::{World, bucket_row};
use crate::ledger::{EventFilter, Ledger};
use crate::policy::{BucketFacts, Caller, Denial, Operation, Permit, PlainUrls, authorize};
use crate::stores::{AddressRules, HttpSettings, SealKeys, Stores, seal, seal_plan};
use devstore::{BucketSettings, Credential, DevStore, Scope};
use http::HeaderMap;
use presign::s3;
use protocol::Role;
use protocol::audit::{Action, Event};
use protocol::bucket::{CredentialPlan, StorePlace};
use protocol::id::{BucketId, PrincipalId, TeamId};
use protocol::transfer::{UrlMethod, Urls, UrlsRequest};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;
use store::Backend;
use tempfile::TempDir;

/// Secrets that must never be seen anywhere.
pub(super) const SECRETS: [&str; 2] = [
    "VISION-SECRET-wJalrXUtnFEMI/K7MDENG",
    "LANGUAGE-SECRET-je7MtGbClwBF/2Zp9Utk",
];
const ADMIN: (&str, &str) = ("AKIASTOREADMIN", "store-admin-secret");
/// Three parts: two of 16 MiB, and one of 1 MiB and a byte.
pub(super) const LARGE_BYTES: u64 = (33 << 20) + 1;

pub(super) struct Fixture {
    pub(super) world: World,
    pub(super) db: TestDatabase,
    pub(super) ledger: Arc<Ledger>,
    pub(super) stores: Arc<Stores>,
    pub(super) broker: Broker,
    pub(super) vision: TeamId,
    pub(super) language: TeamId,
    backend: Backend,
    admin: (String, String),
    http: reqwest::Client,
}

struct Account {
    container: String,
    access_key_id: String,
    secret: String,
}

impl Fixture {
    /// On the embedded store and a fresh SQLite file.
    pub(super) async fn new() -> Self {
        Self::on(TestDatabase::sqlite().await).await
    }

    /// On the embedded store.
    pub(super) async fn on(db: TestDatabase) -> Self {
        let folder = TempDir::new().unwrap();
        let accounts = ["vision", "language"].map(|team| Account {
            container: format!("{team}-data"),
            access_key_id: format!("AKIA{}", team.to_uppercase()),
            secret: SECRETS[usize::from(team == "language")].to_owned(),
        });
        let world = World::on(&db).await;
        let clock = Arc::clone(&world.clock);
        let mut builder = DevStore::builder(folder.path().join("data"))
            .access_log(folder.path().join("access.log"))
            .clock(Arc::new(move || {
                presign::Timestamp::from_unix_seconds(clock.now().unix_seconds())
            }))
            .credential(Credential::new(
                s3::Credential::new(ADMIN.0, ADMIN.1).unwrap(),
                Scope::All,
            ));
        for account in &accounts {
            let key = s3::Credential::new(&*account.access_key_id, &*account.secret).unwrap();
            builder = builder
                .bucket(BucketSettings::new(&account.container))
                .credential(Credential::new(
                    key,
                    Scope::Buckets(vec![account.container.clone()]),
                ));
        }
        let store = builder.start().await.unwrap();
        let endpoint = store.endpoint().to_owned();
        let backend = Backend::Embedded { store, folder };
        let admin = (ADMIN.0.to_owned(), ADMIN.1.to_owned());
        Self::with(db, world, backend, &endpoint, accounts, admin).await
    }

    /// On the store that `SIGNET_TEST_S3` describes, where one is named. Its clock is the machine's.
    pub(super) async fn external() -> Option<Self> {
        #[expect(
            clippy::disallowed_methods,
            reason = "a setting of tests, not of the server"
        )]
        let path = std::env::var("SIGNET_TEST_S3").ok()?;
        let text = std::fs::read(path).unwrap();
        let named: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let text_of = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let accounts = [0, 1].map(|index| {
            let bucket = &named["buckets"][index];
            Account {
                container: text_of(&bucket["name"]),
                access_key_id: text_of(&bucket["access_key_id"]),
                secret: text_of(&bucket["secret_access_key"]),
            }
        });
        let admin = (
            text_of(&named["admin"]["access_key_id"]),
            text_of(&named["admin"]["secret_access_key"]),
        );
        let db = TestDatabase::sqlite().await;
        let world = World::on(&db).await;
        world.clock.set(SystemClock.now());
        let endpoint = text_of(&named["endpoint"]);
        Some(Self::with(db, world, Backend::External, &endpoint, accounts, admin).await)
    }

    async fn with(
        db: TestDatabase,
        world: World,
        backend: Backend,
        endpoint: &str,
        accounts: [Account; 2],
        admin: (String, String),
    ) -> Self {
        let keys = SealKeys::from_bytes("test", &[7; 32]).unwrap();
        let mut teams = Vec::new();
        for (team, account) in ["vision", "language"].into_iter().zip(accounts) {
            let id: BucketId = world.ids.make();
            let place = seal::Place::plan(id, 1);
            let plan = CredentialPlan::access_key(account.access_key_id, account.secret);
            let row = BucketRow {
                place: StorePlace::s3(endpoint, "us-east-1", account.container),
                prefix: format!("shared/{team}/"),
                sealed_plan: seal_plan(&keys, &place, &plan).unwrap(),
                ..bucket_row(id, team, false)
            };
            let mut change = world.change().await;
            change.create_bucket(&row).await.unwrap();
            change.commit().await.unwrap();
            teams.push(world.team_in(team, Some(id)).await);
        }
        let (vision, language) = (teams[0], teams[1]);
        for (name, team, role) in [
            ("vera", vision, Role::Admin),
            ("mia", vision, Role::Member),
            ("max", vision, Role::Member),
            ("vic", vision, Role::Viewer),
            ("leo", language, Role::Member),
        ] {
            let person = world.user(name).await;
            world.member(team, person, role).await;
        }
        let settings = HttpSettings {
            addresses: AddressRules::default().with_loopback(),
            attempts: 3,
            first_backoff: Duration::from_millis(1),
            ..HttpSettings::default()
        };
        let stores = Arc::new(Stores::new(keys, world.clock.clone(), settings).unwrap());
        let ledger = Ledger::open(
            db.db.clone(),
            Arc::clone(&world.directory),
            world.clock.clone(),
            Arc::clone(&world.ids),
        )
        .await
        .unwrap();
        let broker = Broker::new(
            db.db.clone(),
            Arc::clone(&ledger),
            Arc::clone(&stores),
            world.clock.clone(),
            Arc::clone(&world.ids),
        );
        Self {
            world,
            db,
            ledger,
            stores,
            broker,
            vision,
            language,
            backend,
            admin,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// An authenticated person.
    pub(super) async fn caller(&self, name: &str) -> Caller {
        // The clock may have been moved
        self.world.directory.refresh().await.unwrap();
        let auth = Auth::new(
            Arc::clone(&self.world.directory),
            self.world.clock.clone(),
            |_| false,
        );
        let mut headers = HeaderMap::new();
        let bearer = format!("Bearer {name}-token");
        headers.insert(http::header::AUTHORIZATION, bearer.parse().unwrap());
        let peer = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
        auth.authenticate(&headers, peer, self.world.ids.make())
            .unwrap()
    }

    /// A permit, or why there is none.
    pub(super) async fn permit<Op: Operation>(
        &self,
        name: &str,
        op: Op,
    ) -> Result<Permit<Op>, Denial> {
        let caller = self.caller(name).await;
        authorize(&caller, op, self.world.clock.now()).map_err(|refused| refused.denial)
    }

    pub(super) fn principal(&self, name: &str) -> PrincipalId {
        let name = name.parse().unwrap();
        self.world.directory.principal_named(&name).unwrap().id
    }

    pub(super) fn team(&self, id: TeamId) -> Arc<crate::policy::TeamFacts> {
        self.world.directory.team(id).unwrap()
    }

    pub(super) fn bucket(&self, team: TeamId) -> Arc<BucketFacts> {
        self.team(team).bucket.clone().unwrap()
    }

    /// What all keys of a team's plain objects begin with.
    pub(super) fn files(&self, team: TeamId) -> String {
        format!("{}files/", self.bucket(team).team_root(team))
    }

    /// URLs for plain objects of the caller's team.
    pub(super) async fn urls(&self, name: &str, request: UrlsRequest) -> Result<Urls, Error> {
        let team = self.team(self.team_of(name));
        let permit = self.permit(name, PlainUrls { team, request }).await;
        self.broker.urls(permit.unwrap()).await.map(told)
    }

    fn team_of(&self, name: &str) -> TeamId {
        if name == "leo" {
            self.language
        } else {
            self.vision
        }
    }

    /// One URL for one plain object, with the headers that go with it.
    pub(super) async fn url(
        &self,
        name: &str,
        method: UrlMethod,
        key: &str,
    ) -> (String, Vec<(String, String)>) {
        let urls = self.urls(name, request(method, key)).await.unwrap();
        let url = urls.urls.into_iter().next().unwrap();
        (url.url.expose().to_owned(), url.headers)
    }

    /// Puts a plain object.
    pub(super) async fn put(&self, name: &str, key: &str, body: &[u8]) -> Answer {
        let urls = self.urls(name, put_request(key, body)).await.unwrap();
        let url = &urls.urls[0];
        self.send("PUT", url.url.expose(), &url.headers, body.to_vec())
            .await
    }

    /// The events of one kind, oldest first.
    pub(super) async fn events(&self, action: Action) -> Vec<Event> {
        self.ledger.caught_up().await.unwrap();
        let filter = EventFilter {
            action: Some(action),
            limit: Some(1000),
            ..EventFilter::default()
        };
        self.ledger.events(&filter).await.unwrap().items
    }
}
