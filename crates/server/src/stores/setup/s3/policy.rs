//! The bucket policy.

use super::super::merge::MAX_BUCKET_POLICY_BYTES;
use super::super::network;
use super::super::statement::{Statement, Who, one_or_many};
use super::{
    ControlAuth, Document, Error, Kind, MAX_LIFE_SECONDS, OBJECT_ACTIONS, Root, S3Bucket, S3Store,
    UPLOAD_SECONDS, document,
};
use serde_json::{Map, Value, json};

/// Who may do what in the bucket, and what nobody may.
pub(super) fn bucket_policy(bucket: &S3Bucket, roots: &[&Root]) -> Result<Document, Error> {
    let who = Who::Aws(bucket.identities());
    let who_lists = Who::Aws(vec![bucket.control()]);
    let mut statements = allowed(bucket, roots, who, Some(who_lists))?;
    statements.push(tls(bucket));
    statements.extend(outside(bucket)?);
    if bucket.store.is_aws() {
        statements.extend(age(bucket)?);
        statements.extend(query_only(bucket));
        statements.push(version(bucket)?);
    }
    let container = bucket.place.container();
    let mark = bucket.place.mark();
    let mut document = document(
        Kind::BucketPolicy,
        "Who may use the objects, and how",
        &mark,
        &statements,
    )
    .applied_by(format!(
        "aws s3api put-bucket-policy --bucket {container} --policy file://bucket-policy.json{}",
        bucket.endpoint()
    ))
    .warn("the command replaces the whole policy: put these statements among those that are there");
    document.warnings.extend(warnings(bucket));
    let size = document.body.to_string().len();
    if size > MAX_BUCKET_POLICY_BYTES {
        document.warnings.push(format!(
            "the policy has {size} bytes and a bucket takes {MAX_BUCKET_POLICY_BYTES}: register a further bucket for some of the teams"
        ));
    }
    Ok(document)
}

/// Objects of the teams and, for the server's own requests, lists of them. Action by action.
pub(super) fn allowed<'b>(
    bucket: &S3Bucket,
    roots: &[&Root],
    who: Who<'b>,
    who_lists: Option<Who<'b>>,
) -> Result<Vec<Statement<'b>>, Error> {
    let container = bucket.place.container();
    let mut objects = Vec::new();
    let mut keys = Vec::new();
    for root in roots {
        objects.push(bucket.store.objects(container, root.as_str())?);
        keys.push(bucket.store.keys(root)?);
    }
    let mut statements = vec![Statement {
        name: "Objects",
        effect: "Allow",
        who,
        actions: OBJECT_ACTIONS.to_vec(),
        resources: objects,
        condition: None,
        why: "Signet reads, writes and deletes objects and finishes or drops uploads, beneath the roots of its teams and nowhere else".to_owned(),
    }];
    let Some(who_lists) = who_lists else {
        return Ok(statements);
    };
    statements.push(Statement {
        name: "List",
        effect: "Allow",
        who: who_lists.clone(),
        actions: vec!["s3:ListBucket"],
        resources: vec![bucket.arn()],
        condition: Some(json!({
            "StringLike": {"s3:prefix": one_or_many(keys.iter().map(String::as_str))}
        })),
        why: "the server lists keys beneath its teams' roots".to_owned(),
    });
    statements.push(Statement {
        name: "ListUploads",
        effect: "Allow",
        who: who_lists.clone(),
        actions: vec!["s3:ListBucketMultipartUploads"],
        resources: vec![bucket.arn()],
        condition: None,
        why:
            "the server finds abandoned uploads; S3 has no condition that narrows this to a prefix"
                .to_owned(),
    });
    statements.push(Statement {
        name: "ReadPolicy",
        effect: "Allow",
        who: who_lists,
        actions: vec!["s3:GetBucketPolicy"],
        resources: vec![bucket.arn()],
        condition: None,
        why: "the live check reads to which networks and to which age this policy holds URLs, so that none is given out for longer than it works".to_owned(),
    });
    Ok(statements)
}

fn tls<'b>(bucket: &S3Bucket) -> Statement<'b> {
    let objects = format!("{}/*", bucket.arn());
    Statement {
        name: "Tls",
        effect: "Deny",
        who: Who::Anyone,
        actions: vec!["s3:*"],
        // Another store may have no TLS of its own, and then nobody could take the policy back
        resources: match bucket.store {
            S3Store::Aws(_) => vec![bucket.arn(), objects],
            S3Store::Compatible => vec![objects],
        },
        condition: Some(json!({"Bool": {"aws:SecureTransport": "false"}})),
        why: "a signed URL that travels in clear can be used by whoever sees it".to_owned(),
    }
}

/// Refuses requests from elsewhere.
fn outside(bucket: &S3Bucket) -> Result<Vec<Statement<'_>>, Error> {
    let Some(condition) = elsewhere(bucket) else {
        return Ok(Vec::new());
    };
    let mut statements = vec![Statement {
        name: "Network",
        effect: "Deny",
        who: Who::Anyone,
        // On objects alone: a wrong network must not lock the admin out of the policy itself
        actions: vec!["s3:*"],
        resources: vec![bucket.objects()?],
        condition: Some(condition.clone()),
        why: "a URL that leaks is worth nothing elsewhere. A request passes by either branch, since one that comes through a VPC endpoint has no public address".to_owned(),
    }];
    if bucket.control.is_none() {
        statements.push(Statement {
            name: "NetworkList",
            effect: "Deny",
            who: Who::Aws(vec![&bucket.signing]),
            actions: vec!["s3:ListBucket", "s3:ListBucketMultipartUploads"],
            resources: vec![bucket.arn()],
            condition: Some(condition),
            why: "the signing identity may list, so its key would show all names from anywhere"
                .to_owned(),
        });
    }
    Ok(statements)
}

