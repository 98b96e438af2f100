//! Progress for people: bars on a terminal, plain lines otherwise.

use client::{Phase, Progress, Status};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::Mutex;

/// Shows how a transfer goes on.
pub(crate) struct Bar {
    bar: ProgressBar,
    phase: Mutex<Option<Phase>>,
}

impl Bar {
    /// A bar on standard error; silent unless that is a terminal and `shown`.
    pub(crate) fn new(shown: bool) -> Self {
        let target = if shown {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let style = ProgressStyle::with_template(
            "{msg:11} {bar:30} {binary_bytes:>11}/{binary_total_bytes:11} {binary_bytes_per_sec:>13} {eta:>4}",
        );
        let bar = ProgressBar::with_draw_target(Some(0), target);
        Self {
            bar: bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())),
            phase: Mutex::new(None),
        }
    }
}

impl Progress for Bar {
    fn update(&self, status: &Status) {
        let mut phase = self
            .phase
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if *phase != Some(status.phase) {
            *phase = Some(status.phase);
            self.bar.set_message(word(status.phase));
        }
        self.bar.set_length(status.bytes_total);
        self.bar.set_position(status.bytes_done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::Hashing => "hashing",
        Phase::Uploading => "uploading",
        Phase::Downloading => "downloading",
        Phase::Verifying => "verifying",
        Phase::Committing => "committing",
        _ => "working",
    }
}
