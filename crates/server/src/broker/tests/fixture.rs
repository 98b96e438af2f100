//! Two teams with a bucket each, their people, a ledger, and a client that sends what it is told.

use crate::auth::Auth;
use crate::broker::{Broker, Error, PlainReleased};
use crate::clock::{Clock, SystemClock};
use crate::db::bucket::BucketRow;
use crate::db::testing::TestDatabase;
use crate::db::upload::{self, UploadRow};
use crate::directory::testing::{World, bucket_row};
use crate::ledger::{EventFilter, Ledger};
use crate::policy::{
    AbortUpload, BeginUpload, BucketFacts, Caller, CompleteUpload, Denial, ListParts, Operation,
    Permit, PlainUrls, SignParts, UploadFacts, authorize,
};
use crate::stores::{AddressRules, Control, HttpSettings, SealKeys, Stores, seal, seal_plan};
use aws_lc_rs::digest;
use devstore::{BucketSettings, Credential, DevStore, Scope};
use http::HeaderMap;
use presign::s3;
use protocol::audit::{Action, Event};
use protocol::bucket::{CredentialPlan, StorePlace};
use protocol::id::{BucketId, PrincipalId, TeamId, UploadId};
use protocol::layout::Layout;
use protocol::transfer::{
    NewUpload, Object, ObjectUrl, PartDigest, Reach, SignedPart, SignedParts, Upload,
    UploadedParts, UrlMethod, Urls, UrlsObject, UrlsRequest,
};
use protocol::{Digest, Role, Sha256Digest};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// Secrets that must never be seen anywhere.
pub(super) const SECRETS: [&str; 2] = [
    "VISION-SECRET-wJalrXUtnFEMI/K7MDENG",
    "LANGUAGE-SECRET-je7MtGbClwBF/2Zp9Utk",
];
const ADMIN: (&str, &str) = ("AKIASTOREADMIN", "store-admin-secret");
/// Three parts: two of 16 MiB, and one of 1 MiB and a byte.
pub(super) const LARGE_BYTES: u64 = (33 << 20) + 1;

/// The store that the buckets are in.
pub(super) enum Backend {
    Embedded { store: DevStore, folder: TempDir },
    External,
}

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