/// The condition of a request from elsewhere; `None` when every network is allowed.
fn elsewhere(bucket: &S3Bucket) -> Option<Value> {
    let mut condition = Map::new();
    if !bucket.networks.is_empty() {
        let networks: Vec<String> = bucket.networks.iter().map(ToString::to_string).collect();
        condition.insert(
            "NotIpAddress".to_owned(),
            json!({"aws:SourceIp": one_or_many(networks.iter().map(String::as_str))}),
        );
    }
    let mut not_equal = Map::new();
    if !bucket.vpc_endpoints.is_empty() {
        let ids = bucket
            .vpc_endpoints
            .iter()
            .map(super::VpcEndpointId::as_str);
        not_equal.insert("aws:SourceVpce".to_owned(), one_or_many(ids));
    }
    if condition.is_empty() && not_equal.is_empty() {
        return None;
    }
    if bucket.store.is_aws() {
        if let Some(control) = &bucket.control {
            not_equal.insert("aws:PrincipalArn".to_owned(), control.as_str().into());
        }
        // A request without these keys is nobody's service, so it is refused
        condition.insert(
            "BoolIfExists".to_owned(),
            json!({"aws:ViaAWSService": "false", "aws:PrincipalIsAWSService": "false"}),
        );
    }
    if !not_equal.is_empty() {
        condition.insert("StringNotEquals".to_owned(), not_equal.into());
    }
    Some(condition.into())
}

fn age(bucket: &S3Bucket) -> Result<Option<Statement<'_>>, Error> {
    let Some(seconds) = bucket.max_signature_age_seconds else {
        return Ok(None);
    };
    let millis = seconds.saturating_mul(1000);
    Ok(Some(Statement {
        name: "Age",
        effect: "Deny",
        who: Who::Anyone,
        actions: vec!["s3:*"],
        resources: vec![bucket.objects()?],
        condition: Some(json!({
            "NumericGreaterThan": {"s3:signatureAge": millis.to_string()}
        })),
        why: format!(
            "no signature is taken more than {seconds} s after it was made, whatever its URL says; the condition counts milliseconds"
        ),
    }))
}

/// Refuses what a stolen key of the signing identity would be used for.
fn query_only(bucket: &S3Bucket) -> Option<Statement<'_>> {
    if !is_guarded(bucket) {
        return None;
    }
    Some(Statement {
        name: "QueryOnly",
        effect: "Deny",
        who: Who::Aws(vec![&bucket.signing]),
        actions: OBJECT_ACTIONS.to_vec(),
        resources: vec![format!("{}/*", bucket.arn())],
        condition: Some(json!({"StringNotEquals": {"s3:authType": "REST-QUERY-STRING"}})),
        why: "the signing identity only makes URLs; a common client that holds its key signs in a header and is refused".to_owned(),
    })
}

fn is_guarded(bucket: &S3Bucket) -> bool {
    bucket.control.is_some() || bucket.control_auth == ControlAuth::Query
}

fn version(bucket: &S3Bucket) -> Result<Statement<'_>, Error> {
    Ok(Statement {
        name: "SignatureVersion",
        effect: "Deny",
        who: Who::Anyone,
        actions: vec!["s3:*"],
        resources: vec![bucket.objects()?],
        condition: Some(json!({
            "StringNotEquals": {"s3:signatureversion": "AWS4-HMAC-SHA256"},
            "BoolIfExists": {"aws:ViaAWSService": "false", "aws:PrincipalIsAWSService": "false"}
        })),
        why: "older signatures do not bind what Signet binds; a request without any is refused too"
            .to_owned(),
    })
}

fn warnings(bucket: &S3Bucket) -> Vec<String> {
    let mut warnings = network::warnings(&bucket.networks);
    let limits_networks = elsewhere(bucket).is_some();
    let is_aws = bucket.store.is_aws();
    if !limits_networks {
        warnings.push("no network is named, so URLs work from everywhere".to_owned());
    } else if bucket.control.is_none() {
        warnings.push("the server's own requests are made by the signing identity, which is not exempt: its address or VPC endpoint must be among those allowed, or give the server an identity of its own".to_owned());
    } else if !is_aws {
        warnings.push("this store's policies cannot exempt the server by its identity: its address must be among those allowed".to_owned());
    }
    if !is_aws {
        warnings.push("a store behind a proxy that ends TLS takes every request for one in clear and refuses it: leave the statement on TLS out there, and let the proxy refuse".to_owned());
    }
    if is_aws && limits_networks && bucket.vpc_endpoints.is_empty() {
        warnings.push("clients that reach S3 through a VPC endpoint have no public address and are refused: name the endpoint if there are any".to_owned());
    }
    if is_aws && !is_guarded(bucket) {
        warnings.push("signatures in headers cannot be refused, since the server makes its own requests with the signing identity and signs them so: give the server an identity of its own, or let it sign in the query".to_owned());
    }
    match bucket.max_signature_age_seconds {
        Some(seconds) if seconds > MAX_LIFE_SECONDS => warnings.push(format!(
            "no signature lives longer than {MAX_LIFE_SECONDS} s, so a limit of {seconds} s never applies"
        )),
        Some(seconds) if seconds < UPLOAD_SECONDS => warnings.push(format!(
            "URLs end after {seconds} s at the latest: clients with longer uploads must ask again, part by part"
        )),
        _ => {}
    }
    if !bucket.place.prefix().is_empty() {
        warnings.push(
            "requests without TLS are refused for the whole bucket, beyond the prefix too"
                .to_owned(),
        );
    }
    warnings
}
