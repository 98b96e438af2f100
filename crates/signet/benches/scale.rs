//! A directory of 100,000 teams and 1,000,000 memberships: rows `scale.cost`, `scale.change` and
//! `scale.resident`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark ends at the first surprise"
)]

#[path = "support/measure.rs"]
mod support;

use axum::http::{HeaderMap, HeaderValue, header};
use client::Api;
use futures::FutureExt as _;
use presign::{Method, Request, Target, Timestamp, Ttl, Window};
use protocol::TeamName;
use protocol::admin::{LimitRule, LimitSubject, NewLimit};
use protocol::bucket::{CredentialPlan, NewBucket, StorePlace};
use protocol::transfer::{UrlMethod, UrlsObject, UrlsRequest};
use server::api::App;
use server::clock::SystemClock;
use server::config::Config;
use server::policy::PlainUrls;
use server::serve::{self, Mode};
use server::stores::{HttpSettings, LocalSigner, Purpose, SealKeys, Signer, Stores};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::{median, memory_mib, note, row, runtime, unlimited};
use testkit::process::{ADMIN_TOKEN, Broker};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SEAL_KEY: &str = "test:5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";
/// Teams that each user is in.
const TEAMS_A_USER: usize = 10;
const DECISIONS: usize = 100_000;
const ROUNDS: usize = 9;
/// A change that is not in force by then never will be.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() {
    let runtime = runtime();
    let (mut small, mut large) = (unlimited(), unlimited());
    runtime.block_on(async {
        populate(&mut small, 10).await;
        populate(&mut large, 100_000).await;
        let costs = [(&small, 10), (&large, 100_000)];
        let [small_ns, large_ns] = cost(costs).await;
        note(format_args!(
            "authorize and sign: {small_ns:.0} ns with 10 teams, {large_ns:.0} ns with 100,000"
        ));
        row("scale.cost", large_ns / small_ns);

        let begun = Instant::now();
        large.start().unwrap();
        note(format_args!(
            "starts in {:.1} s",
            begun.elapsed().as_secs_f64()
        ));
        tokio::time::sleep(Duration::from_secs(2)).await;
        row(
            "scale.resident",
            memory_mib(large.pid().unwrap(), "VmRSS").unwrap(),
        );
        row("scale.change", slowest_change(&large).await);
    });
}

fn token(user: usize) -> String {
    format!("signet-scale-{user:08}-0123456789abcdef0123456789abcdef")
}

fn team_name(team: usize) -> String {
    format!("team-{team:06}")
}

/// Which teams a user is in: neighbours of its own number, so that every team has as many members.
fn team_of(user: usize, nth: usize, teams: usize) -> usize {
    (user + nth * (teams / TEAMS_A_USER)) % teams
}

