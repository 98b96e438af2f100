//! The watch over one execution: an input that takes seconds is a finding, too.

use std::{
    process,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A thousand times what the slowest input takes, on a machine with much else to do.
const LOOKS_UNTIL_STUCK: u32 = 20;

pub(crate) struct Watch {
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    input: Mutex<Vec<u8>>,
    executions: AtomicU64,
    is_over: AtomicBool,
}

impl Watch {
    /// Begins; an input that does not come to its end is handed to `report`, and ends the process.
    pub(crate) fn start(report: impl FnOnce(&[u8]) + Send + 'static) -> Self {
        let shared = Arc::new(Shared::default());
        let thread = thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.look(report)
        });
        Self { shared, thread }
    }

    pub(crate) fn trying(&self, input: &[u8]) {
        let mut current = self
            .shared
            .input
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        current.clear();
        current.extend_from_slice(input);
        self.shared.executions.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn stop(self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        // Looking cannot panic.
        let _ = self.thread.join();
    }
}

impl Shared {
    fn look(&self, report: impl FnOnce(&[u8])) {
        let (mut last, mut looks) = (0, 0);
        while looks < LOOKS_UNTIL_STUCK {
            thread::park_timeout(LOOK_EVERY);
            if self.is_over.load(Ordering::Relaxed) {
                return;
            }
            let executions = self.executions.load(Ordering::Relaxed);
            looks = if executions == last { looks + 1 } else { 0 };
            last = executions;
        }
        report(&self.input.lock().unwrap_or_else(PoisonError::into_inner));
        process::exit(1);
    }
}
