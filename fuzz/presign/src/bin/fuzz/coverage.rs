//! The counters that the compiler puts at branches (LLVM's `SanitizerCoverage`, inline 8-bit counters).

#![expect(
    unsafe_code,
    reason = "the compiler hands its counters over as two pointers"
)]

use std::{
    slice,
    sync::{
        OnceLock,
        atomic::{AtomicU8, Ordering},
    },
};

static COUNTERS: OnceLock<&'static [AtomicU8]> = OnceLock::new();

/// Called by the constructors of instrumented code before `main`, always with all counters of the program.
#[unsafe(no_mangle)]
extern "C" fn __sanitizer_cov_8bit_counters_init(first: *const AtomicU8, end: *const AtomicU8) {
    COUNTERS.get_or_init(|| {
        // SAFETY: the linker's symbols for both ends of one section of bytes, which is writable and lasts
        // as long as the program. Instrumented code adds to them without atomic operations, but only in the
        // thread that runs targets, and that is the one that reads them here.
        unsafe { slice::from_raw_parts(first, end.addr() - first.addr()) }
    });
}

fn counters() -> &'static [AtomicU8] {
    COUNTERS.get().copied().unwrap_or_default()
}

/// How many branches are counted.
pub(crate) fn count() -> usize {
    counters().len()
}

/// What has been taken so far: for each branch the magnitudes of its counts, one bit each.
pub(crate) struct Seen(Vec<u8>);

impl Seen {
    pub(crate) fn new() -> Self {
        Self(vec![0; count()])
    }

    /// How many branches were ever taken.
    pub(crate) fn branches(&self) -> usize {
        self.0.iter().filter(|magnitudes| **magnitudes != 0).count()
    }

    /// Runs `work`, and tells whether it took a branch never taken, or one another magnitude of times.
    pub(crate) fn is_new<T>(&mut self, work: impl FnOnce() -> T) -> (T, bool) {
        for counter in counters() {
            counter.store(0, Ordering::Relaxed);
        }
        let result = work();
        let mut is_new = false;
        for (counter, seen) in counters().iter().zip(&mut self.0) {
            let magnitude = magnitude(counter.load(Ordering::Relaxed));
            is_new |= *seen | magnitude != *seen;
            *seen |= magnitude;
        }
        (result, is_new)
    }
}

/// One bit for 1, 2, 3, 4–7, 8–15, 16–31, 32–127 and more; as `libFuzzer` has it.
fn magnitude(count: u8) -> u8 {
    match count {
        0 => 0,
        1 => 1,
        2 => 2,
        3 => 4,
        4..8 => 8,
        8..16 => 16,
        16..32 => 32,
        32..128 => 64,
        128.. => 128,
    }
}
