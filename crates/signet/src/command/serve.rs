//! `signet serve` and `signet dev`.

use crate::arguments::{Dev, Global, Serve};
use crate::credentials::Credentials;
use crate::local;
use crate::output::Output;
use client::{Api, Token};
use server::clock::SystemClock;
use server::config::{self, Config};
use server::serve::Mode;
use std::sync::Arc;

/// Runs the broker until it is told to stop.
pub(super) async fn serve(serve: Serve, output: Output) -> anyhow::Result<()> {
    let config = Config::load(serve.config.as_deref(), &config::environment())?;
    if serve.check_config {
        output.tell(config.effective());
        return Ok(());
    }
    server::telemetry::start_logging(&config.log);
    let running = server::serve::start(&config, Mode::Production, Arc::new(SystemClock)).await?;
    Output::note(format_args!("listening on {}", running.address));
    stopped().await?;
    running.shutdown().await;
    Ok(())
}

/// Runs the broker with the embedded store until it is told to stop.
pub(super) async fn dev(dev: Dev, global: &Global, output: Output) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new().prefix("signet-dev-").tempdir()?;
    let (local, store, place) = local::for_dev(folder.path(), dev.port).await?;
    let token: Token = local.admin_token().parse()?;
    Api::new(local.address(), token.clone())?
        .create_bucket(&place.bucket)
        .await?;
    if dev.login {
        Credentials::at(global.credentials.clone())?.keep(local.address(), &token)?;
    }
    output.tell(format_args!(
        "broker at {0}, store at {1}; Ctrl-C ends both and deletes everything\nlog in with:\n  printf %s {2} | signet login --token-stdin {0}",
        local.address(),
        store,
        local.admin_token()
    ));
    stopped().await?;
    local.shutdown().await;
    Ok(())
}

/// Ctrl-C, or what a service manager sends.
async fn stopped() -> anyhow::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    Ok(())
}
