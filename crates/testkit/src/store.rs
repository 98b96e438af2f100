//! Stores to test against: the embedded one in process, SeaweedFS and Azurite where they run.

mod azurite;
mod place;

pub use place::{KeyedPlace, Kind, TestStore};

use devstore::{BucketSettings, Credential, DevStore, Scope};
use protocol::bucket::{CredentialPlan, NewBucket, StorePlace};
use serde::Deserialize;
use std::path::Path;

/// A container of a store, with the one key that opens it.
#[derive(Debug, Clone)]
pub struct Container {
    /// Where the store answers.
    pub endpoint: String,
    /// The store's region.
    pub region: String,
    /// The container.
    pub name: String,
    /// The access key's id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
}

impl Container {
    /// How to register it under a name.
    ///
    /// # Errors
    /// When the name cannot be one.
    pub fn registration(&self, name: &str) -> Result<NewBucket, protocol::ParseError> {
        Ok(NewBucket::new(
            name.parse()?,
            StorePlace::s3(&self.endpoint, &self.region, &self.name),
            CredentialPlan::access_key(&self.access_key_id, &self.secret_access_key),
        ))
    }
}

/// Starts the embedded store over `folder` with these containers; its log is `folder/access.log`.
///
/// # Errors
/// When it cannot start.
pub async fn embedded(
    folder: &Path,
    names: &[&str],
) -> Result<(DevStore, Vec<Container>), Box<dyn std::error::Error>> {
    let mut builder = DevStore::builder(folder.join("store"))
        .access_log(folder.join("access.log"))
        .listen(([127, 0, 0, 1], 0).into());
    for name in names {
        let key = presign::s3::Credential::new(format!("KEY{name}"), format!("secret-of-{name}"))?;
        builder = builder
            .bucket(BucketSettings::new(*name))
            .credential(Credential::new(
                key,
                Scope::Buckets(vec![(*name).to_owned()]),
            ));
    }
    let store = builder.start().await?;
    let containers = names
        .iter()
        .map(|name| Container {
            endpoint: store.endpoint().to_owned(),
            region: "us-east-1".to_owned(),
            name: (*name).to_owned(),
            access_key_id: format!("KEY{name}"),
            secret_access_key: format!("secret-of-{name}"),
        })
        .collect();
    Ok((store, containers))
}

#[derive(Deserialize)]
struct Described {
    endpoint: String,
    region: String,
    buckets: Vec<DescribedBucket>,
}

#[derive(Deserialize)]
struct DescribedBucket {
    name: String,
    access_key_id: String,
    secret_access_key: String,
}

/// The containers of the SeaweedFS that `SIGNET_TEST_S3` describes; `None` where none runs.
pub fn seaweedfs() -> Option<Vec<Container>> {
    described("SIGNET_TEST_S3")
}

/// The containers of a store that verifies nothing, which `SIGNET_TEST_CARELESS_S3` describes; `None`
/// where none runs. What tests find of another store they must not find of this one.
pub fn careless() -> Option<Vec<Container>> {
    described("SIGNET_TEST_CARELESS_S3")
}

/// The containers that the file named by a variable describes.
///
/// # Panics
/// When the description cannot be read: a test must not pass because of that.
#[expect(
    clippy::expect_used,
    reason = "a broken description must fail the test"
)]
#[expect(clippy::disallowed_methods, reason = "the test's one setting")]
fn described(variable: &str) -> Option<Vec<Container>> {
    let path = std::env::var(variable).ok()?;
    let text = std::fs::read_to_string(path).expect("the variable names a file");
    let described: Described =
        serde_json::from_str(&text).expect("the variable names a description");
    let container = |bucket: DescribedBucket| Container {
        endpoint: described.endpoint.clone(),
        region: described.region.clone(),
        name: bucket.name,
        access_key_id: bucket.access_key_id,
        secret_access_key: bucket.secret_access_key,
    };
    Some(described.buckets.into_iter().map(container).collect())
}
