//! Tests of administration, on both databases.

mod account;
mod bucket;
mod team;
mod token;

use super::{Admin, Error, Settings};
use crate::auth::{Auth, AuthError};
use crate::broker::Broker;
use crate::db::testing::{TestDatabase, for_each_database};
use crate::directory::testing::World;
use crate::gate::Gate;
use crate::ledger::{EventFilter, Ledger};
use crate::policy::{
    Caller, CreateServiceAccount, CreateTeam, CreateUser, Denial, Operation, Permit, SetMembership,
    Standing, TeamFacts,
};
use crate::stores::{AddressRules, HttpSettings, SealKeys, Stores};
use protocol::Role;
use protocol::admin::{NewServiceAccount, NewTeam, NewUser, Principal, Team};
use protocol::audit::{Action, Event};
use protocol::id::RequestId;
use std::sync::Arc;

/// A server without its HTTP.
struct House {
    world: World,
    ledger: Arc<Ledger>,
    stores: Arc<Stores>,
    gate: Gate,
    auth: Auth,
    admin: Admin,
}

impl House {
    /// With the instance admin `root`.
    async fn on(database: &TestDatabase) -> Self {
        let world = World::on(database).await;
        world.instance_admin("root").await;
        Self::of(database, world).await
    }

    async fn of(database: &TestDatabase, world: World) -> Self {
        let (db, clock, ids) = (database.db.clone(), world.clock.clone(), world.ids.clone());
        let ledger = Ledger::open(
            db.clone(),
            world.directory.clone(),
            clock.clone(),
            ids.clone(),
        )
        .await
        .unwrap();
        let keys = SealKeys::from_bytes("test", &[1; 32]).unwrap();
        let settings = HttpSettings {
            addresses: AddressRules {
                plain_http: vec!["0.0.0.0/0".parse().unwrap()],
                ..AddressRules::default()
            },
            ..HttpSettings::default()
        };
        let stores = Stores::new(keys, clock.clone(), settings).unwrap();
        let stores = Arc::new(stores);
        let broker = Broker::new(
            db.clone(),
            ledger.clone(),
            stores.clone(),
            clock.clone(),
            ids.clone(),
        );
        let admin = Admin::new(
            db,
            world.directory.clone(),
            ledger.clone(),
            Arc::new(broker),
            stores.clone(),
            clock.clone(),
            ids.clone(),
            Settings {
                personal_teams: true,
                browser_origins: Vec::new(),
            },
        );
        Self {
            gate: Gate::new(ledger.clone(), clock.clone(), ids),
            auth: Auth::new(world.directory.clone(), clock, |_| false),
            world,
            ledger,
            stores,
            admin,
        }
    }

    fn authenticate(&self, secret: &str) -> Result<Caller, AuthError> {
        let mut headers = http::HeaderMap::new();
        headers.insert("authorization", format!("Bearer {secret}").parse().unwrap());
        let network = "203.0.113.9".parse().unwrap();
        self.auth
            .authenticate(&headers, network, RequestId::from_parts(1, [1; 10]))
    }

    fn caller(&self, name: &str) -> Caller {
        self.authenticate(&format!("{name}-token")).unwrap()
    }

    fn ask<Op: Operation>(&self, name: &str, op: Op) -> Result<Permit<Op>, Denial> {
        self.gate.decide(&self.caller(name), op)
    }

    /// What the instance admin is allowed.
    fn root<Op: Operation>(&self, op: Op) -> Permit<Op> {
        self.ask("root", op).unwrap()
    }

    fn standing(&self, name: &str) -> Arc<Standing> {
        let name = name.parse().unwrap();
        self.world.directory.principal_named(&name).unwrap()
    }

    fn team(&self, name: &str) -> Arc<TeamFacts> {
        self.world
            .directory
            .team_named(&name.parse().unwrap())
            .unwrap()
    }

    async fn create_user(&self, name: &str) -> Result<Principal, Error> {
        let request = NewUser {
            name: name.parse().unwrap(),
            instance_admin: false,
        };
        self.admin
            .create_user(self.root(CreateUser { request }))
            .await
    }

    async fn create_team(&self, name: &str, bucket: Option<&str>) -> Result<Team, Error> {
        let request = NewTeam {
            name: name.parse().unwrap(),
            bucket: bucket.map(|name| name.parse().unwrap()),
        };
        self.admin
            .create_team(self.root(CreateTeam { request }))
            .await
    }

    async fn create_robot(&self, team: &str, name: &str) -> Result<Principal, Error> {
        let request = NewServiceAccount {
            name: name.parse().unwrap(),
            role: Role::Member,
        };
        let team = self.team(team);
        self.admin
            .create_service_account(self.root(CreateServiceAccount { team, request }))
            .await
    }

    async fn set_role(&self, team: &str, name: &str, role: Role) -> Result<(), Error> {
        let op = SetMembership {
            team: self.team(team),
            subject: name.parse().unwrap(),
            role,
        };
        self.admin.set_membership(self.root(op)).await.map(drop)
    }

    /// What was recorded of this kind.
    async fn events(&self, action: Action) -> Vec<Event> {
        self.ledger.caught_up().await.unwrap();
        let filter = EventFilter {
            action: Some(action),
            ..EventFilter::default()
        };
        self.ledger.events(&filter).await.unwrap().items
    }
}

#[track_caller]
fn assert_conflict<T: std::fmt::Debug>(result: Result<T, Error>, text: &str) {
    match result {
        Err(Error::Conflict(told)) if told.contains(text) => {}
        other => panic!("{other:?} is no conflict about `{text}`"),
    }
}

#[track_caller]
fn assert_invalid<T: std::fmt::Debug>(result: Result<T, Error>, at: &str) {
    match result {
        Err(Error::Invalid { field, .. }) if field == at => {}
        other => panic!("{other:?} is not about `{at}`"),
    }
}

/// What was allowed when it was asked is decided again when it is done.
#[tokio::test]
async fn a_permit_of_somebody_suspended_meanwhile_changes_nothing() {
    for_each_database(|database| async move {
        let house = House::on(&database).await;
        house.world.instance_admin("other").await;
        let request = NewUser {
            name: "alice".parse().unwrap(),
            instance_admin: true,
        };
        let permit = house.ask("other", CreateUser { request }).unwrap();
        let subject = house.standing("other");
        let suspend = crate::policy::SuspendPrincipal {
            subject,
            owner_team: None,
        };
        house.admin.suspend(house.root(suspend)).await.unwrap();
        let refused = house.admin.create_user(permit).await;
        assert!(matches!(refused, Err(Error::Denied(Denial::Forbidden(_)))));
        assert_eq!(
            house
                .world
                .directory
                .principal_named(&"alice".parse().unwrap()),
            None
        );
        let denied = house.events(Action::UrlDeny).await;
        let told: Vec<_> = denied
            .iter()
            .map(|event| {
                let actor = event.actor.as_ref().map(|actor| actor.name.as_str());
                (actor, event.operation.as_deref(), event.rule.as_deref())
            })
            .collect();
        let expected = (
            Some("other"),
            Some("user:create"),
            Some("principal-suspended"),
        );
        assert_eq!(told, [expected]);
    })
    .await;
}
