//! A request to Azure Blob Storage, as the SDK and as we take it.

use std::net::Ipv4Addr;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use presign::{
    Request, Target, Timestamp, Ttl, Window,
    azure::{
        AccountKey, AddressRange, Agent, Credential, DelegationKey, DelegationKeyId, Endpoint,
        Guid, Permissions, Signer, Terms, Version,
    },
};
use serde::Serialize;

use crate::{
    azure_operation::{OPERATIONS, Operation, RESPONSE_HEADERS},
    comparison,
    draw::Draw,
    text,
};

#[derive(Debug, Serialize)]
pub(crate) struct Case {
    base_url: &'static str,
    account: &'static str,
    container: &'static str,
    blob: Option<String>,
    version: &'static str,
    key: String,
    delegation: Option<Delegation>,
    permissions: String,
    at: i64,
    ttl: u32,
    protocols: &'static str,
    addresses: Option<String>,
    policy: Option<String>,
    correlation_id: Option<String>,
    authorized_agent: Option<String>,
    unauthorized_agent: Option<String>,
    snapshot: Option<&'static str>,
    version_id: Option<&'static str>,
    /// The SDK's names of arguments, and values.
    response_headers: Vec<(&'static str, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) query: Vec<(String, String)>,
    #[serde(skip)]
    method: &'static str,
}

#[derive(Debug, Serialize)]
struct Delegation {
    object_id: String,
    tenant_id: String,
    starts_at: i64,
    expires_at: i64,
}

const PLACES: &[(&str, &str)] = &[
    ("https://teamvision.blob.core.windows.net", "teamvision"),
    (
        "https://teamvision.blob.core.chinacloudapi.cn",
        "teamvision",
    ),
    ("https://data.example.com:8443", "teamvision"),
    (
        "http://127.0.0.1:10000/devstoreaccount1",
        "devstoreaccount1",
    ),
];

/// All permissions on a blob, in the order that the service wants.
const PERMISSIONS: [(char, Permissions); 13] = [
    ('r', Permissions::READ),
    ('a', Permissions::ADD),
    ('c', Permissions::CREATE),
    ('w', Permissions::WRITE),
    ('d', Permissions::DELETE),
    ('x', Permissions::DELETE_VERSION),
    ('y', Permissions::DELETE_PERMANENTLY),
    ('t', Permissions::TAGS),
    ('m', Permissions::MOVE),
    ('e', Permissions::EXECUTE),
    ('o', Permissions::SET_OWNER),
    ('p', Permissions::SET_PERMISSIONS),
    ('i', Permissions::SET_IMMUTABILITY),
];

const MOMENT: &str = "2026-03-01T10:11:12.1234567Z";

fn guid(draw: &mut Draw) -> String {
    Guid::from_u128(draw.guid()).to_string()
}

fn count_characters(text: &str) -> usize {
    text.chars().count()
}

impl Case {
    pub(crate) fn draw(draw: &mut Draw, version: &'static str, is_delegated: bool) -> Self {
        let (base_url, account) = PLACES[draw.below(PLACES.len())];
        let operation = &OPERATIONS[draw.below(OPERATIONS.len())];
        let (at, ttl) = (draw.time(), draw.ttl());
        let mut permissions = operation.needs.to_string();
        if operation.on_blob && draw.once_in(3) {
            let letters = PERMISSIONS.iter().map(|(letter, _)| *letter);
            permissions = letters
                .filter(|letter| *letter == operation.needs || draw.once_in(3))
                .collect();
        }
        let (mut snapshot, mut version_id) = (None, None);
        if operation.on_blob && matches!(operation.method, "GET" | "HEAD") {
            match draw.below(6) {
                0 => snapshot = Some(MOMENT),
                1 => version_id = Some(MOMENT),
                _ => {}
            }
        }
        let mut case = Self {
            base_url,
            account,
            container: draw.pick(&["models", "run-42-data", "$root"]),
            blob: operation.on_blob.then(|| blob_name(draw)),
            version,
            key: BASE64_STANDARD.encode(draw.bytes(if is_delegated { 32 } else { 64 })),
            delegation: is_delegated.then(|| Delegation {
                object_id: guid(draw),
                tenant_id: guid(draw),
                starts_at: at
                    .saturating_sub(i64::try_from(draw.below(900)).unwrap())
                    .max(0),
                expires_at: at + i64::from(ttl) + 1,
            }),
            permissions,
            at,
            ttl,
            protocols: if base_url.starts_with("https:") {
                "https"
            } else {
                "https,http"
            },
            addresses: draw.once_in(2).then(|| {
                draw.pick(&[
                    "168.1.5.65",
                    "168.1.5.60-168.1.5.70",
                    "0.0.0.0-255.255.255.255",
                ])
                .to_owned()
            }),
            policy: None,
            correlation_id: None,
            authorized_agent: None,
            unauthorized_agent: None,
            snapshot,
            version_id,
            response_headers: Vec::new(),
            headers: Vec::new(),
            query: operation
                .query
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            method: operation.method,
        };
        for (_, argument) in RESPONSE_HEADERS {
            if draw.once_in(4) {
                case.response_headers.push((argument, text::value(draw)));
            }
        }
        if is_delegated {
            case.draw_bound(draw, operation);
        } else if draw.once_in(3) {
            case.policy = Some(text::value(draw).chars().take(64).collect());
        }
        case
    }

