//! When a store that does not answer is left alone. Pure: the time is an argument.

use std::time::{Duration, Instant};

/// When to leave a store alone, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSettings {
    /// Requests in a row that got no answer, after all their attempts, before no more are made. An attempt
    /// that timed out counts as one.
    pub failures: u32,
    /// The first time for which none is made; doubled each time that the store still does not answer.
    pub first_pause: Duration,
    /// The longest.
    pub longest_pause: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            failures: 5,
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(30),
        }
    }
}

/// Whether a request may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// It may.
    Go,
    /// It may, and its outcome says whether others may.
    Probe,
    /// Not before this has passed.
    Wait(Duration),
}

#[derive(Debug, Clone, Copy)]
enum State {
    Closed {
        failures: u32,
    },
    /// Nobody goes before `until`; then one does.
    Open {
        until: Instant,
        pause: Duration,
    },
    /// That one is on its way.
    Probing {
        pause: Duration,
    },
}

/// Counts requests to one bucket that got no answer.
#[derive(Debug)]
pub(super) struct Breaker {
    settings: BreakerSettings,
    state: State,
}

impl Breaker {
    pub(super) fn new(settings: BreakerSettings) -> Self {
        Self {
            settings,
            state: State::Closed { failures: 0 },
        }
    }

    /// How long nobody may go yet, if so.
    pub(super) fn refusal(&self, now: Instant) -> Option<Duration> {
        match self.state {
            State::Closed { .. } => None,
            State::Open { until, .. } => {
                let left = until.saturating_duration_since(now);
                (!left.is_zero()).then_some(left)
            }
            // How long the one takes is not known; it is not long when the store is well again
            State::Probing { .. } => Some(self.settings.first_pause),
        }
    }

    /// Lets a request go, or not. Who goes must tell its outcome.
    pub(super) fn ask(&mut self, now: Instant) -> Turn {
        if let Some(left) = self.refusal(now) {
            return Turn::Wait(left);
        }
        match self.state {
            State::Open { pause, .. } => {
                self.state = State::Probing { pause };
                Turn::Probe
            }
            _ => Turn::Go,
        }
    }

    /// The store answered, whatever it said.
    pub(super) fn answered(&mut self) {
        self.state = State::Closed { failures: 0 };
    }

    /// The store did not answer. Says whether this is what opened the breaker.
    pub(super) fn failed(&mut self, turn: Turn, now: Instant) -> bool {
        match (self.state, turn) {
            (State::Closed { failures }, _) => {
                let failures = failures.saturating_add(1);
                if failures < self.settings.failures.max(1) {
                    self.state = State::Closed { failures };
                    return false;
                }
                self.open(now, self.settings.first_pause);
                true
            }
            (State::Probing { pause }, Turn::Probe) => {
                self.open(now, pause.saturating_mul(2));
                false
            }
            // What went before the breaker opened says nothing new
            _ => false,
        }
    }

    /// The outcome will not be known.
    pub(super) fn given_up(&mut self, turn: Turn, now: Instant) {
        if let (State::Probing { pause }, Turn::Probe) = (self.state, turn) {
            // The next one goes in its place
            self.state = State::Open { until: now, pause };
        }
    }

