//! The `signet` binary: the broker, the development store and the command line.

mod arguments;
mod command;
#[cfg(test)]
mod contract;
mod credentials;
#[cfg(feature = "server")]
mod demo;
mod exit;
#[cfg(feature = "server")]
mod local;
mod output;
mod progress;

use arguments::Command;
use clap::Parser as _;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A file blocks some six times on its way: each on its way comes to have threads of its own, which all
/// hold memory, where there may be any number. Of a put or get alone: a store's upload holds a thread while
/// it waits for bytes.
const TRANSFER_BLOCKING_THREADS: usize = 32;

fn main() -> ExitCode {
    let arguments = match arguments::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return exit::usage(&error),
    };
    let output = output::Output::new(arguments.global.json);
    // Before any connection: every crate below uses the one provider
    let installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    debug_assert!(installed.is_ok(), "the provider is installed once");
    // A get of small files has 270 files and connections open, and a shell on macOS allows 256. Where no
    // more are to be had, whoever needs them says so
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all();
    if matches!(arguments.command, Command::Put(_) | Command::Get(_)) {
        builder.max_blocking_threads(TRANSFER_BLOCKING_THREADS);
    }
    let runtime = match builder.build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return exit::failed(
                output,
                &anyhow::Error::new(error).context("cannot start the runtime"),
            );
        }
    };
    // As a task, beside those of its connections: to be woken on the main thread is a change of threads
    let run = runtime.spawn(command::run(arguments, output));
    let done = runtime
        .block_on(run)
        .unwrap_or_else(|lost| match lost.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(lost) => Err(anyhow::Error::new(lost)),
        });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit::failed(output, &error),
    }
}
