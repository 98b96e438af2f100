//! Tampering: sign a request, change one thing on its way, and verify.
//!
//! What was not changed must be accepted. What was changed may be accepted
//! only if it still says the same: another spelling of path or query (escapes,
//! order, empty parameters; at Google the path has one spelling only), blanks
//! around a header, or what the scheme does not sign. The latter is at S3 and
//! Google any header but `host`, those named, and `x-amz-*` or `x-goog-*`; at
//! Google the port, and the case of the signature's own name, as the only name
//! that is not signed; at Azure whatever [`azure::Verified`] does not confirm.

use std::net::{IpAddr, Ipv4Addr};

use presign::{Method, Received, Request, Target, Timestamp, Ttl, Window, azure, gcs, s3};

use crate::{
    input::{Fields, join},
    wire::Wire,
};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);
const METHODS: [Method; 5] = [
    Method::Get,
    Method::Head,
    Method::Put,
    Method::Post,
    Method::Delete,
];

/// A scheme's answer: what was confirmed, as far as the scheme signs it.
type Answer = Option<String>;

type Verify = fn(&Wire) -> Answer;

/// Choices (scheme, method, what to change, where), the change, key, and then names and values: of a query
/// parameter, a header, another query parameter.
pub(crate) fn run(input: &[u8]) {
    let mut fields = Fields::new(input);
    let (Some(&[scheme, method, what, high, low]), Some(change), Some(key)) =
        (fields.bytes(), fields.text(), fields.text())
    else {
        return;
    };
    let mut pairs = Vec::new();
    while let (Some(name), Some(value)) = (fields.text(), fields.text()) {
        pairs.push((name, value));
    }
    let is_header = |index: usize| index % 2 == 1;
    let choose = |headers: bool| {
        let pairs = pairs
            .iter()
            .enumerate()
            .filter(move |(index, _)| is_header(*index) == headers);
        pairs.map(|(_, pair)| *pair).collect::<Vec<(&str, &str)>>()
    };
    let (headers, query) = (choose(true), choose(false));
    let method = METHODS[usize::from(method) % METHODS.len()];
    let request = Request {
        method,
        target: if key.is_empty() {
            Target::Bucket
        } else {
            Target::Object(key)
        },
        headers: &headers,
        query: &query,
    };
    let Some((url, verify)) = sign(scheme, &request) else {
        return;
    };
    let sent = Wire::new(method.as_str(), &url, &headers);
    let original = verify(&sent).expect("what was signed is refused");
    let at = usize::from(high) << 8 | usize::from(low);
    let changed = tamper(&sent, what, at, change);
    if let Some(confirmed) = verify(&changed) {
        assert_eq!(original, confirmed, "accepted {changed:?} for {sent:?}");
    }
}

/// Changes one thing.
fn tamper(sent: &Wire, what: u8, at: usize, change: &str) -> Wire {
    let mut wire = sent.clone();
    let edit = |text: &str, how: u8| {
        let mut characters: Vec<char> = text.chars().collect();
        let at = at % (characters.len() + 1);
        let removed = if how == 0 {
            0
        } else {
            change.chars().count().max(1).min(characters.len() - at)
        };
        let inserted: Vec<char> = if how == 2 {
            Vec::new()
        } else {
            change.chars().collect()
        };
        characters.splice(at..at + removed, inserted);
        characters.into_iter().collect::<String>()
    };
    match what % 12 {
        how @ 0..3 => wire.path = edit(&sent.path, how),
        how @ 3..6 => wire.query = edit(&sent.query, how - 3),
        6 => change.clone_into(&mut wire.method),
        7 => {
            let at = at % wire.headers.len();
            let (_, value) = &mut wire.headers[at];
            *value = edit(&String::from_utf8_lossy(value), 1).into();
        }
        8 => {
            let at = at % wire.headers.len();
            wire.headers.remove(at);
        }
        9 => {
            let (name, value) = change.split_once('=').unwrap_or((change, "1"));
            wire.headers.push((name.to_owned(), value.into()));
        }
        10 => {
            let mut parameters: Vec<_> = sent.query.split('&').collect();
            let at = at % parameters.len();
            let removed = parameters.remove(at);
            parameters.push(if change.is_empty() { removed } else { change });
            wire.query = parameters.join("&");
        }
        _ => wire.query = format!("{}&{change}", sent.query),
    }
    wire
}

