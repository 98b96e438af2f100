//! Where events wait for the next commit.
//!
//! Events that somebody waits for come first. Denials, which nobody waits for, ride along, and are
//! committed on their own only now and then: they cannot make a grant wait for more than one commit.

use super::Error;
use crate::policy::Recheck;
use parking_lot::Mutex;
use std::collections::VecDeque;
use tokio::sync::{Notify, oneshot};

/// The most events that wait; more are refused at once.
const MAX_WAITING: usize = 65_536;
/// The most bytes that wait.
const MAX_WAITING_BYTES: usize = 128 << 20;
/// The most events that one segment takes.
pub(super) const MAX_SEGMENT_EVENTS: usize = 1024;
/// The most bytes that one segment takes, unless a single event has more.
const MAX_SEGMENT_BYTES: usize = 2 << 20;
/// The most denials that wait; more are dropped, and counted in the ledger.
const MAX_DENIALS: usize = 4096;
/// The most denials that one segment takes.
const MAX_SEGMENT_DENIALS: usize = 128;

/// An event that somebody waits for.
pub(super) struct Entry {
    /// Its line of JSON, with the newline.
    pub(super) line: Vec<u8>,
    /// What it was decided by; `None` when it tells of something that nobody had to allow.
    pub(super) recheck: Option<Recheck>,
    pub(super) reply: oneshot::Sender<Result<(), Error>>,
}

/// What goes into one segment.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) entries: Vec<Entry>,
    pub(super) denials: Vec<Vec<u8>>,
    /// Denials that were dropped since the last batch.
    pub(super) dropped: u64,
    /// Who waits for denials to be written.
    pub(super) flushes: Vec<oneshot::Sender<()>>,
}

impl Batch {
    /// Number of events.
    pub(super) fn len(&self) -> usize {
        self.entries.len() + self.denials.len()
    }

    /// True when there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Gives all entries the same answer.
    pub(super) fn answer(self, answer: Result<(), Error>) {
        for entry in self.entries {
            // Whoever went away is not owed an answer
            let _ = entry.reply.send(answer);
        }
    }
}

/// The queue between many callers and the one writer.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    wake: Notify,
}

#[derive(Default)]
struct Waiting {
    entries: VecDeque<Entry>,
    bytes: usize,
    denials: VecDeque<Vec<u8>>,
    dropped: u64,
    flushes: Vec<oneshot::Sender<()>>,
    closed: bool,
}

