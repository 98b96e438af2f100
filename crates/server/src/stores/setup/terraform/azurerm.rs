//! Resources of the provider `hashicorp/azurerm`.

use super::super::{Kind, Setup};
use super::{Block, Document, label_of, literals};
use serde_json::{Value, json};

pub(super) fn block(
    setup: &Setup,
    document: &Document,
    label: &str,
    account: &str,
) -> Option<Block> {
    let body = &document.body;
    let field = |path: &str| body.pointer(path).map(literals).unwrap_or_default();
    Some(match document.kind {
        Kind::RoleAssignment => {
            let condition = field("/properties/condition");
            // Only the assignment on blobs is narrowed to a container
            let scope = if condition.is_null() {
                account.to_owned()
            } else {
                let container = setup.place.container();
                format!("{account}/blobServices/default/containers/{container}")
            };
            let mut arguments = json!({
                "scope": scope,
                "role_definition_id": field("/properties/roleDefinitionId"),
                "principal_id": field("/properties/principalId"),
                "principal_type": field("/properties/principalType"),
            });
            if let Some(arguments) = arguments.as_object_mut()
                && !condition.is_null()
            {
                arguments.insert("condition".to_owned(), condition);
                arguments.insert("condition_version".to_owned(), "2.0".into());
            }
            Block::resource(
                "azurerm_role_assignment",
                &label_of(document, label),
                arguments,
            )
        }
        Kind::NetworkRules => Block::resource(
            "azurerm_storage_account_network_rules",
            label,
            json!({
                "storage_account_id": account,
                "default_action": field("/properties/networkAcls/defaultAction"),
                "bypass": ["Logging", "Metrics"],
                "ip_rules": each(body, "ipRules", "value"),
                "virtual_network_subnet_ids": each(body, "virtualNetworkRules", "id"),
            }),
        ),
        // An argument of the account itself
        Kind::Cors => Block::output(&label_of(document, label), document),
        _ => return None,
    })
}

fn each(body: &Value, list: &str, name: &str) -> Value {
    let rules = body
        .pointer("/properties/networkAcls")
        .and_then(|acls| acls.get(list))
        .and_then(Value::as_array);
    let rules = rules.into_iter().flatten();
    rules
        .filter_map(|rule| rule.get(name))
        .map(literals)
        .collect()
}