/// An answer of the store.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The error code in the body.
    pub(super) fn code(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let code = text.split("<Code>").nth(1).unwrap_or_default();
        code.split("</Code>").next().unwrap_or_default().to_owned()
    }
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

    /// The embedded store.
    pub(super) fn store(&self) -> &DevStore {
        match &self.backend {
            Backend::Embedded { store, .. } => store,
            Backend::External => panic!("this test is for the embedded store"),
        }
    }

    /// The lines of the embedded store's access log.
    pub(super) fn access_log(&self) -> Vec<String> {
        let Backend::Embedded { folder, .. } = &self.backend else {
            panic!("this test is for the embedded store");
        };
        let path: PathBuf = folder.path().join("access.log");
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().map(str::to_owned).collect()
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

    /// The store's administrator, who is bound by nothing.
    pub(super) fn admin_control(&self, team: TeamId) -> Arc<dyn Control> {
        let mut bucket = BucketFacts::clone(&self.bucket(team));
        bucket.id = BucketId::from_parts(1, [0; 10]);
        let place = seal::Place::plan(bucket.id, bucket.credential_revision);
        let plan = CredentialPlan::access_key(&self.admin.0, &self.admin.1);
        let sealed = seal_plan(self.stores.seal_keys(), &place, &plan).unwrap();
        bucket.sealed_plan = sealed.into();
        self.stores.control(&Arc::new(bucket)).unwrap()
    }

    /// Writes a part as the store's administrator, past Signet.
    pub(super) async fn put_part_as_admin(&self, row: &UploadRow, number: u32, body: Vec<u8>) {
        let bucket = self.bucket(row.team_id);
        let endpoint = s3::Endpoint::parse(
            &bucket.place.endpoint(),
            s3::Addressing::Path,
            bucket.place.container(),
            "us-east-1",
        )
        .unwrap();
        let credential = s3::Credential::new(&*self.admin.0, &*self.admin.1).unwrap();
        let sha256 = sha256(&body).to_base64();
        let number = number.to_string();
        let url = s3::Signer::new(endpoint, credential)
            .sign(
                &presign::Request {
                    method: presign::Method::Put,
                    target: presign::Target::Object(row.key.as_str()),
                    headers: &[("x-amz-checksum-sha256", &sha256)],
                    query: &[("partNumber", &number), ("uploadId", &row.store_upload_id)],
                },
                presign::Window {
                    from: presign::Timestamp::from_unix_seconds(
                        self.world.clock.now().unix_seconds(),
                    ),
                    ttl: presign::Ttl::from_seconds(600).unwrap(),
                },
            )
            .unwrap();
        let headers = [("x-amz-checksum-sha256".to_owned(), sha256)];
        let answer = self.send("PUT", url.expose(), &headers, body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Sends a request to the store.
    pub(super) async fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(String, String)],
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let mut request = self.http.request(method.parse().unwrap(), url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = request.body(body).send().await.unwrap();
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await.unwrap().to_vec(),
        }
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

    pub(super) async fn begin(&self, name: &str, key: &str) -> Result<Upload, Error> {
        let request = NewUpload {
            key: key.parse().unwrap(),
            size_bytes: LARGE_BYTES,
            digest: large_digest(),
        };
        let team = self.team(self.team_of(name));
        let permit = self.permit(name, BeginUpload { team, request }).await;
        self.broker.begin_upload(permit.unwrap()).await
    }

    pub(super) async fn facts(&self, id: UploadId) -> UploadFacts {
        let directory = &self.world.directory;
        let found = self.broker.find_upload(id, |team| directory.team(team));
        found.await.unwrap().unwrap()
    }

    pub(super) async fn row(&self, id: UploadId) -> UploadRow {
        upload::find(&self.db, id).await.unwrap().unwrap()
    }

    pub(super) async fn sign(
        &self,
        name: &str,
        id: UploadId,
        numbers: &[u32],
    ) -> Result<SignedParts, Error> {
        let parts = numbers.iter().map(|number| part_digest(*number)).collect();
        let upload = self.facts(id).await;
        let permit = self
            .permit(
                name,
                SignParts {
                    upload,
                    parts,
                    reach: Reach::default(),
                },
            )
            .await;
        self.broker.sign_parts(permit.unwrap()).await
    }

    /// Signs parts and sends them.
    pub(super) async fn send_parts(&self, name: &str, id: UploadId, numbers: &[u32]) {
        for part in self.sign(name, id, numbers).await.unwrap().parts {
            let answer = self.send_part(&part, part_bytes(part.number)).await;
            assert_eq!(answer.status, 200, "{answer:?}");
        }
    }

    pub(super) async fn send_part(&self, part: &SignedPart, body: Vec<u8>) -> Answer {
        self.send("PUT", part.url.expose(), &part.headers, body)
            .await
    }

    pub(super) async fn list(&self, name: &str, id: UploadId) -> Result<UploadedParts, Error> {
        let upload = self.facts(id).await;
        let permit = self.permit(name, ListParts { upload }).await;
        self.broker.list_parts(permit.unwrap()).await
    }

    pub(super) async fn complete(&self, name: &str, id: UploadId) -> Result<Object, Error> {
        let upload = self.facts(id).await;
        let permit = self.permit(name, CompleteUpload { upload }).await;
        self.broker.complete_upload(permit.unwrap()).await
    }

    pub(super) async fn abort(&self, name: &str, id: UploadId) -> Result<(), Error> {
        let upload = self.facts(id).await;
        let permit = self.permit(name, AbortUpload { upload }).await;
        self.broker.abort_upload(permit.unwrap()).await
    }
}

/// A request for a URL that binds nothing but method and key.
pub(super) fn request(method: UrlMethod, key: &str) -> UrlsRequest {
    UrlsRequest {
        method,
        objects: vec![UrlsObject {
            key: key.parse().unwrap(),
            sha256: None,
            size_bytes: None,
        }],
        ttl_seconds: None,
        save_as: None,
        audience: None,
        network: None,
    }
}

/// A request for a URL that writes these bytes.
pub(super) fn put_request(key: &str, body: &[u8]) -> UrlsRequest {
    let mut request = request(UrlMethod::Put, key);
    request.objects[0].sha256 = Some(sha256(body));
    request.objects[0].size_bytes = Some(u64::try_from(body.len()).unwrap());
    request
}

pub(super) fn sha256(bytes: &[u8]) -> Sha256Digest {
    let digest = digest::digest(&digest::SHA256, bytes);
    Sha256Digest::from_bytes(digest.as_ref().try_into().unwrap())
}

/// The bytes of a part of the large object.
pub(super) fn part_bytes(number: u32) -> Vec<u8> {
    let (_, length) = Layout::of(LARGE_BYTES).unwrap().part(number).unwrap();
    vec![u8::try_from(number).unwrap(); usize::try_from(length).unwrap()]
}

pub(super) fn part_digest(number: u32) -> PartDigest {
    PartDigest {
        number,
        sha256: sha256(&part_bytes(number)),
    }
}

/// The digest of the large object.
pub(super) fn large_digest() -> Digest {
    let composite = crate::broker::landed::composite_of((1..=3).map(|n| part_digest(n).sha256));
    Digest::Sha256Composite {
        part_size_bytes: 16 << 20,
        composite,
    }
}

/// URLs for plain objects, as a client is told them.
pub(super) fn told(plain: PlainReleased) -> Urls {
    let (grant_id, expires_at) = (plain.released.grant_id, plain.released.expires_at);
    let bound_by = plain.released.bound_by;
    let each = plain.objects.into_iter().zip(plain.released.into_each());
    Urls {
        grant_id,
        method: plain.method,
        expires_at,
        bound_by,
        headers: Vec::new(),
        urls: each
            .map(|(object, released)| ObjectUrl {
                key: object.key,
                url: released.url,
                headers: released.headers,
            })
            .collect(),
    }
}
