//! Conditions: what a statement asks of a request besides who, what and where.

use super::super::network::Network;
use super::Unjudged;
use super::pattern::{Pattern, Syntax};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The values of a request's context, by key in lower case.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a>(pub(super) &'a BTreeMap<String, String>);

impl<'a> Facts<'a> {
    pub(super) fn get(self, key: &str) -> Option<&'a str> {
        self.0.get(key).map(String::as_str)
    }
}

/// What a key's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Text,
    Number,
    Bool,
    Address,
}

/// The keys that are known, in lower case as they are compared.
fn type_of(key: &str) -> Option<Type> {
    Some(match key {
        "aws:principalaccount"
        | "aws:principalarn"
        | "aws:sourceaccount"
        | "aws:sourcearn"
        | "aws:sourcevpc"
        | "aws:sourcevpce"
        | "aws:userid"
        | "aws:username"
        | "kms:viaservice"
        | "s3:authtype"
        | "s3:prefix"
        | "s3:signatureversion"
        | "sts:externalid" => Type::Text,
        "s3:signatureage" => Type::Number,
        "aws:principalisawsservice" | "aws:securetransport" | "aws:viaawsservice" => Type::Bool,
        "aws:sourceip" => Type::Address,
        _ => return None,
    })
}

/// How a key is compared.
#[derive(Debug, Clone)]
enum Comparison {
    Like(Vec<Pattern>),
    IsBool(Vec<bool>),
    Within(Vec<Network>),
    MoreThan(Vec<u64>),
    IsMissing(Vec<bool>),
}

/// One key under one operator.
#[derive(Debug, Clone)]
pub(super) struct Test {
    key: String,
    comparison: Comparison,
    /// Holds when no value compares.
    negated: bool,
    /// Holds when the key is missing.
    if_exists: bool,
}

/// Reads the tests of a `Condition`, all of which must hold.
pub(super) fn read(block: &Value, has_variables: bool) -> Result<Vec<Test>, Unjudged> {
    let block = block
        .as_object()
        .ok_or(Unjudged::Malformed("a `Condition` is no object"))?;
    let mut tests = Vec::new();
    for (operator, keys) in block {
        let keys = keys
            .as_object()
            .ok_or(Unjudged::Malformed("an operator has no keys"))?;
        for (key, values) in keys {
            tests.push(Test::read(operator, key, values, has_variables)?);
        }
    }
    Ok(tests)
}

impl Test {
    fn read(
        operator: &str,
        key: &str,
        values: &Value,
        has_variables: bool,
    ) -> Result<Self, Unjudged> {
        let kind =
            type_of(&key.to_ascii_lowercase()).ok_or_else(|| Unjudged::Key(key.to_owned()))?;
        let values = texts(values)?;
        let (base, if_exists) = match operator.strip_suffix("IfExists") {
            Some(base) => (base, true),
            None => (operator, false),
        };
        let bad = |value: &str| Unjudged::BadValue {
            key: key.to_owned(),
            value: value.to_owned(),
        };
        let bools = || -> Result<Vec<bool>, Unjudged> {
            let bool = |value: &String| value.parse().map_err(|_| bad(value));
            values.iter().map(bool).collect()
        };
        let (wants, comparison) = match base {
            "StringEquals" | "StringNotEquals" | "StringLike" | "StringNotLike" => {
                let syntax = match (base.ends_with("Like"), has_variables) {
                    (true, true) => Syntax::Pattern,
                    (true, false) => Syntax::Wildcards,
                    (false, true) => Syntax::Text,
                    (false, false) => Syntax::Plain,
                };
                let patterns: Result<Vec<Pattern>, Unjudged> = values
                    .iter()
                    .map(|value| Pattern::read(value, syntax))
                    .collect();
                (Type::Text, Comparison::Like(patterns?))
            }
            "Bool" => (Type::Bool, Comparison::IsBool(bools()?)),
            "IpAddress" | "NotIpAddress" => {
                let network =
                    |value: &String| Network::parse_leniently(value).ok_or_else(|| bad(value));
                let networks: Result<Vec<Network>, Unjudged> = values.iter().map(network).collect();
                (Type::Address, Comparison::Within(networks?))
            }
            "NumericGreaterThan" => {
                let number = |value: &String| value.parse().map_err(|_| bad(value));
                let numbers: Result<Vec<u64>, Unjudged> = values.iter().map(number).collect();
                (Type::Number, Comparison::MoreThan(numbers?))
            }
            "Null" if !if_exists => (kind, Comparison::IsMissing(bools()?)),
            _ => return Err(Unjudged::Operator(operator.to_owned())),
        };
        if wants != kind {
            return Err(Unjudged::Type {
                operator: operator.to_owned(),
                key: key.to_owned(),
            });
        }
        Ok(Self {
            key: key.to_ascii_lowercase(),
            comparison,
            negated: base.contains("Not"),
            if_exists,
        })
    }

    /// What it is about, in lower case.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// The least number that it refuses to be exceeded, where it is one about this key.
    pub(super) fn limit(&self, key: &str) -> Option<u64> {
        match &self.comparison {
            Comparison::MoreThan(limits) if self.key == key => limits.iter().copied().min(),
            _ => None,
        }
    }

    /// Whether the request passes.
    pub(super) fn holds(&self, facts: Facts<'_>) -> Result<bool, Unjudged> {
        let found = facts.get(&self.key);
        if let Comparison::IsMissing(wanted) = &self.comparison {
            return Ok(wanted.contains(&found.is_none()));
        }
        let Some(found) = found else {
            return Ok(self.negated || self.if_exists);
        };
        let bad = || Unjudged::BadValue {
            key: self.key.clone(),
            value: found.to_owned(),
        };
        let compares = match &self.comparison {
            Comparison::Like(patterns) => super::any_matches(patterns, found, facts)?,
            Comparison::IsBool(wanted) => {
                let found: bool = found.parse().map_err(|_| bad())?;
                wanted.contains(&found)
            }
            Comparison::Within(networks) => {
                let found: IpAddr = found.parse().map_err(|_| bad())?;
                networks.iter().any(|network| network.contains(found))
            }
            Comparison::MoreThan(limits) => {
                let found: u64 = found.parse().map_err(|_| bad())?;
                limits.iter().any(|limit| found > *limit)
            }
            Comparison::IsMissing(_) => false,
        };
        Ok(compares != self.negated)
    }
}

/// One value or a list of them, as text: numbers and booleans may be written without quotes.
pub(super) fn texts(value: &Value) -> Result<Vec<String>, Unjudged> {
    let text = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        _ => Err(Unjudged::Malformed("a value is neither text nor number")),
    };
    match value {
        Value::Array(all) if all.is_empty() => Err(Unjudged::Malformed("a list is empty")),
        Value::Array(all) => all.iter().map(text).collect(),
        one => Ok(vec![text(one)?]),
    }
}
