//! What is to be applied at the cloud for a bucket.

use std::collections::BTreeMap;

/// `POST /v1/buckets/{bucket}/policy`: what the registration itself does not say. What does not apply to
/// the bucket's store is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PolicyRequest {
    /// The identity that signs: an ARN, a service account, or an object id of Entra. Without it, the one
    /// that the bucket's plan names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// S3: the ARN of the identity of the server's own requests, where it is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control_principal: Option<String>,
    /// S3: the ARN of the identity that assumes the signing role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_principal: Option<String>,
    /// Public networks from which objects may be used: `203.0.113.0/24`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<String>,
    /// S3: VPC endpoints through which they may be used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vpc_endpoints: Vec<String>,
    /// Azure: subnets from which they may be used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<String>,
    /// S3: how old a signature may become, in seconds; at least 120.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_signature_age_seconds: Option<u64>,
    /// S3: the ARN of the key that encrypts the bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<String>,
    /// Web pages that use the bucket: `https://signet.example.org`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<String>,
    /// S3: the bucket that gets the access log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_log_container: Option<String>,
    /// S3: what the keys of the access log begin with.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub access_log_prefix: String,
    /// GCS: the bucket's project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Azure: the subscription.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription: Option<String>,
    /// Azure: the resource group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_group: Option<String>,
    /// Documents that are there already, by kind; ours are put among their parts.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub existing: BTreeMap<String, serde_json::Value>,
}

/// What is to be applied.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PolicyDocuments {
    /// The documents, in the order in which they are applied.
    pub documents: Vec<PolicyDocument>,
    /// What to know besides.
    pub notes: Vec<String>,
    /// The same in Terraform's JSON syntax: the text of a `.tf.json` file. It knows nothing of what is
    /// there already.
    pub terraform: serde_json::Value,
}

/// One thing to apply.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PolicyDocument {
    /// What it is: `bucket-policy`, `cors`, …
    pub kind: String,
    /// The name of the file that `apply` reads.
    pub file: String,
    /// What it does, in a line.
    pub title: String,
    /// The text of the file, as the cloud takes it.
    pub body: serde_json::Value,
    /// Why each of its parts is there.
    pub reasons: Vec<PolicyReason>,
    /// How it is applied by the cloud's own command line.
    pub apply: String,
    /// What to mind.
    pub warnings: Vec<String>,
}

/// Why a part of a document is there.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PolicyReason {
    /// The part: a statement's `Sid`, a rule's id, or a field.
    pub part: String,
    /// Why it is there.
    pub why: String,
}
