//! Judges a request by policies in AWS's language, as AWS documents it.
//!
//! Only what our documents are made of is known. Whatever else stands in a policy is an error, even
//! where it would not matter for the request: a rule that is not understood is never passed over.

mod condition;
mod pattern;
mod read;
mod urls;

pub use urls::{HeldTo, NOWHERE, held_to};

use condition::Facts;
use read::{Names, Policy, Principals, Statement};
use serde_json::Value;
use std::collections::BTreeMap;

/// Who makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Nobody: the request has no signature.
    Anonymous,
    /// A user or role, by its ARN. A session is its role.
    Aws(String),
    /// A service of the cloud, by its name: `logging.s3.amazonaws.com`.
    Service(String),
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    caller: Caller,
    action: String,
    resource: String,
    context: BTreeMap<String, String>,
}

impl Access {
    /// A request of `caller` for `action` on the thing whose ARN is `resource`.
    ///
    /// What AWS tells in every request is known: who calls, whether it is a service, and that no
    /// service passes the request on.
    pub fn new(caller: Caller, action: &str, resource: &str) -> Self {
        let access = Self {
            caller,
            action: action.to_owned(),
            resource: resource.to_owned(),
            context: BTreeMap::new(),
        }
        .with("aws:ViaAWSService", "false");
        match access.caller.clone() {
            Caller::Anonymous => access,
            Caller::Aws(arn) => access
                .with("aws:PrincipalArn", &arn)
                .with("aws:PrincipalIsAWSService", "false"),
            Caller::Service(_) => access.with("aws:PrincipalIsAWSService", "true"),
        }
    }

    /// The same request, in whose context `key` has this value.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.context
            .insert(key.to_ascii_lowercase(), value.to_owned());
        self
    }
}

/// What policies say about a request. Statements are named by their `Sid`, or by `#` and their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// A statement refuses it, whatever others say.
    Deny(String),
    /// A statement allows it and none refuses it.
    Allow(String),
    /// No statement is about it.
    NotAllowed,
}

/// A policy or a request that cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unjudged {
    /// Not of the form that policies have.
    #[error("the policy is malformed: {0}")]
    Malformed(&'static str),
    /// A version of the language that is not known.
    #[error("the policy's version `{0}` is not known")]
    Version(String),
    /// A member of a policy, statement or principal that is not known.
    #[error("the element `{0}` is not known")]
    Element(String),
    /// A condition's operator that is not known.
    #[error("the operator `{0}` is not known")]
    Operator(String),
    /// A condition's key that is not known.
    #[error("the condition key `{0}` is not known")]
    Key(String),
    /// An operator for another type of key.
    #[error("the operator `{operator}` does not compare `{key}`")]
    Type {
        /// The operator.
        operator: String,
        /// The key.
        key: String,
    },
    /// A value that is not of its key's type.
    #[error("`{value}` is no value of `{key}`")]
    BadValue {
        /// The key.
        key: String,
        /// The value.
        value: String,
    },
    /// A `${…}` that is not known, or has no value in the request.
    #[error("the variable `{0}` has no value")]
    Variable(String),
}

/// What these policies, taken together, say about a request.
///
/// # Errors
/// When a policy has something in it that is not known here.
pub fn evaluate(policies: &[Value], request: &Access) -> Result<Decision, Unjudged> {
    let policies: Result<Vec<Policy>, Unjudged> = policies.iter().map(Policy::read).collect();
    let mut allowed = None;
    for statement in policies?.iter().flat_map(|policy| &policy.statements) {
        if !matches(statement, request)? {
            continue;
        }
        if !statement.allows {
            return Ok(Decision::Deny(statement.name.clone()));
        }
        allowed.get_or_insert_with(|| statement.name.clone());
    }
    Ok(allowed.map_or(Decision::NotAllowed, Decision::Allow))
}

fn matches(statement: &Statement, request: &Access) -> Result<bool, Unjudged> {
    let facts = Facts(&request.context);
    if !statement
        .principals
        .iter()
        .all(|principals| is_among(principals, &request.caller))
    {
        return Ok(false);
    }
    let action = request.action.to_ascii_lowercase();
    let is_about = match &statement.actions {
        Names::In(patterns) => any_matches(patterns, &action, facts)?,
        Names::NotIn(patterns) => !any_matches(patterns, &action, facts)?,
    };
    let on = match &statement.resources {
        Some(patterns) => any_matches(patterns, &request.resource, facts)?,
        None => true,
    };
    if !is_about || !on {
        return Ok(false);
    }
    for test in &statement.conditions {
        if !test.holds(facts)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn any_matches(
    patterns: &[pattern::Pattern],
    text: &str,
    facts: Facts<'_>,
) -> Result<bool, Unjudged> {
    for pattern in patterns {
        if pattern.matches(text, facts)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_among(principals: &Principals, caller: &Caller) -> bool {
    match caller {
        Caller::Anonymous => principals.anyone,
        Caller::Aws(arn) => {
            let account = arn.split(':').nth(4).unwrap_or_default();
            let is_named = |name: &String| {
                name == arn
                    || (!account.is_empty()
                        && (name == account
                            || name
                                .strip_suffix(":root")
                                .is_some_and(|root| root.rsplit(':').next() == Some(account))))
            };
            principals.anyone || principals.aws.iter().any(is_named)
        }
        Caller::Service(name) => principals.anyone || principals.services.contains(name),
    }
}

#[cfg(test)]
mod tests;
