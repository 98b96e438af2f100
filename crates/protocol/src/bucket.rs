//! Buckets: where they are, by what they are signed for, and what their store was proven to do.

mod address;
mod capabilities;
mod origin;
mod plan;
mod policy;
mod report;

pub use address::{AddressError, BucketAddress};
pub use capabilities::{Attribution, Capabilities, Isolation, NetworkControl};
pub use origin::Origin;
pub use plan::{CredentialPlan, PlanKind};
pub use policy::{PolicyDocument, PolicyDocuments, PolicyReason, PolicyRequest};
pub use report::{Probe, Verdict, VerifyBucket, VerifyReport};

use crate::admin::State;
use crate::id::BucketId;
use crate::name::BucketName;
use crate::network::Network;
use crate::secret::SecretText;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// Where Cloud Storage answers.
pub const GCS_ENDPOINT: &str = "https://storage.googleapis.com";

/// How the container is addressed.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Addressing {
    /// `https://container.host/key`
    #[default]
    VirtualHost,
    /// `https://host/container/key`
    Path,
}

/// The store that a bucket is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub enum Provider {
    /// Amazon S3, or a store that speaks its protocol.
    S3,
    /// Google Cloud Storage.
    Gcs,
    /// Azure Blob Storage.
    Azure,
}

impl Provider {
    /// The word as it stands in a body.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Gcs => "gcs",
            Self::Azure => "azure",
        }
    }
}

impl std::fmt::Display for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a bucket is in its store.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(tag = "provider", rename_all = "lowercase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub enum StorePlace {
    /// A bucket of Amazon S3, or of a store that speaks its protocol.
    S3 {
        /// Where the store answers: `https://s3.eu-west-1.amazonaws.com`.
        endpoint: String,
        /// The store's region.
        region: String,
        /// The store's own name of the bucket.
        container: String,
        /// How the container is addressed.
        #[serde(default)]
        addressing: Addressing,
    },
    /// A bucket of Google Cloud Storage.
    Gcs {
        /// Where the store answers.
        #[serde(default = "gcs_endpoint")]
        endpoint: String,
        /// The store's own name of the bucket.
        container: String,
        /// How the container is addressed.
        #[serde(default = "path")]
        addressing: Addressing,
    },
    /// A container of Azure Blob Storage.
    Azure {
        /// The storage account.
        account: String,
        /// The container.
        container: String,
        /// Where the account answers; `https://ACCOUNT.blob.core.windows.net` when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        endpoint: Option<String>,
    },
}

fn gcs_endpoint() -> String {
    GCS_ENDPOINT.to_owned()
}

fn path() -> Addressing {
    Addressing::Path
}

impl StorePlace {
    /// A bucket of S3 or its kin, addressed in the path.
    pub fn s3(
        endpoint: impl Into<String>,
        region: impl Into<String>,
        container: impl Into<String>,
    ) -> Self {
        Self::S3 {
            endpoint: endpoint.into(),
            region: region.into(),
            container: container.into(),
            addressing: Addressing::Path,
        }
    }

    /// The store.
    pub fn provider(&self) -> Provider {
        match self {
            Self::S3 { .. } => Provider::S3,
            Self::Gcs { .. } => Provider::Gcs,
            Self::Azure { .. } => Provider::Azure,
        }
    }

    /// The store's own name of the bucket.
    pub fn container(&self) -> &str {
        match self {
            Self::S3 { container, .. }
            | Self::Gcs { container, .. }
            | Self::Azure { container, .. } => container,
        }
    }

    /// Where the store answers.
    pub fn endpoint(&self) -> String {
        match self {
            Self::S3 { endpoint, .. }
            | Self::Gcs { endpoint, .. }
            | Self::Azure {
                endpoint: Some(endpoint),
                ..
            } => endpoint.clone(),
            Self::Azure { account, .. } => format!("https://{account}.blob.core.windows.net"),
        }
    }

    /// The same place, reached at another address of its store.
    #[must_use]
    pub fn at(&self, address: &str) -> Self {
        let mut place = self.clone();
        match &mut place {
            Self::S3 { endpoint, .. } | Self::Gcs { endpoint, .. } => {
                address.clone_into(endpoint);
            }
            Self::Azure { endpoint, .. } => *endpoint = Some(address.to_owned()),
        }
        place
    }
}

/// Whether this host is one of AWS's, in any of its partitions.
pub fn is_aws_host(host: &str) -> bool {
    let host = host.split(':').next().unwrap_or_default();
    [".amazonaws.com", ".amazonaws.com.cn"]
        .iter()
        .any(|domain| host.ends_with(domain))
}

/// From where a store is reached: the same bucket may answer at several addresses, and a signed URL is
/// good for the one that it was signed for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Audience {
    /// Browsers and machines outside.
    Browser,
    /// Machines on the operator's own network, and Signet itself.
    Internal,
    /// Machines in the cloud, by a private endpoint.
    Vpc,
}

impl Audience {
    /// The word as it stands in a body.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Internal => "internal",
            Self::Vpc => "vpc",
        }
    }
}

