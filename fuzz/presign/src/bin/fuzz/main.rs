//! Fuzzes presign on stable Rust.
//!
//! Like `libFuzzer` it keeps inputs that take new branches, and changes those;
//! unlike it, it is all Rust and needs no C++. It runs in one thread of one
//! process: a seed gives the same inputs in the same order every time. It does
//! not follow comparisons, shrink inputs, or survive an abort of the process.

mod coverage;
mod engine;
mod mutation;
mod watch;

use std::{
    env, fs,
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use presign_targets::{TARGETS, Target};

const USAGE: &str =
    "usage: fuzz run SECONDS SEED FINDINGS-FOLDER [TARGET] | fuzz reproduce TARGET FILE";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        ["run", seconds, seed, folder] => run(seconds, seed, Path::new(folder), &TARGETS),
        ["run", seconds, seed, folder, target] => {
            find(target).and_then(|target| run(seconds, seed, Path::new(folder), &[target]))
        }
        ["reproduce", target, file] => find(target).and_then(|target| reproduce(target, file)),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn find(name: &str) -> Result<Target, String> {
    let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
    let target = TARGETS.into_iter().find(|target| target.name == name);
    target.ok_or_else(|| format!("`{name}` is none of {}", names.join(", ")))
}

fn run(seconds: &str, seed: &str, folder: &Path, targets: &[Target]) -> Result<(), String> {
    let (Ok(seconds), Ok(seed)) = (seconds.parse::<u32>(), seed.parse::<u64>()) else {
        return Err(USAGE.to_owned());
    };
    if coverage::count() == 0 {
        return Err("built without counters: use scripts/fuzz.sh".to_owned());
    }
    println!(
        "seed {seed}, {seconds} s for {} targets, {} branches counted",
        targets.len(),
        coverage::count()
    );
    println!(
        "{:<10} {:>11} {:>9} {:>7} {:>9}",
        "target", "executions", "per s", "corpus", "branches"
    );
    let end = Instant::now() + Duration::from_secs(seconds.into());
    for (index, target) in targets.iter().enumerate() {
        let left = end.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(targets.len() - index).unwrap_or(1);
        let began = Instant::now();
        let watch = watch::Watch::start({
            let (folder, target) = (folder.to_owned(), *target);
            move |input| eprintln!("it does not end: {}", save(&folder, target, input))
        });
        let report = engine::fuzz(target, seed, began + share, &watch);
        watch.stop();
        #[expect(clippy::cast_precision_loss, reason = "a rate is read by people")]
        let rate = report.executions as f64 / began.elapsed().as_secs_f64();
        println!(
            "{:<10} {:>11} {:>9.0} {:>7} {:>9}",
            target.name, report.executions, rate, report.corpus, report.branches
        );
        if let Some(input) = report.finding {
            return Err(save(folder, *target, &input));
        }
    }
    Ok(())
}

/// Saves the input of a finding; says where, and how to see it again.
fn save(folder: &Path, target: Target, input: &[u8]) -> String {
    let file = folder.join(format!("{}-finding", target.name));
    let saved = fs::create_dir_all(folder).and_then(|()| fs::write(&file, input));
    let note = saved
        .err()
        .map_or(String::new(), |error| format!(" (which failed: {error})"));
    format!(
        "finding in `{0}`: {1:?}\nsaved{note}; see it again with\n  scripts/fuzz.sh reproduce {0} {2}",
        target.name,
        String::from_utf8_lossy(input),
        file.display()
    )
}

fn reproduce(target: Target, file: &str) -> Result<(), String> {
    let input = fs::read(file).map_err(|error| format!("`{file}`: {error}"))?;
    if engine::panics(&target, &input) {
        return Err(format!("`{}` fails on `{file}`", target.name));
    }
    println!("`{}` holds on `{file}`", target.name);
    Ok(())
}
