//! Measuring several candidates so that they can be compared on a machine that is not quiet.
//!
//! The candidates take turns, round after round, and are compared within a round: so a machine
//! that becomes slower for a while becomes slower for all. What counts is the time that the thread
//! had the processor; other programs take theirs without being counted.

use std::time::Duration;

use cpu_time::ThreadTime;

const ROUNDS: usize = 41;
const WARM_UP: Duration = Duration::from_millis(100);
const SAMPLE: Duration = Duration::from_millis(2);

/// Something to be measured: does some units of work, and says how many.
pub struct Candidate<'a> {
    name: String,
    work: Box<dyn FnMut() -> usize + 'a>,
}

impl<'a> Candidate<'a> {
    pub fn new(name: impl Into<String>, work: impl FnMut() -> usize + 'a) -> Self {
        let (name, work) = (name.into(), Box::new(work));
        Self { name, work }
    }

    /// Works for about this long, and gives the nanoseconds for a unit.
    fn sample(&mut self, about: Duration) -> f64 {
        let start = ThreadTime::now();
        let mut units = 0;
        // Looking at the clock costs a system call: not more often than every few microseconds.
        let mut until_look = 1;
        loop {
            for _ in 0..until_look {
                units += (self.work)();
            }
            let elapsed = start.elapsed();
            if elapsed >= about {
                return elapsed.as_nanos() as f64 / units as f64;
            }
            if elapsed < about / 64 {
                until_look *= 2;
            }
        }
    }
}

/// The nanoseconds for a unit of each candidate in each round.
pub struct Measured(Vec<(String, Vec<f64>)>);

pub fn measure(mut candidates: Vec<Candidate<'_>>) -> Measured {
    for candidate in &mut candidates {
        candidate.sample(WARM_UP);
    }
    let mut rounds = vec![Vec::with_capacity(ROUNDS); candidates.len()];
    for _ in 0..ROUNDS {
        for (candidate, rounds) in candidates.iter_mut().zip(&mut rounds) {
            rounds.push(candidate.sample(SAMPLE));
        }
    }
    let names = candidates.into_iter().map(|candidate| candidate.name);
    Measured(names.zip(rounds).collect())
}

impl Measured {
    /// The nanoseconds for a unit.
    pub fn median(&self, name: &str) -> f64 {
        median(self.rounds(name).to_vec())
    }

    pub fn medians(&self) -> impl Iterator<Item = (&str, f64)> {
        let all = self.0.iter();
        all.map(|(name, rounds)| (&**name, median(rounds.clone())))
    }

    /// How many times as long one takes as another, in the same round.
    pub fn ratio(&self, name: &str, other: &str) -> f64 {
        let pairs = self.rounds(name).iter().zip(self.rounds(other));
        median(pairs.map(|(one, other)| one / other).collect())
    }

    fn rounds(&self, name: &str) -> &[f64] {
        let found = self.0.iter().find(|(known, _)| known == name);
        &found
            .unwrap_or_else(|| panic!("no candidate is called {name}"))
            .1
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
