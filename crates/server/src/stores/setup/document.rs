//! What is handed to the admin.

use super::merge::{Merged, merge, merge_rules};
use super::terraform::{Target, terraform};
use super::{Error, Place};
use serde::Serialize;
use serde_json::Value;

/// What a document is. Its text form is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kind {
    /// Who may do what in the bucket.
    BucketPolicy,
    /// Narrows one session of an assumed role; made by Signet itself, shown for review.
    SessionPolicy,
    /// Who may assume the signing role.
    RoleTrust,
    /// What the signing role may do.
    RolePermissions,
    /// A statement for the policy of the key that encrypts the bucket.
    KmsStatement,
    /// Which web pages may use the bucket.
    Cors,
    /// What the store tidies up by itself.
    Lifecycle,
    /// Where the store writes its access log.
    AccessLog,
    /// A statement for the policy of the bucket that gets the access log.
    LogTargetPolicy,
    /// A role with no permission that is not needed.
    RoleDefinition,
    /// The condition under which a role is granted in a bucket.
    IamBinding,
    /// From which networks a bucket can be reached.
    IpFilter,
    /// A role granted to an identity.
    RoleAssignment,
    /// From which networks a storage account can be reached.
    NetworkRules,
}

impl Kind {
    /// Its text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BucketPolicy => "bucket-policy",
            Self::SessionPolicy => "session-policy",
            Self::RoleTrust => "role-trust",
            Self::RolePermissions => "role-permissions",
            Self::KmsStatement => "kms-statement",
            Self::Cors => "cors",
            Self::Lifecycle => "lifecycle",
            Self::AccessLog => "access-log",
            Self::LogTargetPolicy => "log-target-policy",
            Self::RoleDefinition => "role-definition",
            Self::IamBinding => "iam-binding",
            Self::IpFilter => "ip-filter",
            Self::RoleAssignment => "role-assignment",
            Self::NetworkRules => "network-rules",
        }
    }
}

/// Why a part of a document is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The part: a statement's `Sid`, a rule's id, or a field.
    pub part: String,
    /// Why it is there.
    pub why: String,
}

/// One thing to apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Document {
    /// What it is.
    pub kind: Kind,
    /// The name of the file that `apply` reads; no other document of the set has it.
    pub file: String,
    /// What it does, in a line.
    pub title: String,
    /// The text of the file, as the cloud takes it.
    pub body: Value,
    /// Why each part is there.
    pub reasons: Vec<Reason>,
    /// How it is applied by the cloud's own command line.
    pub apply: String,
    /// What to mind.
    pub warnings: Vec<String>,
}

impl Document {
    pub(super) fn new(kind: Kind, title: impl Into<String>, body: Value) -> Self {
        Self {
            kind,
            file: format!("{}.json", kind.as_str()),
            title: title.into(),
            body,
            reasons: Vec::new(),
            apply: String::new(),
            warnings: Vec::new(),
        }
    }

    pub(super) fn because(mut self, part: impl Into<String>, why: impl Into<String>) -> Self {
        self.reasons.push(Reason {
            part: part.into(),
            why: why.into(),
        });
        self
    }

    pub(super) fn applied_by(mut self, apply: impl Into<String>) -> Self {
        self.apply = apply.into();
        self
    }

    pub(super) fn warn(mut self, warning: impl Into<String>) -> Self {
        self.warnings.push(warning.into());
        self
    }

    /// This document put into what is there already: parts of others stay as they are, earlier parts of
    /// ours are replaced. A kind that stands alone is given back unchanged.
    ///
    /// # Errors
    /// When what is there is not a document of this kind.
    pub fn merged_into(&self, existing: Option<&Value>) -> Result<Merged, Error> {
        match self.kind {
            Kind::BucketPolicy | Kind::KmsStatement | Kind::LogTargetPolicy => {
                merge(existing, &self.body)
            }
            Kind::Cors if self.body.get("CORSRules").is_some() => {
                merge_rules("CORSRules", existing, &self.body)
            }
            Kind::Lifecycle if self.body.get("Rules").is_some() => {
                merge_rules("Rules", existing, &self.body)
            }
            _ => Ok(Merged {
                body: self.body.clone(),
                warnings: Vec::new(),
            }),
        }
    }
}

/// Everything to apply for one bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setup {
    /// The documents, in the order in which they are applied.
    pub documents: Vec<Document>,
    /// What to know besides.
    pub notes: Vec<String>,
    #[serde(skip)]
    pub(super) place: Place,
    #[serde(skip)]
    pub(super) target: Target,
}

impl Setup {
    /// The documents of this kind.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Document> {
        self.documents.iter().filter(move |each| each.kind == kind)
    }

    /// The same in Terraform's JSON syntax, the text of a `.tf.json` file.
    ///
    /// What Terraform can only set together with the bucket, key or account itself comes as an output,
    /// to be used where that is defined.
    pub fn terraform(&self) -> Value {
        terraform(self)
    }
}
