//! The policy that narrows one session of the signing role.

use super::super::network::Network;
use super::super::statement::{VERSION, one_or_many};
use super::{Document, Error, KeyArn, Kind, Place, Region, Root, S3Bucket, S3Store, via_s3};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The most that STS takes as a session's policy, in characters.
pub const MAX_SESSION_POLICY_CHARACTERS: usize = 2048;

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionOperation {
    /// Reads objects and their sizes.
    Read,
    /// Writes objects, begins uploads and completes them.
    Write,
    /// Deletes objects.
    Delete,
    /// Lists the parts of an upload.
    ListParts,
    /// Drops uploads.
    AbortUpload,
    /// Lists keys.
    List,
}

impl SessionOperation {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Read,
        Self::Write,
        Self::Delete,
        Self::ListParts,
        Self::AbortUpload,
        Self::List,
    ];

    /// The action on objects; `None` for what is done on the bucket.
    fn object_action(self) -> Option<&'static str> {
        Some(match self {
            Self::Read => "s3:GetObject",
            Self::Write => "s3:PutObject",
            Self::Delete => "s3:DeleteObject",
            Self::ListParts => "s3:ListMultipartUploadParts",
            Self::AbortUpload => "s3:AbortMultipartUpload",
            Self::List => return None,
        })
    }
}

/// What one session may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionScope {
    /// Whose S3 it is.
    pub store: S3Store,
    /// Where the bucket's objects lie.
    pub place: Place,
    /// The bucket's region.
    pub region: Region,
    /// The team's root.
    pub root: Root,
    /// What the session is for.
    pub operations: BTreeSet<SessionOperation>,
    /// Networks from which its URLs work; empty for all. Requests through a VPC endpoint have no
    /// public address, so with networks they are refused.
    pub networks: Vec<Network>,
    /// The key that encrypts the bucket.
    pub kms_key: Option<KeyArn>,
}

/// The policy of a session that may do what the scope says and nothing else: compact JSON.
///
/// # Errors
/// When the scope allows nothing, lies outside of the place, needs what the store lacks, or gives more
/// than [`MAX_SESSION_POLICY_CHARACTERS`].
pub fn session_policy(scope: &SessionScope) -> Result<String, Error> {
    let text = body(scope)?.to_string();
    let got = text.chars().count();
    if got > MAX_SESSION_POLICY_CHARACTERS {
        return Err(Error::SessionPolicyTooLong {
            got,
            max: MAX_SESSION_POLICY_CHARACTERS,
        });
    }
    Ok(text)
}

fn body(scope: &SessionScope) -> Result<Value, Error> {
    let container = scope.place.container();
    let is_beneath = scope
        .root
        .as_str()
        .strip_prefix(scope.place.prefix())
        .is_some_and(|rest| !rest.is_empty());
    if !is_beneath {
        return Err(Error::RootOutsidePrefix);
    }
    let mut statements = Vec::new();
    let actions: Vec<&str> = scope
        .operations
        .iter()
        .filter_map(|operation| operation.object_action())
        .collect();
    if !actions.is_empty() {
        let objects = scope.store.objects(container, scope.root.as_str())?;
        statements.push(allow(&actions, &objects, conditions(scope, None)));
    }
    if scope.operations.contains(&SessionOperation::List) {
        let keys = scope.store.keys(&scope.root)?;
        let bucket = scope.store.bucket_arn(container);
        let condition = conditions(scope, Some(&keys));
        statements.push(allow(&["s3:ListBucket"], &bucket, condition));
    }
    if statements.is_empty() {
        return Err(Error::NoOperation);
    }
    statements.extend(kms(scope)?);
    Ok(json!({"Version": VERSION, "Statement": statements}))
}

fn allow(actions: &[&str], resource: &str, condition: Map<String, Value>) -> Value {
    let mut fields = Map::new();
    fields.insert("Effect".to_owned(), "Allow".into());
    let actions = one_or_many(actions.iter().copied());
    fields.insert("Action".to_owned(), actions);
    fields.insert("Resource".to_owned(), resource.into());
    if !condition.is_empty() {
        fields.insert("Condition".to_owned(), condition.into());
    }
    fields.into()
}

fn conditions(scope: &SessionScope, keys: Option<&str>) -> Map<String, Value> {
    let mut condition = Map::new();
    if !scope.networks.is_empty() {
        let networks: Vec<String> = scope.networks.iter().map(ToString::to_string).collect();
        condition.insert(
            "IpAddress".to_owned(),
            json!({"aws:SourceIp": one_or_many(networks.iter().map(String::as_str))}),
        );
    }
    if let Some(keys) = keys {
        condition.insert("StringLike".to_owned(), json!({"s3:prefix": keys}));
    }
    condition
}

/// The use of the bucket's key, through S3 alone. S3 asks for it, so the client's address is not seen.
fn kms(scope: &SessionScope) -> Result<Option<Value>, Error> {
    let Some(key) = &scope.kms_key else {
        return Ok(None);
    };
    let S3Store::Aws(partition) = scope.store else {
        return Err(Error::NotInStore { what: "KMS key" });
    };
    if key.partition() != partition.as_str() {
        return Err(Error::OtherPartition {
            arn: key.to_string(),
            partition: partition.as_str(),
        });
    }
    // Parts are read again when an upload is completed, so whoever writes decrypts as well
    let actions: &[&str] = if scope.operations.contains(&SessionOperation::Write) {
        &["kms:Decrypt", "kms:GenerateDataKey"]
    } else if scope.operations.contains(&SessionOperation::Read) {
        &["kms:Decrypt"]
    } else {
        return Ok(None);
    };
    let via = via_s3(partition, &scope.region);
    let mut condition = Map::new();
    condition.insert(
        "StringEquals".to_owned(),
        json!({"kms:ViaService": one_or_many(via.iter().map(String::as_str))}),
    );
    Ok(Some(allow(actions, key.as_str(), condition)))
}

/// What a session's policy looks like, for review.
pub(super) fn example(bucket: &S3Bucket) -> Result<Option<Document>, Error> {
    let Some(team) = bucket.teams.first() else {
        return Ok(None);
    };
    let scope = SessionScope {
        store: bucket.store,
        place: bucket.place.clone(),
        region: bucket.region.clone(),
        root: team.root.clone(),
        operations: [SessionOperation::Read, SessionOperation::Write].into(),
        networks: Vec::new(),
        kms_key: bucket.kms_key.clone(),
    };
    session_policy(&scope)?;
    let title = format!(
        "What Signet narrows a session to, here to read and write for team `{}`",
        team.name
    );
    let document = Document::new(Kind::SessionPolicy, title, body(&scope)?)
        .because(
            "Statement",
            "a session signs for one team, so that its URLs cannot reach another team's objects whatever Signet gets wrong",
        )
        .applied_by("nothing to apply: Signet sends it with each session");
    Ok(Some(document))
}
