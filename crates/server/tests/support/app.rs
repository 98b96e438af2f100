//! A whole server in a test: a temporary database, a store in process, and every kind of caller.
#![expect(
    dead_code,
    reason = "each test binary uses its own part of what they share"
)]

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use devstore::{BucketSettings, DevStore, Scope};
use http::{HeaderMap, Request, header};
use http_body_util::BodyExt as _;
use protocol::audit::Event;
use protocol::{Page, Problem, Sha256Digest};
use serde_json::{Value, json};
use server::clock::{Clock, SystemClock};
use server::config::Config;
use server::serve::{Mode, Running};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tower::ServiceExt as _;

/// Every kind of caller. The team is `vision`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Who {
    /// Without a token.
    Anonymous,
    /// A viewer of the team.
    Viewer,
    /// A member of the team, who began what is begun.
    Member,
    /// An admin of the team.
    Admin,
    /// A member of the team `language` alone.
    Outsider,
    /// Was a member of the team.
    Former,
    /// A member of the team, suspended.
    Suspended,
    /// A member of the team, removed for good.
    Removed,
    /// An administrator of the instance, in no team.
    InstanceAdmin,
}

impl Who {
    /// All of them, in the order of the columns of tables.
    pub(crate) const ALL: [Self; 9] = [
        Self::Anonymous,
        Self::Viewer,
        Self::Member,
        Self::Admin,
        Self::Outsider,
        Self::Former,
        Self::Suspended,
        Self::Removed,
        Self::InstanceAdmin,
    ];

    /// The caller's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Viewer => "viewer",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Outsider => "outsider",
            Self::Former => "former",
            Self::Suspended => "suspended",
            Self::Removed => "removed",
            Self::InstanceAdmin => "root",
        }
    }

    /// The caller's token; made up, so that the fixture can begin without asking anybody.
    pub(crate) fn token(self) -> String {
        format!(
            "{}-8f14e45fceea167a5a36dedd4bea2543f1c9a0b7d3e6c2b1",
            self.name()
        )
    }
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// The body.
    #[track_caller]
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{error} in {} {}", self.status, self.text))
    }

    /// The body of an answer that must have this status.
    #[track_caller]
    pub(crate) fn expect<T: serde::de::DeserializeOwned>(&self, status: u16) -> T {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    /// The code of a refusal.
    #[track_caller]
    pub(crate) fn code(&self) -> String {
        self.json::<Problem>().code.as_str().to_owned()
    }
}

/// The server and what it needs.
pub(crate) struct TestApp {
    pub(crate) running: Running,
    pub(crate) store: DevStore,
    router: Router,
    made: AtomicU32,
    folder: tempfile::TempDir,
}

/// The store's key id and secret.
pub(crate) const STORE_KEY: (&str, &str) =
    ("AKIDTESTTESTTEST", "secret-access-key-of-the-test-store");
/// The sealing key.
pub(crate) const SEAL_KEY: &str =
    "k1:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

impl TestApp {
    /// A server with teams, buckets and callers.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with other settings.
    pub(crate) async fn start_with(settings: &[(&str, &str)]) -> Self {
        let app = Self::start_empty(settings, Arc::new(SystemClock)).await;
        app.populate().await;
        app
    }

    /// A server with nothing but its first administrator.
    pub(crate) async fn start_empty(settings: &[(&str, &str)], clock: Arc<dyn Clock>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = presign::s3::Credential::new(STORE_KEY.0, STORE_KEY.1).unwrap();
        let store_clock = Arc::clone(&clock);
        let store = DevStore::builder(folder.path().join("store"))
            .bucket(BucketSettings::new("vision"))
            .bucket(BucketSettings::new("language"))
            .credential(devstore::Credential::new(key, Scope::All))
            .clock(Arc::new(move || {
                presign::Timestamp::from_unix_seconds(store_clock.now().unix_seconds())
            }))
            .start()
            .await
            .unwrap();
        let config = Self::config(&folder, settings);
        let running = server::serve::start(&config, Mode::Production, clock)
            .await
            .unwrap();
        Self {
            router: server::api::router(Arc::clone(running.app())),
            running,
            store,
            made: AtomicU32::new(0),
            folder,
        }
    }