impl std::fmt::Display for Audience {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Addresses of the store for those who do not reach it at its usual one.
pub type AudienceEndpoints = BTreeMap<Audience, String>;

/// A registered place in a store.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Bucket {
    /// The bucket.
    pub id: BucketId,
    /// The name it is registered under.
    pub name: BucketName,
    /// Where it is.
    pub place: StorePlace,
    /// Other addresses of the store, by who reaches it there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub endpoints: AudienceEndpoints,
    /// What all keys begin with; empty, or ends in `/`.
    pub prefix: String,
    /// Whether it may be used.
    pub state: State,
    /// True for the bucket of teams that have none.
    pub default: bool,
    /// Where its credential comes from.
    pub plan: PlanKind,
    /// Whom the credential stands for, masked where it is a key's id.
    pub identity: String,
    /// What to ask for in the role's trust policy, for plans that assume a role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// What its store was proven to do; absent until it was verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Capabilities>,
    /// The networks that what is in it may be asked for from; none: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_networks: Vec<Network>,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// `PATCH /v1/buckets/{bucket}`: what is given is changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BucketChange {
    /// The networks that what is in it may be asked for from, at most 100; `[]`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_networks: Option<Vec<Network>>,
}

/// `POST /v1/buckets`: registers a place in a store, told by `place` and `credential` or by `address`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewBucket {
    /// The name to register it under.
    pub name: BucketName,
    /// Place, path and credential in one line, in the formats of Weights & Biases:
    /// `s3://ACCESS_KEY:SECRET_KEY@HOST/BUCKET?region=REGION`, `cw://…`, `gs://…`, `az://…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<SecretText>,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<StorePlace>,
    /// What all keys begin with; empty, or ends in `/`.
    #[serde(default)]
    pub prefix: String,
    /// Where its credential comes from. Secrets are stored sealed, and never returned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialPlan>,
    /// Other addresses of the store, by who reaches it there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub endpoints: AudienceEndpoints,
    /// Makes it the bucket of teams that have none.
    #[serde(default)]
    pub default: bool,
    /// Whether its store is checked first, as by `POST /v1/buckets/{bucket}/verify`, and the bucket
    /// refused when transfers or their safety do not work.
    #[serde(default = "yes")]
    pub verify: bool,
}

fn yes() -> bool {
    true
}

impl NewBucket {
    /// A registration told by its parts.
    pub fn new(name: BucketName, place: StorePlace, credential: CredentialPlan) -> Self {
        Self {
            name,
            address: None,
            place: Some(place),
            prefix: String::new(),
            credential: Some(credential),
            endpoints: AudienceEndpoints::new(),
            default: false,
            verify: true,
        }
    }

    /// Where the bucket is and by what it is signed for, however that was told.
    ///
    /// # Errors
    /// The field at fault, when something is missing, told twice, or cannot be read.
    pub fn resolve(&self) -> Result<Registration, Misfit> {
        let misfit = |field, reason: String| Misfit { field, reason };
        let told = match (&self.address, &self.place) {
            (Some(address), None) => address
                .expose()
                .parse::<BucketAddress>()
                .map_err(|error| misfit("address", error.to_string()))?,
            (None, Some(place)) => BucketAddress {
                place: place.clone(),
                prefix: String::new(),
                credential: None,
            },
            (Some(_), Some(_)) => {
                return Err(misfit("place", "is told by `address` already".to_owned()));
            }
            (None, None) => {
                return Err(misfit(
                    "place",
                    "is needed, or `address` instead".to_owned(),
                ));
            }
        };
        let prefix = match (told.prefix.is_empty(), self.prefix.is_empty()) {
            (_, true) => told.prefix,
            (true, false) => self.prefix.clone(),
            (false, false) => {
                return Err(misfit("prefix", "is told by `address` already".to_owned()));
            }
        };
        let credential = match (told.credential, &self.credential) {
            (told, None) => told,
            (None, told) => told.clone(),
            (Some(_), Some(_)) => {
                return Err(misfit(
                    "credential",
                    "is told by `address` already".to_owned(),
                ));
            }
        };
        Ok(Registration {
            place: told.place,
            prefix,
            credential: credential.ok_or_else(|| misfit("credential", "is needed".to_owned()))?,
        })
    }
}

/// What a registration comes down to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Where the bucket is.
    pub place: StorePlace,
    /// What all keys begin with; empty, or ends in `/`.
    pub prefix: String,
    /// Where its credential comes from.
    pub credential: CredentialPlan,
}

/// A value of a registration that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {reason}")]
pub struct Misfit {
    /// The field at fault.
    pub field: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_says_its_provider_and_refuses_what_it_does_not_know() {
        let place: StorePlace =
            serde_json::from_str(r#"{"provider":"gcs","container":"models"}"#).unwrap();
        assert_eq!(place.endpoint(), GCS_ENDPOINT);
        assert_eq!(place.provider(), Provider::Gcs);
        let azure: StorePlace =
            serde_json::from_str(r#"{"provider":"azure","account":"vision","container":"models"}"#)
                .unwrap();
        assert_eq!(azure.endpoint(), "https://vision.blob.core.windows.net");
        assert_eq!(
            azure.at("http://127.0.0.1:10000/vision").endpoint(),
            "http://127.0.0.1:10000/vision"
        );
        for bad in [
            r#"{"provider":"gcs","container":"models","region":"eu"}"#,
            r#"{"provider":"ftp","container":"models"}"#,
            r#"{"provider":"s3","container":"models"}"#,
        ] {
            assert!(serde_json::from_str::<StorePlace>(bad).is_err(), "{bad}");
        }
    }
}
