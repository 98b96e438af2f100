//! Statements of policies in AWS's language.

use super::document::Reason;
use super::{Error, PrincipalArn};
use serde_json::{Map, Value, json};

/// The only version of the language in which `${*}` means an asterisk.
pub(super) const VERSION: &str = "2012-10-17";

/// Whom a statement is about.
#[derive(Debug, Clone)]
pub(super) enum Who<'a> {
    /// Everybody, signed or not.
    Anyone,
    /// Roles and users.
    Aws(Vec<&'a PrincipalArn>),
    /// A service of the cloud.
    Service(&'static str),
    /// Whoever the policy is attached to.
    Bearer,
}

/// One statement, with the reason for it.
#[derive(Debug)]
pub(super) struct Statement<'a> {
    /// Follows the place's mark in the `Sid`.
    pub(super) name: &'static str,
    pub(super) effect: &'static str,
    pub(super) who: Who<'a>,
    pub(super) actions: Vec<&'static str>,
    pub(super) resources: Vec<String>,
    pub(super) condition: Option<Value>,
    pub(super) why: String,
}

impl Statement<'_> {
    fn json(&self, mark: &str) -> Value {
        let mut fields = Map::new();
        fields.insert("Sid".to_owned(), format!("{mark}{}", self.name).into());
        fields.insert("Effect".to_owned(), self.effect.into());
        let who = match &self.who {
            Who::Anyone => Some(json!("*")),
            Who::Aws(arns) => Some(json!({"AWS": one_or_many(arns.iter().map(|a| a.as_str()))})),
            Who::Service(name) => Some(json!({"Service": name})),
            Who::Bearer => None,
        };
        if let Some(who) = who {
            fields.insert("Principal".to_owned(), who);
        }
        let actions = one_or_many(self.actions.iter().copied());
        fields.insert("Action".to_owned(), actions);
        if !self.resources.is_empty() {
            let resources = one_or_many(self.resources.iter().map(String::as_str));
            fields.insert("Resource".to_owned(), resources);
        }
        if let Some(condition) = &self.condition {
            fields.insert("Condition".to_owned(), condition.clone());
        }
        Value::Object(fields)
    }
}

/// One text alone, or a list.
pub(super) fn one_or_many<'a>(texts: impl IntoIterator<Item = &'a str>) -> Value {
    let mut all: Vec<Value> = texts.into_iter().map(Value::from).collect();
    match all.len() {
        1 => all.pop().unwrap_or_default(),
        _ => Value::Array(all),
    }
}

/// A policy of these statements.
pub(super) fn policy(mark: &str, statements: &[Statement<'_>]) -> Value {
    let statements: Vec<Value> = statements.iter().map(|each| each.json(mark)).collect();
    json!({"Version": VERSION, "Statement": statements})
}

/// Why its statements are there.
pub(super) fn reasons(mark: &str, statements: &[Statement<'_>]) -> Vec<Reason> {
    let reason = |each: &Statement<'_>| Reason {
        part: format!("{mark}{}", each.name),
        why: each.why.clone(),
    };
    statements.iter().map(reason).collect()
}

/// A text that stands for itself where a policy takes a pattern.
pub(super) fn literal(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '*' => escaped.push_str("${*}"),
            '?' => escaped.push_str("${?}"),
            '$' => escaped.push_str("${$}"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// The same for stores of which nobody knows whether they read `${*}` as AWS does.
pub(super) fn plain_literal(text: &str) -> Result<String, Error> {
    match text.chars().find(|c| matches!(c, '*' | '?' | '$')) {
        Some(character) => Err(Error::CannotEscape { character }),
        None => Ok(text.to_owned()),
    }
}
