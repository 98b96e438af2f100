//! Resources of the provider `hashicorp/google`.

use super::super::gcs::ROLE_ID;
use super::super::{Kind, Setup};
use super::{Block, Document, label_of, literals};
use serde_json::json;

pub(super) fn block(
    setup: &Setup,
    document: &Document,
    label: &str,
    project: &str,
    member: &str,
) -> Option<Block> {
    let body = &document.body;
    let field = |name: &str| body.get(name).map(literals).unwrap_or_default();
    Some(match document.kind {
        Kind::RoleDefinition => Block::resource(
            "google_project_iam_custom_role",
            label,
            json!({
                "project": project,
                "role_id": ROLE_ID,
                "title": field("title"),
                "description": field("description"),
                "stage": field("stage"),
                "permissions": field("includedPermissions"),
            }),
        ),
        Kind::IamBinding => Block::resource(
            "google_storage_bucket_iam_member",
            &label_of(document, label),
            json!({
                "bucket": setup.place.container(),
                "role": format!("${{google_project_iam_custom_role.{label}.id}}"),
                "member": member,
                "condition": literals(body),
            }),
        ),
        // Arguments of the bucket itself
        Kind::Cors | Kind::Lifecycle | Kind::IpFilter => {
            Block::output(&label_of(document, label), document)
        }
        _ => return None,
    })
}
