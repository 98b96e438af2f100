//! A place in any kind of store, and what opens it.

use super::{Container, azurite, embedded, seaweedfs};
use devstore::{BucketSettings, Credential, DevStore, Scope};
use presign::gcs::{HmacKey, ServiceAccountKey};
use protocol::SecretText;
use protocol::bucket::{Addressing, CredentialPlan, NewBucket, StorePlace};
use serde::Deserialize;
use std::error::Error;
use std::net::SocketAddr;
use tempfile::TempDir;

/// The container of stores in process.
const CONTAINER: &str = "team-vision";
/// Google's public dummy account, which the embedded store is tested with too.
const GOOGLES_DUMMY: &str =
    include_str!("../../../devstore/tests/data/google_service_account.json");

/// The kinds of store that end-to-end tests run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// S3, embedded.
    S3,
    /// Cloud Storage, embedded, by an HMAC key.
    GcsHmac,
    /// Cloud Storage, embedded, by the RSA key of a service account.
    GcsRsa,
    /// The SeaweedFS that `SIGNET_TEST_S3` describes.
    SeaweedFs,
    /// The Azurite that `SIGNET_TEST_AZURITE` describes.
    Azurite,
}

impl Kind {
    /// Whether the store refuses bytes that are not those that their URL is bound to.
    pub fn binds_bytes(self) -> bool {
        self != Self::Azurite
    }
}

/// A place and the credential that opens it.
#[derive(Debug, Clone)]
pub struct KeyedPlace {
    /// The place.
    pub place: StorePlace,
    /// The credential.
    pub plan: CredentialPlan,
}

impl KeyedPlace {
    /// How to register it under a name.
    ///
    /// # Errors
    /// When the name cannot be one.
    pub fn registration(&self, name: &str) -> Result<NewBucket, protocol::ParseError> {
        let (place, plan) = (self.place.clone(), self.plan.clone());
        Ok(NewBucket::new(name.parse()?, place, plan))
    }

    /// Where the store listens.
    ///
    /// # Errors
    /// When its endpoint is none on loopback.
    pub fn address(&self) -> Result<SocketAddr, Box<dyn Error>> {
        let endpoint = self.place.endpoint();
        let rest = endpoint.strip_prefix("http://").unwrap_or(&endpoint);
        Ok(rest.split('/').next().unwrap_or_default().parse()?)
    }

    /// The same place, reached at another address.
    ///
    /// # Errors
    /// When its endpoint is none on loopback.
    pub fn at(&self, address: SocketAddr) -> Result<Self, Box<dyn Error>> {
        let (endpoint, old) = (self.place.endpoint(), self.address()?);
        let new = endpoint.replacen(&old.to_string(), &address.to_string(), 1);
        Ok(Self {
            place: self.place.at(&new),
            plan: self.plan.clone(),
        })
    }
}

impl From<&Container> for KeyedPlace {
    fn from(container: &Container) -> Self {
        Self {
            place: StorePlace::s3(&container.endpoint, &container.region, &container.name),
            plan: CredentialPlan::access_key(
                &container.access_key_id,
                &container.secret_access_key,
            ),
        }
    }
}

/// A store of some kind, with a container to use.
#[derive(Debug)]
pub struct TestStore {
    /// What kind it is.
    pub kind: Kind,
    /// The container.
    pub container: KeyedPlace,
    /// The store itself, where it runs in process.
    pub embedded: Option<DevStore>,
    _folder: Option<TempDir>,
}

impl TestStore {
    /// A store of this kind; `None` where none runs.
    ///
    /// # Errors
    /// When it cannot start, or makes no container.
    pub async fn of(kind: Kind) -> Result<Option<Self>, Box<dyn Error>> {
        let external = |container| Self {
            kind,
            container,
            embedded: None,
            _folder: None,
        };
        Ok(match kind {
            Kind::S3 => {
                let folder = tempfile::tempdir()?;
                let (store, containers) = embedded(folder.path(), &[CONTAINER]).await?;
                let container = containers.first().ok_or("no container")?;
                Some(Self {
                    kind,
                    container: container.into(),
                    embedded: Some(store),
                    _folder: Some(folder),
                })
            }
            Kind::GcsHmac | Kind::GcsRsa => Some(embedded_gcs(kind).await?),
            Kind::SeaweedFs => {
                let containers = seaweedfs();
                let first = containers.as_deref().and_then(<[Container]>::first);
                first.map(|container| external(container.into()))
            }
            Kind::Azurite => azurite::container().await?.map(external),
        })
    }
}

/// The embedded store with one container for requests signed by Google's scheme.
async fn embedded_gcs(kind: Kind) -> Result<TestStore, Box<dyn Error>> {
    #[derive(Deserialize)]
    struct KeyFile {
        client_email: String,
        pkcs8_der_base64: String,
    }
    let scope = Scope::Buckets(vec![CONTAINER.to_owned()]);
    let (credential, plan) = if kind == Kind::GcsRsa {
        let file: KeyFile = serde_json::from_str(GOOGLES_DUMMY)?;
        let base64 = &file.pkcs8_der_base64;
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n");
        let key = ServiceAccountKey::from_pem(file.client_email.as_str(), &pem)?;
        let public = key.public_key().clone();
        let plan = CredentialPlan::ServiceAccountKey {
            client_email: file.client_email.clone(),
            private_key: SecretText::new(pem),
        };
        let credential = Credential::gcs_rsa(file.client_email, public, scope);
        (credential, plan)
    } else {
        let (id, secret) = ("GOOG1TESTKEY", "secret-of-team-vision");
        let plan = CredentialPlan::HmacKey {
            access_id: id.to_owned(),
            secret: SecretText::new(secret),
        };
        (Credential::gcs_hmac(HmacKey::new(id, secret)?, scope), plan)
    };
    let folder = tempfile::tempdir()?;
    let store = DevStore::builder(folder.path().join("store"))
        .access_log(folder.path().join("access.log"))
        .bucket(BucketSettings::new(CONTAINER))
        .credential(credential)
        .start()
        .await?;
    let place = StorePlace::Gcs {
        endpoint: store.endpoint().to_owned(),
        container: CONTAINER.to_owned(),
        addressing: Addressing::Path,
    };
    Ok(TestStore {
        kind,
        container: KeyedPlace { place, plan },
        embedded: Some(store),
        _folder: Some(folder),
    })
}
