//! Proof that policy said yes.

use super::operation::Operation;
use super::{Caller, Denial, Question, Recheck, TeamFacts, decide};
use protocol::Timestamp;
use protocol::admin::LimitRule;
use protocol::audit::{Action, Event};
use protocol::id::EventId;
use std::sync::Arc;

/// What the limits in force leave of what was asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terms {
    /// The longest life of a URL, in seconds.
    pub max_ttl_seconds: Option<u32>,
    /// The most URLs in a minute for the principal, over all its teams.
    pub principal_urls_per_minute: Option<u32>,
    /// The most URLs in a minute for the team, over all its members.
    pub team_urls_per_minute: Option<u32>,
}

impl Terms {
    /// The terms of a question under these limits.
    pub fn of(principal: &LimitRule, question: &Question) -> Self {
        let team = question.team.as_deref().map(|team| &team.limits);
        let narrowest = |a: Option<u32>, b: Option<u32>| a.into_iter().chain(b).min();
        Self {
            max_ttl_seconds: narrowest(
                principal.max_ttl_seconds,
                team.and_then(|limits| limits.max_ttl_seconds),
            ),
            principal_urls_per_minute: principal.urls_per_minute,
            team_urls_per_minute: team.and_then(|limits| limits.urls_per_minute),
        }
    }
}

impl Terms {
    /// Whether these leave less than `other` in anything.
    pub fn narrower_than(&self, other: &Self) -> bool {
        let less = |ours: Option<u32>, theirs: Option<u32>| {
            ours.is_some_and(|ours| theirs.is_none_or(|theirs| ours < theirs))
        };
        less(self.max_ttl_seconds, other.max_ttl_seconds)
            || less(
                self.principal_urls_per_minute,
                other.principal_urls_per_minute,
            )
            || less(self.team_urls_per_minute, other.team_urls_per_minute)
    }
}

/// Proof that policy said yes to exactly this operation by exactly this caller. Made only here, not
/// cloned, and consumed by whoever acts on it.
#[must_use = "a permit that is not used was not needed"]
#[derive(Debug)]
pub struct Permit<Op> {
    op: Op,
    caller: Caller,
    question: Question,
    terms: Terms,
    decided_at: Timestamp,
}

impl<Op> Permit<Op> {
    /// What was allowed.
    pub fn op(&self) -> &Op {
        &self.op
    }

    /// Who may do it.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// What the limits leave.
    pub fn terms(&self) -> Terms {
        self.terms
    }

    /// When it was decided.
    pub fn decided_at(&self) -> Timestamp {
        self.decided_at
    }

    /// What the ledger needs to decide it again, should the directory have moved on.
    pub fn recheck(&self) -> Recheck {
        Recheck {
            principal: self.caller.principal_id(),
            token: self.caller.token,
            source: self.caller.source.clone(),
            question: self.question.clone(),
            terms: self.terms,
            revision: self.caller.revision,
        }
    }

    /// Takes the operation out, to act on it.
    pub fn into_op(self) -> (Op, Caller) {
        (self.op, self.caller)
    }
}

impl<Op: Operation> Permit<Op> {
    /// The event of what was allowed: who, from where, which operation and which team. What else there
    /// is to say is added by whoever acts.
    pub fn event(&self, id: EventId, action: Action) -> Event {
        let team = self.question.team.as_deref();
        Event {
            id,
            at: self.decided_at,
            action,
            actor: Some(self.caller.actor()),
            network: self.caller.network().map(|address| address.to_string()),
            request_id: Some(self.caller.request_id().to_string()),
            team_id: team.map(|team| team.id),
            team: team.map(|team| team.name.clone()),
            operation: Some(self.op.name().to_owned()),
            rule: None,
            grant: None,
            upload_id: None,
            version_id: None,
            subject: None,
            detail: None,
        }
    }
}

/// What policy said no to, for the record.
#[derive(Debug, Clone)]
pub struct Refused {
    /// The rule, and whether the caller may know that what it asked for exists.
    pub denial: Denial,
    /// The operation's name; `None`: refused before it was known which.
    pub operation: Option<&'static str>,
    /// The team that owns what was asked for.
    pub team: Option<Arc<TeamFacts>>,
}

/// Asks for permission. The operation goes in, and comes back only inside the permit.
///
/// # Errors
/// The rule that said no.
pub fn authorize<Op: Operation>(
    caller: &Caller,
    op: Op,
    now: Timestamp,
) -> Result<Permit<Op>, Refused> {
    let question = op.question();
    if let Err(denial) = decide(
        &caller.standing,
        &caller.token,
        &caller.source,
        &question,
        now,
    ) {
        return Err(Refused {
            denial,
            operation: Some(op.name()),
            team: question.team,
        });
    }
    let terms = Terms::of(&caller.standing.limits, &question);
    Ok(Permit {
        op,
        caller: caller.clone(),
        question,
        terms,
        decided_at: now,
    })
}
