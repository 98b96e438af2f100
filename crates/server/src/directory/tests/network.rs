//! Where a request came from is decided again with the rest.

use super::{BEGIN, download, recheck};
use crate::db::limit::{LimitRow, LimitTarget};
use crate::db::testing::for_each_database;
use crate::directory::Refusal;
use crate::directory::testing::World;
use crate::policy::{Denial, Recheck, Rule, Source};
use protocol::admin::LimitRule;
use protocol::{Network, Role};

/// A list that is set while a request is decided holds for it: the request's network is decided again.
#[tokio::test]
async fn a_network_that_is_no_longer_allowed_is_refused_what_was_just_allowed() {
    for_each_database(|database| async move {
        let world = World::on(&database).await;
        let alice = world.user("alice").await;
        let shared = world.bucket("shared", true).await;
        let vision = world.team("vision").await;
        world.member(vision, alice, Role::Member).await;
        let directory = &world.directory;
        let at = |address: Option<&str>, pin: Option<&str>| {
            let pin = pin.map(|text| text.parse().unwrap());
            let question = download(directory, vision).pinned_to(pin);
            Recheck {
                source: Source {
                    address: address.map(|text| text.parse().unwrap()),
                    allowed: None,
                },
                ..recheck(directory, "alice", question)
            }
        };
        let inside = at(Some("10.0.0.1"), Some("10.0.0.0/16"));
        let wide = at(Some("10.0.0.1"), Some("10.0.0.0/7"));
        let outside = at(Some("192.0.2.7"), None);
        let unknown = at(None, None);
        for asked in [&inside, &wide, &outside, &unknown] {
            assert_eq!(directory.recheck(asked, BEGIN), Ok(asked.revision));
        }
        let limit = LimitRow {
            id: world.ids.make(),
            target: LimitTarget::Team(vision),
            rule: LimitRule {
                allowed_networks: Some(vec!["10.0.0.0/8".parse().unwrap()]),
                ..LimitRule::default()
            },
            created_at: BEGIN,
        };
        let refused = |rule| Err(Refusal::Denied(Denial::Forbidden(rule)));
        for which in 0..3 {
            let set = async |networks: &[Network]| {
                let mut change = world.change().await;
                match which {
                    0 => change.set_team_networks(vision, networks).await.unwrap(),
                    1 => change.set_bucket_networks(shared, networks).await.unwrap(),
                    _ if networks.is_empty() => change.delete_limit(limit.id).await.unwrap(),
                    _ => change.create_limit(&limit).await.unwrap(),
                }
                change.commit().await.unwrap()
            };
            let revision = set(&["10.0.0.0/8".parse().unwrap()]).await;
            assert_eq!(directory.recheck(&inside, BEGIN), Ok(revision), "{which}");
            for (asked, rule) in [
                (&wide, Rule::PinNotAllowed),
                (&outside, Rule::NetworkNotAllowed),
                (&unknown, Rule::NetworkNotAllowed),
            ] {
                assert_eq!(
                    directory.recheck(asked, BEGIN),
                    refused(rule),
                    "{which} {:?}",
                    asked.source
                );
            }
            let revision = set(&[]).await;
            assert_eq!(directory.recheck(&outside, BEGIN), Ok(revision), "{which}");
        }
    })
    .await;
}
