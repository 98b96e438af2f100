//! Queries and the tables behind them.

use super::*;
use crate::db::ledger::{LaneConnection, tampering};
use crate::db::testing::for_each_database;
use crate::ledger::{EventFilter, GrantFilter, LiveGrants};

#[tokio::test]
async fn events_are_found_by_what_they_are_about_in_the_order_of_time() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (ledger, _) = world.open().await;
        let [ada, bob]: [PrincipalId; 2] = [world.ids.make(), world.ids.make()];
        let [vision, language]: [TeamId; 2] = [world.ids.make(), world.ids.make()];
        let begin = world.clock.now();
        let mut events = Vec::new();
        for (principal, team) in [(ada, vision), (bob, vision), (ada, language)] {
            events.push(world.grant(principal, team, 2));
            world.clock.advance(Duration::from_mins(1));
        }
        events.push(world.event());
        for event in &events {
            ledger.record(event.clone(), None).await.unwrap();
        }
        let all = EventFilter::default();
        let minute = |n: u64| Some(begin.plus(Duration::from_mins(n)));
        for (filter, expected) in [
            (all.clone(), vec![0, 1, 2, 3]),
            (
                EventFilter {
                    team: Some(vision),
                    ..all.clone()
                },
                vec![0, 1],
            ),
            (
                EventFilter {
                    team: Some(vision),
                    principal: Some(bob),
                    action: Some(Action::UrlIssue),
                    ..all.clone()
                },
                vec![1],
            ),
            (
                EventFilter {
                    principal: Some(ada),
                    ..all.clone()
                },
                vec![0, 2],
            ),
            (
                EventFilter {
                    principal: Some(ada),
                    action: Some(Action::UrlDeny),
                    ..all.clone()
                },
                vec![],
            ),
            (
                EventFilter {
                    action: Some(Action::TeamCreate),
                    ..all.clone()
                },
                vec![3],
            ),
            (
                EventFilter {
                    from: minute(1),
                    to: minute(3),
                    ..all.clone()
                },
                vec![1, 2],
            ),
            (
                EventFilter {
                    after: Some(events[0].id),
                    ..all.clone()
                },
                vec![1, 2, 3],
            ),
        ] {
            let found = ledger.events(&filter).await.unwrap();
            let expected: Vec<_> = expected.iter().map(|n| events[*n].clone()).collect();
            assert_eq!(found.items, expected, "{filter:?}");
            assert_eq!(found.next, None);
        }
        ledger.shutdown().await;
    })
    .await;
}

#[tokio::test]
async fn pages_follow_one_another_without_gap_or_repetition() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (ledger, _) = world.open().await;
        let (principal, team) = (world.ids.make(), world.ids.make());
        let mut ids = Vec::new();
        for _ in 0..7 {
            let event = world.grant(principal, team, 1);
            ids.push(event.grant.as_ref().unwrap().id);
            ledger.record(event, None).await.unwrap();
        }
        let mut events = EventFilter {
            limit: Some(3),
            ..EventFilter::default()
        };
        let mut grants = GrantFilter {
            limit: Some(3),
            ..GrantFilter::default()
        };
        let mut listed = (Vec::new(), Vec::new());
        for last in [false, false, true] {
            let page = ledger.events(&events).await.unwrap();
            assert_eq!(page.next.is_none(), last);
            events.after = page.next.map(|next| next.parse().unwrap());
            listed.0.extend(page.items);
            let page = ledger.grants(&grants).await.unwrap();
            assert_eq!(page.next.is_none(), last);
            grants.after = page.next.map(|next| next.parse().unwrap());
            listed.1.extend(page.items);
        }
        ids.sort();
        let of_grants: Vec<_> = listed.1.iter().map(|record| record.grant.id).collect();
        assert_eq!(of_grants, ids);
        let mut of_events: Vec<_> = listed
            .0
            .iter()
            .map(|event| event.grant.as_ref().unwrap().id)
            .collect();
        of_events.sort();
        assert_eq!(of_events, ids);
        ledger.shutdown().await;
    })
    .await;
}

