//! Where a bucket's credential comes from.

use super::Provider;
use crate::secret::SecretText;

/// Where the credential that signs for a bucket comes from. Plans in which the server brings its own
/// identity lend that identity to the bucket's teams.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "plan", rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub enum CredentialPlan {
    /// S3: an access key.
    AccessKey {
        /// The access key's id.
        access_key_id: String,
        /// The secret access key.
        secret_access_key: SecretText,
        /// The session token, for a temporary key. Nothing renews it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session_token: Option<SecretText>,
    },
    /// S3: the server's environment, `AWS_ACCESS_KEY_ID` and its kin.
    Environment {},
    /// S3: a profile in the server's `~/.aws`.
    Profile {
        /// The profile's name.
        profile: String,
    },
    /// S3: a role, by a token that the platform writes to a file (IRSA of Kubernetes).
    WebIdentity {
        /// The role.
        role_arn: String,
        /// The file, on the server.
        token_file: String,
        /// Where the security token service answers; the region's when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sts_endpoint: Option<String>,
    },
    /// S3: the role of the server's container (ECS, EKS Pod Identity).
    ContainerMetadata {},
    /// S3: the role of the server's machine (EC2).
    InstanceMetadata {},
    /// S3: a role that Signet assumes, with an external id that Signet makes. Each team gets a session
    /// of its own that opens its root alone.
    AssumeRole {
        /// The role.
        role_arn: String,
        /// The access key that assumes it; the server's own identity when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        access_key_id: Option<String>,
        /// Its secret.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret_access_key: Option<SecretText>,
        /// Where the security token service answers; the region's when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sts_endpoint: Option<String>,
        /// Life of a session in seconds: 900 to 43,200.
        #[serde(default = "session_seconds")]
        session_seconds: u32,
        /// The ARN of the key that encrypts the bucket, where the sessions must be allowed to use it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kms_key: Option<String>,
    },
    /// GCS: the key of a service account, as its key file has it.
    ServiceAccountKey {
        /// The service account.
        client_email: String,
        /// The private key in PEM (PKCS #8).
        private_key: SecretText,
    },
    /// GCS: an HMAC key of a service account.
    HmacKey {
        /// The access id.
        access_id: String,
        /// The secret.
        secret: SecretText,
    },
    /// GCS: the server's own identity (workload identity, or its machine's account), which has Google
    /// sign for a service account.
    SignBlob {
        /// The service account that is signed for: the server's own, or one that it may impersonate.
        service_account: String,
    },
    /// Azure: a key of the storage account.
    AccountKey {
        /// The key, in base64.
        account_key: SecretText,
    },
    /// Azure: delegated keys, by an application's secret.
    ClientSecret {
        /// The directory.
        tenant_id: String,
        /// The application.
        client_id: String,
        /// Its secret.
        client_secret: SecretText,
    },
    /// Azure: delegated keys, by the server's managed identity.
    ManagedIdentity {
        /// Which one, where the machine has several.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_id: Option<String>,
    },
    /// Azure: delegated keys, by a token that the platform writes to a file.
    WorkloadIdentity {
        /// The directory.
        tenant_id: String,
        /// The application.
        client_id: String,
        /// The file, on the server.
        token_file: String,
    },
}

fn session_seconds() -> u32 {
    3600
}

impl CredentialPlan {
    /// S3: an access key that does not end by itself.
    pub fn access_key(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self::AccessKey {
            access_key_id: id.into(),
            secret_access_key: SecretText::new(secret),
            session_token: None,
        }
    }

    /// Which plan it is.
    pub fn kind(&self) -> PlanKind {
        match self {
            Self::AccessKey { .. } => PlanKind::AccessKey,
            Self::Environment {} => PlanKind::Environment,
            Self::Profile { .. } => PlanKind::Profile,
            Self::WebIdentity { .. } => PlanKind::WebIdentity,
            Self::ContainerMetadata {} => PlanKind::ContainerMetadata,
            Self::InstanceMetadata {} => PlanKind::InstanceMetadata,
            Self::AssumeRole { .. } => PlanKind::AssumeRole,
            Self::ServiceAccountKey { .. } => PlanKind::ServiceAccountKey,
            Self::HmacKey { .. } => PlanKind::HmacKey,
            Self::SignBlob { .. } => PlanKind::SignBlob,
            Self::AccountKey { .. } => PlanKind::AccountKey,
            Self::ClientSecret { .. } => PlanKind::ClientSecret,
            Self::ManagedIdentity { .. } => PlanKind::ManagedIdentity,
            Self::WorkloadIdentity { .. } => PlanKind::WorkloadIdentity,
        }
    }

    /// Whom the credential stands for, as far as the plan itself says. No secret.
    pub fn identity(&self) -> &str {
        match self {
            Self::AccessKey { access_key_id, .. } => access_key_id,
            Self::Profile { profile } => profile,
            Self::WebIdentity { role_arn, .. } | Self::AssumeRole { role_arn, .. } => role_arn,
            Self::ServiceAccountKey { client_email, .. } => client_email,
            Self::HmacKey { access_id, .. } => access_id,
            Self::SignBlob { service_account } => service_account,
            Self::ClientSecret { client_id, .. } | Self::WorkloadIdentity { client_id, .. } => {
                client_id
            }
            Self::ManagedIdentity { client_id } => client_id.as_deref().unwrap_or_default(),
            Self::Environment {}
            | Self::ContainerMetadata {}
            | Self::InstanceMetadata {}
            | Self::AccountKey { .. } => "",
        }
    }

