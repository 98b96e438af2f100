//! Azure Blob Storage: a request with whatever method, path, query, headers, time and origin, and then
//! with a right signature.

use std::net::{IpAddr, Ipv4Addr};

use base64::{Engine, prelude::BASE64_STANDARD};
use presign::{
    Method, Request, Target, Timestamp, Ttl, Window,
    azure::{
        AccountKey, AddressRange, Agent, Credential, DelegationKey, Endpoint, KeyName, Permissions,
        PolicyName, Received, Refusal, Signer, StoredPolicy, Terms, Verified, Verifier, Version,
    },
};

use crate::{input::Fields, seeds, v4, wire::Wire};

const SECRET: &str = "c3dvcmRmaXNo";
const OVERRIDES: [(&str, &str); 5] = [
    ("rscc", "cache-control"),
    ("rscd", "content-disposition"),
    ("rsce", "content-encoding"),
    ("rscl", "content-language"),
    ("rsct", "content-type"),
];
/// The fields that a signature covers in every URL that has them.
const ALWAYS_SIGNED: [&str; 21] = [
    "sv", "sr", "sp", "st", "se", "sip", "spr", "ses", "si", "skoid", "sktid", "skt", "ske", "sks",
    "skv", "saoid", "suoid", "scid", "srh", "srq", "sdd",
];

/// What is not in the request itself.
#[derive(Clone, Copy)]
struct Arrival {
    now: Timestamp,
    is_https: bool,
    client_address: IpAddr,
}

/// First field: the time in seconds, the protocol and the client's address, then the request.
pub(crate) fn run(input: &[u8]) {
    let mut fields = Fields::new(input);
    let arrival = fields.text().and_then(|first| {
        let mut words = first.split(' ');
        Some(Arrival {
            now: Timestamp::from_unix_seconds(words.next()?.parse().ok()?),
            is_https: words.next()? == "https",
            client_address: words.next()?.parse().ok()?,
        })
    });
    let (Some(arrival), Some(wire)) = (arrival, Wire::read(&mut fields)) else {
        return;
    };
    for verifier in [
        Verifier::new(),
        Verifier::new().with_hosts(["blob.core.windows.net", "store.example.com"]),
    ] {
        match verify(&verifier, &wire, arrival) {
            Ok(verified) => check(&verified, &wire, arrival.now),
            Err(Refusal::SignatureDoesNotMatch(mismatch)) => {
                let key = BASE64_STANDARD
                    .decode(SECRET)
                    .expect("the secret is base64");
                let signature =
                    BASE64_STANDARD.encode(v4::hmac(&key, mismatch.string_to_sign.as_bytes()));
                let encoded = signature.replace('+', "%2B");
                let right = wire.with_parameter("sig", &encoded);
                match verify(&verifier, &right, arrival) {
                    Ok(verified) => check(&verified, &right, arrival.now),
                    // The values of headers with keys are not shown.
                    Err(Refusal::SignatureDoesNotMatch(_)) => {
                        assert!(
                            mismatch.string_to_sign.contains("(hidden)"),
                            "what the verifier asks for is wrong"
                        );
                    }
                    Err(refusal) => drop(refusal.to_string()),
                }
            }
            Err(refusal) => drop((refusal.to_string(), refusal.azure_code(), refusal.status())),
        }
    }
}

/// Every key is known.
fn key(name: KeyName<'_>) -> Option<Credential> {
    match name.delegation {
        None => AccountKey::new(SECRET).ok().map(Into::into),
        Some(id) => DelegationKey::new(id.clone(), SECRET).ok().map(Into::into),
    }
}

/// The length of a policy's name says what it sets.
fn policy(name: PolicyName<'_>) -> Option<StoredPolicy> {
    let expires_at = Some(Timestamp::from_unix_seconds(4_000_000_000));
    match name.id.len() % 4 {
        0 => None,
        1 => Some(StoredPolicy::default()),
        2 => Some(StoredPolicy {
            expires_at,
            ..StoredPolicy::default()
        }),
        _ => Some(StoredPolicy {
            permissions: Some(Permissions::READ | Permissions::LIST),
            starts_at: Some(Timestamp::from_unix_seconds(0)),
            expires_at,
        }),
    }
}

fn verify(verifier: &Verifier, wire: &Wire, arrival: Arrival) -> Result<Verified, Refusal> {
    let received = Received {
        method: &wire.method,
        raw_path: &wire.path,
        raw_query: &wire.query,
        headers: &wire.header_slices(),
        is_https: arrival.is_https,
        client_address: arrival.client_address,
    };
    let result = verifier.verify(&received, arrival.now, key, policy);
    assert!(
        result.is_err() || received.is_signed(),
        "accepted what is not signed"
    );
    result
}

/// Checks the time, and that a signer who is asked for what was confirmed makes the signature that
/// came; a URL that no signer of ours writes so is let be.
fn check(verified: &Verified, wire: &Wire, now: Timestamp) {
    assert!(now < verified.expires_at, "accepted after its end");
    assert!(
        verified.starts_at.is_none_or(|at| at <= now),
        "accepted before its beginning"
    );
    check_lines(verified, wire);
    let Some(signed) = sign_again(verified, wire) else {
        return;
    };
    if covered(&signed, verified) == covered(wire, verified) {
        assert_eq!(
            signed.parameter("sig"),
            wire.parameter("sig"),
            "the signer makes another signature"
        );
    }
}

