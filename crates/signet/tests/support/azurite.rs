//! Azurite as delegated keys need it. A relay before it has it know correlation ids, as the service does,
//! and has its keys end early; beside it runs a service that gives tokens.
#![allow(dead_code, reason = "every test binary uses its own part of this")]

#[path = "sas.rs"]
mod sas;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum_server::tls_rustls::RustlsConfig;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use client::Api;
use protocol::bucket::StorePlace;
use sas::{DelegatedKey, encoded, time};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::process::Broker;

const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
const PRINCIPAL: &str = "4e5c8a4e-6f4b-4c4b-9d5e-0d7a1f0a3c11";

/// What `SIGNET_TEST_AZURITE` describes.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Azurite {
    https: String,
    pub(crate) certificate: PathBuf,
    private_key: PathBuf,
    /// The access log of the one behind `https`.
    pub(crate) log: PathBuf,
    account: String,
    containers: Vec<String>,
}

impl Azurite {
    pub(crate) fn find() -> Option<Self> {
        #[expect(clippy::disallowed_methods, reason = "a setting of tests")]
        let path = std::env::var("SIGNET_TEST_AZURITE").ok()?;
        Some(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
    }
}

struct Relaying {
    azurite: Azurite,
    http: reqwest::Client,
    knows_correlation_ids: bool,
    life: Option<Duration>,
    keys: Mutex<Vec<DelegatedKey>>,
    used: Mutex<BTreeSet<String>>,
}

/// The relay and the giver of tokens, while they run.
pub(crate) struct Delegating {
    pub(crate) address: SocketAddr,
    /// Where the server finds the giver of tokens.
    login: String,
    relaying: Arc<Relaying>,
    servers: [tokio::task::JoinHandle<()>; 2],
}

impl Delegating {
    /// Before an Azurite, whose keys end after `life`, or when they were asked to.
    pub(crate) async fn before(
        azurite: &Azurite,
        knows_correlation_ids: bool,
        life: Option<Duration>,
    ) -> Self {
        let [certificate, private_key] =
            [&azurite.certificate, &azurite.private_key].map(|path| std::fs::read(path).unwrap());
        let root = reqwest::Certificate::from_pem(&certificate).unwrap();
        let http = reqwest::Client::builder()
            .no_proxy()
            .http1_only()
            .tls_certs_only([root])
            .build()
            .unwrap();
        let relaying = Arc::new(Relaying {
            azurite: azurite.clone(),
            http,
            knows_correlation_ids,
            life,
            keys: Mutex::default(),
            used: Mutex::default(),
        });
        let [(relay, address), (login, login_address)] = [listener(), listener()];
        let tls = RustlsConfig::from_pem(certificate, private_key)
            .await
            .unwrap();
        let router = Router::new()
            .fallback(relayed)
            .with_state(Arc::clone(&relaying));
        let relay = axum_server::from_tcp_rustls(relay, tls).unwrap();
        let tokens = Router::new()
            .fallback(async || json!({ "access_token": token(), "expires_in": 3_600 }).to_string());
        let login = axum_server::from_tcp(login).unwrap();
        #[expect(clippy::disallowed_methods, reason = "they end with the test")]
        let servers = [
            tokio::spawn(async move { relay.serve(router.into_make_service()).await.unwrap() }),
            tokio::spawn(async move { login.serve(tokens.into_make_service()).await.unwrap() }),
        ];
        Self {
            address,
            login: format!("http://{login_address}"),
            relaying,
            servers,
        }
    }

    /// The container at the relay, or at what is before that.
    pub(crate) fn place(&self, address: SocketAddr) -> StorePlace {
        let azurite = &self.relaying.azurite;
        StorePlace::Azure {
            account: azurite.account.clone(),
            container: azurite.containers[0].clone(),
            endpoint: Some(format!("https://{address}/{}", azurite.account)),
        }
    }

    pub(crate) fn plan() -> Value {
        json!({
            "plan": "client-secret", "tenant_id": TENANT, "client_id": PRINCIPAL,
            "client_secret": "hush",
        })
    }

