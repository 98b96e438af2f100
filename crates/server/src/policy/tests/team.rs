//! Operations on what a team owns.

use super::super::{BucketFacts, Rule, Standing, TeamFacts};
use super::{CALLER, Expected, Health, NOW, STATES, TEAM, ask, caller, standing, team_id};
use protocol::Role;
use protocol::admin::{LimitRule, State};
use protocol::bucket::{AudienceEndpoints, PlanKind, StorePlace};
use protocol::id::BucketId;
use std::sync::Arc;

/// Roles: what callers of no role, viewers, members and admins get. `.` hidden, `x` refused openly,
/// `o` allowed on what is their own, `+` allowed.
///
/// Instance admins: `+` may do it in every team, `=` may not because of that; they know of all teams.
///
/// Bucket: `b` needs one. Effect: `download`, `write` (an object of 100 bytes), `change`, or nothing.
/// While: the states of what it is about in which it goes on; empty when it has none.
#[rustfmt::skip]
pub(super) const TABLE: &[(&str, &str, char, &str, &str, &str)] = &[
    // operation              roles  admins bucket effect     while
    ("url:issue get",         ".+++", '=', "b", "download", ""),
    ("url:issue head",        ".+++", '=', "b", "",         ""),
    ("url:issue put",         ".x++", '=', "b", "write",    ""),
    ("url:issue delete",      ".xx+", '=', "b", "change",   ""),
    ("upload:begin",          ".x++", '=', "b", "write",    ""),
    ("upload:list-parts",     ".xoo", '=', "b", "",         "open completed"),
    ("upload:sign-parts",     ".xoo", '=', "b", "write",    "open"),
    ("upload:complete",       ".xoo", '=', "b", "write",    "open completed"),
    ("upload:abort",          ".xo+", '=', "b", "",         "open expired aborted"),
    ("artifact:begin",        ".x++", '=', "b", "change",   ""),
    ("artifact:register",     ".xoo", '=', "b", "write",    "draft"),
    ("artifact:landed",       ".xoo", '=', "b", "change",   "draft"),
    ("artifact:commit",       ".xoo", '=', "b", "change",   "draft committing committed"),
    ("artifact:abandon",      ".xo+", '=', "b", "",         "draft committing deleted"),
    ("artifact:read",         ".+++", '=', "",  "",         ""),
    ("artifact:download",     ".+++", '=', "b", "download", "committed"),
    ("artifact:set-alias",    ".x++", '=', "",  "change",   "committed"),
    ("artifact:remove-alias", ".x++", '=', "",  "change",   "committed"),
    ("artifact:delete",       ".xo+", '=', "",  "change",   "committed deleted"),
    ("team:read",             ".+++", '+', "",  "",         ""),
    ("team:update",           ".xxx", '+', "",  "",         ""),
    ("membership:set",        ".xx+", '+', "",  "",         ""),
    ("membership:remove",     ".oo+", '+', "",  "",         ""),
    ("service-account:create", ".xx+", '+', "", "",         ""),
    ("audit:read-team",       ".xx+", '+', "",  "",         ""),
];

const UPLOAD_STATES: [&str; 4] = ["open", "expired", "completed", "aborted"];
const VERSION_STATES: [&str; 4] = ["draft", "committing", "committed", "deleted"];

/// The bucket in force for the team, and whether what is asked about was begun in it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Bucket {
    There(State),
    Moved,
    None,
}

const BUCKETS: [Bucket; 5] = [
    Bucket::There(State::Active),
    Bucket::There(State::Suspended),
    Bucket::There(State::Removed),
    Bucket::Moved,
    Bucket::None,
];

/// Limits, and which effects each forbids.
fn limits() -> [(LimitRule, &'static [&'static str], Option<Rule>); 6] {
    let none = LimitRule::default;
    let most = |bytes| LimitRule {
        max_object_bytes: Some(bytes),
        ..none()
    };
    [
        (none(), &[], None),
        (
            LimitRule {
                read_only: true,
                ..none()
            },
            &["write", "change"],
            Some(Rule::LimitReadOnly),
        ),
        (
            LimitRule {
                no_download: true,
                ..none()
            },
            &["download"],
            Some(Rule::LimitNoDownload),
        ),
        (most(99), &["write"], Some(Rule::LimitObjectSize)),
        (most(100), &[], None),
        (
            LimitRule {
                max_ttl_seconds: Some(1),
                urls_per_minute: Some(1),
                ..none()
            },
            &[],
            None,
        ),
    ]
}

