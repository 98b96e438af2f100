//! Administration: principals, teams, memberships, tokens, buckets and limits, on permits.
//!
//! Each use case is one change of the directory. What allowed it is decided again once the change has
//! its turn, and what it depends on (is the name free? is the bucket empty?) is looked at then, so
//! nothing can come between. Its event is part of the change.

mod account;
mod bootstrap;
mod bucket;
mod error;
mod limit;
mod name;
mod network;
mod place;
mod setup;
mod team;
#[cfg(test)]
mod tests;
mod token;
mod told;
mod verify;

pub use bootstrap::bootstrap;
pub use error::Error;
pub(crate) use told::tell_bucket;

use crate::broker::Broker;
use crate::clock::Clock;
use crate::db::Db;
use crate::directory::{Change, ChangeError, Directory};
use crate::ids::IdMaker;
use crate::ledger::Ledger;
use crate::policy::{Caller, Operation, Permit, Recheck, TeamFacts};
use crate::stores::Stores;
use protocol::Timestamp;
use protocol::admin::State;
use protocol::audit::{Action, Event};
use protocol::bucket::Origin;
use std::sync::Arc;

/// How administration behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// True: every new user gets a team of its own.
    pub personal_teams: bool,
    /// Origins of web pages that use buckets.
    pub browser_origins: Vec<Origin>,
}

/// Administers an instance.
#[derive(Debug)]
pub struct Admin {
    db: Db,
    directory: Arc<Directory>,
    ledger: Arc<Ledger>,
    broker: Arc<Broker>,
    stores: Arc<Stores>,
    clock: Arc<dyn Clock>,
    ids: Arc<IdMaker>,
    settings: Settings,
}

impl Admin {
    /// Administers what is in `directory`.
    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of a server, wired once"
    )]
    pub fn new(
        db: Db,
        directory: Arc<Directory>,
        ledger: Arc<Ledger>,
        broker: Arc<Broker>,
        stores: Arc<Stores>,
        clock: Arc<dyn Clock>,
        ids: Arc<IdMaker>,
        settings: Settings,
    ) -> Self {
        Self {
            db,
            directory,
            ledger,
            broker,
            stores,
            clock,
            ids,
            settings,
        }
    }

    /// Ends when what goes on behind requests is over.
    pub async fn shutdown(&self) {
        self.stores.shutdown().await;
    }

    /// Begins a change, if what allowed it still does; if not, that is on the record.
    async fn begin(&self, asked: &Asked) -> Result<Change<'_>, Error> {
        let begun = self.directory.change(Some(&asked.recheck)).await;
        if let Err(ChangeError::Denied(denial)) = &begun {
            let team = asked.recheck.question.team.as_deref();
            self.ledger.record_denial(&Event {
                team_id: team.map(|team| team.id),
                team: team.map(|team| team.name.clone()),
                rule: Some(denial.rule().name().to_owned()),
                ..self.event(asked, Action::UrlDeny, self.clock.now())
            });
        }
        Ok(begun?)
    }

    /// Commits, and moves the change's events to the ledger.
    async fn commit(&self, change: Change<'_>) -> Result<(), Error> {
        change.commit().await?;
        self.move_events().await;
        Ok(())
    }

    async fn move_events(&self) {
        // They are durable where they are, and the ledger takes them along later
        if let Err(error) = self.ledger.drain_outbox().await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "events of a change are not yet in the ledger"
            );
        }
    }

    fn event(&self, asked: &Asked, action: Action, at: Timestamp) -> Event {
        Event {
            actor: Some(asked.caller.actor()),
            network: asked.caller.network().map(|address| address.to_string()),
            request_id: Some(asked.caller.request_id().to_string()),
            operation: Some(asked.operation.to_owned()),
            ..event(&self.ids, action, at)
        }
    }
}

/// Who asked for a change, and what allowed it.
struct Asked {
    caller: Caller,
    operation: &'static str,
    recheck: Recheck,
}

/// Takes a permit apart.
fn open<Op: Operation>(permit: Permit<Op>) -> (Op, Asked) {
    let recheck = permit.recheck();
    let operation = permit.op().name();
    let (op, caller) = permit.into_op();
    let asked = Asked {
        caller,
        operation,
        recheck,
    };
    (op, asked)
}

/// An event of nobody about nothing.
fn event(ids: &IdMaker, action: Action, at: Timestamp) -> Event {
    Event::new(ids.make(), at, action)
}

/// The same event, about a team.
fn about(team: &TeamFacts, event: Event) -> Event {
    Event {
        team_id: Some(team.id),
        team: Some(team.name.clone()),
        ..event
    }
}

/// The team as it is now that the change has its turn.
fn current_team(directory: &Directory, team: &TeamFacts) -> Result<Arc<TeamFacts>, Error> {
    let team = directory.team(team.id).ok_or(Error::NotFound)?;
    if team.state == State::Removed {
        return Err(Error::Conflict(format!("team `{}` is removed", team.name)));
    }
    Ok(team)
}