    /// What the broker needs in its environment.
    pub(crate) fn environment(&self) -> [(&'static str, String); 2] {
        let certificate = self.relaying.azurite.certificate.display().to_string();
        [
            ("AZURE_AUTHORITY_HOST", self.login.clone()),
            ("SSL_CERT_FILE", certificate),
        ]
    }

    /// The API for somebody who trusts the certificate.
    pub(crate) fn trusted_by(&self, broker: &Broker, token: &str) -> Api {
        let certificate = std::fs::read(&self.relaying.azurite.certificate).unwrap();
        let api =
            Api::builder(format!("http://{}", broker.address())).token(token.parse().unwrap());
        api.add_root_certificates(&certificate)
            .unwrap()
            .build()
            .unwrap()
    }

    pub(crate) fn http(&self) -> reqwest::Client {
        self.relaying.http.clone()
    }

    /// The keys that were delegated.
    pub(crate) fn keys(&self) -> Vec<DelegatedKey> {
        self.relaying.keys.lock().unwrap().clone()
    }

    /// When the keys end that signed clients' requests since it was last asked: what tells them apart.
    pub(crate) fn take_key_ends(&self) -> BTreeSet<String> {
        std::mem::take(&mut *self.relaying.used.lock().unwrap())
    }

    /// A URL that reads an object until then, whenever the key ends.
    pub(crate) fn reading(
        &self,
        key: &DelegatedKey,
        object: &str,
        until: jiff::Timestamp,
    ) -> String {
        let azurite = &self.relaying.azurite;
        let path = format!("/{}/{}/{object}", azurite.account, azurite.containers[0]);
        let query = key.reading(&path, until);
        format!("https://{}{path}?{}", self.address, encoded(&query))
    }
}

impl Drop for Delegating {
    fn drop(&mut self) {
        for server in &self.servers {
            server.abort();
        }
    }
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn relayed(State(relaying): State<Arc<Relaying>>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let query = head.uri.query().unwrap_or_default();
    let mut query: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let asks_for_key = query.iter().any(|(_, value)| value == "userdelegationkey");
    let body = if asks_for_key {
        reqwest::Body::from(relaying.ask_for_key(body).await)
    } else {
        relaying.leave_out_correlation(&path, &mut query);
        reqwest::Body::wrap_stream(body.into_data_stream())
    };
    let service = relaying
        .azurite
        .https
        .trim_end_matches(&format!("/{}", relaying.azurite.account));
    let sent = relaying
        .http
        .request(head.method, format!("{service}{path}?{}", encoded(&query)))
        .headers(handed_on(head.headers, asks_for_key))
        .body(body)
        .send()
        .await;
    let Ok(sent) = sent else {
        let mut answer = Response::new(Body::empty());
        *answer.status_mut() = StatusCode::BAD_GATEWAY;
        return answer;
    };
    let (mut head, body) = Response::<reqwest::Body>::from(sent).into_parts();
    head.headers = handed_on(head.headers, false);
    let mut body = Body::new(body);
    if asks_for_key {
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        relaying.note_key(std::str::from_utf8(&bytes).unwrap());
        body = bytes.into();
    }
    Response::from_parts(head, body)
}

/// Headers without those that are each connection's own.
fn handed_on(mut headers: HeaderMap, is_changed: bool) -> HeaderMap {
    for name in [header::CONNECTION, header::TRANSFER_ENCODING, header::HOST] {
        headers.remove(name);
    }
    if is_changed {
        headers.remove(header::CONTENT_LENGTH);
    }
    headers
}

impl Relaying {
    /// The request for a key, that is to end early.
    async fn ask_for_key(&self, body: Body) -> String {
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        let Some(life) = self.life else {
            return body;
        };
        let asked = element(&body, "Expiry").unwrap();
        body.replace(asked, &time(now() + life))
    }

    fn note_key(&self, answer: &str) {
        let value = |name| element(answer, name).unwrap().to_owned();
        self.keys.lock().unwrap().push(DelegatedKey {
            starts: value("SignedStart"),
            ends: value("SignedExpiry"),
            version: value("SignedVersion"),
            value: STANDARD.decode(value("Value")).unwrap(),
        });
    }

    /// Takes a correlation id out of a request, and signs it again if it was signed well: Azurite leaves
    /// it out of what it compares.
    fn leave_out_correlation(&self, path: &str, query: &mut Vec<(String, String)>) {
        let value = |wanted: &str| {
            let found = query.iter().find(|(name, _)| name == wanted);
            found.map(|(_, value)| value.clone())
        };
        let (Some(scid), Some(ends), Some(signature)) = (value("scid"), value("ske"), value("sig"))
        else {
            return;
        };
        let keys = self.keys.lock().unwrap();
        let Some(key) = keys.iter().find(|key| key.ends == ends) else {
            return;
        };
        if key.sign(path, query, Some(&scid)) != signature {
            return;
        }
        self.used.lock().unwrap().insert(ends);
        if !self.knows_correlation_ids {
            return;
        }
        let signature = key.sign(path, query, None);
        query.retain(|(name, _)| name != "scid" && name != "sig");
        query.push(("sig".to_owned(), signature));
    }
}

/// A token that nobody signed, which Azurite takes when it is well-formed.
fn token() -> String {
    let now = now().as_second();
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(json!({ "alg": "none", "typ": "JWT" }));
    let claims = part(json!({
        "aud": "https://storage.azure.com", "iss": format!("https://sts.windows.net/{TENANT}/"),
        "oid": PRINCIPAL, "tid": TENANT, "nbf": now - 600, "iat": now - 600, "exp": now + 3_600,
    }));
    format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode("none"))
}

/// What stands in the first element of a name.
fn element<'a>(document: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = document.split_once(&format!("<{name}>"))?;
    Some(rest.split_once("</")?.0)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the store's clock is the machine's"
)]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