#[tokio::test]
async fn grants_are_found_while_their_urls_live_and_after() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (ledger, _) = world.open().await;
        let [ada, bob]: [PrincipalId; 2] = [world.ids.make(), world.ids.make()];
        let team = world.ids.make();
        let old = world.grant(ada, team, 40);
        ledger.record(old.clone(), None).await.unwrap();
        world.clock.advance(Duration::from_mins(50));
        let new = world.grant(ada, team, 3);
        ledger.record(new.clone(), None).await.unwrap();
        ledger
            .record(world.grant(bob, team, 1), None)
            .await
            .unwrap();

        let last = new.grant.as_ref().unwrap().expires_at;
        let held = |grants, urls| LiveGrants {
            grants,
            urls,
            last_expires_at: Some(last),
        };
        let now = world.clock.now();
        assert_eq!(ledger.live_grants(ada, now).await.unwrap(), held(2, 43));
        let later = now.plus(Duration::from_mins(20));
        assert_eq!(ledger.live_grants(ada, later).await.unwrap(), held(1, 3));
        assert_eq!(
            ledger.live_grants(ada, last).await.unwrap(),
            LiveGrants::default()
        );

        let filter = GrantFilter {
            team: Some(team),
            principal: Some(ada),
            alive_at: Some(later),
            ..GrantFilter::default()
        };
        let alive = ledger.grants(&filter).await.unwrap().items;
        assert_eq!(alive.len(), 1);
        assert_eq!(Some(&alive[0].grant), new.grant.as_ref());
        let of_bob = GrantFilter {
            principal: Some(bob),
            ..GrantFilter::default()
        };
        assert_eq!(ledger.grants(&of_bob).await.unwrap().items.len(), 1);

        let grant = old.grant.clone().unwrap();
        let found = ledger.find_grant(grant.id).await.unwrap().unwrap();
        assert_eq!(found.event_id, old.id);
        assert_eq!(found.grant, grant);
        assert_eq!(ledger.find_grant(world.ids.make()).await.unwrap(), None);
        ledger.shutdown().await;
    })
    .await;
}

#[tokio::test]
async fn a_projection_built_anew_equals_the_one_that_grew() {
    for_each_database(|database| async {
        let world = World::new(database);
        let (one, _) = world.open().await;
        let (two, _) = world.open().await;
        let (principal, team) = (world.ids.make(), world.ids.make());
        for n in 0..40 {
            let ledger = if n % 2 == 0 { &one } else { &two };
            let event = world.grant(principal, team, n % 5 + 1);
            ledger.record(event, None).await.unwrap();
            ledger.record(world.event(), None).await.unwrap();
        }
        one.caught_up().await.unwrap();
        let grown = tampering::dump_projection(&world.database).await.unwrap();
        assert_eq!(grown.len(), 80 + 40 + 120 + 2);
        one.rebuild_projection().await.unwrap();
        let built = tampering::dump_projection(&world.database).await.unwrap();
        assert_eq!(grown, built);
        one.shutdown().await;
        two.shutdown().await;
    })
    .await;
}

#[tokio::test]
async fn the_lane_of_a_dead_server_is_projected_and_closed() {
    for_each_database(|database| async {
        let world = World::new(database);
        let dead = world.ids.make();
        let genesis = segment::genesis(dead);
        let event = world.event();
        {
            let mut connection = LaneConnection::connect(&world.database).await.unwrap();
            let now = world.clock.now();
            connection
                .open_lane(dead, &genesis.to_hex(), now)
                .await
                .unwrap();
            let lanes = db::ledger::list_lanes(&world.database).await.unwrap();
            let mut line = serde_json::to_vec(&event).unwrap();
            line.push(b'\n');
            let row = segment::Sealer::new().seal(dead, 1, genesis, now, &line, 1);
            let pending = connection.write_segment(&lanes[0], &row).await.unwrap();
            pending.unwrap().commit().await.unwrap();
            connection.close().await;
        }
        world.clock.advance(Duration::from_mins(10));
        let (ledger, _) = world.open().await;
        let own = ledger.head().lane_id;
        ledger.projection.sweep(own, &*world.clock).await.unwrap();
        let found = db::projection::has_event(&world.database, event.id).await;
        assert!(found.unwrap());
        for lane in db::ledger::list_lanes(&world.database).await.unwrap() {
            assert_eq!(lane.closed_at.is_some(), lane.id == dead);
        }
        assert_intact(&ledger).await;
        ledger.shutdown().await;
    })
    .await;
}
