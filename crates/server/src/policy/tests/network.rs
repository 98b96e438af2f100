//! From where what may be asked.

use super::super::{
    BucketFacts, Caller, Denial, PlainUrls, Refused, Rule, Source, Standing, TeamFacts, admit,
    authorize,
};
use super::team::{TABLE, bucket_facts, goes_on_in};
use super::{CALLER, Health, INSTANCE, NOW, TEAM, ask, caller, standing, subject, team_id};
use protocol::admin::{LimitRule, State};
use protocol::transfer::{UrlMethod, UrlsObject, UrlsRequest};
use protocol::{Network, Role};
use std::sync::Arc;

const INSIDE: &str = "203.0.113.9";
const OUTSIDE: &str = "198.51.100.1";

fn networks(texts: &[&str]) -> Vec<Network> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// The lists that can be set.
#[derive(Debug, Clone, Default)]
struct Lists {
    instance: Option<Vec<Network>>,
    team: Vec<Network>,
    bucket: Vec<Network>,
    on_team: Option<Vec<Network>>,
    on_principal: Option<Vec<Network>>,
}

impl Lists {
    fn limit(list: Option<&Vec<Network>>) -> LimitRule {
        LimitRule {
            allowed_networks: list.cloned(),
            ..LimitRule::default()
        }
    }

    fn team(&self) -> Arc<TeamFacts> {
        let bucket = BucketFacts {
            allowed_networks: self.bucket.clone().into(),
            ..bucket_facts(1, State::Active)
        };
        Arc::new(TeamFacts {
            id: team_id(TEAM),
            name: "vision".parse().unwrap(),
            state: State::Active,
            personal: false,
            own_bucket: None,
            bucket: Some(Arc::new(bucket)),
            allowed_networks: self.team.clone().into(),
            limits: Self::limit(self.on_team.as_ref()),
            created_at: NOW,
        })
    }

    /// The caller at an address; `None`: it is not known where.
    fn caller(&self, who: Standing, address: Option<&str>) -> Caller {
        let who = Standing {
            limits: Self::limit(self.on_principal.as_ref()),
            ..who
        };
        Caller {
            source: Source {
                address: address.map(|text| text.parse().unwrap()),
                allowed: self.instance.clone().map(Into::into),
            },
            ..caller(who, Health::GOOD)
        }
    }
}

fn team_admin() -> Standing {
    standing(CALLER, [(TEAM, Role::Admin)])
}

const REFUSED: Result<(), Denial> = Err(Denial::Forbidden(Rule::NetworkNotAllowed));

/// Each list is absent, has the caller's network, or has not.
#[test]
fn data_is_for_callers_in_every_list_that_is_set() {
    let texts: [&[&str]; 3] = [&[], &["10.0.0.0/8", "203.0.113.0/24"], &["10.0.0.0/8"]];
    let mut refused = 0_u32;
    for row in TABLE {
        let (operation, admins, needs_bucket, effect) = (row.0, row.2, row.3, row.4);
        let touches_data = needs_bucket == "b" || !effect.is_empty();
        for case in 0..81_usize {
            let chosen = [case % 3, case / 3 % 3, case / 9 % 3, case / 27];
            let list = |at: usize| networks(texts[chosen[at]]);
            let limit = |at: usize| Some(list(at)).filter(|list| !list.is_empty());
            let lists = Lists {
                instance: None,
                team: list(0),
                bucket: list(1),
                on_team: limit(2),
                on_principal: limit(3),
            };
            let is_free = chosen.iter().all(|chosen| *chosen == 0);
            let is_inside = chosen.iter().all(|chosen| *chosen < 2);
            let who = Standing {
                instance_admin: admins == '+',
                ..team_admin()
            };
            for (address, allowed) in [
                (Some(INSIDE), is_inside),
                (Some("::ffff:203.0.113.9"), is_inside),
                (Some(OUTSIDE), is_free),
                (Some("2001:db8::1"), is_free),
                // No network is in no list
                (None, is_free),
            ] {
                let who = lists.caller(who.clone(), address);
                let about = goes_on_in(row);
                let answer = ask::team(operation, &who, &lists.team(), true, about);
                let expected = if allowed || !touches_data {
                    Ok(())
                } else {
                    refused += 1;
                    REFUSED
                };
                assert_eq!(answer, expected, "{operation} at {address:?}, {lists:?}");
            }
        }
    }
    assert!(refused > 1_000, "{refused} refused");
}

/// A merged limit can have a list that nothing is in: it is set, and lets nobody in.
#[test]
fn a_limit_with_no_network_in_common_refuses_everybody() {
    let lists = Lists {
        on_team: Some(Vec::new()),
        ..Lists::default()
    };
    for address in [Some(INSIDE), Some("127.0.0.1"), None] {
        let who = lists.caller(team_admin(), address);
        let answer = ask::team("url:issue get", &who, &lists.team(), true, None);
        assert_eq!(answer, REFUSED, "{address:?}");
    }
}

#[test]
fn who_may_not_know_of_a_team_does_not_learn_of_it_by_its_networks() {
    let lists = Lists {
        team: networks(&["10.0.0.0/8"]),
        ..Lists::default()
    };
    let who = lists.caller(standing(CALLER, []), Some(OUTSIDE));
    let answer = ask::team("url:issue get", &who, &lists.team(), true, None);
    assert_eq!(answer, Err(Denial::Hidden(Rule::NotAMember)));
}

