//! Resources of the provider `hashicorp/aws`.

use super::super::{Kind, Setup};
use super::{Block, Document, label_of, literal, literals};
use serde_json::{Value, json};

const OWNS_ALL: &str = "This resource owns the whole of what it sets: what others set beside it must be added here, or is lost.";

pub(super) fn block(
    setup: &Setup,
    document: &Document,
    label: &str,
    (path, role): (&str, &str),
) -> Option<Block> {
    let body = &document.body;
    let bucket = setup.place.container();
    let text = literal(&body.to_string());
    Some(match document.kind {
        Kind::BucketPolicy => {
            let mut arguments = json!({"//": OWNS_ALL, "bucket": bucket, "policy": text});
            // AWS takes no policy that names a role which is not there yet
            if setup.of(Kind::RoleTrust).next().is_some()
                && let Some(arguments) = arguments.as_object_mut()
            {
                let role = format!("aws_iam_role.{label}");
                arguments.insert("depends_on".to_owned(), json!([role]));
            }
            Block::resource("aws_s3_bucket_policy", label, arguments)
        }
        Kind::RoleTrust => Block::resource(
            "aws_iam_role",
            label,
            json!({"name": role, "path": path, "assume_role_policy": text}),
        ),
        Kind::RolePermissions => Block::resource(
            "aws_iam_role_policy",
            label,
            json!({
                "name": setup.place.mark(),
                "role": format!("${{aws_iam_role.{label}.id}}"),
                "policy": text,
            }),
        ),
        Kind::Cors => Block::resource(
            "aws_s3_bucket_cors_configuration",
            label,
            json!({"//": OWNS_ALL, "bucket": bucket, "cors_rule": rules(body, "CORSRules", cors)}),
        ),
        Kind::Lifecycle => Block::resource(
            "aws_s3_bucket_lifecycle_configuration",
            label,
            json!({"//": OWNS_ALL, "bucket": bucket, "rule": rules(body, "Rules", lifecycle)}),
        ),
        Kind::AccessLog => Block::resource(
            "aws_s3_bucket_logging",
            label,
            json!({
                "bucket": bucket,
                "target_bucket": literals(body.pointer("/LoggingEnabled/TargetBucket")?),
                "target_prefix": literals(body.pointer("/LoggingEnabled/TargetPrefix")?),
            }),
        ),
        Kind::KmsStatement | Kind::LogTargetPolicy => {
            Block::output(&label_of(document, label), document)
        }
        // Signet sends it with each session
        _ => return None,
    })
}

fn rules(body: &Value, list: &str, rule: fn(&Value) -> Value) -> Value {
    let all = body.get(list).and_then(Value::as_array);
    all.into_iter().flatten().map(rule).collect()
}

fn field(rule: &Value, name: &str) -> Value {
    rule.get(name).map(literals).unwrap_or_default()
}

fn cors(rule: &Value) -> Value {
    json!({
        "id": field(rule, "ID"),
        "allowed_origins": field(rule, "AllowedOrigins"),
        "allowed_methods": field(rule, "AllowedMethods"),
        "allowed_headers": field(rule, "AllowedHeaders"),
        "expose_headers": field(rule, "ExposeHeaders"),
        "max_age_seconds": field(rule, "MaxAgeSeconds"),
    })
}

fn lifecycle(rule: &Value) -> Value {
    let inner = |path: &str| rule.pointer(path).map(literals).unwrap_or_default();
    json!({
        "id": field(rule, "ID"),
        "status": field(rule, "Status"),
        "filter": {"prefix": inner("/Filter/Prefix")},
        "abort_incomplete_multipart_upload": {
            "days_after_initiation": inner("/AbortIncompleteMultipartUpload/DaysAfterInitiation"),
        },
    })
}
