//! A session for each team and its networks.

use super::{BEGIN, Numbered, basis};
use crate::clock::ManualClock;
use crate::stores::lender::sessions::{MintSessions, Sessions};
use crate::stores::lender::{Lender, Mint, Purpose, Tenant};
use crate::stores::{Error, PinLimit};
use protocol::Network;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Counts what is minted for each team and its networks.
#[derive(Debug)]
struct Counted {
    clock: Arc<ManualClock>,
    scopes: Arc<parking_lot::Mutex<HashMap<String, Arc<Numbered>>>>,
}

impl Counted {
    fn mint(&self, scope: &str) -> Box<dyn Mint> {
        let (mint, _) = Numbered::new(self.clock.clone(), Duration::from_hours(1));
        self.scopes
            .lock()
            .insert(scope.to_owned(), Arc::clone(&mint));
        Box::new(mint)
    }
}

impl MintSessions for Counted {
    fn own(&self) -> Box<dyn Mint> {
        self.mint("own")
    }

    fn of_team(&self, team: Tenant<'_>, networks: &[Network]) -> Result<Box<dyn Mint>, Error> {
        if networks.len() > 2 {
            return Err(Error::CannotPin(PinLimit::Fewer));
        }
        Ok(self.mint(&format!("{} {networks:?}", team.name)))
    }
}

struct World {
    lender: Lender,
    scopes: Arc<parking_lot::Mutex<HashMap<String, Arc<Numbered>>>>,
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(BEGIN));
        let scopes = Arc::default();
        let counted = Counted {
            clock: clock.clone(),
            scopes: Arc::clone(&scopes),
        };
        let sessions = Sessions::new(Box::new(counted), basis(clock));
        Self {
            lender: Lender::Sessions(sessions),
            scopes,
        }
    }

    async fn lend(&self, name: &str, networks: &[Network]) -> Result<String, Error> {
        let root = format!("{name}/");
        let purpose = Purpose {
            team: Some(Tenant { name, root: &root }),
            networks,
            ..Purpose::default()
        };
        Ok(self.lender.lend(purpose).await?.access_key_id())
    }

    fn minted(&self) -> u32 {
        self.scopes.lock().values().map(|scope| scope.count()).sum()
    }
}

#[tokio::test]
async fn each_team_has_its_own_session_from_each_set_of_networks() {
    let world = World::new();
    let near: [Network; 1] = ["10.0.0.0/8".parse().unwrap()];
    let far: [Network; 1] = ["192.0.2.0/24".parse().unwrap()];
    for _ in 0..2 {
        world.lend("vision", &[]).await.unwrap();
        world.lend("language", &[]).await.unwrap();
        world.lend("vision", &near).await.unwrap();
        world.lend("vision", &far).await.unwrap();
        world.lender.lend_own().await.unwrap();
    }
    let scopes = world.scopes.lock().len();
    assert_eq!((scopes, world.minted()), (5, 5));
}

#[tokio::test]
async fn a_session_that_cannot_be_held_to_its_networks_is_not_lent() {
    let world = World::new();
    let near: Network = "10.0.0.0/8".parse().unwrap();
    let error = world.lend("vision", &[near; 3]).await.unwrap_err();
    assert!(matches!(error, Error::CannotPin(_)), "{error:?}");
    let own = Purpose {
        networks: &[near],
        ..Purpose::default()
    };
    let error = world.lender.lend(own).await.unwrap_err();
    assert!(matches!(error, Error::CannotPin(_)), "{error:?}");
}

#[tokio::test]
async fn sessions_that_are_kept_are_bounded() {
    let world = World::new();
    for team in 0..1200 {
        world.lend(&format!("team-{team}"), &[]).await.unwrap();
    }
    let Lender::Sessions(sessions) = &world.lender else {
        panic!("they are sessions");
    };
    assert!(sessions.kept() <= 1024, "{}", sessions.kept());
}
