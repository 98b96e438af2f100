//! What a permit stands for, for the steps that follow from it.

use super::Error;
use crate::ids::IdMaker;
use crate::policy::{
    BucketFacts, Caller, Denial, Operation, Permit, Recheck, Rule, TeamFacts, Terms,
};
use protocol::Timestamp;
use protocol::audit::{Action, Event};
use std::sync::Arc;

/// Who may act for which team in which bucket, on which terms, and how that is decided again. Made
/// only from a permit for an operation on objects, so nothing is signed that policy did not judge.
#[derive(Debug, Clone)]
pub struct Mandate {
    caller: Caller,
    team: Arc<TeamFacts>,
    bucket: Arc<BucketFacts>,
    recheck: Recheck,
    operation: &'static str,
    decided_at: Timestamp,
}

impl Mandate {
    /// The mandate of a permit.
    ///
    /// # Errors
    /// When the operation was not judged for a team's bucket.
    pub fn of<Op: Operation>(permit: &Permit<Op>) -> Result<Self, Error> {
        let recheck = permit.recheck();
        let team = recheck.question.team.clone();
        let bucket = team
            .as_ref()
            .filter(|_| recheck.question.uses_bucket)
            .and_then(|team| team.bucket.clone());
        let (Some(team), Some(bucket)) = (team, bucket) else {
            return Err(Error::Denied(Denial::Forbidden(Rule::NoBucket)));
        };
        Ok(Self {
            caller: permit.caller().clone(),
            team,
            bucket,
            recheck,
            operation: permit.op().name(),
            decided_at: permit.decided_at(),
        })
    }

    /// Who acts.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The team that owns the objects.
    pub fn team(&self) -> &Arc<TeamFacts> {
        &self.team
    }

    /// The bucket that they are in.
    pub fn bucket(&self) -> &Arc<BucketFacts> {
        &self.bucket
    }

    /// What every key of the team in its bucket begins with.
    pub fn root(&self) -> String {
        self.bucket.team_root(self.team.id)
    }

    /// What the limits leave.
    pub fn terms(&self) -> Terms {
        self.recheck.terms
    }

    /// When it was decided.
    pub fn decided_at(&self) -> Timestamp {
        self.decided_at
    }

    /// How it is decided again.
    pub fn recheck(&self) -> Recheck {
        self.recheck.clone()
    }

    /// An event about what is done on this mandate.
    pub fn event(&self, ids: &IdMaker, action: Action) -> Event {
        Event {
            id: ids.make(),
            at: self.decided_at,
            action,
            actor: Some(self.caller.actor()),
            network: self.caller.network().map(|network| network.to_string()),
            request_id: Some(self.caller.request_id().to_string()),
            team_id: Some(self.team.id),
            team: Some(self.team.name.clone()),
            operation: Some(self.operation.to_owned()),
            rule: None,
            grant: None,
            upload_id: None,
            version_id: None,
            subject: None,
            detail: None,
        }
    }
}
