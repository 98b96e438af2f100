//! Asks policy, and puts what it refuses on the record: the only caller of [`policy::authorize`].
//!
//! Refusals must not starve grants (rule 8): each principal's are recorded up to a rate and counted
//! beyond it, and failed authentications are counted by network. What was counted becomes one event a
//! minute.

mod count;
#[cfg(test)]
mod tests;

use crate::clock::Clock;
use crate::ids::IdMaker;
use crate::ledger::Ledger;
use crate::policy::{self, Caller, Denial, Operation, Permit, Refused};
use count::{Counts, Pace};
use parking_lot::Mutex;
use protocol::Timestamp;
use protocol::audit::{Action, Actor, Event};
use protocol::id::PrincipalId;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often counts become events.
const COUNTED_FOR: Duration = Duration::from_mins(1);

/// Decides what callers ask for.
pub struct Gate {
    ledger: Arc<Ledger>,
    clock: Arc<dyn Clock>,
    ids: Arc<IdMaker>,
    refused: Mutex<HashMap<PrincipalId, Refusals, foldhash::fast::RandomState>>,
    failed: Mutex<Counts>,
}

/// A principal's refusals of late.
struct Refusals {
    pace: Pace,
    /// Refused since the last event that told how many.
    unrecorded: u64,
    actor: Actor,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").finish_non_exhaustive()
    }
}

impl Gate {
    /// A gate that records refusals in `ledger`.
    pub fn new(ledger: Arc<Ledger>, clock: Arc<dyn Clock>, ids: Arc<IdMaker>) -> Self {
        Self {
            ledger,
            clock,
            ids,
            refused: Mutex::default(),
            failed: Mutex::default(),
        }
    }

    /// Decides. A refusal is recorded without being waited for.
    ///
    /// # Errors
    /// The rule that said no, and whether the caller may know that what it asked for exists.
    pub fn decide<Op: Operation>(&self, caller: &Caller, op: Op) -> Result<Permit<Op>, Denial> {
        let now = self.clock.now();
        policy::authorize(caller, op, now).map_err(|refused| {
            self.record(caller, &refused, now);
            refused.denial
        })
    }

    /// Whether the caller may ask the instance from where it is. A refusal is recorded as others are.
    ///
    /// # Errors
    /// The rule that said no.
    pub fn admit(&self, caller: &Caller) -> Result<(), Denial> {
        policy::admit(caller).inspect_err(|denial| {
            let refused = Refused {
                denial: *denial,
                operation: None,
                team: None,
            };
            self.record(caller, &refused, self.clock.now());
        })
    }

    fn record(&self, caller: &Caller, refused: &Refused, now: Timestamp) {
        let actor = caller.actor();
        let recorded = {
            let mut all = self.refused.lock();
            let of_caller = all.entry(actor.principal_id).or_insert_with(|| Refusals {
                pace: Pace::full(now),
                unrecorded: 0,
                actor: actor.clone(),
            });
            let recorded = of_caller.pace.take(now);
            if !recorded {
                of_caller.unrecorded += 1;
            }
            recorded
        };
        if recorded {
            self.ledger.record_denial(&Event {
                actor: Some(actor),
                network: caller.network().map(|address| address.to_string()),
                request_id: Some(caller.request_id().to_string()),
                team_id: refused.team.as_ref().map(|team| team.id),
                team: refused.team.as_ref().map(|team| team.name.clone()),
                operation: refused.operation.map(str::to_owned),
                rule: Some(refused.denial.rule().name().to_owned()),
                ..self.event(Action::UrlDeny, now)
            });
        }
    }

    /// Counts a request without a known caller, by the network that `address` is in.
    pub fn authentication_failed(&self, address: IpAddr) {
        self.failed.lock().add(address);
    }

    /// Records what was only counted.
    pub fn record_counts(&self) {
        let now = self.clock.now();
        let failed = std::mem::take(&mut *self.failed.lock());
        for (network, count) in failed.into_networks() {
            self.ledger.record_denial(&Event {
                network: Some(network),
                detail: Some(format!("{count} requests without a known caller")),
                ..self.event(Action::AuthFail, now)
            });
        }
        let mut counted = Vec::new();
        self.refused.lock().retain(|_, of_caller| {
            if of_caller.unrecorded > 0 {
                counted.push((of_caller.actor.clone(), of_caller.unrecorded));
                of_caller.unrecorded = 0;
            }
            !of_caller.pace.is_full(now)
        });
        for (actor, count) in counted {
            self.ledger.record_denial(&Event {
                actor: Some(actor),
                detail: Some(format!("{count} more requests were refused")),
                ..self.event(Action::UrlDeny, now)
            });
        }
    }

    /// Records counts every minute until `shutdown`, and once more then. The ledger must outlive it.
    pub async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let mut every = tokio::time::interval(COUNTED_FOR);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => break,
                _ = every.tick() => self.record_counts(),
            }
        }
        self.record_counts();
    }

    fn event(&self, action: Action, at: Timestamp) -> Event {
        Event::new(self.ids.make(), at, action)
    }
}
