//! How many parts are on their way at a time: as many as make it faster.
//!
//! A store far away gives each connection a share of what it can do, so that more of them are faster.
//! A store on one small machine, or behind a thin line, is busy with few, and is slowed down by what
//! more of them have it hold.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// How many there are at first.
const FIRST: usize = 4;
/// Parts that are measured before it is decided, for each that is on its way.
const MEASURED: usize = 2;
/// So much faster it must be for more of them to be worth it.
const WORTH: f64 = 1.1;

/// Lets parts go, each in its turn.
#[derive(Debug)]
pub(crate) struct Pace {
    turns: Semaphore,
    climb: Mutex<Climb>,
}

/// A part's turn. It ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    pace: &'a Pace,
    permit: Option<SemaphorePermit<'a>>,
    begun: Instant,
}

impl Pace {
    /// At most so many at a time.
    pub(crate) fn new(most: usize) -> Self {
        let climb = Climb::new(most.max(1), Instant::now());
        Self {
            turns: Semaphore::new(climb.level),
            climb: Mutex::new(climb),
        }
    }

    /// Waits for a turn.
    pub(crate) async fn turn(&self) -> Turn<'_> {
        // It is never closed
        let permit = self.turns.acquire().await.ok();
        Turn {
            pace: self,
            permit,
            begun: Instant::now(),
        }
    }

    fn climb(&self) -> MutexGuard<'_, Climb> {
        self.climb.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn<'_> {
    /// The part has moved, so many bytes.
    pub(crate) fn moved(self, bytes: u64) {
        let mut climb = self.pace.climb();
        let before = climb.level;
        climb.moved(bytes, self.begun, Instant::now());
        let more = climb.level.saturating_sub(before);
        climb.too_many += before.saturating_sub(climb.level);
        drop(climb);
        self.pace.turns.add_permits(more);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut climb = self.pace.climb();
        if climb.too_many > 0
            && let Some(permit) = self.permit.take()
        {
            climb.too_many -= 1;
            permit.forget();
        }
    }
}

/// Finds out how many it should be: half as many again while that is faster, and back by that one step
/// when it is not.
#[derive(Debug)]
struct Climb {
    most: usize,
    level: usize,
    /// The level before and its bytes a second; `None` when there was none yet.
    before: Option<(usize, f64)>,
    /// Whether it is found.
    is_found: bool,
    /// When this level began.
    since: Instant,
    /// What was moved at this level: parts, bytes, and the time of all of them together.
    parts: usize,
    bytes: u64,
    taken: Duration,
    /// Turns that end without another one in their place.
    too_many: usize,
}

impl Climb {
    fn new(most: usize, now: Instant) -> Self {
        Self {
            most,
            level: FIRST.min(most),
            before: None,
            is_found: FIRST >= most,
            since: now,
            parts: 0,
            bytes: 0,
            taken: Duration::ZERO,
            too_many: 0,
        }
    }

    fn moved(&mut self, bytes: u64, begun: Instant, now: Instant) {
        if self.is_found || begun < self.since {
            return;
        }
        self.parts += 1;
        self.bytes += bytes;
        self.taken += now - begun;
        if self.parts < self.level * MEASURED {
            return;
        }
        // By the time that parts took, not by the clock: waiting for what is to be moved does not count
        #[expect(clippy::cast_precision_loss, reason = "a rate to compare with others")]
        let (bytes, level) = (self.bytes as f64, self.level as f64);
        let rate = level * bytes / self.taken.as_secs_f64().max(f64::EPSILON);
        match self.before {
            Some((fewer, slower)) if rate < slower * WORTH => {
                self.level = fewer;
                self.is_found = true;
            }
            _ => {
                self.before = Some((self.level, rate));
                let more = (self.level + self.level.div_ceil(2)).min(self.most);
                self.is_found = more == self.level;
                self.level = more;
            }
        }
        (self.since, self.parts, self.bytes, self.taken) = (now, 0, 0, Duration::ZERO);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::StreamExt as _;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const PART_BYTES: u64 = 16 << 20;

    /// Moves parts to a store that is busy for so long with a part when so many are on their way.
    /// How many were on their way at the end, and at most.
    async fn moved(most: usize, busy: impl Fn(usize) -> Duration + Copy) -> (usize, usize) {
        let pace = Pace::new(most);
        let (running, highest) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let part = || async {
            let turn = pace.turn().await;
            let beside = running.fetch_add(1, Ordering::Relaxed) + 1;
            highest.fetch_max(beside, Ordering::Relaxed);
            tokio::time::sleep(busy(beside)).await;
            running.fetch_sub(1, Ordering::Relaxed);
            turn.moved(PART_BYTES);
        };
        futures::stream::iter((0..200).map(|_| part()))
            .buffer_unordered(64)
            .collect::<()>()
            .await;
        let level = pace.climb().level;
        assert_eq!(pace.turns.available_permits(), level);
        (level, highest.into_inner())
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_far_away_gets_as_many_as_there_may_be() {
        let each_takes_its_time = |_| Duration::from_millis(200);
        assert_eq!(moved(16, each_takes_its_time).await, (16, 16));
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_is_busy_gets_few() {
        let shared = |beside: usize| Duration::from_millis(50) * u32::try_from(beside).unwrap();
        assert_eq!(moved(16, shared).await, (FIRST, 6));
    }

    #[tokio::test(start_paused = true)]
    async fn there_are_never_more_than_may_be() {
        let each_takes_its_time = |_| Duration::from_millis(200);
        for most in [1, 2, 5] {
            assert_eq!(moved(most, each_takes_its_time).await, (most, most));
        }
    }
}