pub(super) fn bucket_id(n: u8) -> BucketId {
    BucketId::from_parts(1, [n; 10])
}

fn team(state: State, bucket: Bucket, limits: &LimitRule) -> Arc<TeamFacts> {
    let in_force = match bucket {
        Bucket::There(state) => Some((1, state)),
        Bucket::Moved => Some((2, State::Active)),
        Bucket::None => None,
    };
    Arc::new(TeamFacts {
        id: team_id(TEAM),
        name: "vision".parse().unwrap(),
        state,
        personal: false,
        own_bucket: None,
        bucket: in_force.map(|(n, state)| Arc::new(bucket_facts(n, state))),
        allowed_networks: [].into(),
        limits: limits.clone(),
        created_at: NOW,
    })
}

pub(super) fn bucket_facts(n: u8, state: State) -> BucketFacts {
    BucketFacts {
        id: bucket_id(n),
        name: format!("bucket-{n}").parse().unwrap(),
        place: StorePlace::s3("https://s3.example.org", "us-east-1", "container"),
        endpoints: AudienceEndpoints::new(),
        prefix: "".into(),
        state,
        default: false,
        plan: PlanKind::AccessKey,
        identity: "AKIDEXAMPLE".into(),
        external_id: None,
        sealed_plan: [].into(),
        credential_revision: 1,
        capabilities: None,
        allowed_networks: [].into(),
        created_at: NOW,
    }
}

/// One case: who asks, about what.
struct Case<'a> {
    role: Option<Role>,
    instance_admin: bool,
    own: bool,
    team_state: State,
    bucket: Bucket,
    about: Option<&'a str>,
    /// The effects that limits forbid, and by which rule.
    limited: (&'a [&'a str], Option<Rule>),
}

fn expected(row: &(&str, &str, char, &str, &str, &str), case: &Case<'_>) -> Expected {
    let &(_, roles, admins, needs_bucket, effect, goes_on) = row;
    let column = case.role.map_or(0, |role| 1 + role as usize);
    let answer = roles.chars().nth(column).unwrap();
    let as_instance_admin = case.instance_admin && admins == '+';
    let mut refusing = Vec::new();
    if !as_instance_admin {
        match answer {
            '.' if !case.instance_admin => return Expected::Hidden,
            '.' => refusing.push(Rule::NotAMember),
            'x' => refusing.extend([Rule::RoleTooLow, Rule::NotInstanceAdmin]),
            // A viewer or member may remove nobody but itself: its role is too low for others
            'o' if !case.own => refusing.extend([Rule::NotOwner, Rule::RoleTooLow]),
            _ => {}
        }
        if case.team_state != State::Active {
            refusing.push(Rule::TeamSuspended);
        }
    }
    if needs_bucket == "b" {
        match case.bucket {
            Bucket::There(State::Active) => {}
            Bucket::There(_) => refusing.push(Rule::BucketSuspended),
            Bucket::Moved if case.about.is_some() => refusing.push(Rule::BucketMoved),
            Bucket::Moved => {}
            Bucket::None => refusing.push(Rule::NoBucket),
        }
    }
    if case
        .about
        .is_some_and(|state| !goes_on.split(' ').any(|word| word == state))
    {
        refusing.push(match case.about {
            Some("expired") => Rule::Expired,
            _ => Rule::NotOpen,
        });
    }
    if case.limited.0.contains(&effect) {
        refusing.extend(case.limited.1);
    }
    Expected::by(refusing)
}

/// The states of what an operation is about.
fn states_of(operation: &str) -> Vec<Option<&'static str>> {
    match operation {
        "upload:begin" | "artifact:begin" | "artifact:read" => vec![None],
        _ if operation.starts_with("upload:") => UPLOAD_STATES.map(Some).to_vec(),
        _ if operation.starts_with("artifact:") => VERSION_STATES.map(Some).to_vec(),
        _ => vec![None],
    }
}

/// A state in which the operation of a row goes on.
pub(super) fn goes_on_in(
    row: &(
        &'static str,
        &'static str,
        char,
        &'static str,
        &'static str,
        &'static str,
    ),
) -> Option<&'static str> {
    row.5.split(' ').find(|state| !state.is_empty())
}

const ROLES: [Option<Role>; 4] = [
    None,
    Some(Role::Viewer),
    Some(Role::Member),
    Some(Role::Admin),
];