/// All operations of all tables, as this caller.
fn ask_all(who: &Caller, lists: &Lists) -> Vec<(&'static str, Result<(), Denial>)> {
    let other = standing(9, [(TEAM, Role::Member)]);
    let of_instance = INSTANCE
        .iter()
        .map(|(operation, _)| (*operation, ask::instance(operation, who)));
    let of_team = TABLE.iter().map(|row| {
        let answer = ask::team(row.0, who, &lists.team(), true, goes_on_in(row));
        (row.0, answer)
    });
    let of_subject = subject::TABLE
        .iter()
        .map(|(operation, _)| (*operation, ask::subject(operation, who, &other, None)));
    of_instance.chain(of_team).chain(of_subject).collect()
}

#[test]
fn the_instance_answers_nobody_outside_of_its_networks() {
    let lists = Lists {
        instance: Some(networks(&["10.0.0.0/8", "203.0.113.0/24"])),
        ..Lists::default()
    };
    for instance_admin in [false, true] {
        let who = || Standing {
            instance_admin,
            ..team_admin()
        };
        for address in [Some(OUTSIDE), Some("2001:db8::1"), None] {
            let who = lists.caller(who(), address);
            assert_eq!(admit(&who), REFUSED, "{address:?}");
            for (operation, answer) in ask_all(&who, &lists) {
                assert_eq!(answer, REFUSED, "{operation} at {address:?}");
            }
        }
        let inside = lists.caller(who(), Some(INSIDE));
        assert_eq!(admit(&inside), Ok(()));
        let anywhere = Lists::default();
        let without = ask_all(&anywhere.caller(who(), None), &anywhere);
        assert_eq!(ask_all(&inside, &lists), without);
    }
}

/// Whoever can reach the machine itself and is an administrator can mend a list that locks out all.
#[test]
fn an_instance_admin_on_the_machine_itself_is_never_locked_out() {
    let lists = Lists {
        instance: Some(networks(&["10.0.0.0/8"])),
        ..Lists::default()
    };
    for address in ["127.0.0.1", "127.8.8.8", "::1"] {
        let root = Standing {
            instance_admin: true,
            ..standing(CALLER, [])
        };
        assert_eq!(admit(&lists.caller(root.clone(), Some(address))), Ok(()));
        let answer = ask::instance("limit:set", &lists.caller(root, Some(address)));
        assert_eq!(answer, Ok(()), "{address}");
        let member = lists.caller(team_admin(), Some(address));
        assert_eq!(admit(&member), REFUSED, "{address}");
    }
}

/// Lists of teams, buckets and limits are mended from anywhere: they are about data alone.
#[test]
fn lists_are_changed_from_outside_of_them() {
    let list = networks(&["10.0.0.0/8"]);
    let lists = Lists {
        instance: None,
        team: list.clone(),
        bucket: list.clone(),
        on_team: Some(list.clone()),
        on_principal: Some(list),
    };
    let root = Standing {
        instance_admin: true,
        ..standing(CALLER, [])
    };
    let root = lists.caller(root, Some(OUTSIDE));
    assert_eq!(
        ask::team("team:update", &root, &lists.team(), true, None),
        Ok(())
    );
    for operation in ["bucket:update", "limit:remove", "limit:set"] {
        assert_eq!(ask::instance(operation, &root), Ok(()), "{operation}");
    }
}

fn pinned(lists: &Lists, address: &str, pin: &str) -> Result<(), Denial> {
    let who = lists.caller(team_admin(), Some(address));
    let op = PlainUrls {
        team: lists.team(),
        request: UrlsRequest {
            method: UrlMethod::Get,
            objects: vec![UrlsObject {
                key: "a".parse().unwrap(),
                sha256: None,
                size_bytes: None,
            }],
            ttl_seconds: None,
            save_as: None,
            audience: None,
            network: Some(pin.parse().unwrap()),
        },
    };
    authorize(&who, op, NOW)
        .map(drop)
        .map_err(|Refused { denial, .. }| denial)
}

#[test]
fn a_pin_lies_within_every_list_that_is_set() {
    let free = Lists::default();
    for pin in ["0.0.0.0/0", "198.51.100.0/24", "2001:db8::/32"] {
        assert_eq!(pinned(&free, OUTSIDE, pin), Ok(()), "{pin}");
    }
    let list = networks(&["203.0.113.0/24", "10.0.0.0/9"]);
    let limit = Some(list.clone());
    let each = [
        Lists {
            instance: limit.clone(),
            ..Lists::default()
        },
        Lists {
            team: list.clone(),
            ..Lists::default()
        },
        Lists {
            bucket: list,
            ..Lists::default()
        },
        Lists {
            on_team: limit.clone(),
            ..Lists::default()
        },
        Lists {
            on_principal: limit,
            ..Lists::default()
        },
    ];
    for lists in each {
        // It need not be where the caller is
        for pin in ["203.0.113.0/24", "203.0.113.7", "10.1.0.0/16"] {
            assert_eq!(pinned(&lists, INSIDE, pin), Ok(()), "{pin} {lists:?}");
        }
        for pin in ["203.0.112.0/23", "10.0.0.0/8", "198.51.100.1", "::/0"] {
            let refused = Err(Denial::Forbidden(Rule::PinNotAllowed));
            assert_eq!(pinned(&lists, INSIDE, pin), refused, "{pin} {lists:?}");
        }
        // Where the caller is comes first
        assert_eq!(pinned(&lists, OUTSIDE, "203.0.113.7"), REFUSED);
    }
}
