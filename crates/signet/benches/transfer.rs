//! `signet put` and `get` beside the tools that people copy to and from S3 with, on one SeaweedFS: rows
//! `transfer.*`. Run by `scripts/bench-transfer.sh`, which names the tools.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark ends at the first surprise"
)]

#[path = "support/measure.rs"]
mod support;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use support::{SIGNET, member, memory_mib, note, row, runtime, unlimited};
use testkit::process::Broker;
use testkit::store::{Container, seaweedfs};

const LARGE_BYTES: usize = 2 << 30;
const SMALL_FILES: usize = 10_000;
const SMALL_BYTES: usize = 10 << 10;
/// Each is measured so often, in turns; the best counts, as all else is disturbance.
const ROUNDS: usize = 3;
/// A tool that took so many times as long as the fastest, both ways, is not measured again.
const OUT_OF_REACH: f64 = 4.0;

/// Seconds, and the most memory resident, in MiB.
#[derive(Clone, Copy)]
struct Cost {
    seconds: f64,
    mib: f64,
}

fn measured(mut command: Command) -> Cost {
    let begun = Instant::now();
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let mut mib: f64 = 0.0;
    loop {
        if let Some(high) = memory_mib(child.id(), "VmHWM") {
            mib = mib.max(high);
        }
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{command:?} failed");
            let seconds = begun.elapsed().as_secs_f64();
            return Cost { seconds, mib };
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// A tool that copies.
enum Tool<'a> {
    Signet { broker: &'a Broker, token: &'a str },
    S5cmd(PathBuf),
    Rclone(PathBuf),
    Aws(PathBuf),
}

impl Tool<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::Signet { .. } => "signet",
            Self::S5cmd(_) => "s5cmd",
            Self::Rclone(_) => "rclone",
            Self::Aws(_) => "aws",
        }
    }

    /// Copies a folder to the store, or back, under this name.
    fn command(&self, container: &Container, upload: bool, folder: &Path, name: &str) -> Command {
        let folder = folder.to_str().unwrap();
        let url = format!("s3://{}/{name}", container.name);
        let mut command = match self {
            Self::Signet { broker, token } => {
                let mut command = Command::new(SIGNET);
                let artifact = format!("vision/bench/{name}");
                if upload {
                    command.args(["put", folder, &artifact]);
                } else {
                    command.args(["get", &artifact, folder]);
                }
                command
                    .env("SIGNET_SERVER", format!("http://{}", broker.address()))
                    .env("SIGNET_TOKEN", token);
                return command;
            }
            Self::S5cmd(path) => {
                let mut command = Command::new(path);
                command.args(["--endpoint-url", &container.endpoint, "cp"]);
                if upload {
                    command.args([format!("{folder}/"), format!("{url}/")]);
                } else {
                    command.args([format!("{url}/*"), format!("{folder}/")]);
                }
                command
            }
            Self::Rclone(path) => {
                let mut command = Command::new(path);
                let there = format!(":s3:{}/{name}", container.name);
                let (from, to) = if upload {
                    (folder, &*there)
                } else {
                    (&*there, folder)
                };
                command.args([
                    "copy",
                    "--config",
                    "/dev/null",
                    "--transfers",
                    "32",
                    from,
                    to,
                ]);
                command
                    .env("RCLONE_S3_PROVIDER", "SeaweedFS")
                    .env("RCLONE_S3_ENV_AUTH", "true")
                    .env("RCLONE_S3_ENDPOINT", &container.endpoint)
                    .env("RCLONE_S3_NO_CHECK_BUCKET", "true");
                command
            }
            Self::Aws(path) => {
                let mut command = Command::new(path);
                command.args([
                    "--endpoint-url",
                    &container.endpoint,
                    "s3",
                    "cp",
                    "--recursive",
                ]);
                command.arg("--only-show-errors");
                if upload {
                    command.args([folder, &url]);
                } else {
                    command.args([&url, folder]);
                }
                command
            }
        };
        command
            .env("AWS_ACCESS_KEY_ID", &container.access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", &container.secret_access_key)
            .env("AWS_REGION", &container.region)
            .env("AWS_DEFAULT_REGION", &container.region);
        command
    }
}

