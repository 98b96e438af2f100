//! Azure Blob Storage: the key of an account, and one delegated by Entra ID.

use presign::{
    Timestamp,
    azure::{AccountKey, Credential, DelegationKey, DelegationKeyId, Guid, Received, Verifier},
};

use super::{Wire, assert_known};

pub const ACCOUNT: &str = "exampleaccount";
pub const CONTAINER: &str = "examplecontainer";
pub const KEY: &str =
    "c2lnbmV0LWJlbmNobWFyay1hY2NvdW50LWtleS1vZi1zaXh0eS1mb3VyLWJ5dGVzLWxvbmcuLi4=";

pub fn account_key() -> Credential {
    AccountKey::new(KEY).expect("an account's key").into()
}

/// A key that is good for 7 days from then on.
pub fn delegation_key(starts_at: Timestamp) -> Credential {
    const SECONDS: i64 = 7 * 24 * 60 * 60;
    let id = DelegationKeyId {
        object_id: Guid::from_u128(0x4e5c_8a4e_6f4b_4c4b_9d5e_0d7a_1f0a_3c11),
        tenant_id: Guid::from_u128(0x72f9_88bf_86f1_41af_91ab_2d7c_d011_db47),
        starts_at,
        expires_at: Timestamp::from_unix_seconds(starts_at.unix_seconds() + SECONDS),
        service: "b".into(),
        version: "2026-04-06".into(),
    };
    DelegationKey::new(id, KEY).expect("a delegated key").into()
}

/// Panics unless the URL verifies at the moment from which it is good.
pub fn check(name: &str, url: &str, credential: &Credential) {
    let wire = Wire::new(url);
    let received = Received {
        method: "GET",
        raw_path: wire.path,
        raw_query: wire.query,
        headers: &[("host", wire.host.as_bytes())],
        is_https: true,
        client_address: [203, 0, 113, 7].into(),
    };
    let start = wire.parameter("st").replace("%3A", "").replace('-', "");
    let now = Timestamp::from_basic_iso8601(&start).expect("a time");
    let verified = Verifier::new()
        .with_hosts(["blob.core.windows.net"])
        .verify(&received, now, |_| Some(credential), |_| None)
        .unwrap_or_else(|refusal| panic!("{name}: {refusal}: {url}"));
    let place = (&*verified.account, &*verified.container);
    assert_eq!(place, (ACCOUNT, CONTAINER), "{name}");
    assert_known(name, verified.blob.as_deref());
}
