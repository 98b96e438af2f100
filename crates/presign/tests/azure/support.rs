//! What the tests share: keys, taking a URL apart as a server receives it, and its verification.

use std::net::IpAddr;

use presign::{
    Method, Request, Target, Timestamp, Ttl, Window,
    azure::{
        AccountKey, AddressRange, Cloud, Credential, DelegationKey, DelegationKeyId, Endpoint,
        Guid, Received, Refusal, Signer, StoredPolicy, Terms, Verified, Verifier, Version,
    },
};

pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);
pub(crate) const HOST: &str = "blob.core.windows.net";

/// A request as a server would receive it.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) is_https: bool,
    pub(crate) client: IpAddr,
}

impl Wire {
    /// What a client sends that was told to use the URL with these headers.
    pub(crate) fn new(method: &str, url: &str, headers: &[(&str, &str)]) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap();
        let (host, rest) = rest.split_at(rest.find('/').unwrap());
        let (path, query) = rest.split_once('?').unwrap();
        let mut headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        headers.push(("Host".to_owned(), host.to_owned()));
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            is_https: scheme == "https",
            client: [168, 1, 5, 65].into(),
        }
    }

    pub(crate) fn verify(
        &self,
        verifier: &Verifier,
        now: Timestamp,
        credential: &Credential,
    ) -> Result<Verified, Refusal> {
        let policy = StoredPolicy::default();
        self.verify_with(verifier, now, &[credential], Some(policy))
    }

    pub(crate) fn verify_with(
        &self,
        verifier: &Verifier,
        now: Timestamp,
        keys: &[&Credential],
        policy: Option<StoredPolicy>,
    ) -> Result<Verified, Refusal> {
        let headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        let received = Received {
            method: &self.method,
            raw_path: &self.path,
            raw_query: &self.query,
            headers: &headers,
            is_https: self.is_https,
            client_address: self.client,
        };
        verifier.verify(&received, now, |_| keys.iter().copied(), |_| policy)
    }

    /// The raw value of a query parameter.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.query
            .split('&')
            .find_map(|parameter| parameter.strip_prefix(name)?.strip_prefix('='))
            .unwrap()
    }

    /// The same request with another raw value of a query parameter.
    pub(crate) fn with_parameter(&self, name: &str, value: &str) -> Self {
        let parameters = self.query.split('&').map(|parameter| {
            let is_it = parameter
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('='));
            if is_it {
                format!("{name}={value}")
            } else {
                parameter.to_owned()
            }
        });
        self.with_query(&parameters.collect::<Vec<_>>().join("&"))
    }

    /// The same request without a query parameter.
    pub(crate) fn without_parameter(&self, name: &str) -> Self {
        let kept = self
            .query
            .split('&')
            .filter(|parameter| !parameter.starts_with(&format!("{name}=")));
        self.with_query(&kept.collect::<Vec<_>>().join("&"))
    }

    pub(crate) fn with_query(&self, query: &str) -> Self {
        assert_ne!(query, self.query, "the query was to be changed");
        Self {
            query: query.to_owned(),
            ..self.clone()
        }
    }

    pub(crate) fn and_parameter(&self, parameter: &str) -> Self {
        self.with_query(&format!("{}&{parameter}", self.query))
    }

    pub(crate) fn with_path(&self, path: &str) -> Self {
        assert_ne!(path, self.path, "the path was to be changed");
        Self {
            path: path.to_owned(),
            ..self.clone()
        }
    }

    pub(crate) fn with_method(&self, method: &str) -> Self {
        Self {
            method: method.to_owned(),
            ..self.clone()
        }
    }

    pub(crate) fn with_header(&self, name: &str, value: &str) -> Self {
        let mut changed = self.clone();
        changed.headers.push((name.to_owned(), value.to_owned()));
        changed
    }

    pub(crate) fn without_header(&self, name: &str) -> Self {
        let mut changed = self.clone();
        changed
            .headers
            .retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        assert_ne!(
            changed.headers, self.headers,
            "the header was to be removed"
        );
        changed
    }
}

