//! The way to one bucket: so many requests at a time, again while a failure may pass, and none for a
//! while when the store does not answer. What happens here takes nothing from other buckets.

use super::breaker::{Breaker, Turn};
use super::{Answer, Attempt, Failure, Http, retry};
use crate::stores::{Cause, Error, StoreOperation};
use parking_lot::Mutex;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, SemaphorePermit};

/// The way to one bucket.
#[derive(Debug)]
pub(in crate::stores) struct Channel {
    http: Http,
    /// Those that are sent and those that wait to be.
    places: Semaphore,
    /// Those that are sent.
    slots: Semaphore,
    breaker: Mutex<Breaker>,
}

/// A request that the breaker let through. Dropped before its outcome is known, as when the caller went
/// away, it counts as one without an answer if an attempt was in vain.
struct Passage<'a> {
    breaker: &'a Mutex<Breaker>,
    turn: Turn,
    in_vain: bool,
    settled: bool,
}

impl Passage<'_> {
    fn answered(mut self) {
        (self.settled, self.in_vain) = (true, false);
        self.breaker.lock().answered();
    }

    fn failed(&mut self) {
        self.in_vain = false;
        if self.breaker.lock().failed(self.turn, Instant::now()) {
            tracing::warn!("a bucket's store does not answer: no requests to it for a while");
        }
    }
}

impl Drop for Passage<'_> {
    fn drop(&mut self) {
        if self.in_vain {
            self.failed();
        } else if !self.settled {
            self.breaker.lock().given_up(self.turn, Instant::now());
        }
    }
}

impl Channel {
    pub(in crate::stores) fn new(http: Http) -> Self {
        let settings = http.settings();
        let slots = settings.concurrency.clamp(1, Semaphore::MAX_PERMITS / 2);
        let waiting = settings.queue.min(Semaphore::MAX_PERMITS / 2);
        let breaker = Mutex::new(Breaker::new(settings.breaker));
        Self {
            http,
            places: Semaphore::new(slots + waiting),
            slots: Semaphore::new(slots),
            breaker,
        }
    }

    /// Sends a request, again while its failure may pass. `attempt` signs it anew each time. `None`: no
    /// such object.
    ///
    /// # Errors
    /// [`Error::Unavailable`] at once while the store is left alone or too many wait for it, and after
    /// all attempts; otherwise what the store said, or what `attempt` says.
    pub(in crate::stores) async fn send<Signing>(
        &self,
        operation: StoreOperation,
        attempt: impl Fn() -> Signing,
    ) -> Result<Option<Answer>, Error>
    where
        Signing: Future<Output = Result<Attempt, Error>>,
    {
        self.check_breaker(operation)?;
        let _slot = self.slot(operation).await?;
        let mut passage = self.pass(operation)?;
        let settings = self.http.settings();
        let begun = Instant::now();
        let mut backoff = settings.first_backoff;
        // Others wait for what the probe finds out
        let mut left = match passage.turn {
            Turn::Probe => 1,
            _ => settings.attempts.max(1),
        };
        loop {
            left -= 1;
            let cause = match self.http.send(attempt().await?).await {
                Ok(answer) => {
                    passage.answered();
                    return Ok(answer);
                }
                // Nothing was asked of the store
                Err(Failure::Final(error @ Error::Forbidden(_))) => return Err(error),
                Err(Failure::Final(error)) => {
                    passage.answered();
                    return Err(error);
                }
                Err(Failure::Passing(cause)) => cause,
            };
            if cause == Cause::Timeout {
                // Counts by itself: those who wait long are who takes places from others
                passage.failed();
            } else {
                passage.in_vain = !cause.is_throttling();
            }
            let pause = retry::pause(backoff, cause.retry_after(), rand::random());
            let in_time = begun.elapsed().saturating_add(pause) < settings.attempts_within;
            // Others found out meanwhile that the store does not answer
            let alone = passage.turn == Turn::Go && self.refusal().is_some();
            if left == 0 || !in_time || alone {
                if cause.is_throttling() {
                    passage.answered();
                }
                return Err(Error::Unavailable { operation, cause });
            }
            tracing::debug!(store.operation = %operation, %cause, "asking a store again");
            tokio::time::sleep(pause).await;
            backoff = backoff.saturating_mul(2);
        }
    }

    fn refusal(&self) -> Option<Duration> {
        self.breaker.lock().refusal(Instant::now())
    }

    fn check_breaker(&self, operation: StoreOperation) -> Result<(), Error> {
        match self.refusal() {
            None => Ok(()),
            Some(left) => Err(resting(operation, left)),
        }
    }

    /// A place among the requests that are sent; given back when dropped.
    async fn slot(
        &self,
        operation: StoreOperation,
    ) -> Result<(SemaphorePermit<'_>, SemaphorePermit<'_>), Error> {
        let busy = || Error::Unavailable {
            operation,
            cause: Cause::Busy,
        };
        let place = self.places.try_acquire().map_err(|_| busy())?;
        let turn = tokio::time::timeout(self.http.settings().queue_timeout, self.slots.acquire());
        match turn.await {
            Ok(Ok(slot)) => Ok((place, slot)),
            _ => Err(busy()),
        }
    }

    fn pass(&self, operation: StoreOperation) -> Result<Passage<'_>, Error> {
        match self.breaker.lock().ask(Instant::now()) {
            Turn::Wait(left) => Err(resting(operation, left)),
            turn => Ok(Passage {
                breaker: &self.breaker,
                turn,
                in_vain: false,
                settled: false,
            }),
        }
    }
}

fn resting(operation: StoreOperation, left: Duration) -> Error {
    Error::Unavailable {
        operation,
        cause: Cause::Resting { left },
    }
}

#[cfg(test)]
mod tests;
