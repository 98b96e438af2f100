//! What a bucket does for browsers, by itself, and for its log.

use super::super::statement::{Statement, Who};
use super::{AccessLog, Document, Error, Kind, Origin, S3Bucket, document};
use serde_json::json;

/// How long a browser may remember what it was allowed, in seconds.
const CORS_SECONDS: u32 = 3000;
/// After how many days the store drops an upload: more than an upload may take.
const ABANDONED_DAYS: u32 = 2;

/// Which pages may use the bucket.
pub(super) fn cors(bucket: &S3Bucket) -> Option<Document> {
    if bucket.origins.is_empty() {
        return None;
    }
    let origins: Vec<&str> = bucket.origins.iter().map(Origin::as_str).collect();
    let id = format!("{}Cors", bucket.place.mark());
    let body = json!({"CORSRules": [{
        "ID": id,
        "AllowedOrigins": origins,
        "AllowedMethods": ["GET", "HEAD", "PUT"],
        "AllowedHeaders": ["content-type", "if-none-match", "range", "x-amz-checksum-sha256"],
        "ExposeHeaders": ["ETag", "x-amz-checksum-sha256"],
        "MaxAgeSeconds": CORS_SECONDS,
    }]});
    let container = bucket.place.container();
    let document = Document::new(Kind::Cors, "Which web pages may use the bucket", body)
        .because(
            id,
            "pages of these origins read, write and see the checksums of what they wrote; pages of others get no answer",
        )
        .applied_by(format!(
            "aws s3api put-bucket-cors --bucket {container} --cors-configuration file://cors.json{}",
            bucket.endpoint()
        ))
        .warn("the command replaces all rules: put this one among those that are there");
    Some(document)
}

/// What the store tidies up.
pub(super) fn lifecycle(bucket: &S3Bucket) -> Document {
    let id = format!("{}Uploads", bucket.place.mark());
    let body = json!({"Rules": [{
        "ID": id,
        "Status": "Enabled",
        "Filter": {"Prefix": bucket.place.prefix()},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": ABANDONED_DAYS},
    }]});
    let container = bucket.place.container();
    Document::new(Kind::Lifecycle, "What the store tidies up by itself", body)
        .because(
            id,
            "an upload lives 24 hours; the store drops what Signet can no longer know, and nobody pays for it. No object is ever expired",
        )
        .applied_by(format!(
            "aws s3api put-bucket-lifecycle-configuration --bucket {container} --lifecycle-configuration file://lifecycle.json{}",
            bucket.endpoint()
        ))
        .warn("the command replaces all rules: put this one among those that are there")
}

/// Where the log goes, and leave for it to be written there.
pub(super) fn access_log(bucket: &S3Bucket) -> Result<Vec<Document>, Error> {
    let Some(AccessLog { target }) = &bucket.access_log else {
        return Ok(Vec::new());
    };
    let container = bucket.place.container();
    if target.container() == container {
        return Err(Error::LogsItself);
    }
    let statement = Statement {
        name: "LogDelivery",
        effect: "Allow",
        who: Who::Service("logging.s3.amazonaws.com"),
        actions: vec!["s3:PutObject"],
        resources: vec![bucket.store.objects(target.container(), target.prefix())?],
        condition: Some(json!({"StringEquals": {"aws:SourceArn": bucket.arn()}})),
        why: "S3 writes this bucket's log there, and no other bucket's".to_owned(),
    };
    let grant = document(
        Kind::LogTargetPolicy,
        "A statement for the policy of the bucket that gets the access log",
        &bucket.place.mark(),
        &[statement],
    )
    .applied_by(format!(
        "aws s3api put-bucket-policy --bucket {} --policy file://log-target-policy.json",
        target.container()
    ))
    .warn("the command replaces the whole policy: put this statement among those that are there");
    let body = json!({"LoggingEnabled": {
        "TargetBucket": target.container(),
        "TargetPrefix": target.prefix(),
    }});
    let logging = Document::new(Kind::AccessLog, "Where the bucket's access log goes", body)
        .because(
            "LoggingEnabled",
            "the log tells what was done with the URLs that Signet handed out",
        )
        .applied_by(format!(
            "aws s3api put-bucket-logging --bucket {container} --bucket-logging-status file://access-log.json"
        ))
        .warn("S3 delivers the log by best effort, hours late at times: a missing line proves nothing");
    Ok(vec![grant, logging])
}
