//! What a bucket's policy holds signed URLs to, besides what stands in them.

use super::condition::Facts;
use super::read::{Names, Policy, Statement};
use super::{Caller, Unjudged, any_matches, is_among};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// An address that no request comes from ([RFC 5737]).
///
/// [RFC 5737]: https://www.rfc-editor.org/rfc/rfc5737
pub const NOWHERE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
/// What URLs ask for, in lower case as actions are compared.
const ACTIONS: [&str; 2] = ["s3:getobject", "s3:putobject"];

/// What a policy holds signed URLs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HeldTo {
    /// The age in seconds after which a signature is refused.
    pub max_signature_age_seconds: Option<u32>,
    /// Whether requests from elsewhere than some networks are refused.
    pub networks: bool,
}

/// What a bucket's policy holds URLs to that are for the object with this ARN. `signer` is who signs
/// them, as far as that is known: an age is then told that may be somebody else's, and networks are told
/// only where they are everybody's.
///
/// # Errors
/// When the policy has something in it that is not known here.
pub fn held_to(policy: &Value, object: &str, signer: Option<&str>) -> Result<HeldTo, Unjudged> {
    let context = context(signer);
    let facts = Facts(&context);
    let mut held = HeldTo::default();
    for statement in &Policy::read(policy)?.statements {
        let actions = actions_on(statement, object, facts)?;
        if statement.allows || actions == 0 {
            continue;
        }
        let is_for_anyone = statement.principals.as_ref().is_none_or(|who| who.anyone);
        let is_for_signer = signer.map(|arn| {
            let caller = Caller::Aws(arn.to_owned());
            let mut named = statement.principals.iter();
            named.all(|who| is_among(who, &caller))
        });
        if is_for_signer.unwrap_or(true) {
            let limits = statement
                .conditions
                .iter()
                .filter_map(|test| test.limit("s3:signatureage"));
            // They count in milliseconds
            let seconds = limits.map(|millis| u32::try_from(millis / 1_000).unwrap_or(u32::MAX));
            held.max_signature_age_seconds = held
                .max_signature_age_seconds
                .into_iter()
                .chain(seconds)
                .min();
        }
        // An age of one kind of URL bounds all; networks are told where they hold all
        let holds_all = actions == ACTIONS.len() && is_for_signer.unwrap_or(is_for_anyone);
        if holds_all && refuses_from_elsewhere(statement, facts)? {
            held.networks = true;
        }
    }
    Ok(held)
}

/// A request by a URL that was signed just now, from elsewhere.
fn context(signer: Option<&str>) -> BTreeMap<String, String> {
    let known = [
        ("aws:principalisawsservice", "false"),
        ("aws:securetransport", "true"),
        ("aws:sourceip", &NOWHERE.to_string()),
        ("aws:viaawsservice", "false"),
        ("s3:authtype", "REST-QUERY-STRING"),
        ("s3:signatureage", "0"),
        ("s3:signatureversion", "AWS4-HMAC-SHA256"),
    ];
    let signer = signer.map(|arn| ("aws:principalarn", arn));
    let known = known.into_iter().chain(signer);
    known
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

/// How many of the actions on the object a statement is about.
fn actions_on(statement: &Statement, object: &str, facts: Facts<'_>) -> Result<usize, Unjudged> {
    if let Some(patterns) = &statement.resources
        && !any_matches(patterns, object, facts)?
    {
        return Ok(0);
    }
    let mut count = 0;
    for action in ACTIONS {
        let is_about = match &statement.actions {
            Names::In(patterns) => any_matches(patterns, action, facts)?,
            Names::NotIn(patterns) => !any_matches(patterns, action, facts)?,
        };
        count += usize::from(is_about);
    }
    Ok(count)
}

fn refuses_from_elsewhere(statement: &Statement, facts: Facts<'_>) -> Result<bool, Unjudged> {
    let asks_for = |key: &str| statement.conditions.iter().any(|test| test.key() == key);
    if !asks_for("aws:sourceip") {
        return Ok(false);
    }
    for test in &statement.conditions {
        // Who is exempt is not told by a key that is not known: it may be the signer
        let is_known = facts.get(test.key()).is_some()
            || matches!(test.key(), "aws:sourcevpc" | "aws:sourcevpce");
        if !is_known || !test.holds(facts)? {
            return Ok(false);
        }
    }
    Ok(true)
}
