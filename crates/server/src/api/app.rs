//! What the handlers work with.

use super::admission::Admission;
use super::error::ApiError;
use crate::admin::Admin;
use crate::auth::Auth;
use crate::broker::Broker;
use crate::clock::Clock;
use crate::config::Limits;
use crate::db::Db;
use crate::directory::Directory;
use crate::gate::Gate;
use crate::ids::IdMaker;
use crate::ledger::Ledger;
use crate::policy::{Caller, Operation, Permit, Standing, TeamFacts};
use crate::registry::Registry;
use protocol::{PrincipalName, TeamName};
use std::sync::Arc;

/// The parts of a server, wired.
#[derive(Debug)]
pub struct App {
    /// Requests to callers.
    pub auth: Auth,
    /// Operations to permits.
    pub gate: Arc<Gate>,
    /// Plain objects and uploads.
    pub broker: Arc<Broker>,
    /// Artifacts.
    pub registry: Arc<Registry>,
    /// Principals, teams, buckets, limits.
    pub admin: Arc<Admin>,
    /// What was decided.
    pub ledger: Arc<Ledger>,
    /// Who may do what.
    pub directory: Arc<Directory>,
    /// For the question whether it answers.
    pub db: Db,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids of requests.
    pub ids: Arc<IdMaker>,
    /// How many requests are let in.
    pub admission: Arc<Admission>,
    /// How large and how long requests may be.
    pub limits: Limits,
    /// True: requests for other hosts than loopback are refused.
    pub loopback_only: bool,
}

impl App {
    /// Asks for permission.
    pub(super) fn decide<Op: Operation>(
        &self,
        caller: &Caller,
        op: Op,
    ) -> Result<Permit<Op>, ApiError> {
        Ok(self.gate.decide(caller, op)?)
    }

    /// The team of this name. Whether the caller may know of it is for the decision that follows.
    pub(super) fn team(&self, name: &TeamName) -> Result<Arc<TeamFacts>, ApiError> {
        tracing::Span::current().record("team.name", name.as_str());
        self.directory
            .team_named(name)
            .ok_or_else(ApiError::not_found)
    }

    /// The principal of this name, and the team that owns it. Whether the caller may know of it is for
    /// the decision that follows.
    pub(super) fn subject(&self, name: &PrincipalName) -> Result<Subject, ApiError> {
        let standing = self.directory.principal_named(name);
        standing
            .map(|standing| self.subject_of(standing))
            .ok_or_else(ApiError::not_found)
    }

    /// A principal and the team that owns it.
    pub(super) fn subject_of(&self, standing: Arc<Standing>) -> Subject {
        let owner_team = standing.owner_team.and_then(|id| self.directory.team(id));
        Subject {
            standing,
            owner_team,
        }
    }
}

/// A principal that something is done to.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) standing: Arc<Standing>,
    pub(super) owner_team: Option<Arc<TeamFacts>>,
}
