//! The documents in Terraform's JSON syntax.

mod aws;
mod azurerm;
mod google;

use super::Setup;
use super::document::Document;
use serde_json::{Map, Value, json};

/// What the resources of a cloud need besides the documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// AWS and its kin.
    Aws {
        /// The path of the signing role, `/` or more.
        path: String,
        /// Its name.
        role: String,
    },
    /// Google Cloud.
    Google {
        /// The bucket's project.
        project: String,
        /// The service account as a member of policies.
        member: String,
    },
    /// Azure.
    Azure {
        /// The resource id of the storage account.
        account: String,
    },
}

/// A block of the file: `resource` or `output`.
struct Block {
    path: Vec<String>,
    body: Value,
}

impl Block {
    fn resource(kind: &str, label: &str, body: Value) -> Self {
        Self {
            path: vec!["resource".to_owned(), kind.to_owned(), label.to_owned()],
            body,
        }
    }

    /// For what can only be set together with something that is defined elsewhere.
    fn output(label: &str, document: &Document) -> Self {
        Self {
            path: vec!["output".to_owned(), label.to_owned()],
            body: json!({
                "description": document.title,
                "value": literal(&document.body.to_string()),
            }),
        }
    }
}

/// The text of a `.tf.json` file.
pub(super) fn terraform(setup: &Setup) -> Value {
    let label = setup.place.mark().to_lowercase();
    let mut file = Map::new();
    for document in &setup.documents {
        let block = match &setup.target {
            Target::Aws { path, role } => aws::block(setup, document, &label, (path, role)),
            Target::Google { project, member } => {
                google::block(setup, document, &label, project, member)
            }
            Target::Azure { account } => azurerm::block(setup, document, &label, account),
        };
        if let Some(block) = block {
            insert(&mut file, &block.path, block.body);
        }
    }
    file.into()
}

fn insert(file: &mut Map<String, Value>, path: &[String], body: Value) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    if rest.is_empty() {
        file.insert(first.clone(), body);
        return;
    }
    let inner = file
        .entry(first.clone())
        .or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(inner) = inner {
        insert(inner, rest, body);
    }
}

/// A text that stands for itself: Terraform reads `${` and `%{` in every text.
fn literal(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

/// The label, and what tells apart the documents of one kind.
fn label_of(document: &Document, label: &str) -> String {
    let stem = document.file.strip_suffix(".json").unwrap_or_default();
    format!("{label}_{}", stem.replace('-', "_"))
}

/// Every text in a value that Terraform takes as a structure.
fn literals(value: &Value) -> Value {
    match value {
        Value::String(text) => literal(text).into(),
        Value::Array(all) => all.iter().map(literals).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), literals(value)))
            .collect::<Map<String, Value>>()
            .into(),
        other => other.clone(),
    }
}