/// In the string to sign, newlines alone tell fields apart: none may be in a field, or two requests could
/// have one signature.
fn check_lines(verified: &Verified, wire: &Wire) {
    let headers = verified.signed_headers.iter();
    let parameters = verified.signed_parameters.iter();
    let fields = [&verified.account, &verified.container]
        .into_iter()
        .chain(&verified.blob)
        .chain(&verified.policy)
        .chain(verified.response_headers.iter().map(|(_, value)| value))
        .map(|field| &**field)
        .chain(headers.filter_map(|name| wire.trimmed_header(name)))
        .chain(parameters.filter_map(|name| verified.parameter(name)));
    for field in fields {
        assert!(
            !field.contains(char::is_control),
            "{field:?} is more than a line"
        );
    }
}

/// The parameters that the signature covers, in lower case and sorted.
fn covered(wire: &Wire, verified: &Verified) -> Vec<(String, String)> {
    let parameters = wire.parameters().expect("what was accepted can be decoded");
    let mut covered: Vec<_> = parameters
        .into_iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .filter(|(name, value)| {
            let name = name.as_str();
            let is_field =
                ALWAYS_SIGNED.contains(&name) || OVERRIDES.iter().any(|(known, _)| *known == name);
            (is_field && !value.is_empty()) || verified.is_signed_parameter(name)
        })
        .collect();
    covered.sort();
    covered
}

fn sign_again(verified: &Verified, wire: &Wire) -> Option<Wire> {
    let url = format!("http://blob.example.com/{}", verified.account);
    let url = match wire.parameter("spr")?.as_str() {
        "https" => url.replacen("http", "https", 1),
        _ => url,
    };
    let endpoint = Endpoint::parse(&url, &verified.account, &verified.container).ok()?;
    let version = [Version::V2020_12_06, Version::V2026_04_06]
        .into_iter()
        .find(|version| Some(version.as_str()) == wire.parameter("sv").as_deref())?;
    let key = key(KeyName {
        account: &verified.account,
        delegation: verified.delegation.as_ref(),
    })?;

    let mut query: Vec<(String, String)> = Vec::new();
    for (name, header) in OVERRIDES {
        let value = verified
            .response_headers
            .iter()
            .find(|(other, _)| *other == header);
        query.extend(value.map(|(_, value)| (name.to_owned(), value.to_string())));
    }
    for name in &verified.signed_parameters {
        query.push((name.to_string(), verified.parameter(name)?.to_owned()));
    }
    let query: Vec<_> = query
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let mut headers = Vec::new();
    for name in &verified.signed_headers {
        let value = wire.trimmed_header(name);
        headers.push((&**name, value.expect("a signed header is there")));
    }
    let is_container = wire.parameter("sr")? == "c";
    let blob = verified.blob.as_deref().filter(|_| !is_container);
    let starts_at = verified.starts_at?.unix_seconds();
    let life = u32::try_from(verified.expires_at.unix_seconds() - starts_at).ok()?;
    let request = Request {
        method: wire.method.parse::<Method>().ok()?,
        target: blob.map_or(Target::Bucket, Target::Object),
        headers: &headers,
        query: &query,
    };
    let window = Window {
        from: Timestamp::from_unix_seconds(starts_at),
        ttl: Ttl::from_seconds(life).ok()?,
    };
    let url = Signer::new(endpoint, version, key)
        .sign_with(&request, &terms(verified, wire)?, window)
        .ok()?;
    Some(Wire::new(&wire.method, url.expose(), &headers))
}

fn terms(verified: &Verified, wire: &Wire) -> Option<Terms> {
    let mut terms = Terms::new().with_permissions(verified.permissions);
    if let Some(range) = wire.parameter("sip").filter(|range| !range.is_empty()) {
        let (first, last) = range.split_once('-').unwrap_or((&range, &range));
        let (first, last): (Ipv4Addr, Ipv4Addr) = (first.parse().ok()?, last.parse().ok()?);
        terms = terms.with_addresses(AddressRange::new(first, last).ok()?);
    }
    if let Some(id) = &verified.policy {
        terms = terms.with_stored_policy(id).ok()?;
    }
    if let Some(id) = verified.correlation_id {
        terms = terms.with_correlation_id(id);
    }
    for (name, agent) in [
        ("saoid", Agent::Authorized as fn(_) -> _),
        ("suoid", Agent::Unauthorized),
    ] {
        if let Some(id) = wire.parameter(name).filter(|id| !id.is_empty()) {
            terms = terms.with_agent(agent(id.parse().ok()?));
        }
    }
    Some(terms)
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let files = [
        include_str!("../../../crates/presign/tests/data/azure_python.json"),
        include_str!("../../../crates/presign/tests/data/azure_javascript.json"),
    ];
    let mut seeds = Vec::new();
    for vector in files.iter().flat_map(|file| seeds::vectors(file, "")) {
        let (wire, arrival) = (
            vector.wire(),
            format!("{} https 168.1.5.65", vector.number("at")),
        );
        seeds.push(wire.write(&arrival));
        // Chance seldom puts a line break just into a bound value.
        let bound = wire.parameter("srq").unwrap_or_default();
        if let Some(name) = bound.split(',').next().filter(|name| !name.is_empty()) {
            seeds.push(wire.with_parameter(name, "a%0Ab:c").write(&arrival));
        }
    }
    seeds
}