    /// Where the security token service answers, where the plan says.
    pub fn sts_endpoint(&self) -> Option<&str> {
        match self {
            Self::WebIdentity { sts_endpoint, .. } | Self::AssumeRole { sts_endpoint, .. } => {
                sts_endpoint.as_deref()
            }
            _ => None,
        }
    }

    /// Whether the server's own identity is lent to the bucket.
    pub fn lends_own_identity(&self) -> bool {
        match self {
            Self::AssumeRole { access_key_id, .. } => access_key_id.is_none(),
            _ => self.kind().lends_own_identity(),
        }
    }
}

/// Which plan a bucket's credential follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub enum PlanKind {
    /// S3: an access key.
    AccessKey,
    /// S3: the server's environment.
    Environment,
    /// S3: a profile of the server.
    Profile,
    /// S3: a role by a token in a file.
    WebIdentity,
    /// S3: the role of the server's container.
    ContainerMetadata,
    /// S3: the role of the server's machine.
    InstanceMetadata,
    /// S3: a role that Signet assumes.
    AssumeRole,
    /// GCS: the key of a service account.
    ServiceAccountKey,
    /// GCS: an HMAC key.
    HmacKey,
    /// GCS: Google signs for the server's identity.
    SignBlob,
    /// Azure: a key of the storage account.
    AccountKey,
    /// Azure: an application's secret.
    ClientSecret,
    /// Azure: the server's managed identity.
    ManagedIdentity,
    /// Azure: a token in a file.
    WorkloadIdentity,
}

impl PlanKind {
    /// The word as it stands in a body.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccessKey => "access-key",
            Self::Environment => "environment",
            Self::Profile => "profile",
            Self::WebIdentity => "web-identity",
            Self::ContainerMetadata => "container-metadata",
            Self::InstanceMetadata => "instance-metadata",
            Self::AssumeRole => "assume-role",
            Self::ServiceAccountKey => "service-account-key",
            Self::HmacKey => "hmac-key",
            Self::SignBlob => "sign-blob",
            Self::AccountKey => "account-key",
            Self::ClientSecret => "client-secret",
            Self::ManagedIdentity => "managed-identity",
            Self::WorkloadIdentity => "workload-identity",
        }
    }

    /// The store that the plan is for.
    pub fn provider(self) -> Provider {
        match self {
            Self::AccessKey
            | Self::Environment
            | Self::Profile
            | Self::WebIdentity
            | Self::ContainerMetadata
            | Self::InstanceMetadata
            | Self::AssumeRole => Provider::S3,
            Self::ServiceAccountKey | Self::HmacKey | Self::SignBlob => Provider::Gcs,
            Self::AccountKey
            | Self::ClientSecret
            | Self::ManagedIdentity
            | Self::WorkloadIdentity => Provider::Azure,
        }
    }

    /// Whether every plan of this kind lends the server's own identity.
    fn lends_own_identity(self) -> bool {
        match self {
            Self::Environment
            | Self::Profile
            | Self::WebIdentity
            | Self::ContainerMetadata
            | Self::InstanceMetadata
            | Self::SignBlob
            | Self::ManagedIdentity
            | Self::WorkloadIdentity => true,
            Self::AccessKey
            | Self::AssumeRole
            | Self::ServiceAccountKey
            | Self::HmacKey
            | Self::AccountKey
            | Self::ClientSecret => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(json: &str) -> CredentialPlan {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_plan_shows_no_secret() {
        let plan =
            plan(r#"{"plan":"access-key","access_key_id":"AKIA1","secret_access_key":"hush"}"#);
        assert!(!format!("{plan:?}").contains("hush"));
        assert_eq!(plan.identity(), "AKIA1");
        assert_eq!(plan.kind().provider(), Provider::S3);
        assert!(!plan.lends_own_identity());
    }

    #[test]
    fn a_role_is_assumed_by_a_key_or_by_the_server_itself() {
        let own = plan(r#"{"plan":"assume-role","role_arn":"arn:aws:iam::1:role/r"}"#);
        assert!(own.lends_own_identity());
        let keyed = plan(
            r#"{"plan":"assume-role","role_arn":"r","access_key_id":"k","secret_access_key":"s"}"#,
        );
        assert!(!keyed.lends_own_identity());
    }

    #[test]
    fn a_kind_is_called_what_a_body_calls_it() {
        for kind in [
            PlanKind::AccessKey,
            PlanKind::Environment,
            PlanKind::Profile,
            PlanKind::WebIdentity,
            PlanKind::ContainerMetadata,
            PlanKind::InstanceMetadata,
            PlanKind::AssumeRole,
            PlanKind::ServiceAccountKey,
            PlanKind::HmacKey,
            PlanKind::SignBlob,
            PlanKind::AccountKey,
            PlanKind::ClientSecret,
            PlanKind::ManagedIdentity,
            PlanKind::WorkloadIdentity,
        ] {
            let word = serde_json::to_value(kind).unwrap();
            assert_eq!(word, kind.as_str());
        }
    }

    #[test]
    fn unknown_plans_and_fields_are_refused() {
        for bad in [
            r#"{"plan":"magic"}"#,
            r#"{"plan":"environment","profile":"x"}"#,
            r#"{"plan":"hmac-key","access_id":"a"}"#,
        ] {
            assert!(
                serde_json::from_str::<CredentialPlan>(bad).is_err(),
                "{bad}"
            );
        }
    }
}
