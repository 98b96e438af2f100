//! Azure's shared access signatures against Azurite, made with each of the two kinds of keys.

mod changes;
mod harmless;
mod known;
mod operations;

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use presign::{
    Method, Request, Target, Timestamp, Window,
    azure::{
        AccountKey, Credential, DelegationKey, DelegationKeyId, Endpoint, Guid, Permissions,
        Received, Signer, StoredPolicy, Terms, Verifier, Version,
    },
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    described,
    http::{Reply, Server},
    now,
    sending::Sending,
    table::{OK, Store, check},
    window,
};

/// What Azurite says where a signature does not hold.
const NOT_SIGNED: &str = "403 AuthorizationFailure";
/// What Azure, and so our verifier, says there.
const FAILED: &str = "403 AuthenticationFailed";
/// What all say where the signature holds but permits something else.
const DENIED: &str = "403 AuthorizationPermissionMismatch";
const OBJECT_ID: &str = "4e5c8a4e-6f4b-4c4b-9d5e-0d7a1f0a3c11";
const TENANT_ID: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
const BLOCK_BLOB: (&str, &str) = ("x-ms-blob-type", "BlockBlob");

/// One of the two servers, and the key that signs for it.
struct Azurite {
    server: Server,
    endpoint: String,
    account: String,
    containers: Vec<String>,
    credential: Credential,
    verifier: Verifier,
}

#[derive(Deserialize)]
struct Described {
    http: String,
    https: String,
    certificate: PathBuf,
    account: String,
    key: String,
    containers: Vec<String>,
}

impl Azurite {
    /// Both stores: over HTTP with the account's key, over HTTPS with a delegated one.
    fn find() -> Vec<Self> {
        let Some(described) = described::<Described>("SIGNET_TEST_AZURITE") else {
            return Vec::new();
        };
        let account_key = AccountKey::new(described.key.as_str()).unwrap();
        let plain = Self::new(
            &described,
            &described.http,
            Server::new(&described.http),
            account_key.into(),
        );
        let server = Server::new(&described.https).with_certificate(&described.certificate);
        let key = delegation_key(&server, &described.account);
        let delegated = Self::new(&described, &described.https, server, key.into());
        vec![plain, delegated]
    }

    fn new(described: &Described, endpoint: &str, server: Server, credential: Credential) -> Self {
        Self {
            verifier: Verifier::new().with_hosts([server.address()]),
            server,
            endpoint: endpoint.to_owned(),
            account: described.account.clone(),
            containers: described.containers.clone(),
            credential,
        }
    }

    /// The container that URLs are for.
    fn own(&self) -> &str {
        &self.containers[0]
    }

    /// A container that they must not open.
    fn other(&self) -> &str {
        &self.containers[1]
    }

    fn signer(&self, endpoint: &str, credential: &Credential) -> Signer {
        let endpoint = Endpoint::parse(endpoint, &self.account, self.own()).unwrap();
        Signer::new(endpoint, Version::V2020_12_06, credential.clone())
    }

    fn sign(&self, request: &Request<'_>) -> Sending {
        self.sign_with(request, &Terms::new())
    }

    fn sign_with(&self, request: &Request<'_>, terms: &Terms) -> Sending {
        self.sign_for(request, terms, window(-60, 600))
    }

    fn sign_for(&self, request: &Request<'_>, terms: &Terms, window: Window) -> Sending {
        let signer = self.signer(&self.endpoint, &self.credential);
        send_as_signed(&signer, request, terms, window)
    }

    fn get(&self, blob: &str) -> Sending {
        self.sign(&Request::new(Method::Get, Target::Object(blob)))
    }

    fn put(&self, blob: &str) -> Sending {
        self.sign(&Request::new(Method::Put, Target::Object(blob)))
            .with_body("hello")
            .but(as_block_blob)
    }

    /// Writes a blob for a table to be about.
    fn make(&self, blob: &str) {
        assert_eq!(self.send(&self.put(blob)).status, 201);
    }
}

/// Says what kind of blob is uploaded, which no signature can say.
fn as_block_blob(wire: &crate::wire::Wire) -> crate::wire::Wire {
    let (name, value) = BLOCK_BLOB;
    wire.with_header(name, value)
}

fn send_as_signed(
    signer: &Signer,
    request: &Request<'_>,
    terms: &Terms,
    window: Window,
) -> Sending {
    let url = signer.sign_with(request, terms, window).unwrap();
    Sending::new(request.method.as_str(), url.expose(), &[])
}

/// Asks for a delegated key, as a principal whose token nobody has signed: Azurite wants it well-formed.
fn delegation_key(server: &Server, account: &str) -> DelegationKey {
    let life = window(-3600, 86_400);
    let (start, expiry) = (extended(life.from), extended(life.ends()));
    let encode = |json: serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    let header = encode(json!({"alg": "RS256", "typ": "JWT"}));
    let claims = encode(json!({
        "aud": "https://storage.azure.com",
        "iss": format!("https://sts.windows.net/{TENANT_ID}/"),
        "iat": life.from.unix_seconds(),
        "nbf": life.from.unix_seconds(),
        "exp": life.ends().unix_seconds(),
        "oid": OBJECT_ID,
        "tid": TENANT_ID,
        "ver": "1.0",
    }));
    let token = format!("Bearer {header}.{claims}.c2lnbmF0dXJl");
    let url = format!(
        "https://{}/{account}/?restype=service&comp=userdelegationkey",
        server.address()
    );
    let headers = [("Authorization", &*token), ("x-ms-version", "2020-12-06")];
    let body = format!("<KeyInfo><Start>{start}</Start><Expiry>{expiry}</Expiry></KeyInfo>");
    let reply = server.send(&Sending::new("POST", &url, &headers).with_body(body));
    let field = |name| {
        reply
            .element(name)
            .unwrap_or_else(|| panic!("no `{name}` in {}", reply.text()))
    };
    assert_eq!(
        (field("SignedStart"), field("SignedExpiry")),
        (start, expiry)
    );
    let id = DelegationKeyId {
        object_id: field("SignedOid").parse().unwrap(),
        tenant_id: field("SignedTid").parse().unwrap(),
        starts_at: life.from,
        expires_at: life.ends(),
        service: field("SignedService").into(),
        version: field("SignedVersion").into(),
    };
    DelegationKey::new(id, field("Value")).unwrap()
}

/// `YYYY-MM-DDThh:mm:ssZ`.
fn extended(time: Timestamp) -> String {
    let basic = time.to_string();
    let (date, time) = basic.split_once('T').unwrap();
    format!(
        "{}-{}-{}T{}:{}:{}",
        &date[..4],
        &date[4..6],
        &date[6..],
        &time[..2],
        &time[2..4],
        &time[4..]
    )
}

impl Store for Azurite {
    fn send(&self, sending: &Sending) -> Reply {
        self.server.send(sending)
    }

    fn judge(&self, sending: &Sending) -> String {
        let wire = &sending.wire;
        let headers: Vec<_> = wire
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        let received = Received {
            method: &wire.method,
            raw_path: &wire.path,
            raw_query: &wire.query,
            headers: &headers,
            is_https: self.server.is_https(),
            client_address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        let verdict = self.verifier.verify(
            &received,
            now(),
            |name| (name.account == self.account).then_some(&self.credential),
            |_| None::<StoredPolicy>,
        );
        match verdict {
            Ok(_) => OK.to_owned(),
            Err(refusal) => format!("{} {}", refusal.status(), refusal.azure_code()),
        }
    }
}
