//! URLs made by Microsoft's own SDKs: ours must carry the same signature, and theirs verify.
//!
//! The data were written by the scripts beside them, which say how.

use percent_encoding::percent_decode_str;
use presign::{
    Request, Target, Timestamp, Ttl, Window,
    azure::{
        AccountKey, AddressRange, Agent, Credential, DelegationKey, DelegationKeyId, Endpoint,
        Refusal, Signer, Terms, Verifier, Version,
    },
};
use serde::Deserialize;

use crate::support::Wire;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    base_url: String,
    account: String,
    container: String,
    blob: Option<String>,
    secret: String,
    delegation: Option<Delegation>,
    version: String,
    method: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    /// Those given to the SDK, where they are not the usual ones of the request.
    permissions: Option<String>,
    terms: TermsOfVector,
    at: i64,
    ttl: u32,
    url: String,
    string_to_sign: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delegation {
    object_id: String,
    tenant_id: String,
    start: String,
    expiry: String,
    service: String,
    version: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TermsOfVector {
    addresses: Option<String>,
    policy: Option<String>,
    correlation_id: Option<String>,
    authorized_agent: Option<String>,
    unauthorized_agent: Option<String>,
}

impl Vector {
    fn all() -> Vec<Self> {
        let parse = |json| serde_json::from_str::<Vec<Self>>(json).unwrap();
        let mut all = parse(include_str!("../data/azure_python.json"));
        all.extend(parse(include_str!("../data/azure_javascript.json")));
        assert!(all.len() >= 140);
        all
    }

    fn credential(&self) -> Credential {
        self.credential_with(&self.secret)
    }

    fn credential_with(&self, secret: &str) -> Credential {
        match &self.delegation {
            None => AccountKey::new(secret).unwrap().into(),
            Some(delegation) => DelegationKey::new(delegation.id(), secret).unwrap().into(),
        }
    }

    /// The version, if it is one that can be signed in.
    fn signable_version(&self) -> Option<Version> {
        [Version::V2020_12_06, Version::V2026_04_06]
            .into_iter()
            .find(|version| version.as_str() == self.version)
    }

    fn window(&self) -> Window {
        Window {
            from: Timestamp::from_unix_seconds(self.at),
            ttl: Ttl::from_seconds(self.ttl).unwrap(),
        }
    }

    fn terms(&self) -> Terms {
        let mut terms = Terms::new();
        if let Some(letters) = &self.permissions {
            terms = terms.with_permissions(permissions(letters));
        }
        if let Some(addresses) = &self.terms.addresses {
            let (first, last) = addresses.split_once('-').unwrap_or((addresses, addresses));
            let parse = |text: &str| text.parse::<std::net::Ipv4Addr>().unwrap();
            let range = AddressRange::new(parse(first), parse(last)).unwrap();
            terms = terms.with_addresses(range);
        }
        if let Some(policy) = &self.terms.policy {
            terms = terms.with_stored_policy(policy).unwrap();
        }
        if let Some(id) = &self.terms.correlation_id {
            terms = terms.with_correlation_id(id.parse().unwrap());
        }
        if let Some(id) = &self.terms.authorized_agent {
            terms = terms.with_agent(Agent::Authorized(id.parse().unwrap()));
        }
        if let Some(id) = &self.terms.unauthorized_agent {
            terms = terms.with_agent(Agent::Unauthorized(id.parse().unwrap()));
        }
        terms
    }

    /// What a client sends: with a signature for all that is in a container, it reads or writes
    /// a blob in it.
    fn wire(&self) -> Wire {
        let mut wire = Wire::new(&self.method, &self.url, &borrow(&self.headers));
        if self.blob.is_none() && self.permissions.is_some() {
            wire.path.push_str("/any/blob");
        }
        wire
    }
}

fn verifier() -> Verifier {
    Verifier::new().with_hosts([
        "blob.core.windows.net",
        "blob.core.chinacloudapi.cn",
        "127.0.0.1:10000",
        "azurite.example.com:8443",
    ])
}

impl Delegation {
    fn id(&self) -> DelegationKeyId {
        DelegationKeyId {
            object_id: self.object_id.parse().unwrap(),
            tenant_id: self.tenant_id.parse().unwrap(),
            starts_at: time(&self.start),
            expires_at: time(&self.expiry),
            service: self.service.as_str().into(),
            version: self.version.as_str().into(),
        }
    }
}

/// Reads `YYYY-MM-DDTHH:MM:SSZ`.
fn time(text: &str) -> Timestamp {
    Timestamp::from_basic_iso8601(&text.replace(['-', ':'], "")).unwrap()
}

fn permissions(letters: &str) -> presign::azure::Permissions {
    use presign::azure::Permissions as P;
    let one = |letter| match letter {
        'r' => P::READ,
        'a' => P::ADD,
        'c' => P::CREATE,
        'w' => P::WRITE,
        'd' => P::DELETE,
        'x' => P::DELETE_VERSION,
        'l' => P::LIST,
        't' => P::TAGS,
        'f' => P::FIND,
        other => panic!("{other}"),
    };
    letters.chars().map(one).reduce(|a, b| a | b).unwrap()
}

fn borrow(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect()
}

/// What comes before the query, and the query's decoded parameters: the SDKs differ in their
/// order and in what they need not encode.
fn parts(url: &str) -> (&str, Vec<(String, String)>) {
    let (base, query) = url.split_once('?').unwrap();
    let decode = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
    let mut parameters: Vec<_> = query
        .split('&')
        .map(|parameter| parameter.split_once('=').unwrap())
        .map(|(name, value)| (decode(name), decode(value)))
        .collect();
    parameters.sort_unstable();
    (base, parameters)
}

#[test]
fn urls_equal_those_of_the_sdks() {
    let mut signed = 0;
    for vector in Vector::all() {
        let Some(version) = vector.signable_version() else {
            continue;
        };
        let endpoint = Endpoint::parse(&vector.base_url, &vector.account, &vector.container);
        let request = Request {
            method: vector.method.parse().unwrap(),
            target: vector
                .blob
                .as_deref()
                .map_or(Target::Bucket, Target::Object),
            headers: &borrow(&vector.headers),
            query: &borrow(&vector.query),
        };
        let url = Signer::new(endpoint.unwrap(), version, vector.credential())
            .sign_with(&request, &vector.terms(), vector.window())
            .unwrap();
        assert_eq!(parts(url.expose()), parts(&vector.url));
        signed += 1;
    }
    assert!(signed >= 70, "{signed}");
}

#[test]
fn urls_of_the_sdks_verify() {
    for vector in Vector::all() {
        let wire = vector.wire();
        let window = vector.window();
        let accepted = wire
            .verify(&verifier(), window.from, &vector.credential())
            .unwrap_or_else(|refusal| panic!("{refusal}: {}", vector.url));
        assert_eq!(*accepted.account, *vector.account);
        assert_eq!(*accepted.container, *vector.container);
        if let Some(blob) = &vector.blob {
            assert_eq!(accepted.blob.as_deref(), Some(&**blob));
        }
        assert_eq!(accepted.starts_at, Some(window.from));
        assert_eq!(accepted.expires_at, window.ends());
        assert_eq!(accepted.policy.as_deref(), vector.terms.policy.as_deref());
        assert_eq!(
            accepted.correlation_id.map(|id| id.to_string()),
            vector.terms.correlation_id
        );
        assert_eq!(
            accepted.delegation,
            vector.delegation.as_ref().map(Delegation::id)
        );
        for (name, _) in &vector.headers {
            assert!(accepted.is_signed_header(name), "{name}");
        }
        let in_response = |name: &str| name.starts_with("rs");
        for (name, value) in vector.query.iter().filter(|(name, _)| !in_response(name)) {
            assert_eq!(accepted.parameter(name), Some(value.as_str()));
            let is_bound = vector.delegation.is_some() && *vector.version >= *"2026-04-06";
            let is_resource = name == "snapshot" || name == "versionid";
            assert_eq!(accepted.is_signed_parameter(name), is_bound || is_resource);
        }
        let overrides: Vec<_> = vector
            .query
            .iter()
            .filter(|(name, _)| in_response(name))
            .collect();
        assert_eq!(accepted.response_headers.len(), overrides.len());
    }
}

/// The same URL must fail with another key, and the refusal shows what the SDK signed.
#[test]
fn urls_of_the_sdks_do_not_verify_with_another_key() {
    for vector in Vector::all() {
        let (first, rest) = vector.secret.split_at(1);
        let other = if first == "A" { "B" } else { "A" };
        let credential = vector.credential_with(&format!("{other}{rest}"));
        let refusal = vector
            .wire()
            .verify(&verifier(), vector.window().from, &credential)
            .unwrap_err();
        assert_eq!(refusal.azure_code(), "AuthenticationFailed");
        let Refusal::SignatureDoesNotMatch(mismatch) = refusal else {
            panic!("{refusal}");
        };
        if let Some(theirs) = vector.string_to_sign {
            assert_eq!(&*mismatch.string_to_sign, theirs);
        }
    }
}