#[test]
fn what_a_team_owns_is_for_its_members() {
    let limits = limits();
    // On the principal, on the team, but not on both: one limit is enough to refuse
    let limited: Vec<_> = limits
        .iter()
        .map(|limit| (limit, &limits[0]))
        .chain(limits.iter().skip(1).map(|limit| (&limits[0], limit)))
        .collect();
    let mut cases = 0_u32;
    for row in TABLE {
        for role in ROLES {
            for instance_admin in [false, true] {
                for &(on_principal, on_team) in &limited {
                    let limit = if on_principal.2.is_some() {
                        on_principal
                    } else {
                        on_team
                    };
                    let who = Standing {
                        instance_admin,
                        limits: on_principal.0.clone(),
                        ..standing(CALLER, role.map(|role| (TEAM, role)))
                    };
                    let who = caller(who, Health::GOOD);
                    for team_state in STATES {
                        for bucket in BUCKETS {
                            let team = team(team_state, bucket, &on_team.0);
                            for about in states_of(row.0) {
                                for own in [false, true] {
                                    let case = Case {
                                        role,
                                        instance_admin,
                                        own,
                                        team_state,
                                        bucket,
                                        about,
                                        limited: (limit.1, limit.2),
                                    };
                                    let expected = expected(row, &case);
                                    let answer = ask::team(row.0, &who, &team, own, about);
                                    assert!(
                                        expected.holds(answer),
                                        "{}: {role:?}, instance admin {instance_admin}, own {own}, team {team_state:?}, \
                                         {bucket:?}, {about:?}, {:?}: {answer:?}, not {expected:?}",
                                        row.0,
                                        limit.2,
                                    );
                                    cases += 1;
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(cases > 100_000, "{cases} cases");
}

/// Who is suspended or came with an expired token gets nothing, whatever else would be said.
#[test]
fn the_callers_own_state_comes_first() {
    for row in TABLE {
        for role in ROLES {
            for instance_admin in [false, true] {
                for health in Health::all().filter(|health| !health.refusing().is_empty()) {
                    for team_state in STATES {
                        for bucket in BUCKETS {
                            for about in states_of(row.0) {
                                let who = Standing {
                                    instance_admin,
                                    ..standing(CALLER, role.map(|role| (TEAM, role)))
                                };
                                let team = team(team_state, bucket, &LimitRule::default());
                                let answer =
                                    ask::team(row.0, &caller(who, health), &team, true, about);
                                let expected = Expected::Forbidden(health.refusing());
                                assert!(
                                    expected.holds(answer),
                                    "{}: {health:?}: {answer:?}",
                                    row.0
                                );
                            }
                        }
                    }
                }
            }
        }
    }
}

/// T6, in policy: a role in one team says nothing about another.
#[test]
fn a_role_elsewhere_is_no_role_here() {
    for row in TABLE {
        let who = standing(CALLER, [(super::OTHER_TEAM, Role::Admin)]);
        let team = team(
            State::Active,
            Bucket::There(State::Active),
            &LimitRule::default(),
        );
        for about in states_of(row.0) {
            let answer = ask::team(
                row.0,
                &caller(who.clone(), Health::GOOD),
                &team,
                true,
                about,
            );
            assert!(Expected::Hidden.holds(answer), "{}: {answer:?}", row.0);
        }
    }
}

#[test]
fn a_size_that_is_not_told_is_too_large_for_a_limit() {
    use super::super::{PlainUrls, authorize};
    use protocol::transfer::{UrlMethod, UrlsObject, UrlsRequest};
    let limit = LimitRule {
        max_object_bytes: Some(u64::MAX - 1),
        ..LimitRule::default()
    };
    let put = |limits: &LimitRule| {
        let object = UrlsObject {
            key: "weights.bin".parse().unwrap(),
            sha256: None,
            size_bytes: None,
        };
        let op = PlainUrls {
            team: team(State::Active, Bucket::There(State::Active), limits),
            request: UrlsRequest {
                method: UrlMethod::Put,
                objects: vec![object],
                ttl_seconds: None,
                save_as: None,
                audience: None,
                network: None,
            },
        };
        let who = caller(standing(CALLER, [(TEAM, Role::Member)]), Health::GOOD);
        authorize(&who, op, NOW)
            .map(drop)
            .map_err(|refused| refused.denial.rule())
    };
    assert_eq!(put(&limit), Err(Rule::LimitObjectSize));
    assert_eq!(put(&LimitRule::default()), Ok(()));
}
