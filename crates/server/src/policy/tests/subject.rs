//! Operations on principals and their tokens.

use super::super::{Rule, Standing, TeamFacts};
use super::{
    CALLER, Expected, Health, NOW, OTHER_TEAM, STATES, TEAM, ask, caller, standing, team_id,
};
use protocol::Role;
use protocol::admin::{LimitRule, PrincipalKind, State};
use std::sync::Arc;

/// `.` hidden, `x` refused openly, `+` allowed.
///
/// - itself: the caller's own account
/// - stranger: somebody who shares no team with the caller
/// - mate: a user who does
/// - viewer, member, admin: a service account of a team where the caller has that role
/// - instance admin: over somebody else, over itself
#[rustfmt::skip]
pub(super) const TABLE: &[(&str, &str)] = &[
    // operation                  ┌ itself, stranger, mate
    //                            │   ┌ viewer, member, admin of the owner
    //                            │   │   ┌ instance admin: other, itself
    ("principal:read",           "+.+ +++ ++"),
    ("principal:suspend",        "x.x xx+ +x"),
    ("principal:reinstate",      "x.x xx+ +x"),
    ("principal:remove",         "x.x xx+ +x"),
    ("token:list",               "+.x xx+ ++"),
    ("token:create",             "+.x xx+ ++"),
    ("token:revoke",             "+.x xx+ ++"),
    ("token:import-hash",        "x.x xxx ++"),
];

const SUBJECT: u8 = 4;

struct Column {
    who: Standing,
    subject: Standing,
    owner_team: Option<Arc<TeamFacts>>,
    /// True when the state of the owner's team matters.
    by_owner: bool,
}

fn owner_team(state: State) -> Arc<TeamFacts> {
    Arc::new(TeamFacts {
        id: team_id(TEAM),
        name: "vision".parse().unwrap(),
        state,
        personal: false,
        own_bucket: None,
        bucket: None,
        allowed_networks: [].into(),
        limits: LimitRule {
            read_only: true,
            ..LimitRule::default()
        },
        created_at: NOW,
    })
}

fn service_account(n: u8, roles: impl IntoIterator<Item = (u8, Role)>) -> Standing {
    Standing {
        kind: PrincipalKind::ServiceAccount,
        owner_team: Some(team_id(TEAM)),
        ..standing(n, roles)
    }
}

fn root(roles: impl IntoIterator<Item = (u8, Role)>) -> Standing {
    Standing {
        instance_admin: true,
        ..standing(CALLER, roles)
    }
}

/// The worlds that one column stands for.
fn worlds(column: usize, team_state: State) -> Vec<Column> {
    let owner_team = owner_team(team_state);
    let users = |who: Standing, subject: Standing| Column {
        who,
        subject,
        owner_team: None,
        by_owner: false,
    };
    let owned = |who: Standing, subject: Standing, by_owner: bool| Column {
        who,
        subject,
        owner_team: Some(Arc::clone(&owner_team)),
        by_owner,
    };
    match column {
        // Itself
        0 => vec![
            users(standing(CALLER, []), standing(CALLER, [])),
            users(
                standing(CALLER, [(TEAM, Role::Admin)]),
                standing(CALLER, [(TEAM, Role::Admin)]),
            ),
        ],
        // Stranger
        1 => vec![
            users(standing(CALLER, []), standing(SUBJECT, [])),
            users(
                standing(CALLER, [(OTHER_TEAM, Role::Admin)]),
                standing(SUBJECT, [(TEAM, Role::Viewer)]),
            ),
            owned(
                standing(CALLER, [(OTHER_TEAM, Role::Admin)]),
                service_account(SUBJECT, [(TEAM, Role::Member)]),
                false,
            ),
        ],
        // Mate, whatever the roles: nobody administers users by a role in a team
        2 => [Role::Viewer, Role::Member, Role::Admin]
            .into_iter()
            .flat_map(|role| {
                [
                    users(
                        standing(CALLER, [(TEAM, role)]),
                        standing(SUBJECT, [(TEAM, Role::Viewer)]),
                    ),
                    // A service account that is in the caller's team, but not of it
                    owned(
                        standing(CALLER, [(OTHER_TEAM, role)]),
                        service_account(
                            SUBJECT,
                            [(TEAM, Role::Viewer), (OTHER_TEAM, Role::Member)],
                        ),
                        false,
                    ),
                ]
            })
            .collect(),
        3..=5 => {
            let role = [Role::Viewer, Role::Member, Role::Admin][column - 3];
            vec![
                owned(
                    standing(CALLER, [(TEAM, role)]),
                    service_account(SUBJECT, [(TEAM, Role::Admin)]),
                    true,
                ),
                // One that has left its team is still of it
                owned(
                    standing(CALLER, [(TEAM, role)]),
                    service_account(SUBJECT, []),
                    true,
                ),
            ]
        }
        6 => vec![
            users(root([]), standing(SUBJECT, [])),
            users(
                root([(TEAM, Role::Viewer)]),
                standing(SUBJECT, [(TEAM, Role::Admin)]),
            ),
            owned(
                root([]),
                service_account(SUBJECT, [(TEAM, Role::Member)]),
                false,
            ),
        ],
        _ => vec![
            users(root([]), root([])),
            users(root([(TEAM, Role::Admin)]), root([])),
        ],
    }
}

