//! A delegated key of Azurite, for a token from an endpoint of the test's own.

use super::{Fake, bucket, described, grant, says, stores, window};
use crate::stores::Purpose;
use crate::stores::act::Act;
use crate::stores::plan::outside::Outside;
use crate::stores::plan::wire::{Reach, Wire};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::ObjectKey;
use protocol::bucket::{Attribution, Capabilities, Isolation, NetworkControl, StorePlace};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
const OBJECT: &str = "4e5c8a4e-6f4b-4c4b-9d5e-0d7a1f0a3c11";

#[derive(serde::Deserialize)]
struct Described {
    https: String,
    certificate: PathBuf,
    account: String,
    containers: Vec<String>,
}

/// A token that nobody signed, which Azurite takes when it is well-formed.
fn token() -> String {
    let now = super::now();
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(json!({"alg": "none", "typ": "JWT"}));
    let claims = part(json!({
        "aud": "https://storage.azure.com", "iss": format!("https://sts.windows.net/{TENANT}/"),
        "oid": OBJECT, "tid": TENANT, "nbf": now - 600, "iat": now - 600, "exp": now + 3600,
    }));
    format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode("none"))
}

/// No Azurite takes a correlation id.
fn join_only() -> Capabilities {
    Capabilities {
        checked_at: protocol::Timestamp::from_unix_seconds(super::now()),
        isolation: Isolation::BrokerOnly,
        attribution: Attribution::JoinOnly,
        network: NetworkControl::BrokerOnly,
        binds_sha256: false,
        binds_part_sha256: false,
        binds_length: false,
        writes_once: true,
        multipart: true,
        longest_upload_url_seconds: 86_400,
        max_signature_age_seconds: None,
    }
}

#[tokio::test]
async fn azurite_takes_what_a_delegated_key_signs() {
    let Some(azurite) = described::<Described>("SIGNET_TEST_AZURITE") else {
        return;
    };
    let answer = json!({"access_token": token(), "expires_in": 3600}).to_string();
    let login = Fake::start(vec![("", says(answer))]).await;
    let pem = std::fs::read(&azurite.certificate).unwrap();
    let own = super::context(&[("AZURE_AUTHORITY_HOST", &login.url)])
        .with_http_send(Wire::new(Reach::Machine));
    let named = super::context(&[]).with_http_send(Wire::trusting(Reach::Network, &pem));
    let outside = Outside::with(own, named, Arc::new(crate::clock::SystemClock));
    let place = StorePlace::Azure {
        account: azurite.account.clone(),
        container: azurite.containers[0].clone(),
        endpoint: Some(azurite.https.clone()),
    };
    let plan = json!({
        "plan": "client-secret", "tenant_id": TENANT, "client_id": OBJECT, "client_secret": "hush",
    });
    let mut facts = crate::policy::BucketFacts::clone(&bucket(place, &plan));
    facts.capabilities = Some(join_only());
    let bucket = Arc::new(facts);
    let signer = stores(outside)
        .signer(&bucket, Purpose::default())
        .await
        .unwrap();
    assert_eq!(signer.access_key_id(), OBJECT);
    let key: ObjectKey = "t/a.bin".parse().unwrap();
    let write = Act::Write {
        size_bytes: 5,
        sha256: protocol::Sha256Digest::from_bytes([0; 32]),
        only_new: false,
    };
    let certificate = reqwest::Certificate::from_pem(&pem).unwrap();
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_merge([certificate])
        .build()
        .unwrap();
    let sign = async |act: &Act<'_>| {
        let acts = [(&key, act)];
        let signing = signer.sign(acts.into_iter(), grant(), window()).unwrap();
        signing.finish().await.unwrap()
    };
    let made = sign(&write).await;
    let url = made.urls.get(0).unwrap().expose().to_owned();
    assert!(url.contains("skoid=") && !url.contains("scid="));
    let mut request = client.put(&url).body("hello");
    for (name, value) in &made.headers[0] {
        request = request.header(name, value);
    }
    assert_eq!(request.send().await.unwrap().status(), 201);
    let made = sign(&Act::read()).await;
    let url = made.urls.get(0).unwrap().expose().to_owned();
    let answer = client.get(&url).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "hello");
    let changed = url.replace("sp=r", "sp=rw");
    assert_eq!(client.get(&changed).send().await.unwrap().status(), 403);
}
