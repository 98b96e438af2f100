//! Tests of the gate.

use super::Gate;
use crate::db::testing::TestDatabase;
use crate::directory::testing::{World, token_sha256};
use crate::ledger::{EventFilter, Ledger};
use crate::policy::{Caller, Denial, ReadAudit, ReadSelf, ReadTeam, Rule};
use protocol::Role;
use protocol::audit::{Action, Event};
use protocol::id::RequestId;
use std::sync::Arc;
use std::time::Duration;

struct House {
    world: World,
    ledger: Arc<Ledger>,
    gate: Gate,
    _database: TestDatabase,
}

async fn house() -> House {
    let database = TestDatabase::sqlite().await;
    let world = World::on(&database).await;
    let ledger = Ledger::open(
        database.db.clone(),
        world.directory.clone(),
        world.clock.clone(),
        world.ids.clone(),
    )
    .await
    .unwrap();
    let gate = Gate::new(ledger.clone(), world.clock.clone(), world.ids.clone());
    House {
        world,
        ledger,
        gate,
        _database: database,
    }
}

impl House {
    /// The gate takes a caller as authentication makes it.
    fn caller(&self, name: &str) -> Caller {
        let auth = crate::auth::Auth::new(
            self.world.directory.clone(),
            self.world.clock.clone(),
            |_| false,
        );
        let mut headers = http::HeaderMap::new();
        headers.insert(
            "authorization",
            format!("Bearer {name}-token").parse().unwrap(),
        );
        auth.authenticate(
            &headers,
            "203.0.113.9".parse().unwrap(),
            RequestId::from_parts(1, [1; 10]),
        )
        .unwrap()
    }

    async fn events(&self, action: Action) -> Vec<Event> {
        self.ledger.caught_up().await.unwrap();
        let filter = EventFilter {
            action: Some(action),
            limit: Some(1000),
            ..EventFilter::default()
        };
        let mut events = self.ledger.events(&filter).await.unwrap().items;
        // The clock stands still, and ids of one millisecond are in no order
        events.sort_by_key(|event| (event.operation.clone(), event.network.clone()));
        events
    }
}

#[tokio::test]
async fn a_refusal_is_on_the_record_with_its_rule_and_who_it_was() {
    let house = house().await;
    let alice = house.world.user("alice").await;
    let vision = house.world.team("vision").await;
    let language = house.world.team("language").await;
    house.world.member(language, alice, Role::Member).await;
    let caller = house.caller("alice");
    let team = house.world.directory.team(vision).unwrap();
    let denial = house.gate.decide(&caller, ReadTeam { team }).unwrap_err();
    assert_eq!(denial, Denial::Hidden(Rule::NotAMember));
    let team = house.world.directory.team(language).unwrap();
    let _permit = house.gate.decide(&caller, ReadTeam { team }).unwrap();
    house.gate.decide(&caller, ReadAudit {}).unwrap_err();

    let events = house.events(Action::UrlDeny).await;
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            (
                event.operation.as_deref(),
                event.rule.as_deref(),
                event.team_id,
            )
        })
        .collect();
    let expected = [
        (Some("audit:read"), Some("not-instance-admin"), None),
        (Some("team:read"), Some("not-a-member"), Some(vision)),
    ];
    assert_eq!(told, expected);
    let actor = events[0].actor.as_ref().unwrap();
    let (_, token, _) = house
        .world
        .directory
        .by_token(&token_sha256("alice"))
        .unwrap();
    assert_eq!((actor.principal_id, actor.token_id), (alice, token.id));
    assert_eq!(events[0].network.as_deref(), Some("203.0.113.9"));
    assert_eq!(events[0].request_id, Some(caller.request_id().to_string()));
}

/// Rule 8.
#[tokio::test]
async fn a_flood_of_refusals_is_counted_and_another_caller_is_still_recorded() {
    let house = house().await;
    house.world.user("alice").await;
    house.world.user("bob").await;
    let [alice, bob] = [house.caller("alice"), house.caller("bob")];
    for _ in 0..150 {
        house.gate.decide(&alice, ReadAudit {}).unwrap_err();
    }
    house.gate.decide(&bob, ReadAudit {}).unwrap_err();
    let of = |events: &[Event], caller: &Caller| {
        let of_caller = events
            .iter()
            .filter(|event| event.actor.as_ref() == Some(&caller.actor()));
        of_caller.cloned().collect::<Vec<_>>()
    };
    let events = house.events(Action::UrlDeny).await;
    assert_eq!(
        (of(&events, &alice).len(), of(&events, &bob).len()),
        (100, 1)
    );

    house.gate.record_counts();
    house.gate.record_counts();
    let events = house.events(Action::UrlDeny).await;
    let of_alice = of(&events, &alice);
    assert_eq!(of_alice.len(), 101);
    let details: Vec<_> = of_alice
        .iter()
        .filter_map(|event| event.detail.as_deref())
        .collect();
    assert_eq!(details, ["50 more requests were refused"]);
    assert_eq!(of(&events, &bob).len(), 1);

    house.world.clock.advance(Duration::from_secs(1));
    for _ in 0..20 {
        house.gate.decide(&alice, ReadAudit {}).unwrap_err();
    }
    assert_eq!(of(&house.events(Action::UrlDeny).await, &alice).len(), 111);
}

#[tokio::test]
async fn failed_authentications_are_counted_by_network() {
    let house = house().await;
    for last in 1..=5 {
        house
            .gate
            .authentication_failed(format!("203.0.113.{last}").parse().unwrap());
    }
    house
        .gate
        .authentication_failed("2001:db8::1".parse().unwrap());
    house.gate.record_counts();
    house.gate.record_counts();
    let events = house.events(Action::AuthFail).await;
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            (
                event.network.as_deref().unwrap(),
                event.detail.as_deref().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("2001:db8::/56", "1 requests without a known caller"),
        ("203.0.113.0/24", "5 requests without a known caller"),
    ];
    assert_eq!(told, expected);
    assert!(events.iter().all(|event| event.actor.is_none()));
}

#[tokio::test]
async fn what_is_allowed_leaves_no_refusal() {
    let house = house().await;
    house.world.user("alice").await;
    let permit = house
        .gate
        .decide(&house.caller("alice"), ReadSelf {})
        .unwrap();
    drop(permit);
    house.gate.record_counts();
    assert_eq!(house.events(Action::UrlDeny).await, []);
}