#[test]
fn principals_are_administered_by_whom_the_table_says() {
    for &(operation, row) in TABLE {
        for (column, answer) in row.chars().filter(|c| *c != ' ').enumerate() {
            for health in Health::all() {
                for team_state in STATES {
                    for subject_state in STATES {
                        for world in worlds(column, team_state) {
                            let subject = Standing {
                                state: subject_state,
                                ..world.subject
                            };
                            let sick = health.refusing();
                            let team_says_no = world.by_owner
                                && team_state != State::Active
                                && !matches!(operation, "principal:read" | "token:import-hash");
                            let expected = match answer {
                                _ if !sick.is_empty() => Expected::Forbidden(sick),
                                '.' => Expected::Hidden,
                                '+' if team_says_no => {
                                    Expected::Forbidden(vec![Rule::TeamSuspended])
                                }
                                '+' => Expected::Allowed,
                                _ => Expected::Forbidden(vec![
                                    Rule::NotInstanceAdmin,
                                    Rule::RoleTooLow,
                                    Rule::NotToYourself,
                                ]),
                            };
                            let who = caller(world.who, health);
                            let owner_team = world.owner_team.as_ref();
                            let answer = ask::subject(operation, &who, &subject, owner_team);
                            assert!(
                                expected.holds(answer),
                                "{operation}, column {column}, {health:?}, team {team_state:?}, \
                                 subject {subject_state:?}: {answer:?}, not {expected:?}"
                            );
                        }
                    }
                }
            }
        }
    }
}

/// A service account may look after its own tokens while its team is in use.
#[test]
fn a_service_account_is_its_own_while_its_team_is_in_use() {
    for state in STATES {
        let team = owner_team(state);
        let robot = service_account(CALLER, [(TEAM, Role::Viewer)]);
        let who = caller(robot.clone(), Health::GOOD);
        for operation in ["token:list", "token:create", "token:revoke"] {
            let answer = ask::subject(operation, &who, &robot, Some(&team));
            let expected = if state == State::Active {
                Expected::Allowed
            } else {
                Expected::Forbidden(vec![Rule::TeamSuspended])
            };
            assert!(
                expected.holds(answer),
                "{operation}, team {state:?}: {answer:?}"
            );
        }
    }
}

/// An instance always keeps an admin: who may suspend or remove one is another one in good standing.
#[test]
fn no_instance_admin_can_be_suspended_but_by_another_one() {
    let subject = Standing {
        instance_admin: true,
        ..standing(SUBJECT, [(TEAM, Role::Viewer)])
    };
    for operation in ["principal:suspend", "principal:remove"] {
        for who in [
            standing(CALLER, []),
            standing(CALLER, [(TEAM, Role::Admin)]),
            service_account(CALLER, [(TEAM, Role::Admin)]),
            subject.clone(),
        ] {
            let answer = ask::subject(operation, &caller(who, Health::GOOD), &subject, None);
            assert!(answer.is_err(), "{operation}: {answer:?}");
        }
    }
}
