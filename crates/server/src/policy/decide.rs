//! The one function that says yes or no, on facts alone.

use super::Denial::{self, Forbidden, Hidden};
use super::{Rule, Source, Standing, TeamFacts, TokenFacts};
use protocol::admin::{PrincipalKind, State};
use protocol::id::{BucketId, PrincipalId, TeamId};
use protocol::{Network, PrincipalName, Role, Timestamp};
use std::sync::Arc;

/// Who may do it.
#[derive(Debug, Clone, PartialEq)]
pub enum Need {
    /// Any caller in good standing.
    Anyone,
    /// A person.
    User,
    /// A member of the team with at least this role.
    Role(Role),
    /// The same, or an instance admin.
    RoleOrInstanceAdmin(Role),
    /// The principal that began it, while it still has at least this role.
    Starter(Role, PrincipalId),
    /// The same, or an admin of the team.
    StarterOrTeamAdmin(Role, PrincipalId),
    /// The member of this name itself, an admin of the team, or an instance admin.
    OwnMembershipOrTeamAdmin(PrincipalName),
    /// An instance admin. Others know that it exists, unless it is a team that they are not in.
    InstanceAdmin,
    /// An instance admin. Others may not know that it exists.
    InstanceAdminAlone,
    /// An instance admin, over this principal.
    InstanceAdminOver(Arc<Standing>),
    /// Whoever may know of this principal.
    Knows(Arc<Standing>),
    /// This principal itself, an instance admin, or an admin of the team that owns it.
    Over(Arc<Standing>),
    /// The same, but not the principal itself.
    OverOther(Arc<Standing>),
}

impl Need {
    /// Whether being an instance admin is enough: not for what is in a bucket, begun or named there.
    fn admits_instance_admins(&self) -> bool {
        match self {
            Self::Anyone
            | Self::User
            | Self::Role(_)
            | Self::Starter(..)
            | Self::StarterOrTeamAdmin(..) => false,
            Self::RoleOrInstanceAdmin(_)
            | Self::OwnMembershipOrTeamAdmin(_)
            | Self::InstanceAdmin
            | Self::InstanceAdminAlone
            | Self::InstanceAdminOver(_)
            | Self::Knows(_)
            | Self::Over(_)
            | Self::OverOther(_) => true,
        }
    }
}

/// What it does to data, for limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing in a bucket is touched, and nothing changes in the registry.
    None,
    /// Bytes leave a bucket.
    Download,
    /// Something is written, changed or deleted.
    Write {
        /// The largest object that is written, in bytes.
        object_bytes: u64,
    },
}

/// Everything that an operation says about itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Who may do it.
    pub need: Need,
    /// What it does to data.
    pub effect: Effect,
    /// The team that owns what it is about.
    pub team: Option<Arc<TeamFacts>>,
    /// True when a bucket is needed.
    pub uses_bucket: bool,
    /// The bucket in which it was begun, where that is fixed.
    pub begun_in: Option<BucketId>,
    /// False when what it is about is closed: a completed upload, a committed version.
    pub open: bool,
    /// When what it is about ends by itself, where it does.
    pub ends_at: Option<Timestamp>,
    /// The network that URLs are to be held to, where they are.
    pub pinned_to: Option<Network>,
}

impl Question {
    /// A question about the instance.
    pub fn instance(need: Need) -> Self {
        Self {
            need,
            effect: Effect::None,
            team: None,
            uses_bucket: false,
            begun_in: None,
            open: true,
            ends_at: None,
            pinned_to: None,
        }
    }

    /// A question about what a team owns, without its bucket.
    pub fn team(need: Need, effect: Effect, team: &Arc<TeamFacts>) -> Self {
        Self {
            need,
            effect,
            team: Some(Arc::clone(team)),
            uses_bucket: false,
            begun_in: None,
            open: true,
            ends_at: None,
            pinned_to: None,
        }
    }

    /// A question about objects in a team's bucket.
    pub fn bucket(need: Need, effect: Effect, team: &Arc<TeamFacts>) -> Self {
        Self {
            uses_bucket: true,
            ..Self::team(need, effect, team)
        }
    }

    /// The same, about something that is `open` or not.
    #[must_use]
    pub fn open(self, open: bool) -> Self {
        Self { open, ..self }
    }

    /// The same, about something begun in `bucket` that is `open` or not.
    #[must_use]
    pub fn begun(self, bucket: BucketId, open: bool) -> Self {
        Self {
            begun_in: Some(bucket),
            open,
            ..self
        }
    }

    /// The same, about something that is over from `at` on.
    #[must_use]
    pub fn until(self, at: Option<Timestamp>) -> Self {
        Self {
            ends_at: at,
            ..self
        }
    }

    /// The same, about URLs that are held to a network.
    #[must_use]
    pub fn pinned_to(self, network: Option<Network>) -> Self {
        Self {
            pinned_to: network,
            ..self
        }
    }

    /// Whether it is about what is in a team's bucket: bytes, or what the registry says they are.
    pub(super) fn touches_data(&self) -> bool {
        self.uses_bucket || self.effect != Effect::None
    }
}

/// Enough of a decision to make it again when the directory has moved on.
#[derive(Debug, Clone)]
pub struct Recheck {
    /// The principal that asked.
    pub principal: PrincipalId,
    /// The token that it came with.
    pub token: TokenFacts,
    /// Where it came from.
    pub source: Source,
    /// What was asked; its team is looked up again.
    pub question: Question,
    /// What was allowed.
    pub terms: super::Terms,
    /// The revision of the directory that it was decided under.
    pub revision: u64,
}

impl Recheck {
    /// The team to look up again.
    pub fn team_id(&self) -> Option<TeamId> {
        self.question.team.as_ref().map(|team| team.id)
    }
}

