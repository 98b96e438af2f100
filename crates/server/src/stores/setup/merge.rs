//! Our part of a document, put into what is there already.
//!
//! What is ours carries the place's mark at the start of its `Sid` or `ID`. Everything else is somebody
//! else's: it stays as it is, in its order. Merging twice is merging once.

use super::Error;
use super::statement::VERSION;
use serde_json::{Map, Value, json};

/// The longest policy that a bucket takes, in bytes: 20 KB.
pub const MAX_BUCKET_POLICY_BYTES: usize = 20 * 1024;

/// `Signet` and 8 hexadecimal digits.
const MARK_BYTES: usize = 14;

/// A whole document, ours and others' parts together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The document.
    pub body: Value,
    /// What to mind.
    pub warnings: Vec<String>,
}

/// Puts the statements of our policy into the policy that is there.
///
/// # Errors
/// When what is there is not a policy document, or is of an older version of the language and would
/// mean something else in ours.
pub fn merge(existing: Option<&Value>, ours: &Value) -> Result<Merged, Error> {
    let (mut top, theirs) = match existing {
        None => (Map::new(), Vec::new()),
        Some(existing) => read_policy(existing)?,
    };
    let mut warnings = Vec::new();
    if existing.is_some() && top.get("Version") != Some(&json!(VERSION)) {
        // Only there a `${…}` in a statement of others begins to mean something
        if Value::from(theirs.clone()).to_string().contains("${") {
            return Err(not_mergeable(
                "it has no version `2012-10-17`, and a `${` that would get a meaning with it",
            ));
        }
        warnings.push(format!(
            "the policy's version becomes `{VERSION}`; it has no variable, so it means the same"
        ));
    }
    top.insert("Version".to_owned(), VERSION.into());
    let statements = replaced("Sid", theirs, list_of(ours, "Statement")?);
    top.insert("Statement".to_owned(), statements.into());
    let body = Value::from(top);
    let size = body.to_string().len();
    if size > MAX_BUCKET_POLICY_BYTES {
        warnings.push(format!(
            "the policy has {size} bytes and a bucket takes {MAX_BUCKET_POLICY_BYTES}"
        ));
    }
    Ok(Merged { body, warnings })
}

/// The other members of a policy and its statements.
fn read_policy(existing: &Value) -> Result<(Map<String, Value>, Vec<Value>), Error> {
    let mut top = match existing {
        Value::Object(top) => top.clone(),
        Value::String(_) => {
            return Err(not_mergeable(
                "it is a text; give the document inside of it",
            ));
        }
        _ => return Err(not_mergeable("it is not an object")),
    };
    let statements = match top.remove("Statement") {
        Some(Value::Array(all)) => all,
        Some(one @ Value::Object(_)) => vec![one],
        _ => return Err(not_mergeable("it has no `Statement`")),
    };
    let is_statement = |each: &Value| matches!(each.get("Effect"), Some(Value::String(_)));
    if !statements.iter().all(is_statement) {
        return Err(not_mergeable("a statement in it has no `Effect`"));
    }
    if top
        .keys()
        .any(|name| !matches!(name.as_str(), "Version" | "Id"))
    {
        return Err(not_mergeable("it has a member that policies do not have"));
    }
    Ok((top, statements))
}

/// Puts our rules into the configuration that is there. `list` is the member that holds them:
/// `CORSRules`, or `Rules` of a lifecycle.
///
/// # Errors
/// When what is there is not such a configuration.
pub fn merge_rules(list: &str, existing: Option<&Value>, ours: &Value) -> Result<Merged, Error> {
    let mut warnings = Vec::new();
    let theirs = match existing {
        None => Vec::new(),
        Some(existing) => {
            if let Some(top) = existing.as_object() {
                // What reading gives besides, writing takes as an option of its own
                let others = top.keys().filter(|name| *name != list);
                warnings.extend(others.map(|name| {
                    format!("`{name}` is not part of the rules: give it by its own option")
                }));
            }
            list_of(existing, list)?
        }
    };
    let rules = replaced("ID", theirs, list_of(ours, list)?);
    let mut top = Map::new();
    top.insert(list.to_owned(), rules.into());
    Ok(Merged {
        body: top.into(),
        warnings,
    })
}

fn list_of(document: &Value, name: &str) -> Result<Vec<Value>, Error> {
    match document.get(name) {
        Some(Value::Array(all)) if all.iter().all(Value::is_object) => Ok(all.clone()),
        _ => Err(not_mergeable("it lacks the list that is merged")),
    }
}

/// Theirs without what carries our mark, then ours.
fn replaced(name: &str, mut theirs: Vec<Value>, ours: Vec<Value>) -> Vec<Value> {
    let named = |each: &Value| each.get(name).and_then(Value::as_str).map(str::to_owned);
    let marks: Vec<String> = ours
        .iter()
        .filter_map(named)
        .filter_map(|own| own.get(..MARK_BYTES).map(str::to_owned))
        .collect();
    theirs.retain(|each| {
        let is_ours = |found: String| marks.iter().any(|mark| found.starts_with(mark.as_str()));
        !named(each).is_some_and(is_ours)
    });
    theirs.extend(ours);
    theirs
}

fn not_mergeable(what: &'static str) -> Error {
    Error::NotMergeable { what }
}
