//! When credentials are renewed, and who waits for that.

use super::{Numbered, World, basis};
use crate::clock::SystemClock;
use crate::stores::Error;
use crate::stores::lender::Renewed;
use crate::stores::plan::NoCredential;
use futures::FutureExt as _;
use futures::future::join_all;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

const LIFE: Duration = Duration::from_secs(10);
const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_transfer_longer_than_many_credentials_waits_for_the_first_alone() {
    let world = World::new(LIFE);
    let mut keys = BTreeSet::from([world.lend().await.unwrap()]);
    for second in 1..=40 {
        world.clock.advance(SECOND);
        let lent = world.lend().now_or_never();
        let lent = lent.unwrap_or_else(|| panic!("waited in second {second}"));
        keys.insert(lent.unwrap());
        world.keeper.turn().await;
    }
    // One each six or seven seconds
    assert!((6..=7).contains(&keys.len()), "{keys:?}");
    assert!(world.mint.count() <= 8);
}

#[tokio::test]
async fn nobody_waits_while_a_credential_is_being_renewed() {
    let world = World::new(LIFE);
    assert_eq!(world.lend().await.unwrap(), "KEY1");
    world.clock.advance(SECOND * 7);
    world.mint.passes.forget_permits(1000);
    let mut renewing = Box::pin(world.keeper.turn());
    assert!(renewing.as_mut().now_or_never().is_none());
    assert_eq!(world.mint.count(), 2);
    for _ in 0..3 {
        let lent = world.lend().now_or_never();
        assert_eq!(lent.expect("nobody waits").unwrap(), "KEY1");
    }
    world.mint.passes.add_permits(1);
    renewing.await;
    assert_eq!(world.lend().await.unwrap(), "KEY2");
}

#[tokio::test]
async fn an_old_credential_is_lent_to_its_end_when_it_cannot_be_renewed() {
    let world = World::new(LIFE);
    assert_eq!(world.lend().await.unwrap(), "KEY1");
    world.mint.break_down(true);
    for second in 1..10 {
        world.clock.advance(SECOND);
        world.keeper.turn().await;
        assert_eq!(world.lend().await.unwrap(), "KEY1", "{second}");
    }
    // It was tried again, but not with each request
    assert!(
        (2..=4).contains(&world.mint.count()),
        "{}",
        world.mint.count()
    );
    world.clock.advance(SECOND);
    let error = world.lend().await.unwrap_err();
    assert!(
        matches!(error, Error::NoCredential(NoCredential::NoAnswer)),
        "{error:?}"
    );
    assert!(error.hint().is_some());
    world.mint.break_down(false);
    world.clock.advance(SECOND * 5);
    assert_ne!(world.lend().await.unwrap(), "KEY1");
}

#[tokio::test]
async fn the_first_requests_share_one_mint() {
    let world = World::new(LIFE);
    let lent = join_all((0..20).map(|_| world.lend())).await;
    assert!(
        lent.iter()
            .all(|key| key.as_deref().is_ok_and(|key| key == "KEY1"))
    );
    assert_eq!(world.mint.count(), 1);
    // So do those that find none
    let world = World::new(LIFE);
    world.mint.break_down(true);
    let lent = join_all((0..20).map(|_| world.lend())).await;
    assert!(lent.iter().all(Result::is_err));
    assert_eq!(world.mint.count(), 1);
    world.mint.break_down(false);
    world.clock.advance(SECOND);
    assert_eq!(world.lend().await.unwrap(), "KEY2");
}

#[tokio::test]
async fn a_request_that_gives_up_does_not_take_the_mint_with_it() {
    let world = World::new(LIFE);
    world.mint.passes.forget_permits(1000);
    assert!(world.lend().now_or_never().is_none());
    world.mint.passes.add_permits(1);
    assert_eq!(world.lend().await.unwrap(), "KEY2");
}

#[tokio::test]
async fn what_nobody_uses_is_left_to_end() {
    let world = World::new(LIFE);
    world.lend().await.unwrap();
    for _ in 0..30 {
        world.clock.advance(SECOND);
        world.keeper.turn().await;
    }
    assert_eq!(world.mint.count(), 2);
    // Used again after its end it is minted; used before, it is renewed once more
    assert_eq!(world.lend().await.unwrap(), "KEY3");
    world.clock.advance(SECOND * 7);
    world.keeper.turn().await;
    assert_eq!(world.mint.count(), 4);
    world.clock.advance(SECOND * 8);
    world.keeper.turn().await;
    assert_eq!(world.mint.count(), 4);
    assert_eq!(world.lend().await.unwrap(), "KEY4");
    world.keeper.turn().await;
    assert_eq!(world.mint.count(), 5);
}

#[tokio::test]
async fn what_has_ended_when_it_is_given_is_no_credential() {
    let world = World::new(Duration::ZERO);
    let error = world.lend().await.unwrap_err();
    assert!(
        matches!(error, Error::NoCredential(NoCredential::Ended)),
        "{error:?}"
    );
}

#[tokio::test]
async fn the_keeper_renews_by_itself() {
    let clock = Arc::new(SystemClock);
    let (mint, mut minted) = Numbered::new(clock.clone(), Duration::from_secs(2));
    let renewed = Renewed::new(Box::new(mint), basis(clock));
    for number in 1..=3 {
        let told = async {
            // Used meanwhile, or it would be left to end
            while minted.try_recv() != Ok(number) {
                renewed.lend(None).await.unwrap();
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), told)
            .await
            .unwrap();
    }
}