fn bucket(name: &str, default: bool) -> NewBucket {
    let place = StorePlace::s3(
        "https://s3.us-east-1.amazonaws.com",
        "us-east-1",
        format!("team-{name}"),
    );
    let credential = CredentialPlan::access_key(
        "AKIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    );
    NewBucket {
        default,
        verify: false,
        ..NewBucket::new(name.parse().unwrap(), place, credential)
    }
}

/// A statement over the numbers `n.i` from 0 below `$1`.
macro_rules! numbered {
    ($statement:literal) => {
        concat!(
            "WITH RECURSIVE n (i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $1) ",
            $statement
        )
    };
}

/// Makes as many teams and as many users, each in ten teams, all in one bucket.
async fn populate(broker: &mut Broker, teams: usize) {
    broker.start().unwrap();
    let admin = broker.api(ADMIN_TOKEN).unwrap();
    admin.create_bucket(&bucket("default", true)).await.unwrap();
    broker.kill().unwrap();
    let database = broker.folder().join("signet.db");
    let url = format!("sqlite:{}", database.display());
    let mut connection = <sqlx::SqliteConnection as sqlx::Connection>::connect(&url)
        .await
        .unwrap();
    let hashes: Vec<String> = (0..teams)
        .map(|user| hex::encode(Sha256::digest(token(user))))
        .collect();
    let count = i64::try_from(teams).unwrap();
    let rows = [
        numbered!("INSERT INTO team (id, name, state, personal, created_at)
         SELECT printf('team_%032x', i), printf('team-%06d', i), 'active', 0, 0 FROM n"),
        numbered!("INSERT INTO principal (id, kind, name, state, instance_admin, created_at)
         SELECT printf('prn_%032x', i), 'user', printf('user-%06d', i), 'active', 0, 0 FROM n"),
        numbered!("INSERT INTO membership (team_id, principal_id, role)
         SELECT printf('team_%032x', (i + nth.value * ($1 / 10)) % $1), printf('prn_%032x', i), 'member'
         FROM n, json_each('[0,1,2,3,4,5,6,7,8,9]') nth"),
    ];
    for statement in rows {
        sqlx::query(statement)
            .bind(count)
            .execute(&mut connection)
            .await
            .unwrap();
    }
    sqlx::query(
        "INSERT INTO token (id, principal_id, sha256, label, created_at)
         SELECT printf('tok_%032x', key), printf('prn_%032x', key), value, 'scale', 0 FROM json_each($1)",
    )
    .bind(serde_json::to_string(&hashes).unwrap())
    .execute(&mut connection)
    .await
    .unwrap();
    sqlx::Connection::close(connection).await.unwrap();
}

/// One request, ready to be decided.
struct Ask {
    headers: HeaderMap,
    team: TeamName,
    key: String,
}

/// A server in this process on a broker's database; what it takes to decide and sign.
struct Inside {
    running: serve::Running,
    stores: Stores,
    asks: Vec<Ask>,
}

impl Inside {
    async fn open(folder: &Path, teams: usize) -> Self {
        let text = format!(
            "version = 1\n[server]\nlisten = \"127.0.0.1:0\"\n[log]\nlevel = \"warn\"\n[database]\nurl = \"sqlite:{}\"\n",
            folder.join("signet.db").display()
        );
        let environment = BTreeMap::from([("SIGNET_SEAL__KEY".to_owned(), SEAL_KEY.to_owned())]);
        let config = Config::parse(&text, &environment).unwrap();
        let clock = Arc::new(SystemClock);
        let running = serve::start(&config, Mode::Production, Arc::clone(&clock) as _)
            .await
            .unwrap();
        let keys = SealKeys::parse(SEAL_KEY).unwrap();
        let stores = Stores::new(keys, clock, HttpSettings::default()).unwrap();
        // The same picks in each run, spread over all users and teams
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut pick = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % u64::try_from(below).unwrap()).unwrap()
        };
        let asks = (0..DECISIONS)
            .map(|number| {
                let user = pick(teams);
                let bearer = format!("Bearer {}", token(user));
                let mut headers = HeaderMap::new();
                headers.insert(
                    header::AUTHORIZATION,
                    HeaderValue::from_str(&bearer).unwrap(),
                );
                Ask {
                    headers,
                    team: team_name(team_of(user, pick(TEAMS_A_USER), teams))
                        .parse()
                        .unwrap(),
                    key: format!("checkpoints/run-{number:08}/step-000100/model.safetensors"),
                }
            })
            .collect();
        Self {
            running,
            stores,
            asks,
        }
    }

    /// Nanoseconds that one decision and one signature took, on average.
    fn round(&self) -> f64 {
        let begun = Instant::now();
        for ask in &self.asks {
            std::hint::black_box(decide_and_sign(self.running.app(), &self.stores, ask));
        }
        begun.elapsed().as_secs_f64() * 1e9 / f64::from(u32::try_from(DECISIONS).unwrap())
    }
}

fn decide_and_sign(app: &App, stores: &Stores, ask: &Ask) -> presign::SignedUrl {
    let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let caller = app
        .auth
        .authenticate(&ask.headers, peer, app.ids.make())
        .unwrap();
    let team = app.directory.team_named(&ask.team).unwrap();
    let request = UrlsRequest {
        method: UrlMethod::Get,
        objects: vec![UrlsObject {
            key: ask.key.parse().unwrap(),
            sha256: None,
            size_bytes: None,
        }],
        ttl_seconds: None,
        save_as: None,
        audience: None,
        network: None,
    };
    let permit = app
        .gate
        .decide(&caller, PlainUrls { team, request })
        .unwrap();
    let team = &permit.op().team;
    let bucket = team.bucket.as_ref().unwrap();
    let key = format!("{}files/{}", bucket.team_root(team.id), ask.key);
    let window = Window {
        from: Timestamp::from_unix_seconds(1_790_000_000),
        ttl: Ttl::from_seconds(3600).unwrap(),
    };
    let request = Request {
        query: &[("x-grant", "grt_0199d5d9a5c07c3e9f3b5a1c2d4e6f70")],
        ..Request::new(Method::Get, Target::Object(&key))
    };
    let signer = stores.signer(bucket, Purpose::default());
    let Some(Ok(Signer::Local(LocalSigner::S3(signer)))) = signer.now_or_never() else {
        panic!("a key of its own is at hand");
    };
    signer.sign(&request, window).unwrap()
}

/// The median cost on each, in rounds that take turns.
async fn cost([small, large]: [(&Broker, usize); 2]) -> [f64; 2] {
    let small = Inside::open(small.0.folder(), small.1).await;
    let large = Inside::open(large.0.folder(), large.1).await;
    let mut costs = [Vec::new(), Vec::new()];
    for _ in 0..=ROUNDS {
        costs[0].push(small.round());
        costs[1].push(large.round());
    }
    // The first round warmed up
    let costs = costs.map(|figures| median(figures[1..].to_vec()));
    small.running.shutdown().await;
    large.running.shutdown().await;
    costs
}

/// Seconds from asking for a change until it holds for somebody else's request; of several kinds of
/// change the slowest.
async fn slowest_change(broker: &Broker) -> f64 {
    let admin = broker.api(ADMIN_TOKEN).unwrap();
    let mut slowest = Duration::ZERO;
    for nth in 0..5 {
        let (suspended, removed, limited) = (100 + nth, 200 + nth, 300 + nth);
        let name = |user: usize| format!("user-{user:06}").parse().unwrap();
        let begun = in_force(broker, suspended).await;
        admin.suspend_user(&name(suspended)).await.unwrap();
        slowest = slowest.max(refused_since(broker, suspended, begun).await);

        let begun = in_force(broker, removed).await;
        let team = team_name(removed).parse().unwrap();
        admin.remove_member(&team, &name(removed)).await.unwrap();
        slowest = slowest.max(refused_since(broker, removed, begun).await);

        let begun = in_force(broker, limited).await;
        let limit = NewLimit {
            subject: LimitSubject::Principal(name(limited)),
            rule: LimitRule {
                no_download: true,
                ..LimitRule::default()
            },
        };
        admin.create_limit(&limit).await.unwrap();
        slowest = slowest.max(refused_since(broker, limited, begun).await);
    }
    // A new bucket has every team looked at, and others wait behind it
    let begun = in_force(broker, 400).await;
    admin
        .create_bucket(&bucket("another", false))
        .await
        .unwrap();
    admin
        .suspend_user(&"user-000400".parse().unwrap())
        .await
        .unwrap();
    slowest = slowest.max(refused_since(broker, 400, begun).await);
    note(format_args!(
        "slowest change in force after {:.0} ms",
        slowest.as_secs_f64() * 1e3
    ));
    slowest.as_secs_f64()
}

/// The moment after a request of the user was allowed.
async fn in_force(broker: &Broker, user: usize) -> Instant {
    assert!(allowed(&broker.api(&token(user)).unwrap(), user).await);
    Instant::now()
}

async fn refused_since(broker: &Broker, user: usize, begun: Instant) -> Duration {
    let api = broker.api(&token(user)).unwrap();
    while allowed(&api, user).await {
        assert!(begun.elapsed() < PATIENCE, "the change is not in force");
    }
    begun.elapsed()
}

async fn allowed(api: &Api, user: usize) -> bool {
    let request = UrlsRequest {
        method: UrlMethod::Get,
        objects: vec![UrlsObject {
            key: "model.bin".parse().unwrap(),
            sha256: None,
            size_bytes: None,
        }],
        ttl_seconds: None,
        save_as: None,
        audience: None,
        network: None,
    };
    let team = team_name(user).parse().unwrap();
    match api.create_urls(&team, &request).await {
        Ok(_) => true,
        Err(client::Error::Api(_)) => false,
        Err(error) => panic!("{error}"),
    }
}