impl Queue {
    /// Adds an event.
    ///
    /// # Errors
    /// When too many wait already, or nothing is written any more.
    pub(super) fn push(&self, entry: Entry) -> Result<(), Error> {
        let mut waiting = self.waiting.lock();
        let full = waiting.entries.len() >= MAX_WAITING || waiting.bytes >= MAX_WAITING_BYTES;
        if waiting.closed || full {
            return Err(Error::Unavailable);
        }
        waiting.bytes += entry.line.len();
        waiting.entries.push_back(entry);
        let first = waiting.entries.len() == 1;
        drop(waiting);
        if first {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Adds a denial, or counts it when too many wait already.
    pub(super) fn push_denial(&self, line: Vec<u8>) {
        let mut waiting = self.waiting.lock();
        if waiting.closed || waiting.denials.len() >= MAX_DENIALS {
            waiting.dropped += 1;
            metrics::counter!("signet_ledger_denials_dropped_total").increment(1);
            return;
        }
        waiting.denials.push_back(line);
        let first = waiting.denials.len() == 1;
        drop(waiting);
        if first {
            self.wake.notify_one();
        }
    }

    /// Puts denials back that could not be written, before those that came later.
    pub(super) fn return_denials(&self, denials: Vec<Vec<u8>>) {
        let mut waiting = self.waiting.lock();
        for line in denials.into_iter().rev() {
            waiting.denials.push_front(line);
        }
    }

    /// Resolves when all denials so far are written, or cannot be.
    pub(super) async fn flush(&self) {
        let (done, wait) = oneshot::channel();
        {
            let mut waiting = self.waiting.lock();
            if waiting.closed {
                return;
            }
            waiting.flushes.push(done);
        }
        self.wake.notify_one();
        // The writer drops the sender when it is done, and when it ends
        let _ = wait.await;
    }

    /// Takes no more; what waits is still written.
    pub(super) fn close(&self) {
        self.waiting.lock().closed = true;
        self.wake.notify_one();
    }

    /// How many events wait that somebody waits for.
    pub(super) fn len(&self) -> usize {
        self.waiting.lock().entries.len()
    }

    /// True when nothing more is taken.
    pub(super) fn is_closed(&self) -> bool {
        self.waiting.lock().closed
    }

    /// True when nothing comes and nothing waits any more.
    pub(super) fn is_finished(&self) -> bool {
        let waiting = self.waiting.lock();
        waiting.closed && waiting.entries.is_empty() && !waiting.has_other()
    }

    /// True when denials wait.
    pub(super) fn has_denials(&self) -> bool {
        !self.waiting.lock().denials.is_empty()
    }

    /// Resolves when something may have been added since it was last called.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Takes what goes into the next segment. With `denials_due`, denials are enough for one.
    pub(super) fn take(&self, denials_due: bool) -> Option<Batch> {
        let mut waiting = self.waiting.lock();
        let alone = denials_due || waiting.closed || !waiting.flushes.is_empty();
        if waiting.entries.is_empty() && !(alone && waiting.has_other()) {
            return None;
        }
        let mut batch = Batch::default();
        let mut bytes = 0;
        while let Some(entry) = waiting.entries.front() {
            let over = batch.entries.len() >= MAX_SEGMENT_EVENTS
                || bytes + entry.line.len() > MAX_SEGMENT_BYTES;
            if over && !batch.entries.is_empty() {
                break;
            }
            bytes += entry.line.len();
            batch.entries.extend(waiting.entries.pop_front());
        }
        waiting.bytes -= bytes;
        let denials = waiting.denials.len().min(MAX_SEGMENT_DENIALS);
        batch.denials.extend(waiting.denials.drain(..denials));
        batch.dropped = std::mem::take(&mut waiting.dropped);
        if waiting.denials.is_empty() {
            batch.flushes = std::mem::take(&mut waiting.flushes);
        }
        Some(batch)
    }
}

impl Waiting {
    fn has_other(&self) -> bool {
        !self.denials.is_empty() || !self.flushes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(bytes: usize) -> Entry {
        Entry {
            line: vec![b'x'; bytes],
            recheck: None,
            reply: oneshot::channel().0,
        }
    }

    #[test]
    fn a_segment_takes_what_waits_up_to_its_limits() {
        let queue = Queue::default();
        for _ in 0..MAX_SEGMENT_EVENTS + 5 {
            queue.push(entry(10)).unwrap();
        }
        assert_eq!(queue.take(false).unwrap().entries.len(), MAX_SEGMENT_EVENTS);
        assert_eq!(queue.take(false).unwrap().entries.len(), 5);
        assert!(queue.take(false).is_none());
        queue.push(entry(MAX_SEGMENT_BYTES * 2)).unwrap();
        queue.push(entry(1)).unwrap();
        assert_eq!(queue.take(false).unwrap().entries.len(), 1);
        assert_eq!(queue.take(false).unwrap().entries.len(), 1);
    }

    #[test]
    fn rule_8_denials_wait_for_a_grant_or_their_time_and_are_few_beside_grants() {
        let queue = Queue::default();
        for _ in 0..MAX_DENIALS + 7 {
            queue.push_denial(vec![b'd']);
        }
        assert!(queue.take(false).is_none());
        queue.push(entry(1)).unwrap();
        let batch = queue.take(false).unwrap();
        assert_eq!(batch.entries.len(), 1);
        assert_eq!(batch.denials.len(), MAX_SEGMENT_DENIALS);
        assert_eq!(batch.dropped, 7);
        assert_eq!(queue.take(true).unwrap().denials.len(), MAX_SEGMENT_DENIALS);
    }

    #[test]
    fn too_much_that_waits_is_refused() {
        let queue = Queue::default();
        for _ in 0..MAX_WAITING {
            queue.push(entry(1)).unwrap();
        }
        assert!(matches!(queue.push(entry(1)), Err(Error::Unavailable)));
    }
}
