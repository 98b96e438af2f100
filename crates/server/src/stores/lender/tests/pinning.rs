//! Which credentials hold URLs to networks, and how Azure's are told in the service's log.

use super::sites;
use crate::stores::act::Act;
use crate::stores::lender::{Lender, Purpose, Sites};
use crate::stores::signer::{Credential, Signer};
use crate::stores::{Error, plan};
use presign::azure::{DelegationKey, DelegationKeyId, Guid};
use presign::{Timestamp, Ttl, Window, s3};
use protocol::Network;
use protocol::ObjectKey;
use protocol::bucket::{AudienceEndpoints, CredentialPlan, StorePlace};
use protocol::id::GrantId;

const NOW: i64 = 1_790_000_000;

fn fixed(sites: &Sites, credential: &Credential) -> Lender {
    Lender::Fixed(sites.signers(credential).unwrap())
}

fn networks(texts: &[&str]) -> Vec<Network> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

async fn lend(lender: &Lender, texts: &[&str]) -> Result<Signer, Error> {
    let networks = networks(texts);
    let purpose = Purpose {
        networks: &networks,
        ..Purpose::default()
    };
    lender.lend(purpose).await
}

/// URLs to read one object and to write it, which are signed in different ways.
async fn urls(signer: &Signer) -> [String; 2] {
    let key: ObjectKey = "a.bin".parse().unwrap();
    let window = Window {
        from: Timestamp::from_unix_seconds(NOW),
        ttl: Ttl::from_seconds(600).unwrap(),
    };
    let grant = GrantId::from_parts(1, [7; 10]);
    let sign = async |act: Act<'_>| {
        let acts = [(&key, &act)];
        let signing = signer.sign(acts.into_iter(), grant, window).unwrap();
        let made = signing.finish().await.unwrap();
        made.urls.get(0).unwrap().expose().to_owned()
    };
    let write = Act::Write {
        size_bytes: 1,
        sha256: protocol::Sha256Digest::from_bytes([0; 32]),
        only_new: true,
    };
    [sign(Act::read()).await, sign(write).await]
}

fn azure_sites() -> Sites {
    let place = StorePlace::Azure {
        account: "vision".to_owned(),
        container: "models".to_owned(),
        endpoint: None,
    };
    Sites::of(&place, &AudienceEndpoints::new()).unwrap()
}

fn delegated() -> Credential {
    let id = DelegationKeyId {
        object_id: Guid::from_u128(1),
        tenant_id: Guid::from_u128(2),
        starts_at: Timestamp::from_unix_seconds(NOW - 600),
        expires_at: Timestamp::from_unix_seconds(NOW + 86_400),
        service: "b".into(),
        version: "2020-12-06".into(),
    };
    Credential::Azure(DelegationKey::new(id, "c2VjcmV0").unwrap().into())
}

fn account_key() -> Credential {
    let plan = serde_json::from_str(r#"{"plan":"account-key","account_key":"c2VjcmV0"}"#);
    let plan: CredentialPlan = plan.unwrap();
    plan::held(&plan).unwrap().unwrap()
}

#[tokio::test]
async fn what_cannot_hold_urls_to_networks_lends_nothing_for_them() {
    let key = Credential::S3(s3::Credential::new("KEY", "secret").unwrap());
    let s3 = fixed(&sites(), &key);
    assert!(lend(&s3, &[]).await.is_ok());
    let azure = fixed(&azure_sites(), &account_key());
    for (lender, texts) in [
        (&s3, &["10.0.0.0/8"][..]),
        (&azure, &["10.0.0.0/8", "192.0.2.7"]),
        (&azure, &["2001:db8::/32"]),
    ] {
        let error = lend(lender, texts).await.unwrap_err();
        assert!(matches!(error, Error::CannotPin(_)), "{texts:?} {error:?}");
        assert!(error.hint().is_some());
    }
}

#[tokio::test]
async fn azures_urls_are_held_to_one_range() {
    for credential in [account_key(), delegated()] {
        let lender = fixed(&azure_sites(), &credential);
        let signer = lend(&lender, &["10.1.0.0/16"]).await.unwrap();
        for url in urls(&signer).await {
            assert!(url.contains("&sip=10.1.0.0-10.1.255.255&"), "{url}");
        }
        let signer = lend(&lender, &["192.0.2.7"]).await.unwrap();
        for url in urls(&signer).await {
            assert!(url.contains("&sip=192.0.2.7&"), "{url}");
        }
    }
}

#[tokio::test]
async fn a_delegated_key_puts_the_grant_into_the_services_log() {
    let grant = GrantId::from_parts(1, [7; 10]);
    let scid = format!("&scid={}&", grant.uuid().hyphenated());
    let mut signer = lend(&fixed(&azure_sites(), &delegated()), &[])
        .await
        .unwrap();
    for url in urls(&signer).await {
        assert!(url.contains(&scid), "{url}");
    }
    signer.join_only();
    for url in urls(&signer).await {
        assert!(!url.contains("scid"), "{url}");
    }
    // A service SAS has no place for it
    let signer = lend(&fixed(&azure_sites(), &account_key()), &[])
        .await
        .unwrap();
    for url in urls(&signer).await {
        assert!(!url.contains("scid"), "{url}");
    }
}
