//! Limits: set and lifted.

use super::{Admin, Asked, Error, about, network, open};
use crate::db::limit::{LimitRow, LimitTarget};
use crate::policy::{Permit, RemoveLimit, SetLimit};
use protocol::Timestamp;
use protocol::admin::{Limit, LimitRule, LimitSubject, State};
use protocol::audit::{Action, Event};
use protocol::id::LimitId;

impl Admin {
    /// Sets a limit.
    pub async fn set_limit(&self, permit: Permit<SetLimit>) -> Result<Limit, Error> {
        let (SetLimit { request }, asked) = open(permit);
        check(&request.rule)?;
        let mut change = self.begin(&asked).await?;
        let target = self.target(&request.subject)?;
        let row = LimitRow {
            id: self.ids.make(),
            target,
            rule: request.rule,
            created_at: change.at(),
        };
        change.create_limit(&row).await?;
        let event = self.limit_event(&asked, Action::LimitSet, row.id, target, change.at());
        change.add_event(&event).await?;
        self.commit(change).await?;
        Ok(Limit {
            id: row.id,
            subject: request.subject,
            rule: row.rule,
            created_at: row.created_at,
        })
    }

    /// Lifts a limit.
    pub async fn remove_limit(&self, permit: Permit<RemoveLimit>) -> Result<(), Error> {
        let (RemoveLimit { limit }, asked) = open(permit);
        let mut change = self.begin(&asked).await?;
        let limit = self.directory.limit(limit).ok_or(Error::NotFound)?;
        change.delete_limit(limit.id).await?;
        let (action, at) = (Action::LimitRemove, change.at());
        let event = self.limit_event(&asked, action, limit.id, limit.target, at);
        change.add_event(&event).await?;
        self.commit(change).await
    }

    fn target(&self, subject: &LimitSubject) -> Result<LimitTarget, Error> {
        let unknown =
            |name: &str| Error::invalid("subject", format!("`{name}` is not in the instance"));
        match subject {
            LimitSubject::Principal(name) => self
                .directory
                .principal_named(name)
                .filter(|principal| principal.state != State::Removed)
                .map(|principal| LimitTarget::Principal(principal.id))
                .ok_or_else(|| unknown(name.as_str())),
            LimitSubject::Team(name) => self
                .directory
                .team_named(name)
                .filter(|team| team.state != State::Removed)
                .map(|team| LimitTarget::Team(team.id))
                .ok_or_else(|| unknown(name.as_str())),
        }
    }

    fn limit_event(
        &self,
        asked: &Asked,
        action: Action,
        limit: LimitId,
        target: LimitTarget,
        at: Timestamp,
    ) -> Event {
        let event = Event {
            subject: Some(limit.to_string()),
            ..self.event(asked, action, at)
        };
        match target {
            LimitTarget::Principal(id) => Event {
                detail: self
                    .directory
                    .principal(id)
                    .map(|principal| format!("limit of `{}`", principal.name)),
                ..event
            },
            LimitTarget::Team(id) => match self.directory.team(id) {
                Some(team) => about(&team, event),
                None => event,
            },
        }
    }
}

fn check(rule: &LimitRule) -> Result<(), Error> {
    if *rule == LimitRule::default() {
        return Err(Error::invalid("rule", "narrows nothing"));
    }
    for (field, value) in [
        ("rule.max_ttl_seconds", rule.max_ttl_seconds),
        ("rule.urls_per_minute", rule.urls_per_minute),
    ] {
        if value == Some(0) {
            return Err(Error::invalid(
                field,
                "must be at least 1; suspend who may have no URL at all",
            ));
        }
    }
    match rule.allowed_networks.as_deref() {
        Some([]) => Err(Error::invalid(
            "rule.allowed_networks",
            "must have at least one network; suspend who may be nowhere",
        )),
        Some(networks) => network::check_count("rule.allowed_networks", networks),
        None => Ok(()),
    }
}