    /// What a delegated key alone can sign.
    fn draw_bound(&mut self, draw: &mut Draw, operation: &Operation) {
        self.correlation_id = draw.once_in(2).then(|| guid(draw));
        match draw.below(3) {
            0 => self.authorized_agent = Some(guid(draw)),
            1 => self.unauthorized_agent = Some(guid(draw)),
            _ => {}
        }
        if self.version < "2026-04-06" {
            return;
        }
        for name in operation.headers {
            if draw.once_in(2) {
                let value = text::header_value(draw).replace('\t', " ");
                self.headers.push(((*name).to_owned(), value));
            }
        }
        let further = text::parameters(draw).into_iter();
        // See the exceptions.
        let further =
            further.filter(|(name, value)| !name.contains([':', ',', '%']) && !value.is_empty());
        self.query.extend(further);
    }

    pub(crate) fn set_blob(&mut self, name: &str) {
        self.be_read_of_a_blob();
        self.blob = Some(name.to_owned());
    }

    fn be_read_of_a_blob(&mut self) {
        self.blob.get_or_insert_with(|| "data.txt".to_owned());
        self.method = "GET";
        "r".clone_into(&mut self.permissions);
        self.query.clear();
    }

    pub(crate) fn set_header(&mut self, name: &str, value: &str) {
        self.headers = vec![(name.to_owned(), value.to_owned())];
    }

    fn credential(&self) -> Result<Credential, presign::Error> {
        let Some(delegation) = &self.delegation else {
            return Ok(AccountKey::new(self.key.as_str())?.into());
        };
        let id = DelegationKeyId {
            object_id: delegation.object_id.parse()?,
            tenant_id: delegation.tenant_id.parse()?,
            starts_at: Timestamp::from_unix_seconds(delegation.starts_at),
            expires_at: Timestamp::from_unix_seconds(delegation.expires_at),
            service: "b".into(),
            version: self.version.into(),
        };
        Ok(DelegationKey::new(id, self.key.as_str())?.into())
    }

    fn terms(&self) -> Result<Terms, presign::Error> {
        let mut terms = Terms::new();
        // One letter is what a request usually needs, and has to be found without being told.
        if self.permissions.len() > 1 {
            let given = PERMISSIONS
                .iter()
                .filter(|(letter, _)| self.permissions.contains(*letter));
            let given = given
                .map(|(_, permission)| *permission)
                .reduce(|a, b| a | b);
            terms = terms.with_permissions(given.unwrap());
        }
        if let Some(addresses) = &self.addresses {
            let (first, last) = addresses.split_once('-').unwrap_or((addresses, addresses));
            let parse = |text: &str| text.parse::<Ipv4Addr>().unwrap();
            terms = terms.with_addresses(AddressRange::new(parse(first), parse(last))?);
        }
        if let Some(policy) = &self.policy {
            terms = terms.with_stored_policy(policy)?;
        }
        if let Some(id) = &self.correlation_id {
            terms = terms.with_correlation_id(id.parse()?);
        }
        if let Some(id) = &self.authorized_agent {
            terms = terms.with_agent(Agent::Authorized(id.parse()?));
        }
        if let Some(id) = &self.unauthorized_agent {
            terms = terms.with_agent(Agent::Unauthorized(id.parse()?));
        }
        Ok(terms)
    }

    /// The parameters that are the request's own, and not the signature's.
    fn own_query(&self) -> Vec<(String, String)> {
        let snapshot = self.snapshot.map(|value| ("snapshot", value));
        let version_id = self.version_id.map(|value| ("versionid", value));
        let states = snapshot.into_iter().chain(version_id);
        let states = states.map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.query.iter().cloned().chain(states).collect()
    }
}

impl comparison::Case for Case {
    fn sign(&self) -> Result<String, presign::Error> {
        let mut query = self.own_query();
        for (argument, value) in &self.response_headers {
            let known = RESPONSE_HEADERS.iter().find(|(_, known)| known == argument);
            query.push((known.unwrap().0.to_owned(), value.clone()));
        }
        let request = Request {
            method: self.method.parse()?,
            target: self.blob.as_deref().map_or(Target::Bucket, Target::Object),
            headers: &text::borrow(&self.headers),
            query: &text::borrow(&query),
        };
        let window = Window {
            from: Timestamp::from_unix_seconds(self.at),
            ttl: Ttl::from_seconds(self.ttl)?,
        };
        let version = if self.version == "2020-12-06" {
            Version::V2020_12_06
        } else {
            Version::V2026_04_06
        };
        let endpoint = Endpoint::parse(self.base_url, self.account, self.container)?;
        let url = Signer::new(endpoint, version, self.credential()?).sign_with(
            &request,
            &self.terms()?,
            window,
        )?;
        Ok(url.expose().to_owned())
    }

    /// The library leaves the request's own parameters to its callers.
    fn complete(&self, theirs: &str) -> String {
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let own = self.own_query();
        let own = own
            .iter()
            .map(|(name, value)| format!("&{}={}", encode(name), encode(value)));
        // It encodes the one sign in a container's name that needs no encoding.
        theirs.replacen("/%24root", "/$root", 1) + &own.collect::<String>()
    }

    /// The library has another order, and encodes less: parameters are compared decoded.
    fn normalize(&self, url: &str) -> Vec<String> {
        let (base, query) = url.split_once('?').unwrap();
        let decode = |parameter: &str| {
            let (name, value) = parameter.split_once('=').unwrap();
            let decode = |text| percent_decode_str(text).decode_utf8().unwrap();
            format!("{:?}", (decode(name), decode(value)))
        };
        let mut parts: Vec<_> = query.split('&').map(decode).collect();
        parts.sort_unstable();
        parts.push(base.to_owned());
        parts
    }
}

fn blob_name(draw: &mut Draw) -> String {
    loop {
        let name = text::key(draw, count_characters, false);
        // See the exception.
        if name.split('/').count() <= 254 {
            return name;
        }
    }
}
