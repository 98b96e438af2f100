//! The signing role, and the key that encrypts the bucket.

use super::super::statement::{Statement, Who, one_or_many};
use super::{AssumeRole, Document, Error, Kind, Root, S3Bucket, document, policy, via_s3};
use serde_json::json;

/// The most that a role takes as permissions of its own, in characters.
const MAX_ROLE_POLICY_CHARACTERS: usize = 10_240;

/// Who may become the signing role.
pub(super) fn trust(bucket: &S3Bucket, assume: &AssumeRole) -> Result<Document, Error> {
    if !bucket.signing.is_role() {
        return Err(Error::NotARole {
            arn: bucket.signing.to_string(),
        });
    }
    let statement = Statement {
        name: "Assume",
        effect: "Allow",
        who: Who::Aws(vec![&assume.principal]),
        actions: vec!["sts:AssumeRole"],
        resources: Vec::new(),
        condition: Some(json!({
            "StringEquals": {"sts:ExternalId": assume.external_id.as_str()}
        })),
        why: "Signet alone becomes this role, and only when it names the external id, which it does for this bucket alone".to_owned(),
    };
    let (path, name) = bucket.signing.path_and_name();
    let path = match path {
        "/" => String::new(),
        path => format!(" --path {path}"),
    };
    Ok(document(
        Kind::RoleTrust,
        "Who may become the signing role",
        &bucket.place.mark(),
        &[statement],
    )
    .applied_by(format!(
        "aws iam create-role --role-name {name}{path} --assume-role-policy-document file://role-trust.json{}",
        bucket.endpoint()
    )))
}

/// What the signing role may do.
pub(super) fn permissions(bucket: &S3Bucket, roots: &[&Root]) -> Result<Document, Error> {
    // A session can do no more than its role, so the role may use all teams' objects
    let who_lists = bucket.control.is_none().then_some(Who::Bearer);
    let mut statements = policy::allowed(bucket, roots, Who::Bearer, who_lists)?;
    if let Some(key) = &bucket.kms_key {
        statements.push(Statement {
            name: "Key",
            effect: "Allow",
            who: Who::Bearer,
            actions: vec!["kms:Decrypt", "kms:GenerateDataKey"],
            resources: vec![key.to_string()],
            condition: Some(through_s3(bucket)),
            why: "objects are encrypted with this key, which is used through S3 alone".to_owned(),
        });
    }
    let (_, name) = bucket.signing.path_and_name();
    let mark = bucket.place.mark();
    let mut document = document(
        Kind::RolePermissions,
        "What the signing role may do",
        &mark,
        &statements,
    )
    .applied_by(format!(
        "aws iam put-role-policy --role-name {name} --policy-name {mark} --policy-document file://role-permissions.json{}",
        bucket.endpoint()
    ));
    let size = document.body.to_string().chars().count();
    if size > MAX_ROLE_POLICY_CHARACTERS {
        document.warnings.push(format!(
            "the policy has {size} characters and a role takes {MAX_ROLE_POLICY_CHARACTERS}: register a further bucket with a role of its own for some of the teams"
        ));
    }
    Ok(document)
}

/// A statement for the key's policy.
pub(super) fn kms_statement(bucket: &S3Bucket) -> Option<Document> {
    let key = bucket.kms_key.as_ref()?;
    let statement = Statement {
        name: "Key",
        effect: "Allow",
        who: Who::Aws(bucket.identities()),
        actions: vec!["kms:Decrypt", "kms:GenerateDataKey"],
        // In the policy of a key, this is the key
        resources: vec!["*".to_owned()],
        condition: Some(through_s3(bucket)),
        why: "S3 encrypts and decrypts objects for Signet's identities; they cannot use the key by themselves".to_owned(),
    };
    let key_id = key.as_str();
    let document = document(
        Kind::KmsStatement,
        "A statement for the policy of the key that encrypts the bucket",
        &bucket.place.mark(),
        &[statement],
    )
    .applied_by(format!(
        "aws kms put-key-policy --key-id {key_id} --policy-name default --policy file://kms-statement.json"
    ))
    .warn("the command replaces the key's whole policy: put this statement among those that are there, or nobody can manage the key any more");
    Some(document)
}

fn through_s3(bucket: &S3Bucket) -> serde_json::Value {
    let via = via_s3(bucket.store.partition(), &bucket.region);
    json!({"StringEquals": {"kms:ViaService": one_or_many(via.iter().map(String::as_str))}})
}