/// Files of bytes that nobody has seen before.
fn write(folder: &Path, files: usize, bytes: usize, seed: u64) {
    std::fs::create_dir_all(folder).unwrap();
    let mut state = seed | 1;
    for number in 0..files {
        let file = std::fs::File::create(folder.join(format!("{number:05}.bin"))).unwrap();
        let mut file = std::io::BufWriter::with_capacity(1 << 20, file);
        for _ in 0..bytes / 8 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            file.write_all(&state.to_le_bytes()).unwrap();
        }
        file.flush().unwrap();
    }
}

fn assert_equal(one: &Path, other: &Path) {
    let status = Command::new("diff").arg("-rq").args([one, other]).status();
    assert!(
        status.unwrap().success(),
        "what came back is something else"
    );
}

/// Puts and gets with each tool in turns; the best of each, by tool.
fn compared(
    tools: &[Tool<'_>],
    container: &Container,
    work: &Path,
    what: &str,
    (files, bytes): (usize, usize),
) -> [Vec<Cost>; 2] {
    let none = Cost {
        seconds: f64::INFINITY,
        mib: 0.0,
    };
    let mut best = [vec![none; tools.len()], vec![none; tools.len()]];
    for round in 0..ROUNDS {
        for (at, tool) in tools.iter().enumerate() {
            let is_out_of_reach =
                |costs: &Vec<Cost>| costs[at].seconds > OUT_OF_REACH * fastest(costs);
            if round > 0 && best.iter().all(is_out_of_reach) {
                continue;
            }
            // Its own bytes each time: what is there already, Signet does not send again
            let seed = u64::try_from(1 + round * tools.len() + at).unwrap();
            let source = work.join("source");
            write(&source, files, bytes, seed * 0x9e37_79b9_7f4a_7c15);
            let name = format!("{what}-{}-{round}", tool.name());
            let put = measured(tool.command(container, true, &source, &name));
            let copy = work.join("copy");
            let get = measured(tool.command(container, false, &copy, &name));
            assert_equal(&source, &copy);
            std::fs::remove_dir_all(&source).unwrap();
            std::fs::remove_dir_all(&copy).unwrap();
            for (best, cost) in best.iter_mut().zip([put, get]) {
                best[at].seconds = best[at].seconds.min(cost.seconds);
                best[at].mib = best[at].mib.max(cost.mib);
            }
        }
    }
    best
}

fn fastest(costs: &[Cost]) -> f64 {
    let seconds = costs.iter().map(|cost| cost.seconds);
    seconds.fold(f64::INFINITY, f64::min)
}

fn named(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from)
}

fn main() {
    let (Some(s5cmd), Some(rclone), Some(aws)) = (
        named("SIGNET_BENCH_S5CMD"),
        named("SIGNET_BENCH_RCLONE"),
        named("SIGNET_BENCH_AWS"),
    ) else {
        return;
    };
    let containers = seaweedfs().unwrap();
    let container = &containers[0];
    let mut broker = unlimited();
    broker.start().unwrap();
    let token = runtime().block_on(member(&broker, container));
    let tools = [
        Tool::Signet {
            broker: &broker,
            token: &token,
        },
        Tool::S5cmd(s5cmd),
        Tool::Rclone(rclone),
        Tool::Aws(aws),
    ];
    let work = tempfile::tempdir().unwrap();
    for (what, size) in [
        ("large", (1, LARGE_BYTES)),
        ("small", (SMALL_FILES, SMALL_BYTES)),
    ] {
        let costs = compared(&tools, container, work.path(), what, size);
        for (direction, costs) in ["put", "get"].into_iter().zip(costs) {
            for (tool, cost) in tools.iter().zip(&costs) {
                let name = format!("transfer.{direction}.{what}.{}", tool.name());
                note(format_args!(
                    "{name:32} {:7.2} s  {:5.0} MiB resident",
                    cost.seconds, cost.mib
                ));
            }
            row(
                &format!("transfer.{direction}.{what}"),
                fastest(&costs[1..]) / costs[0].seconds,
            );
            row(&format!("transfer.{direction}.{what}.memory"), costs[0].mib);
        }
    }
}
