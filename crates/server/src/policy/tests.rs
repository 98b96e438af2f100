//! The full table of policy, written down a second time and compared case by case.
//!
//! The tables below are read by people; `expected` reads them too, and knows nothing of [`Need`] or
//! [`Question`]. Every combination of role, instance admin, states, ownership and limits is tried.
//! Where several rules say no, any of them may be the one named, but what must stay hidden is hidden,
//! and only that.
//!
//! [`Need`]: super::Need
//! [`Question`]: super::Question

mod ask;
mod network;
mod subject;
mod team;

use super::{Caller, Denial, Memberships, OPERATION_NAMES, Rule, Source, Standing, TokenFacts};
use protocol::admin::{LimitRule, PrincipalKind, State};
use protocol::id::{PrincipalId, RequestId, TeamId, TokenId};
use protocol::{Role, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);
const STATES: [State; 3] = [State::Active, State::Suspended, State::Removed];
const TEAM: u8 = 1;
const OTHER_TEAM: u8 = 2;
const CALLER: u8 = 3;

fn team_id(n: u8) -> TeamId {
    TeamId::from_parts(1, [n; 10])
}

fn principal_id(n: u8) -> PrincipalId {
    PrincipalId::from_parts(1, [n; 10])
}

fn standing(n: u8, memberships: impl IntoIterator<Item = (u8, Role)>) -> Standing {
    Standing {
        id: principal_id(n),
        name: format!("principal-{n}").parse().unwrap(),
        kind: PrincipalKind::User,
        state: State::Active,
        instance_admin: false,
        owner_team: None,
        memberships: memberships
            .into_iter()
            .map(|(team, role)| (team_id(team), role))
            .collect::<Memberships>(),
        limits: LimitRule::default(),
        created_at: NOW,
    }
}

/// Whether the caller itself may act at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Health {
    state: State,
    /// When the token expires, in milliseconds from now.
    token_expires_in: Option<i64>,
}

impl Health {
    const GOOD: Self = Self {
        state: State::Active,
        token_expires_in: None,
    };

    fn all() -> impl Iterator<Item = Self> {
        STATES.into_iter().flat_map(|state| {
            [None, Some(1), Some(0), Some(-1)]
                .into_iter()
                .map(move |token_expires_in| Self {
                    state,
                    token_expires_in,
                })
        })
    }

    /// The rules that refuse everything.
    fn refusing(self) -> Vec<Rule> {
        let mut rules = Vec::new();
        if self.token_expires_in.is_some_and(|millis| millis <= 0) {
            rules.push(Rule::TokenExpired);
        }
        if self.state != State::Active {
            rules.push(Rule::PrincipalSuspended);
        }
        rules
    }
}

fn caller(standing: Standing, health: Health) -> Caller {
    let expires_at = health
        .token_expires_in
        .map(|millis| Timestamp::from_unix_millis(NOW.unix_millis() + millis));
    Caller {
        token: TokenFacts {
            id: TokenId::from_parts(1, [1; 10]),
            principal: standing.id,
            expires_at,
        },
        standing: Arc::new(Standing {
            state: health.state,
            ..standing
        }),
        source: Source::default(),
        request_id: RequestId::from_parts(1, [1; 10]),
        revision: 1,
    }
}

/// What the tables expect.
#[derive(Debug, Clone, PartialEq)]
enum Expected {
    Allowed,
    Hidden,
    /// Refused openly, by one of these rules.
    Forbidden(Vec<Rule>),
}

impl Expected {
    fn by(rules: Vec<Rule>) -> Self {
        if rules.is_empty() {
            Self::Allowed
        } else {
            Self::Forbidden(rules)
        }
    }

    fn holds(&self, answer: Result<(), Denial>) -> bool {
        match (self, answer) {
            (Self::Allowed, Ok(())) | (Self::Hidden, Err(Denial::Hidden(_))) => true,
            (Self::Forbidden(rules), Err(Denial::Forbidden(rule))) => rules.contains(&rule),
            _ => false,
        }
    }
}

