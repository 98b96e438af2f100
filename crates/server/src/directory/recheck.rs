//! Decides again what was decided under an earlier revision.

use super::Directory;
use crate::policy::{Denial, Recheck, Rule, TeamFacts, Terms, decide};
use protocol::Timestamp;

/// Why a decision does not hold any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not allowed any more.
    #[error(transparent)]
    Denied(Denial),
    /// It is allowed on other terms: ask again.
    #[error("what it was decided by has changed; try again")]
    Outdated,
}

impl Directory {
    /// Decides again by what is in memory now, and says under which revision.
    ///
    /// # Errors
    /// When it is not allowed any more, or with less than before, or in another bucket.
    pub fn recheck(&self, recheck: &Recheck, now: Timestamp) -> Result<u64, Refusal> {
        let denied = |rule| Refusal::Denied(Denial::Forbidden(rule));
        let state = self.state.read();
        let standing = state
            .principals
            .get(&recheck.principal)
            .ok_or(denied(Rule::PrincipalSuspended))?;
        let token = state
            .token_hashes
            .get(&recheck.token.id)
            .and_then(|sha256| state.tokens.get(sha256))
            .ok_or(denied(Rule::TokenRevoked))?;
        let mut question = recheck.question.clone();
        let before = question.team.take();
        if let Some(before) = &before {
            let team = state.teams.get(&before.id);
            question.team = Some(team.cloned().ok_or(denied(Rule::TeamSuspended))?);
        }
        decide(standing, token, &recheck.source, &question, now).map_err(Refusal::Denied)?;
        let terms = Terms::of(&standing.limits, &question);
        let other_bucket =
            question.uses_bucket && place(before.as_deref()) != place(question.team.as_deref());
        if other_bucket || terms.narrower_than(&recheck.terms) {
            return Err(Refusal::Outdated);
        }
        Ok(state.revision)
    }
}

/// What a signature for the team's bucket depends on.
fn place(team: Option<&TeamFacts>) -> Option<(protocol::id::BucketId, i64)> {
    let bucket = team?.bucket.as_deref()?;
    Some((bucket.id, bucket.credential_revision))
}
