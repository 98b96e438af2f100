//! The loop: take an input that was worth keeping, change it, try it.

use std::{panic, time::Instant};

use fastrand::Rng;
use presign_targets::Target;

use crate::{coverage::Seen, mutation, watch::Watch};

/// The clock is read once in so many executions.
const EXECUTIONS_BETWEEN_TIMES: u64 = 64;

pub(crate) struct Report {
    pub(crate) executions: u64,
    /// How many inputs were worth keeping.
    pub(crate) corpus: usize,
    pub(crate) branches: usize,
    /// An input on which the target panicked.
    pub(crate) finding: Option<Vec<u8>>,
}

/// Fuzzes until a finding or `end`.
pub(crate) fn fuzz(target: &Target, seed: u64, end: Instant, watch: &Watch) -> Report {
    let mut rng = Rng::with_seed(seed);
    let mut taken = Seen::new();
    let mut corpus: Vec<Vec<u8>> = Vec::new();
    let mut seeds = (target.seeds)().into_iter();
    let mut executions = 0;
    let finding = loop {
        let (input, is_seed) = match seeds.next() {
            Some(seed) => (seed, true),
            None => (
                mutation::change(choose(&mut rng, &corpus), &corpus, &mut rng),
                false,
            ),
        };
        watch.trying(&input);
        let (panicked, is_new) = taken.is_new(|| panics(target, &input));
        executions += 1;
        if panicked {
            break Some(input);
        }
        if is_new || (is_seed && corpus.is_empty()) {
            corpus.push(input);
        }
        if executions % EXECUTIONS_BETWEEN_TIMES == 0 && Instant::now() >= end {
            break None;
        }
    };
    Report {
        executions,
        corpus: corpus.len(),
        branches: taken.branches(),
        finding,
    }
}

/// Half the time one of the latest, which were changed the least.
fn choose<'a>(rng: &mut Rng, corpus: &'a [Vec<u8>]) -> &'a [u8] {
    let first = if rng.bool() {
        corpus.len() - corpus.len().div_ceil(8)
    } else {
        0
    };
    &corpus[rng.usize(first..corpus.len())]
}

pub(crate) fn panics(target: &Target, input: &[u8]) -> bool {
    panic::catch_unwind(|| (target.run)(input)).is_err()
}