/// Decides. The order is: the caller's own standing, from where the instance may be asked, whether the
/// caller may know of the team, its role, team and bucket, from where they may be asked, the team's
/// limits, what it is about, the caller's limits.
///
/// # Errors
/// The first rule that says no.
pub fn decide(
    standing: &Standing,
    token: &TokenFacts,
    source: &Source,
    question: &Question,
    now: Timestamp,
) -> Result<(), Denial> {
    if token.expires_at.is_some_and(|at| at <= now) {
        return Err(Forbidden(Rule::TokenExpired));
    }
    if standing.state != State::Active {
        return Err(Forbidden(Rule::PrincipalSuspended));
    }
    source.admits(standing)?;
    let team = question.team.as_deref();
    let role = team.and_then(|team| standing.role_in(team.id));
    needed(standing, role, team.is_some(), &question.need)?;
    if let Some(team) = team {
        on_team(team, question, standing.instance_admin)?;
        source.reaches(team, standing, question)?;
        within(&team.limits, question.effect)?;
    }
    if !question.open {
        return Err(Forbidden(Rule::NotOpen));
    }
    if question.ends_at.is_some_and(|at| at <= now) {
        return Err(Forbidden(Rule::Expired));
    }
    within(&standing.limits, question.effect)
}

fn needed(
    standing: &Standing,
    role: Option<Role>,
    about_team: bool,
    need: &Need,
) -> Result<(), Denial> {
    if standing.instance_admin && need.admits_instance_admins() {
        return match need {
            Need::OverOther(subject) if subject.id == standing.id => {
                Err(Forbidden(Rule::NotToYourself))
            }
            _ => Ok(()),
        };
    }
    // An instance admin knows of all teams, but what is in them is the members' alone
    let has_role = |least: Role| match role {
        None if standing.instance_admin => Err(Forbidden(Rule::NotAMember)),
        None => Err(Hidden(Rule::NotAMember)),
        Some(role) if role < least => Err(Forbidden(Rule::RoleTooLow)),
        Some(_) => Ok(()),
    };
    let knowing = |subject: &Standing, rule: Rule| {
        if standing.may_know(subject) {
            Forbidden(rule)
        } else {
            Hidden(rule)
        }
    };
    match need {
        Need::Anyone => Ok(()),
        Need::User if standing.kind == PrincipalKind::User => Ok(()),
        Need::User => Err(Forbidden(Rule::NotAUser)),
        Need::Role(least) | Need::RoleOrInstanceAdmin(least) => has_role(*least),
        Need::Starter(least, starter) => {
            has_role(*least)?;
            if standing.id == *starter {
                Ok(())
            } else {
                Err(Forbidden(Rule::NotOwner))
            }
        }
        Need::StarterOrTeamAdmin(least, starter) => {
            has_role(*least)?;
            if standing.id == *starter || role >= Some(Role::Admin) {
                Ok(())
            } else {
                Err(Forbidden(Rule::NotOwner))
            }
        }
        Need::OwnMembershipOrTeamAdmin(subject) if standing.name == *subject => {
            has_role(Role::Viewer)
        }
        Need::OwnMembershipOrTeamAdmin(_) => has_role(Role::Admin),
        Need::InstanceAdmin if about_team && role.is_none() => Err(Hidden(Rule::NotAMember)),
        Need::InstanceAdmin => Err(Forbidden(Rule::NotInstanceAdmin)),
        Need::InstanceAdminAlone => Err(Hidden(Rule::NotInstanceAdmin)),
        Need::InstanceAdminOver(subject) => Err(knowing(subject, Rule::NotInstanceAdmin)),
        Need::Knows(subject) if standing.may_know(subject) => Ok(()),
        Need::Knows(_) => Err(Hidden(Rule::NotAMember)),
        Need::OverOther(subject) if standing.id == subject.id => {
            Err(Forbidden(Rule::NotToYourself))
        }
        Need::Over(subject) if standing.id == subject.id => Ok(()),
        Need::Over(subject) | Need::OverOther(subject) => match role {
            Some(Role::Admin) => Ok(()),
            Some(_) => Err(knowing(subject, Rule::RoleTooLow)),
            None => Err(knowing(subject, Rule::NotInstanceAdmin)),
        },
    }
}

fn on_team(team: &TeamFacts, question: &Question, instance_admin: bool) -> Result<(), Denial> {
    // An instance admin must still reach a suspended team, to look at it and to reinstate it
    let administers = instance_admin && question.need.admits_instance_admins();
    if team.state != State::Active && !administers {
        return Err(Forbidden(Rule::TeamSuspended));
    }
    if question.uses_bucket {
        let Some(bucket) = team.bucket.as_deref() else {
            return Err(Forbidden(Rule::NoBucket));
        };
        if bucket.state != State::Active {
            return Err(Forbidden(Rule::BucketSuspended));
        }
        if question.begun_in.is_some_and(|begun| begun != bucket.id) {
            return Err(Forbidden(Rule::BucketMoved));
        }
    }
    Ok(())
}

fn within(limits: &protocol::admin::LimitRule, effect: Effect) -> Result<(), Denial> {
    match effect {
        Effect::Download if limits.no_download => Err(Forbidden(Rule::LimitNoDownload)),
        Effect::Write { .. } if limits.read_only => Err(Forbidden(Rule::LimitReadOnly)),
        Effect::Write { object_bytes }
            if limits
                .max_object_bytes
                .is_some_and(|max| object_bytes > max) =>
        {
            Err(Forbidden(Rule::LimitObjectSize))
        }
        Effect::None | Effect::Download | Effect::Write { .. } => Ok(()),
    }
}
