//! Counters, gauges and times, and their text for Prometheus.

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;
use std::time::Duration;

const REQUESTS: &str = "signet_requests_total";
const REQUEST_SECONDS: &str = "signet_request_seconds";
const SIGN_SECONDS: &str = "signet_sign_seconds";
const URLS_ISSUED: &str = "signet_urls_issued_total";
const UPLOADS_ABORTED: &str = "signet_uploads_aborted_total";
const PANICS: &str = "signet_panics_total";
const AUDIT_HEAD: &str = "signet_audit_head_seq";
const CONNECTIONS: &str = "signet_database_connections";
const IDLE_CONNECTIONS: &str = "signet_database_connections_idle";
const REVISION: &str = "signet_directory_revision";

/// Upper bounds of the buckets of request times, in seconds.
const REQUEST_BUCKETS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0,
];
/// Upper bounds of the buckets of signing times, in seconds.
const SIGN_BUCKETS: &[f64] = &[0.000_01, 0.000_1, 0.001, 0.01, 0.1];

/// The one place that metrics are collected in; all servers of the process share it.
#[derive(Debug)]
pub struct Meter {
    handle: Option<PrometheusHandle>,
}

/// The process's meter. The first call makes it.
pub fn meter() -> &'static Meter {
    static METER: OnceLock<Meter> = OnceLock::new();
    METER.get_or_init(Meter::install)
}

impl Meter {
    fn install() -> Self {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Full(REQUEST_SECONDS.to_owned()), REQUEST_BUCKETS)
            .and_then(|builder| {
                let sign = Matcher::Full(SIGN_SECONDS.to_owned());
                builder.set_buckets_for_metric(sign, SIGN_BUCKETS)
            });
        let Ok(builder) = builder else {
            return Self { handle: None };
        };
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        let handle = metrics::set_global_recorder(recorder)
            .is_ok()
            .then_some(handle);
        describe();
        Self { handle }
    }

    /// All metrics in Prometheus' text format.
    pub fn render(&self) -> String {
        self.handle
            .as_ref()
            .map(PrometheusHandle::render)
            .unwrap_or_default()
    }

    /// Folds what histograms gathered; to be called every few seconds.
    pub fn keep_up(&self) {
        if let Some(handle) = &self.handle {
            handle.run_upkeep();
        }
    }

    /// Sets what is read when it is asked for.
    #[expect(clippy::cast_precision_loss, reason = "gauges are floating point")]
    pub fn set_state(&self, audit_head_seq: u64, revision: u64, connections: (u32, usize)) {
        gauge!(AUDIT_HEAD).set(audit_head_seq as f64);
        gauge!(REVISION).set(revision as f64);
        gauge!(CONNECTIONS).set(f64::from(connections.0));
        gauge!(IDLE_CONNECTIONS).set(connections.1 as f64);
    }
}

fn describe() {
    describe_counter!(REQUESTS, "Requests answered, by operation and by code");
    describe_histogram!(REQUEST_SECONDS, "Time from a request's head to its answer");
    describe_histogram!(SIGN_SECONDS, "Time to sign the URLs of one grant");
    describe_counter!(URLS_ISSUED, "URLs released, by team and by method");
    describe_counter!(
        UPLOADS_ABORTED,
        "Uploads in parts that the server aborted by itself, by reason"
    );
    describe_counter!(PANICS, "Requests that panicked");
    describe_gauge!(AUDIT_HEAD, "Segments in this server's lane of the ledger");
    describe_gauge!(CONNECTIONS, "Connections to the database");
    describe_gauge!(
        IDLE_CONNECTIONS,
        "Connections to the database that nobody uses"
    );
    describe_gauge!(REVISION, "Revision of the directory that is in force here");
}

/// Counts an answered request. `code` is the problem's code, or `ok`.
pub fn count_request(operation: &'static str, code: &'static str, took: Duration) {
    counter!(REQUESTS, "operation" => operation, "code" => code).increment(1);
    histogram!(REQUEST_SECONDS, "operation" => operation).record(took);
}

/// Counts URLs that were released. `action` is their HTTP method.
pub fn count_urls(team: &str, action: &'static str, count: usize) {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    counter!(URLS_ISSUED, "team" => team.to_owned(), "action" => action).increment(count);
}

/// Notes how long signing the URLs of one grant took.
pub fn signing_time(provider: &'static str, took: Duration) {
    histogram!(SIGN_SECONDS, "provider" => provider).record(took);
}

/// Counts an upload in parts that the server aborted by itself.
pub fn count_aborted_upload(reason: &'static str) {
    counter!(UPLOADS_ABORTED, "reason" => reason).increment(1);
}

/// Counts a request that panicked.
pub fn count_panic() {
    counter!(PANICS).increment(1);
}
