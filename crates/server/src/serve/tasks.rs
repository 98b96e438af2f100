//! What a server does besides answering: keeps its directory current, and cleans up.

use crate::api::App;
use crate::telemetry::meter;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often uploads and drafts that have expired are looked for.
const SWEEP_EVERY: Duration = Duration::from_mins(1);
/// How often stores are asked for uploads that nobody knows.
const FORGOTTEN_EVERY: Duration = Duration::from_hours(1);
/// How old those are: twice the longest life of an upload.
const FORGOTTEN_AGE: Duration = Duration::from_hours(48);
/// How often objects that nothing needs are looked for.
const COLLECT_EVERY: Duration = Duration::from_mins(10);
/// How often counters of callers that went away are dropped, and histograms folded.
const TIDY_EVERY: Duration = Duration::from_secs(10);

/// Starts all of it; it ends with `stop`.
pub(super) fn start(app: &Arc<App>, tasks: &TaskTracker, stop: &CancellationToken) {
    tasks.spawn(Arc::clone(&app.directory).run(stop.clone()));
    tasks.spawn(Arc::clone(&app.gate).run(stop.clone()));
    tasks.spawn(every(
        TIDY_EVERY,
        stop.clone(),
        Arc::clone(app),
        async |app| {
            app.admission.forget_idle();
            meter().keep_up();
        },
    ));
    tasks.spawn(every(
        SWEEP_EVERY,
        stop.clone(),
        Arc::clone(app),
        async |app| {
            if let Err(error) = app.broker.sweep(|id| app.directory.bucket(id)).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "expired uploads were not all aborted"
                );
            }
        },
    ));
    tasks.spawn(every(
        FORGOTTEN_EVERY,
        stop.clone(),
        Arc::clone(app),
        async |app| {
            let is_team = |id| app.directory.team(id).is_some();
            let buckets = app.directory.buckets();
            let swept = app
                .broker
                .sweep_forgotten(buckets, is_team, FORGOTTEN_AGE)
                .await;
            if let Err(error) = swept {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "uploads that nobody knows were not all aborted"
                );
            }
        },
    ));
    tasks.spawn(every(
        COLLECT_EVERY,
        stop.clone(),
        Arc::clone(app),
        async |app| {
            if let Err(error) = app.registry.collect(|id| app.directory.bucket(id)).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "objects that nothing needs were not all deleted"
                );
            }
        },
    ));
}

/// Does something now and then, never twice at once, until `stop`.
async fn every(period: Duration, stop: CancellationToken, app: Arc<App>, work: impl AsyncFn(&App)) {
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => work(&app).await,
        }
    }
}
