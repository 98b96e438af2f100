//! For whom a signer is lent: at which address of the store, and held to which network.

use super::{SECRET, key, keys, proven, quick, sha256, stores};
use crate::db::bucket::BucketRow;
use crate::directory::testing::bucket_row;
use crate::policy::BucketFacts;
use crate::stores::Signing;
use crate::stores::{Act, Error, PinLimit, Purpose, Signer, seal, seal_plan};
use presign::azure::{AccountKey, Credential, Received, Refusal, Verifier};
use presign::{Timestamp, Ttl, Window};
use protocol::Network;
use protocol::bucket::{Audience, Capabilities, CredentialPlan, NetworkControl, StorePlace};
use protocol::id::BucketId;
use protocol::id::GrantId;
use protocol::{ObjectKey, SecretText};
use std::net::IpAddr;
use std::sync::Arc;

/// The key of the storage emulator, which is public.
const ACCOUNT_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

fn registered(place: StorePlace, plan: &CredentialPlan, audiences: &[Audience]) -> BucketFacts {
    let id = BucketId::from_parts(1, [1; 10]);
    let endpoints = audiences
        .iter()
        .map(|audience| (*audience, format!("https://{audience}.store.example")))
        .collect();
    let row = BucketRow {
        place,
        endpoints,
        plan: plan.kind(),
        sealed_plan: seal_plan(&keys(), &seal::Place::plan(id, 1), plan).unwrap(),
        ..bucket_row(id, "vision", false)
    };
    row.into()
}

fn azure() -> BucketFacts {
    let place = StorePlace::Azure {
        account: "teamvision".to_owned(),
        container: "models".to_owned(),
        endpoint: None,
    };
    let account_key = SecretText::new(ACCOUNT_KEY);
    registered(place, &CredentialPlan::AccountKey { account_key }, &[])
}

fn s3(audiences: &[Audience]) -> BucketFacts {
    let place = StorePlace::s3("https://usual.store.example", "us-east-1", "vision-data");
    let plan = CredentialPlan::access_key("AKIAVISION", SECRET);
    registered(place, &plan, audiences)
}

