//! The broker and its store on this machine alone: for `signet dev` and `signet demo`.
//!
//! Secrets are random each run, everything listens on loopback, and the database is marked, so that
//! `signet serve` refuses it.

use crate::exit::UserError;
use anyhow::Context as _;
use aws_lc_rs::{digest, rand::SecureRandom as _};
use devstore::{BucketSettings, CorsRule, Credential, DevStore, Scope};
use protocol::bucket::{CredentialPlan, NewBucket, StorePlace};
use serde::Deserialize;
use server::clock::SystemClock;
use server::config::Config;
use server::serve::{self, Mode, Running};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

const REGION: &str = "us-east-1";
const ADMIN: &str = "admin";

/// What runs.
pub(crate) struct Local {
    running: Running,
    store: Option<DevStore>,
    address: String,
    admin_token: String,
}

/// A bucket that a team may have.
pub(crate) struct Place {
    /// How to register it.
    pub(crate) bucket: NewBucket,
}

/// The two buckets of the demo.
pub(crate) struct Places {
    /// Where the store answers.
    pub(crate) store: String,
    pub(crate) vision: Place,
    pub(crate) language: Place,
}

impl Local {
    /// The broker's address.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The token of the first instance admin.
    pub(crate) fn admin_token(&self) -> &str {
        &self.admin_token
    }

    /// Stops the broker, then the store.
    pub(crate) async fn shutdown(self) {
        self.running.shutdown().await;
        if let Some(store) = self.store {
            store.shutdown().await;
        }
    }
}

/// The broker with the embedded store, or with the given one: its address and file of keys.
pub(crate) async fn for_demo(
    folder: &Path,
    store: Option<(&str, &Path)>,
) -> anyhow::Result<(Local, Places)> {
    if let Some((endpoint, keys)) = store {
        let places = given_places(endpoint, keys)?;
        let local = broker(folder, 0, None).await?;
        return Ok((local, places));
    }
    let (store, keys) = embedded(folder, &["team-vision", "team-language"]).await?;
    let endpoint = store.endpoint().to_owned();
    let mut places = keys
        .into_iter()
        .zip(["vision", "language"])
        .map(|(key, name)| place(name, &endpoint, REGION, key));
    let (Some(vision), Some(language)) = (places.next().transpose()?, places.next().transpose()?)
    else {
        anyhow::bail!("the embedded store made no keys");
    };
    let local = broker(folder, 0, Some(store)).await?;
    Ok((
        local,
        Places {
            store: endpoint,
            vision,
            language,
        },
    ))
}

/// The broker with the embedded store, where that answers, and one default bucket.
pub(crate) async fn for_dev(folder: &Path, port: u16) -> anyhow::Result<(Local, String, Place)> {
    let (store, keys) = embedded(folder, &["signet-dev"]).await?;
    let endpoint = store.endpoint().to_owned();
    let key = keys
        .into_iter()
        .next()
        .context("the embedded store made no keys")?;
    let mut place = place("default", &endpoint, REGION, key)?;
    place.bucket.default = true;
    Ok((broker(folder, port, Some(store)).await?, endpoint, place))
}

struct Key {
    container: String,
    access_key_id: String,
    secret: String,
}

async fn embedded(folder: &Path, buckets: &[&str]) -> anyhow::Result<(DevStore, Vec<Key>)> {
    let mut builder = DevStore::builder(folder.join("store"))
        .region(REGION)
        .access_log(folder.join("access.log"))
        .listen(([127, 0, 0, 1], 0).into());
    let mut keys = Vec::new();
    for &bucket in buckets {
        let key = Key {
            container: bucket.to_owned(),
            access_key_id: format!("DEV{}", random_hex::<8>()?.to_uppercase()),
            secret: random_hex::<20>()?,
        };
        let mut settings = BucketSettings::new(bucket);
        settings.cors = vec![open_cors()];
        let credential =
            presign::s3::Credential::new(key.access_key_id.clone(), key.secret.clone())?;
        builder = builder.bucket(settings).credential(
            Credential::new(credential, Scope::Buckets(vec![bucket.to_owned()])).owned_by("signet"),
        );
        keys.push(key);
    }
    Ok((builder.start().await?, keys))
}

