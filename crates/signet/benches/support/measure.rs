//! What the benchmarks share.
#![allow(dead_code, reason = "every benchmark uses its own part of this")]

use protocol::Role;
use protocol::admin::{NewTeam, NewToken, NewUser};
use std::time::Duration;
use testkit::process::{ADMIN_TOKEN, Broker};
use testkit::store::Container;

pub(crate) const SIGNET: &str = env!("CARGO_BIN_EXE_signet");

/// Tells a result to `scripts/bench.sh`.
#[expect(clippy::print_stdout, reason = "the benchmark's result")]
pub(crate) fn row(id: &str, value: f64) {
    println!("row\t{id}\t{value}");
}

/// Tells what else was seen.
#[expect(clippy::print_stdout, reason = "the benchmark's result")]
pub(crate) fn note(text: impl std::fmt::Display) {
    println!("  {text}");
}

/// The middle of an odd number of figures.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// A broker whose limits are out of the way.
pub(crate) fn unlimited() -> Broker {
    let mut broker = Broker::new(SIGNET, None)
        .unwrap()
        .with("SIGNET_LOG__LEVEL", "warn");
    for limit in [
        "PRINCIPAL_REQUESTS_PER_SECOND",
        "PRINCIPAL_BURST",
        "NETWORK_REQUESTS_PER_SECOND",
        "NETWORK_BURST",
    ] {
        broker = broker.with(&format!("SIGNET_LIMITS__{limit}"), "4000000");
    }
    broker
}

/// The team `vision` with the member `ada`; returns her token.
pub(crate) async fn member(broker: &Broker, container: &Container) -> String {
    let admin = broker.api(ADMIN_TOKEN).unwrap();
    let bucket = admin
        .create_bucket(&container.registration("vision").unwrap())
        .await
        .unwrap();
    let team = "vision".parse().unwrap();
    admin
        .create_team(&NewTeam {
            name: "vision".parse().unwrap(),
            bucket: Some(bucket.name),
        })
        .await
        .unwrap();
    let user = "ada".parse().unwrap();
    admin
        .create_user(&NewUser {
            name: "ada".parse().unwrap(),
            instance_admin: false,
        })
        .await
        .unwrap();
    admin.set_role(&team, &user, Role::Member).await.unwrap();
    admin
        .create_user_token(&user, &NewToken::default())
        .await
        .unwrap()
        .secret
}

/// A field of `/proc/PID/status` in MiB.
pub(crate) fn memory_mib(pid: u32, field: &str) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kib: f64 = line
        .trim_start_matches(':')
        .split_whitespace()
        .next()?
        .parse()
        .ok()?;
    Some(kib / 1024.0)
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    // A second one of this process finds it installed
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

pub(crate) const ROUND: Duration = Duration::from_secs(3);