fn gcs() -> BucketFacts {
    let place = serde_json::from_str(r#"{"provider":"gcs","container":"models"}"#).unwrap();
    let plan = CredentialPlan::HmacKey {
        access_id: "GOOG1EXAMPLE".to_owned(),
        secret: SecretText::new(SECRET),
    };
    registered(place, &plan, &[])
}

/// What signs for these networks.
async fn held_to(bucket: BucketFacts, networks: &[&str]) -> Result<Signer, Error> {
    let networks: Vec<Network> = networks.iter().map(|text| text.parse().unwrap()).collect();
    let purpose = Purpose {
        networks: &networks,
        ..Purpose::default()
    };
    lent(bucket, purpose).await
}

async fn lent(bucket: BucketFacts, purpose: Purpose<'_>) -> Result<Signer, Error> {
    stores(quick()).signer(&Arc::new(bucket), purpose).await
}

fn urls_of(signer: &Signer, acts: &[(&ObjectKey, &Act<'_>)]) -> Vec<String> {
    let window = Window {
        from: NOW,
        ttl: Ttl::from_seconds(3_600).unwrap(),
    };
    let grant = GrantId::from_parts(1, [1; 10]);
    let Signing::Done(batch) = signer.sign(acts.iter().copied(), grant, window).unwrap() else {
        panic!("a key at hand signs at once");
    };
    batch
        .urls
        .iter()
        .map(|url| url.expose().to_owned())
        .collect()
}

/// What presign's own verifier says of a URL that is used from an address.
fn verdict(url: &str, method: &str, address: &str) -> Result<(), Refusal> {
    let url = url::Url::parse(url).unwrap();
    let host = url.host_str().unwrap().to_owned();
    let received = Received {
        method,
        raw_path: url.path(),
        raw_query: url.query().unwrap(),
        headers: &[("host", host.as_bytes())],
        is_https: true,
        client_address: address.parse().unwrap(),
    };
    let key = AccountKey::new(ACCOUNT_KEY).unwrap();
    let keys = |_: presign::azure::KeyName<'_>| [Credential::from(key.clone())];
    Verifier::new()
        .with_hosts(["blob.core.windows.net"])
        .verify(&received, NOW, keys, |_| None)
        .map(drop)
}

fn parameter(url: &str, name: &str) -> Option<String> {
    let url = url::Url::parse(url).unwrap();
    let found = url.query_pairs().find(|(key, _)| key == name);
    found.map(|(_, value)| value.into_owned())
}

/// T39, as far as the signature goes: one URL and many, reading, writing and sending a part.
#[tokio::test]
async fn azure_takes_a_pinned_url_from_its_network_alone() {
    let (one, two) = (key("t/a"), key("t/b c"));
    let read = Act::read();
    let save = Act::Read {
        disposition: "attachment; filename=\"a\"".into(),
    };
    let write = Act::Write {
        size_bytes: 1,
        sha256: sha256(b"1"),
        only_new: true,
    };
    let part = Act::WritePart {
        store_upload_id: "0123456789abcdef0123456789abcdef",
        number: 1,
        size_bytes: 1,
        sha256: sha256(b"1"),
    };
    let batches: [(&str, Vec<(&ObjectKey, &Act<'_>)>); 5] = [
        ("GET", vec![(&one, &read)]),
        ("GET", vec![(&one, &read), (&two, &read)]),
        ("GET", vec![(&one, &save)]),
        ("PUT", vec![(&one, &write), (&two, &write)]),
        ("PUT", vec![(&one, &part)]),
    ];
    for (network, sip, inside, outside) in [
        (
            "203.0.113.0/24",
            "203.0.113.0-203.0.113.255",
            ["203.0.113.0", "203.0.113.255"],
            ["203.0.112.255", "203.0.114.0"],
        ),
        (
            "203.0.113.7",
            "203.0.113.7",
            ["203.0.113.7", "::ffff:203.0.113.7"],
            ["203.0.113.8", "2001:db8::1"],
        ),
    ] {
        let pinned = held_to(azure(), &[network]).await.unwrap();
        let free = lent(azure(), Purpose::default()).await.unwrap();
        for (method, acts) in &batches {
            for url in urls_of(&pinned, acts) {
                assert_eq!(parameter(&url, "sip").as_deref(), Some(sip), "{method}");
                for address in inside {
                    assert_eq!(verdict(&url, method, address), Ok(()), "{method} {address}");
                }
                for address in outside {
                    let refused = verdict(&url, method, address);
                    assert!(refused.is_err(), "{method} {address}");
                }
                // The network is part of what is signed
                let wider = url.replace(&format!("sip={sip}"), "sip=0.0.0.0-255.255.255.255");
                assert_ne!(wider, url);
                assert!(verdict(&wider, method, inside[0]).is_err(), "{method}");
            }
            for url in urls_of(&free, acts) {
                assert_eq!(parameter(&url, "sip"), None);
                assert_eq!(verdict(&url, method, outside[0]), Ok(()));
            }
        }
    }
}

#[tokio::test]
async fn what_a_store_cannot_hold_a_url_to_is_refused_and_never_left_out() {
    use PinLimit::{NoNetwork, OneIpv4Network};
    let cases: [(BucketFacts, &[&str], PinLimit); 5] = [
        (s3(&[]), &["203.0.113.0/24"], NoNetwork),
        (gcs(), &["203.0.113.0/24"], NoNetwork),
        (azure(), &["2001:db8::/32"], OneIpv4Network),
        (azure(), &["::/0"], OneIpv4Network),
        (azure(), &["203.0.113.0/24", "10.0.0.0/8"], OneIpv4Network),
    ];
    for (bucket, networks, expected_limit) in cases {
        let error = held_to(bucket, networks).await.unwrap_err();
        let Error::CannotPin(limit) = error else {
            panic!("{error:?}");
        };
        assert_eq!(limit, expected_limit);
        assert!(error.hint().unwrap().contains("`network`"));
    }
}

/// Azurite reads `sip` and takes the URL from everywhere.
#[tokio::test]
async fn what_the_live_check_found_not_to_hold_is_not_promised() {
    let networks = ["203.0.113.0/24"];
    for (network, held) in [
        (NetworkControl::BrokerOnly, false),
        (NetworkControl::Store, true),
    ] {
        let mut bucket = azure();
        bucket.capabilities = Some(Capabilities {
            network,
            ..proven(bucket.created_at)
        });
        match held_to(bucket, &networks).await {
            Ok(_) => assert!(held),
            Err(error) => assert!(
                !held && matches!(error, Error::CannotPin(PinLimit::NotKept)),
                "{error:?}"
            ),
        }
    }
}

/// T15: whoever says where it is gets the address for there, or learns that there is none.
#[tokio::test]
async fn an_audience_gets_its_own_address_or_an_error() {
    use Audience::{Browser, Internal, Vpc};
    let at = async |audience: Option<Audience>, registered: &[Audience]| {
        let purpose = Purpose {
            audience,
            ..Purpose::default()
        };
        let signer = lent(s3(registered), purpose).await?;
        let (a, look) = (key("t/a"), Act::Look);
        let url = urls_of(&signer, &[(&a, &look)]).remove(0);
        let url = url::Url::parse(&url).unwrap();
        Ok::<_, Error>(url.host_str().unwrap().to_owned())
    };
    let both = [Browser, Vpc];
    for (audience, host) in [
        (None, "usual.store.example"),
        (Some(Vpc), "vpc.store.example"),
        (Some(Browser), "browser.store.example"),
    ] {
        assert_eq!(at(audience, &both).await.unwrap(), host);
    }
    let error = at(Some(Internal), &both).await.unwrap_err();
    let Error::NoAudience {
        audience,
        registered,
    } = &error
    else {
        panic!("{error:?}");
    };
    assert_eq!((*audience, &**registered), (Internal, &both[..]));
    let told = error.to_string();
    assert!(told.contains("`browser`, `vpc`"), "{told}");
    let told = at(Some(Vpc), &[]).await.unwrap_err().to_string();
    assert!(told.contains("usual one"), "{told}");
}

#[test]
fn a_reach_becomes_a_purpose() {
    let network: Network = IpAddr::from([10, 0, 0, 1]).into();
    let reach = protocol::transfer::Reach {
        audience: Some(Audience::Vpc),
        network: Some(network),
    };
    let purpose = Purpose::from(&reach);
    assert_eq!(purpose.audience, Some(Audience::Vpc));
    assert_eq!(purpose.networks, [network]);
}