/// Operations that are about the instance, and what users, service accounts and instance admins get.
///
/// `.` it is hidden that there is anything, `x` openly refused, `+` allowed.
const INSTANCE: &[(&str, &str)] = &[
    // operation      user, service account, instance admin
    ("self:read", "+++"),
    ("token:import", "+x+"),
    ("user:create", "xx+"),
    ("team:create", "xx+"),
    ("bucket:create", "xx+"),
    ("bucket:read", "xx+"),
    ("bucket:verify", "..+"),
    ("bucket:update", "..+"),
    ("bucket:remove", "..+"),
    ("limit:set", "xx+"),
    ("limit:read", "xx+"),
    ("limit:remove", "..+"),
    ("audit:read", "xx+"),
];

#[test]
fn the_instance_is_for_its_admins() {
    for &(operation, row) in INSTANCE {
        for (column, answer) in row.chars().enumerate() {
            for health in Health::all() {
                for role in [None, Some(Role::Viewer), Some(Role::Admin)] {
                    let who = Standing {
                        kind: if column == 1 {
                            PrincipalKind::ServiceAccount
                        } else {
                            PrincipalKind::User
                        },
                        instance_admin: column == 2,
                        ..standing(CALLER, role.map(|role| (TEAM, role)))
                    };
                    let sick = health.refusing();
                    let expected = match answer {
                        _ if !sick.is_empty() => Expected::Forbidden(sick),
                        '+' => Expected::Allowed,
                        '.' => Expected::Hidden,
                        _ => Expected::Forbidden(vec![Rule::NotInstanceAdmin, Rule::NotAUser]),
                    };
                    let answer = ask::instance(operation, &caller(who, health));
                    assert!(
                        expected.holds(answer),
                        "{operation}, column {column}, {role:?}, {health:?}: {answer:?}, not {expected:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn every_operation_is_in_one_of_the_tables() {
    let in_tables: BTreeSet<&str> = INSTANCE
        .iter()
        .map(|(operation, _)| *operation)
        .chain(team::TABLE.iter().map(|row| row.0))
        .chain(subject::TABLE.iter().map(|row| row.0))
        // `url:issue` has a row for each method
        .map(|operation| operation.split(' ').next().unwrap())
        .collect();
    let all: BTreeSet<&str> = OPERATION_NAMES.iter().copied().collect();
    assert_eq!(in_tables, all);
    assert_eq!(
        all.len(),
        OPERATION_NAMES.len(),
        "two operations have one name"
    );
}

#[test]
fn rules_have_names_of_their_own() {
    let rules = [
        Rule::PrincipalSuspended,
        Rule::TokenExpired,
        Rule::TokenRevoked,
        Rule::NotAMember,
        Rule::RoleTooLow,
        Rule::NotInstanceAdmin,
        Rule::NotAUser,
        Rule::NotOwner,
        Rule::TeamSuspended,
        Rule::NoBucket,
        Rule::BucketSuspended,
        Rule::BucketMoved,
        Rule::NotOpen,
        Rule::Expired,
        Rule::LimitReadOnly,
        Rule::LimitNoDownload,
        Rule::LimitObjectSize,
        Rule::NotToYourself,
        Rule::NetworkNotAllowed,
        Rule::PinNotAllowed,
    ];
    let names: BTreeSet<&str> = rules.iter().map(|rule| rule.name()).collect();
    assert_eq!(names.len(), rules.len());
}

#[test]
fn a_role_is_found_among_many_and_changes_alone() {
    let all: Memberships = (0..100)
        .rev()
        .map(|n| {
            (
                team_id(n),
                if n % 2 == 0 {
                    Role::Viewer
                } else {
                    Role::Admin
                },
            )
        })
        .collect();
    assert_eq!(all.role_in(team_id(40)), Some(Role::Viewer));
    assert_eq!(all.role_in(team_id(41)), Some(Role::Admin));
    assert_eq!(all.role_in(team_id(100)), None);
    let changed = all
        .with(team_id(40), Some(Role::Member))
        .with(team_id(41), None);
    assert_eq!(changed.role_in(team_id(40)), Some(Role::Member));
    assert_eq!(changed.role_in(team_id(41)), None);
    assert_eq!(changed.role_in(team_id(42)), Some(Role::Viewer));
    assert_eq!(changed.iter().len(), 99);
}
