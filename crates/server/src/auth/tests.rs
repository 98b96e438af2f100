//! Tests of authentication.

use super::{Auth, AuthError};
use crate::db::testing::TestDatabase;
use crate::directory::testing::World;
use crate::directory::{MAX_AGE, Stale};
use crate::policy::Caller;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue};
use protocol::admin::State;
use protocol::id::RequestId;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

fn with(values: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append("authorization", HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn basic(pair: &str) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

async fn auth() -> (Auth, World, TestDatabase) {
    let database = TestDatabase::sqlite().await;
    let world = World::on(&database).await;
    let auth = Auth::new(world.directory.clone(), world.clock.clone(), |_| false);
    (auth, world, database)
}

fn ask(auth: &Auth, values: &[&str]) -> Result<Caller, AuthError> {
    let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
    auth.authenticate(&with(values), peer, RequestId::from_parts(1, [1; 10]))
}

#[tokio::test]
async fn a_token_says_who_asks() {
    let (auth, world, _database) = auth().await;
    let alice = world.user("alice").await;
    for value in [
        "Bearer alice-token".to_owned(),
        "bearer   alice-token ".to_owned(),
        basic("api:alice-token"),
        basic(":alice-token"),
    ] {
        let caller = ask(&auth, &[&value]).unwrap();
        assert_eq!(caller.principal_id(), alice, "{value}");
        assert_eq!(caller.network(), Some(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    }
}

#[tokio::test]
async fn what_is_not_a_known_token_says_nothing() {
    let (auth, world, _database) = auth().await;
    world.user("alice").await;
    assert_eq!(ask(&auth, &[]).unwrap_err(), AuthError::Missing);
    let long = format!("Bearer {}", "a".repeat(513));
    for value in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer bob-token",
        "Bearer alice-token x",
        "Bearer ALICE-TOKEN",
        "alice-token",
        "Digest alice-token",
        "Basic alice-token",
        &basic("alice-token"),
        &basic("api:alice-token:"),
        &long,
    ] {
        assert_eq!(
            ask(&auth, &[value]).unwrap_err(),
            AuthError::Unknown,
            "{value:?}"
        );
    }
    let two = ["Bearer alice-token", "Bearer alice-token"];
    assert_eq!(ask(&auth, &two).unwrap_err(), AuthError::Unknown);
}

#[tokio::test]
async fn a_revoked_token_is_unknown_and_a_suspended_principal_is_not() {
    let (auth, world, _database) = auth().await;
    let alice = world.user("alice").await;
    let token = ask(&auth, &["Bearer alice-token"]).unwrap().token_id();
    let mut change = world.change().await;
    change
        .set_principal_state(alice, State::Suspended)
        .await
        .unwrap();
    change.commit().await.unwrap();
    let caller = ask(&auth, &["Bearer alice-token"]).unwrap();
    assert_eq!(caller.standing().state, State::Suspended);

    let mut change = world.change().await;
    assert!(change.revoke_token(token).await.unwrap());
    change.commit().await.unwrap();
    assert_eq!(
        ask(&auth, &["Bearer alice-token"]).unwrap_err(),
        AuthError::Unknown
    );
}

/// Rule 5.
#[tokio::test]
async fn a_directory_that_is_too_old_says_nothing_about_anybody() {
    let (auth, world, database) = auth().await;
    world.user("alice").await;
    world.clock.advance(MAX_AGE);
    ask(&auth, &["Bearer alice-token"]).unwrap();
    world.clock.advance(Duration::from_millis(1));
    let stale = AuthError::Stale(Stale);
    assert_eq!(ask(&auth, &["Bearer alice-token"]).unwrap_err(), stale);
    assert_eq!(ask(&auth, &["Bearer bob-token"]).unwrap_err(), stale);
    world.directory.refresh().await.unwrap();
    ask(&auth, &["Bearer alice-token"]).unwrap();

    database.close().await;
    world.clock.advance(MAX_AGE + Duration::from_millis(1));
    world.directory.refresh().await.unwrap_err();
    assert_eq!(ask(&auth, &["Bearer alice-token"]).unwrap_err(), stale);
}

/// A clock that was set back must not make old knowledge young.
#[tokio::test]
async fn a_clock_set_back_makes_the_directory_stale_until_it_is_refreshed() {
    let (auth, world, _database) = auth().await;
    world.user("alice").await;
    world
        .clock
        .set(crate::directory::testing::BEGIN.minus(Duration::from_hours(1)));
    assert_eq!(
        ask(&auth, &["Bearer alice-token"]).unwrap_err(),
        AuthError::Stale(Stale)
    );
    world.directory.refresh().await.unwrap();
    ask(&auth, &["Bearer alice-token"]).unwrap();
}