    fn config(folder: &tempfile::TempDir, settings: &[(&str, &str)]) -> Config {
        let database = format!("sqlite:{}", folder.path().join("signet.db").display());
        let admin = sha256(Who::InstanceAdmin.token().as_bytes()).to_hex();
        let mut environment: BTreeMap<String, String> = [
            ("SIGNET_SERVER__LISTEN", "127.0.0.1:0"),
            ("SIGNET_DATABASE__URL", &database),
            ("SIGNET_SEAL__KEY", SEAL_KEY),
            ("SIGNET_STORES__PRIVATE_NETWORKS", "127.0.0.0/8"),
            ("SIGNET_STORES__PLAIN_HTTP_NETWORKS", "127.0.0.0/8"),
            ("SIGNET_BOOTSTRAP__ADMIN", Who::InstanceAdmin.name()),
            ("SIGNET_BOOTSTRAP__ADMIN_TOKEN_SHA256", &admin),
            ("SIGNET_TEAMS__PERSONAL", "false"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        for (name, value) in settings {
            environment.insert((*name).to_owned(), (*value).to_owned());
        }
        Config::parse("version = 1", &environment).unwrap()
    }

    /// Teams, buckets, and every kind of caller in its standing.
    async fn populate(&self) {
        use Who::{Admin, Former, InstanceAdmin, Member, Outsider, Removed, Suspended, Viewer};
        for name in ["vision", "language"] {
            self.create_bucket(name).await;
            let team = json!({"name": name, "bucket": name});
            self.must(InstanceAdmin, "POST", "/v1/teams", team, 201)
                .await;
            let path = format!("/v1/teams/{name}/members/root");
            self.must(InstanceAdmin, "DELETE", &path, Value::Null, 204)
                .await;
        }
        for (who, team, role) in [
            (Viewer, "vision", "viewer"),
            (Member, "vision", "member"),
            (Admin, "vision", "admin"),
            (Outsider, "language", "member"),
            (Former, "vision", "member"),
            (Suspended, "vision", "member"),
            (Removed, "vision", "member"),
        ] {
            self.create_user(who.name(), &who.token()).await;
            self.set_role(team, who.name(), role).await;
        }
        for (method, path, status) in [
            ("DELETE", "/v1/teams/vision/members/former", 204),
            ("POST", "/v1/users/suspended/suspend", 200),
            ("DELETE", "/v1/users/removed", 200),
        ] {
            self.must(InstanceAdmin, method, path, Value::Null, status)
                .await;
        }
    }

    /// A user with a token that is known.
    pub(crate) async fn create_user(&self, name: &str, token: &str) {
        let root = Who::InstanceAdmin;
        self.must(root, "POST", "/v1/users", json!({"name": name}), 201)
            .await;
        let path = format!("/v1/users/{name}/tokens/import-hash");
        let hash = json!({"sha256": sha256(token.as_bytes()).to_hex()});
        self.must(root, "POST", &path, hash, 201).await;
    }

    /// Gives somebody a role.
    pub(crate) async fn set_role(&self, team: &str, name: &str, role: &str) {
        let path = format!("/v1/teams/{team}/members/{name}");
        let role = json!({"role": role});
        self.must(Who::InstanceAdmin, "PUT", &path, role, 200).await;
    }

    /// Registers one of the store's buckets, under its own name.
    pub(crate) async fn create_bucket(&self, name: &str) {
        let bucket = self.new_bucket(name, name, "");
        self.must(Who::InstanceAdmin, "POST", "/v1/buckets", bucket, 201)
            .await;
    }

    /// The body that registers a place in the store unchecked: not every test has a store there.
    pub(crate) fn new_bucket(&self, name: &str, container: &str, prefix: &str) -> Value {
        json!({
            "name": name, "prefix": prefix, "verify": false,
            "place": {
                "provider": "s3", "endpoint": self.store.endpoint(), "region": "us-east-1",
                "container": container, "addressing": "path",
            },
            "credential": {
                "plan": "access-key",
                "access_key_id": STORE_KEY.0, "secret_access_key": STORE_KEY.1,
            },
        })
    }

    /// A name that was not used before.
    pub(crate) fn fresh(&self, kind: &str) -> String {
        format!("{kind}-{}", self.made.fetch_add(1, Ordering::Relaxed))
    }

    /// Asks as somebody. `Value::Null` is no body.
    pub(crate) async fn ask(&self, who: Who, method: &str, path: &str, body: Value) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if who != Who::Anonymous {
            let bearer = format!("Bearer {}", who.token());
            request = request.header(header::AUTHORIZATION, bearer);
        }
        self.send(request, body).await
    }

    /// Sends a request that was begun elsewhere.
    pub(crate) async fn send(&self, request: http::request::Builder, body: Value) -> Answer {
        let (request, body) = match body {
            Value::Null => (request, Body::empty()),
            body => (
                request.header(header::CONTENT_TYPE, "application/json"),
                Body::from(body.to_string()),
            ),
        };
        let mut request = request.body(body).unwrap();
        let peer: SocketAddr = "192.0.2.7:1".parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// Asks, and the answer must have this status.
    pub(crate) async fn must(
        &self,
        who: Who,
        method: &str,
        path: &str,
        body: Value,
        status: u16,
    ) -> Value {
        let answer = self.ask(who, method, path, body).await;
        let name = who.name();
        assert_eq!(
            answer.status, status,
            "{name} {method} {path}: {}",
            answer.text
        );
        serde_json::from_str(&answer.text).unwrap_or_default()
    }

    /// Events of one kind, all pages, as the administrator of the instance reads them.
    pub(crate) async fn events(&self, action: &str) -> Vec<Event> {
        let mut events = Vec::new();
        let mut after = String::new();
        loop {
            let path = format!("/v1/audit?action={action}&limit=1000{after}");
            let page = self
                .ask(Who::InstanceAdmin, "GET", &path, Value::Null)
                .await;
            let page: Page<Event> = page.expect(200);
            events.extend(page.items);
            match page.next {
                Some(next) => after = format!("&after={next}"),
                None => return events,
            }
        }
    }

    /// Ends the server and the store.
    pub(crate) async fn shutdown(self) {
        self.running.shutdown().await;
        self.store.shutdown().await;
    }
}

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> Sha256Digest {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    Sha256Digest::from_bytes(digest.as_ref().try_into().unwrap())
}

/// Makes the request that a signed URL is for.
pub(crate) async fn use_url(
    method: &str,
    url: &str,
    headers: &[(String, String)],
    body: &[u8],
) -> u16 {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = client
        .request(method.parse().unwrap(), url)
        .body(body.to_vec());
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.send().await.unwrap().status().as_u16()
}