    fn open(&mut self, now: Instant, pause: Duration) {
        let pause = pause.min(self.settings.longest_pause);
        self.state = State::Open {
            until: now + pause,
            pause,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SETTINGS: BreakerSettings = BreakerSettings {
        failures: 3,
        first_pause: Duration::from_secs(1),
        longest_pause: Duration::from_secs(5),
    };

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    /// Opens a breaker at `now`.
    fn opened(now: Instant) -> Breaker {
        let mut breaker = Breaker::new(SETTINGS);
        for number in 1..=3 {
            assert_eq!(breaker.ask(now), Turn::Go);
            assert_eq!(breaker.failed(Turn::Go, now), number == 3);
        }
        breaker
    }

    #[test]
    fn it_opens_after_failures_in_a_row_alone() {
        let now = Instant::now();
        let mut breaker = Breaker::new(SETTINGS);
        for _ in 0..10 {
            breaker.failed(Turn::Go, now);
            breaker.failed(Turn::Go, now);
            assert_eq!(breaker.ask(now), Turn::Go);
            breaker.answered();
        }
        assert_eq!(opened(now).ask(now), Turn::Wait(seconds(1)));
    }

    #[test]
    fn one_is_let_through_after_the_pause_and_decides_for_all() {
        let start = Instant::now();
        let mut breaker = opened(start);
        let almost = start + Duration::from_millis(999);
        assert_eq!(breaker.ask(almost), Turn::Wait(Duration::from_millis(1)));
        let now = start + seconds(1);
        assert_eq!(breaker.ask(now), Turn::Probe);
        assert_eq!(breaker.ask(now), Turn::Wait(seconds(1)));
        // Those that went before are late
        breaker.failed(Turn::Go, now);
        assert_eq!(breaker.ask(now), Turn::Wait(seconds(1)));
        breaker.answered();
        assert_eq!(breaker.ask(now), Turn::Go);
    }

    #[test]
    fn the_pause_grows_to_its_bound_and_begins_small_again() {
        let mut now = Instant::now();
        let mut breaker = opened(now);
        for pause in [1, 2, 4, 5, 5] {
            assert_eq!(breaker.ask(now), Turn::Wait(seconds(pause)));
            now += seconds(pause);
            assert_eq!(breaker.ask(now), Turn::Probe);
            breaker.failed(Turn::Probe, now);
        }
        breaker.answered();
        for _ in 0..3 {
            breaker.failed(Turn::Go, now);
        }
        assert_eq!(breaker.ask(now), Turn::Wait(seconds(1)));
    }

    #[test]
    fn a_probe_that_is_given_up_is_followed_by_another() {
        let start = Instant::now();
        let mut breaker = opened(start);
        let now = start + seconds(1);
        assert_eq!(breaker.ask(now), Turn::Probe);
        breaker.given_up(Turn::Go, now);
        assert_eq!(breaker.ask(now), Turn::Wait(seconds(1)));
        breaker.given_up(Turn::Probe, now);
        assert_eq!(breaker.ask(now), Turn::Probe);
    }

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Pass(u64),
        Ask,
        Answer,
        Fail,
        GiveUp,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (0..3_000_u64).prop_map(Step::Pass),
            Just(Step::Ask),
            Just(Step::Ask),
            Just(Step::Answer),
            Just(Step::Fail),
            Just(Step::Fail),
            Just(Step::GiveUp),
        ];
        prop::collection::vec(step, 1..200)
    }

    proptest! {
        /// Whatever happens: one probe at a time, no pause over the bound, and a way back.
        #[test]
        fn nobody_is_kept_out_for_ever(steps in steps()) {
            let mut now = Instant::now();
            let mut breaker = Breaker::new(SETTINGS);
            let mut on_their_way: Vec<Turn> = Vec::new();
            for step in steps {
                match step {
                    Step::Pass(millis) => now += Duration::from_millis(millis),
                    Step::Ask => match breaker.ask(now) {
                        Turn::Wait(left) => {
                            prop_assert!(left <= SETTINGS.longest_pause && !left.is_zero());
                        }
                        Turn::Go => on_their_way.push(Turn::Go),
                        Turn::Probe => {
                            // One that the store has answered since is no longer one that decides
                            on_their_way.push(Turn::Probe);
                            prop_assert!(matches!(breaker.ask(now), Turn::Wait(_)));
                        }
                    },
                    Step::Answer => if on_their_way.pop().is_some() {
                        breaker.answered();
                        prop_assert_eq!(breaker.refusal(now), None);
                    },
                    Step::Fail => if let Some(turn) = on_their_way.pop() {
                        breaker.failed(turn, now);
                    },
                    Step::GiveUp => if let Some(turn) = on_their_way.pop() {
                        breaker.given_up(turn, now);
                    },
                }
            }
            // Everybody comes back, and the pause passes
            for turn in on_their_way {
                breaker.given_up(turn, now);
            }
            now += SETTINGS.longest_pause;
            prop_assert!(!matches!(breaker.ask(now), Turn::Wait(_)));
        }
    }
}