/// A scheme's URL for the request, and its verifier.
fn sign(scheme: u8, request: &Request<'_>) -> Option<(String, Verify)> {
    let window = Window {
        from: NOW,
        ttl: Ttl::from_seconds(600).ok()?,
    };
    let (url, verify): (_, Verify) = match scheme % 6 {
        style @ 0..2 => {
            let addressing =
                [s3::Addressing::Path, s3::Addressing::VirtualHost][usize::from(style)];
            let endpoint =
                s3::Endpoint::parse("http://store.example.com:8333", addressing, "models", "r1")
                    .ok()?;
            let url = s3::Signer::new(endpoint, s3_credential())
                .sign(request, window)
                .ok()?;
            (url, verify_s3)
        }
        style @ 2..4 => {
            let endpoint = gcs::Endpoint::parse(
                "http://store.example.com:8333",
                gcs::Addressing::Path,
                "models",
            )
            .ok()?;
            let endpoint = if style == 2 {
                endpoint
            } else {
                endpoint.with_unsigned_port()
            };
            (
                gcs::Signer::new(endpoint, gcs_key())
                    .sign(request, window)
                    .ok()?,
                verify_gcs,
            )
        }
        4 => (
            azure_signer(azure::Version::V2020_12_06, account_key())?
                .sign(request, window)
                .ok()?,
            verify_azure,
        ),
        _ => (
            azure_signer(azure::Version::V2026_04_06, delegation_key())?
                .sign(request, window)
                .ok()?,
            verify_azure,
        ),
    };
    Some((url.into_exposed().into(), verify))
}

fn azure_signer(version: azure::Version, key: azure::Credential) -> Option<azure::Signer> {
    let endpoint = azure::Endpoint::parse(
        "http://store.example.com/teamvision",
        "teamvision",
        "models",
    )
    .ok()?;
    Some(azure::Signer::new(endpoint, version, key))
}

fn s3_credential() -> s3::Credential {
    s3::Credential::new("AKIAEXAMPLE", "secret").expect("the credential is one")
}

fn gcs_key() -> gcs::HmacKey {
    gcs::HmacKey::new("GOOG1EXAMPLE", "secret").expect("the key is one")
}

fn account_key() -> azure::Credential {
    azure::AccountKey::new("c3dvcmRmaXNo")
        .expect("the key is one")
        .into()
}

fn delegation_key() -> azure::Credential {
    let id = azure::DelegationKeyId {
        object_id: azure::Guid::from_u128(1),
        tenant_id: azure::Guid::from_u128(2),
        starts_at: Timestamp::from_unix_seconds(NOW.unix_seconds() - 60),
        expires_at: Timestamp::from_unix_seconds(NOW.unix_seconds() + 86_400),
        service: "b".into(),
        version: "2026-04-06".into(),
    };
    azure::DelegationKey::new(id, "c3dvcmRmaXNo")
        .expect("the key is one")
        .into()
}

fn received<'a>(wire: &'a Wire, headers: &'a [(&'a str, &'a [u8])]) -> Received<'a> {
    Received {
        method: &wire.method,
        raw_path: &wire.path,
        raw_query: &wire.query,
        headers,
    }
}

