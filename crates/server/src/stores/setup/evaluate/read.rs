//! Policies as read from JSON, with everything in them understood.

use super::Unjudged;
use super::condition::{self, Test, texts};
use super::pattern::{Pattern, Syntax};
use serde_json::{Map, Value};

/// A policy.
#[derive(Debug)]
pub(super) struct Policy {
    pub(super) statements: Vec<Statement>,
}

/// A statement.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) name: String,
    pub(super) allows: bool,
    /// `None` in policies that are attached to an identity: they are about their bearer.
    pub(super) principals: Option<Principals>,
    pub(super) actions: Names,
    /// `None` where the policy is attached to the only thing that it can be about.
    pub(super) resources: Option<Vec<Pattern>>,
    pub(super) conditions: Vec<Test>,
}

/// Whom a statement is about.
#[derive(Debug, Default)]
pub(super) struct Principals {
    pub(super) anyone: bool,
    pub(super) aws: Vec<String>,
    pub(super) services: Vec<String>,
}

/// The actions that a statement is about.
#[derive(Debug)]
pub(super) enum Names {
    In(Vec<Pattern>),
    NotIn(Vec<Pattern>),
}

impl Policy {
    pub(super) fn read(document: &Value) -> Result<Self, Unjudged> {
        let top = object(document)?;
        check_members(top, &["Id", "Statement", "Version"])?;
        // Without a version, the policy is of the older one
        let has_variables = match top.get("Version").map(|version| version.as_str()) {
            Some(Some("2012-10-17")) => true,
            None | Some(Some("2008-10-17")) => false,
            Some(other) => return Err(Unjudged::Version(other.unwrap_or_default().to_owned())),
        };
        let statements = match top.get("Statement") {
            Some(Value::Array(all)) => all.iter().collect(),
            Some(one @ Value::Object(_)) => vec![one],
            _ => return Err(Unjudged::Malformed("it has no `Statement`")),
        };
        let statements: Result<Vec<Statement>, Unjudged> = statements
            .into_iter()
            .enumerate()
            .map(|(at, each)| Statement::read(at, each, has_variables))
            .collect();
        Ok(Self {
            statements: statements?,
        })
    }
}

impl Statement {
    fn read(at: usize, statement: &Value, has_variables: bool) -> Result<Self, Unjudged> {
        let fields = object(statement)?;
        check_members(
            fields,
            &[
                "Action",
                "Condition",
                "Effect",
                "NotAction",
                "Principal",
                "Resource",
                "Sid",
            ],
        )?;
        let name = match fields.get("Sid") {
            None => format!("#{at}"),
            Some(Value::String(sid)) => sid.clone(),
            Some(_) => return Err(Unjudged::Malformed("a `Sid` is no text")),
        };
        let allows = match fields.get("Effect").and_then(Value::as_str) {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => return Err(Unjudged::Malformed("an `Effect` is neither Allow nor Deny")),
        };
        let actions = |value: &Value| -> Result<Vec<Pattern>, Unjudged> {
            let read = |text: &String| Pattern::read(&text.to_ascii_lowercase(), Syntax::Wildcards);
            texts(value)?.iter().map(read).collect()
        };
        let actions = match (fields.get("Action"), fields.get("NotAction")) {
            (Some(named), None) => Names::In(actions(named)?),
            (None, Some(named)) => Names::NotIn(actions(named)?),
            _ => {
                return Err(Unjudged::Malformed(
                    "a statement needs one of `Action`, `NotAction`",
                ));
            }
        };
        let syntax = if has_variables {
            Syntax::Pattern
        } else {
            Syntax::Wildcards
        };
        let resources = |value: &Value| -> Result<Vec<Pattern>, Unjudged> {
            texts(value)?
                .iter()
                .map(|text| Pattern::read(text, syntax))
                .collect()
        };
        Ok(Self {
            name,
            allows,
            principals: fields.get("Principal").map(Principals::read).transpose()?,
            actions,
            resources: fields.get("Resource").map(resources).transpose()?,
            conditions: match fields.get("Condition") {
                Some(block) => condition::read(block, has_variables)?,
                None => Vec::new(),
            },
        })
    }
}

impl Principals {
    fn read(value: &Value) -> Result<Self, Unjudged> {
        let mut principals = Self::default();
        if let Value::String(text) = value {
            if text != "*" {
                return Err(Unjudged::Malformed(
                    "a `Principal` is a text other than `*`",
                ));
            }
            principals.anyone = true;
            return Ok(principals);
        }
        for (kind, names) in object(value)? {
            let names = texts(names)?;
            match kind.as_str() {
                "AWS" => {
                    principals.anyone |= names.iter().any(|name| name == "*");
                    principals.aws = names;
                }
                "Service" => principals.services = names,
                _ => return Err(Unjudged::Element(kind.clone())),
            }
        }
        Ok(principals)
    }
}

fn object(value: &Value) -> Result<&Map<String, Value>, Unjudged> {
    value
        .as_object()
        .ok_or(Unjudged::Malformed("something is no object"))
}

fn check_members(fields: &Map<String, Value>, known: &[&str]) -> Result<(), Unjudged> {
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(unknown) => Err(Unjudged::Element(unknown.clone())),
        None => Ok(()),
    }
}
