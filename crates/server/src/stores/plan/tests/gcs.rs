//! Google signs, for a store that verifies.

use super::{Answer, Fake, bucket, grant, left, lend, refuses, says, stores, window};
use crate::stores::act::Act;
use crate::stores::plan::NoCredential;
use crate::stores::{Error, Purpose};
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use devstore::{BucketSettings, Credential, DevStore, Scope};
use presign::gcs::RsaPublicKey;
use protocol::ObjectKey;
use protocol::bucket::StorePlace;
use serde_json::json;
use tempfile::TempDir;

const ACCOUNT: &str = "signer@project.iam.gserviceaccount.com";
const METADATA: &str =
    "metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token";
const IAM: &str = "iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/signer@project.iam.gserviceaccount.com:signBlob";

fn token() -> Answer {
    says(
        json!({"access_token": "own-token", "expires_in": 3000, "token_type": "Bearer"})
            .to_string(),
    )
}

fn place(endpoint: &str) -> StorePlace {
    let place = json!({"provider": "gcs", "container": "models", "endpoint": endpoint});
    serde_json::from_value(place).unwrap()
}

/// A key that Google keeps, and the public half of it.
fn key() -> (KeyPair, RsaPublicKey) {
    let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: PublicKeyX509Der<'_> = key.public_key().as_der().unwrap();
    let base64 = STANDARD.encode(der.as_ref());
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----\n");
    let public = RsaPublicKey::from_pem(&pem).unwrap();
    (key, public)
}

/// Signs as IAM does.
fn sign_blob(key: KeyPair) -> Answer {
    Box::new(move |asked| {
        assert_eq!(asked.header("authorization"), "Bearer own-token");
        let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
        let payload = STANDARD.decode(body["payload"].as_str().unwrap()).unwrap();
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            &payload,
            &mut signature,
        )
        .unwrap();
        let answer = json!({"keyId": "k", "signedBlob": STANDARD.encode(signature)});
        (http::StatusCode::OK, answer.to_string())
    })
}

#[tokio::test]
async fn google_signs_for_a_service_account_on_the_servers_own_token() {
    let (key, public) = key();
    let fake = Fake::start(vec![(METADATA, token()), (IAM, sign_blob(key))]).await;
    let folder = TempDir::new().unwrap();
    let store = DevStore::builder(folder.path())
        .bucket(BucketSettings::new("models"))
        .credential(Credential::gcs_rsa(ACCOUNT, public, Scope::All))
        .start()
        .await
        .unwrap();
    let plan = json!({"plan": "sign-blob", "service_account": ACCOUNT});
    let stores = stores(fake.outside(&[]));
    let bucket = bucket(place(store.endpoint()), &plan);
    let control = stores.control(&bucket).unwrap();
    let keys: Vec<ObjectKey> = (0..20)
        .map(|n| format!("t/{n}.bin").parse().unwrap())
        .collect();
    for key in &keys {
        let body = Bytes::from(key.as_str().to_owned());
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &body);
        let digest = protocol::Sha256Digest::from_bytes(digest.as_ref().try_into().unwrap());
        control.put(key, body, digest, "text/plain").await.unwrap();
    }
    let signer = stores.signer(&bucket, Purpose::default()).await.unwrap();
    assert_eq!(signer.access_key_id(), ACCOUNT);
    // What Google keeps signs for half a day, whenever the token ends
    assert!(left(&signer).is_some_and(|left| (43_000..=43_200).contains(&left)));
    let act = Act::read();
    let acts = keys.iter().map(|key| (key, &act));
    let signing = signer.sign(acts, grant(), window()).unwrap();
    let made = signing.finish().await.unwrap();
    assert_eq!(made.headers.len(), keys.len());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for (url, key) in made.urls.iter().zip(&keys) {
        assert!(
            url.expose()
                .contains(&format!("X-Goog-Custom-Audit-Grant={}", grant()))
        );
        let answer = client.get(url.expose()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.text().await.unwrap(), key.as_str());
    }
    // One token served all of it
    let tokens = fake.asked();
    let tokens = tokens
        .iter()
        .filter(|asked| asked.host == "metadata.google.internal");
    assert_eq!(tokens.count(), 1);
}

#[tokio::test]
async fn a_key_in_a_file_is_exchanged_for_a_token() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("key.json");
    let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = key.as_der().unwrap();
    let base64 = STANDARD.encode(der.as_ref());
    let lines: Vec<&str> = (0..base64.len())
        .step_by(64)
        .map(|at| &base64[at..base64.len().min(at + 64)])
        .collect();
    let lines = lines.join("\n");
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{lines}\n-----END PRIVATE KEY-----\n");
    let text = json!({"type": "service_account", "client_email": "own@project.iam.gserviceaccount.com", "private_key": pem});
    std::fs::write(&file, text.to_string()).unwrap();
    let fake = Fake::start(vec![("oauth2.googleapis.com/token", token())]).await;
    let outside = fake.outside(&[("GOOGLE_APPLICATION_CREDENTIALS", file.to_str().unwrap())]);
    let plan = json!({"plan": "sign-blob", "service_account": ACCOUNT});
    let signer = lend(place("https://storage.googleapis.com"), &plan, &outside)
        .await
        .unwrap();
    assert_eq!(signer.access_key_id(), ACCOUNT);
    assert!(fake.asked()[0].fields().contains_key("assertion"));
}

#[tokio::test]
async fn a_signature_that_google_refuses_is_an_error_and_shows_no_token() {
    let fake = Fake::start(vec![(METADATA, token()), (IAM, refuses(403, "own-token"))]).await;
    let plan = json!({"plan": "sign-blob", "service_account": ACCOUNT});
    let here = place("https://storage.googleapis.com");
    let signer = lend(here, &plan, &fake.outside(&[])).await.unwrap();
    let key: ObjectKey = "a".parse().unwrap();
    let acts = [(&key, &Act::Look)];
    let signing = signer.sign(acts.into_iter(), grant(), window()).unwrap();
    let error = signing.finish().await.unwrap_err();
    assert!(
        matches!(error, Error::NoCredential(NoCredential::Refused { .. })),
        "{error:?}"
    );
    assert!(!format!("{error} {error:?} {signer:?}").contains("own-token"));
}
