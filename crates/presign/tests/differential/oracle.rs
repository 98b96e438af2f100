//! The other process, in which an SDK signs.

use std::{
    io::{BufRead, BufReader, BufWriter, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde::Serialize;

/// What the SDK said to a request: a URL, or the exception that it raised.
pub(crate) type Answer = Result<String, String>;

/// A running oracle, asked by one line of JSON a request.
pub(crate) struct Oracle {
    process: Child,
    requests: BufWriter<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Oracle {
    /// Starts the one for a cloud; `None` where no interpreter has the SDKs.
    pub(crate) fn start(cloud: &str) -> Option<Self> {
        let python = setting("SIGNET_TEST_SDK_PYTHON")?;
        let script: PathBuf = [
            env!("CARGO_MANIFEST_DIR"),
            "tests",
            "differential",
            "oracle.py",
        ]
        .iter()
        .collect();
        let mut process = Command::new(&python)
            .arg(script)
            .arg(cloud)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("SIGNET_TEST_SDK_PYTHON, `{python}`: {error}"));
        Some(Self {
            requests: BufWriter::new(process.stdin.take().unwrap()),
            answers: BufReader::new(process.stdout.take().unwrap()),
            process,
        })
    }

    /// Asks all, and hands each answer over when it comes.
    pub(crate) fn ask<T: Serialize + Sync>(self, all: &[T], mut hear: impl FnMut(&T, Answer)) {
        let Self {
            process,
            mut requests,
            mut answers,
        } = self;
        std::thread::scope(|scope| {
            // Apart, as either pipe may be full.
            scope.spawn(move || {
                for one in all {
                    let line = serde_json::to_string(one).unwrap();
                    // A broken pipe shows at its other end, where an answer is missing.
                    if writeln!(requests, "{line}").is_err() {
                        return;
                    }
                }
            });
            // Within the scope, or a failure would wait for a thread that waits for the process.
            let _end = End(process);
            let mut line = String::new();
            for one in all {
                line.clear();
                answers.read_line(&mut line).unwrap();
                assert!(!line.is_empty(), "the oracle ended early");
                hear(one, serde_json::from_str(&line).unwrap());
            }
        });
    }
}

/// Ends the process, whether all went well or not.
struct End(Child);

impl Drop for End {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "what a test run is told has no other place"
)]
pub(crate) fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