/// What a V4 signature covers, by the reading of this crate; the query's order does not matter.
fn meaning(wire: &Wire, path: &str, signed_headers: &[Box<str>], prefixes: &[&str]) -> String {
    let mut parameters = wire.parameters().expect("what was accepted can be decoded");
    for (name, _) in &mut parameters {
        if name.eq_ignore_ascii_case("X-Goog-Signature") {
            "X-Goog-Signature".clone_into(name);
        }
    }
    parameters.sort();
    let signed = signed_headers.iter().filter(|name| &***name != "host");
    let headers: Vec<_> = signed.map(|name| (name, wire.header(name))).collect();
    let names = wire
        .headers
        .iter()
        .map(|(name, _)| name.to_ascii_lowercase());
    let mut further: Vec<_> = names
        .filter(|name| {
            !name.ends_with("-content-sha256")
                && prefixes.iter().any(|prefix| name.starts_with(prefix))
        })
        .collect();
    further.sort();
    further.dedup();
    format!("{:?}", (&wire.method, path, parameters, headers, further))
}

fn verify_s3(wire: &Wire) -> Answer {
    let verified = s3::Verifier::new("r1")
        .with_hosts(["store.example.com:8333"])
        .verify(&received(wire, &wire.header_slices()), NOW, |_| {
            Some(s3_credential())
        })
        .ok()?;
    let path = wire.decoded_path()?;
    let covered = meaning(wire, &path, &verified.signed_headers, &["x-amz-"]);
    Some(format!(
        "{covered} {:?} {:?} {:?}",
        wire.header("host"),
        verified.resource,
        verified.payload
    ))
}

fn verify_gcs(wire: &Wire) -> Answer {
    let key = |_: &str| Some(gcs::VerifyingKey::from(gcs_key()));
    let verified = gcs::Verifier::new()
        .verify(&received(wire, &wire.header_slices()), NOW, key)
        .ok()?;
    let covered = meaning(
        wire,
        &wire.path,
        &verified.signed_headers,
        &["x-amz-", "x-goog-"],
    );
    let host = wire.header("host")?;
    let name = host.split(':').next();
    Some(format!(
        "{covered} {name:?} {:?} {:?}",
        verified.resource, verified.payload
    ))
}

fn verify_azure(wire: &Wire) -> Answer {
    let received = azure::Received {
        method: &wire.method,
        raw_path: &wire.path,
        raw_query: &wire.query,
        headers: &wire.header_slices(),
        is_https: false,
        client_address: IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    let key = |name: azure::KeyName<'_>| {
        [account_key(), delegation_key()]
            .into_iter()
            .filter(move |key| key.delegation() == name.delegation)
            .collect::<Vec<_>>()
    };
    let verified = azure::Verifier::new()
        .verify(&received, NOW, key, |_| None)
        .ok()?;
    // A container's signature is good for each of its blobs.
    let blob = verified
        .blob
        .as_deref()
        .filter(|_| wire.parameter("sr").as_deref() != Some("c"));
    let headers: Vec<_> = verified
        .signed_headers
        .iter()
        .map(|name| (name, wire.trimmed_header(name)))
        .collect();
    let parameters: Vec<_> = verified
        .signed_parameters
        .iter()
        .map(|name| (name, verified.parameter(name)))
        .collect();
    Some(format!(
        "{:?}",
        (
            (&verified.account, &verified.container, blob),
            (
                verified.permissions,
                verified.starts_at,
                verified.expires_at
            ),
            (
                &verified.delegation,
                verified.correlation_id,
                &verified.policy
            ),
            (&verified.response_headers, headers, parameters),
        )
    ))
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for scheme in 0..6 {
        for what in 0..12 {
            let choices = [scheme, what % 5, what, 0, what * 7];
            let mut seed = choices.to_vec();
            for field in [
                "%2f",
                "run 1/weights+.bin",
                "rscd",
                "a b",
                "content-length",
                "5",
                "versionid",
                "1",
                "x-goog-meta-a",
                "b",
            ] {
                seed.push(crate::SEPARATOR);
                seed.extend(field.as_bytes());
            }
            seeds.push(seed);
            seeds.push(join(&[&choices[..], b"x-amz-meta-a=1", b"a"]));
        }
    }
    seeds
}