pub(crate) fn verifier() -> Verifier {
    Verifier::new().with_hosts([HOST])
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(NOW.unix_seconds() + seconds)
}

pub(crate) fn window(ttl_seconds: u32) -> Window {
    Window {
        from: NOW,
        ttl: Ttl::from_seconds(ttl_seconds).unwrap(),
    }
}

pub(crate) fn account_key() -> Credential {
    AccountKey::new("c3dvcmRmaXNoLCBvZiBjb3Vyc2U=")
        .unwrap()
        .into()
}

pub(crate) fn delegation_key_id() -> DelegationKeyId {
    DelegationKeyId {
        object_id: "4e5c8a4e-6f4b-4c4b-9d5e-0d7a1f0a3c11".parse().unwrap(),
        tenant_id: "72f988bf-86f1-41af-91ab-2d7cd011db47".parse().unwrap(),
        starts_at: NOW,
        expires_at: at(604_800),
        service: "b".into(),
        version: "2026-04-06".into(),
    }
}

pub(crate) fn delegation_key() -> Credential {
    DelegationKey::new(delegation_key_id(), "Y29ycmVjdCBob3JzZSBiYXR0ZXJ5")
        .unwrap()
        .into()
}

pub(crate) fn endpoint() -> Endpoint {
    Endpoint::azure(Cloud::Public, "teamvision", "models").unwrap()
}

pub(crate) fn signer(version: Version, credential: Credential) -> Signer {
    Signer::new(endpoint(), version, credential)
}

pub(crate) fn correlation_id() -> Guid {
    Guid::from_u128(0x0192_f5a4_6c1b_7000_8000_0000_0000_002a)
}

/// A download with all that an account's key signs, as received.
pub(crate) fn download() -> Wire {
    let request = Request {
        query: &[("rscd", "attachment; filename=\"a+b\"")],
        ..Request::new(Method::Get, Target::Object("run 1/weights+.bin"))
    };
    let addresses = AddressRange::new([168, 1, 5, 60], [168, 1, 5, 70]).unwrap();
    let terms = Terms::new()
        .with_addresses(addresses)
        .with_stored_policy("run-42")
        .unwrap();
    let url = signer(Version::V2020_12_06, account_key())
        .sign_with(&request, &terms, window(600))
        .unwrap();
    Wire::new("GET", url.expose(), &[])
}

/// The upload of a block that binds headers and parameters, as received.
pub(crate) fn upload() -> Wire {
    let headers = [
        ("content-length", "5"),
        ("content-md5", "XUFAKrxLKna5cZ2REBfFkg=="),
    ];
    let request = Request {
        method: Method::Put,
        target: Target::Object("run 1/weights+.bin"),
        headers: &headers,
        query: &[
            ("comp", "block"),
            ("blockid", "AA=="),
            ("x-grant", "grt/01"),
        ],
    };
    let terms = Terms::new().with_correlation_id(correlation_id());
    let url = signer(Version::V2026_04_06, delegation_key())
        .sign_with(&request, &terms, window(600))
        .unwrap();
    Wire::new("PUT", url.expose(), &headers)
}

pub(crate) const FAILED: (u16, &str) = (403, "AuthenticationFailed");

/// Either of the two examples, with its key.
pub(crate) fn refuse(wire: &Wire) -> Refusal {
    let is_delegated = wire.query.contains("skoid=");
    let credential = if is_delegated {
        delegation_key()
    } else {
        account_key()
    };
    wire.verify(&verifier(), NOW, &credential).unwrap_err()
}

#[track_caller]
pub(crate) fn assert_refused(wire: &Wire, expected: &Refusal, status_and_code: (u16, &str)) {
    let refusal = refuse(wire);
    assert_eq!(&refusal, expected);
    assert_eq!((refusal.status(), refusal.azure_code()), status_and_code);
}