/// What browsers of any origin need for downloads and uploads in parts.
fn open_cors() -> CorsRule {
    let all = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect();
    CorsRule {
        allowed_origins: all(&["*"]),
        allowed_methods: all(&["GET", "HEAD", "PUT"]),
        allowed_headers: all(&["*"]),
        expose_headers: all(&["ETag"]),
        max_age_seconds: Some(3000),
    }
}

fn place(name: &str, endpoint: &str, region: &str, key: Key) -> anyhow::Result<Place> {
    let place = StorePlace::s3(endpoint, region, key.container);
    let credential = CredentialPlan::access_key(key.access_key_id, key.secret);
    Ok(Place {
        bucket: NewBucket::new(name.parse()?, place, credential),
    })
}

/// The file that `--store-keys` names.
#[derive(Deserialize)]
struct StoreKeys {
    region: String,
    buckets: Vec<StoreBucket>,
}

#[derive(Deserialize)]
struct StoreBucket {
    name: String,
    access_key_id: String,
    secret_access_key: String,
}

fn given_places(endpoint: &str, keys: &Path) -> anyhow::Result<Places> {
    let text =
        std::fs::read_to_string(keys).with_context(|| format!("cannot read {}", keys.display()))?;
    // The parser's own message could quote a key
    let keys: StoreKeys = serde_json::from_str(&text).ok().with_context(|| {
        format!(
            "{} is not of the form {{\"region\": …, \"buckets\": [{{\"name\": …, \"access_key_id\": …, \"secret_access_key\": …}}, …]}}",
            keys.display()
        )
    })?;
    let mut places = keys
        .buckets
        .into_iter()
        .zip(["vision", "language"])
        .map(|(bucket, name)| {
            let key = Key {
                container: bucket.name,
                access_key_id: bucket.access_key_id,
                secret: bucket.secret_access_key,
            };
            place(name, endpoint, &keys.region, key)
        });
    let (Some(vision), Some(language)) = (places.next().transpose()?, places.next().transpose()?)
    else {
        return Err(UserError::Usage("--store-keys must name two buckets".to_owned()).into());
    };
    Ok(Places {
        store: endpoint.to_owned(),
        vision,
        language,
    })
}

async fn broker(folder: &Path, port: u16, store: Option<DevStore>) -> anyhow::Result<Local> {
    let admin_token = format!("{}{}", protocol::token::TOKEN_PREFIX, random_hex::<32>()?);
    let token_sha256 = digest::digest(&digest::SHA256, admin_token.as_bytes());
    // Whoever names a store on the command line may have it anywhere; the embedded one is on loopback
    let stores = if store.is_some() {
        ""
    } else {
        r#"[stores]
private_networks = ["0.0.0.0/0", "::/0"]
plain_http_networks = ["0.0.0.0/0", "::/0"]
"#
    };
    let settings = format!(
        r#"version = 1
[server]
listen = "127.0.0.1:{port}"
[database]
url = {database:?}
[log]
level = "warn"
[bootstrap]
admin = "{ADMIN}"
admin_token_sha256 = "{token_sha256}"
{stores}"#,
        database = format!("sqlite:{}", folder.join("signet.db").display()),
        token_sha256 = hex::encode(token_sha256),
    );
    let seal = format!("dev:{}", random_hex::<32>()?);
    let environment = BTreeMap::from([("SIGNET_SEAL__KEY".to_owned(), seal)]);
    let config = Config::parse(&settings, &environment)?;
    let running = serve::start(&config, Mode::Development, Arc::new(SystemClock)).await?;
    let address = format!("http://{}", running.address);
    Ok(Local {
        running,
        store,
        address,
        admin_token,
    })
}

fn random_hex<const N: usize>() -> anyhow::Result<String> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::SystemRandom::new()
        .fill(&mut bytes)
        .ok()
        .context("the system has no randomness to give")?;
    Ok(hex::encode(bytes))
}
