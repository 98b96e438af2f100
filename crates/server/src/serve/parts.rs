//! Builds the parts of a server and wires them.

use super::{Error, Mode};
use crate::admin::{self, Admin};
use crate::api::{Admission, App};
use crate::auth::Auth;
use crate::broker::{Broker, Windows};
use crate::clock::Clock;
use crate::config::{Config, Secret};
use crate::db::Db;
use crate::directory::Directory;
use crate::gate::Gate;
use crate::ids::IdMaker;
use crate::ledger::Ledger;
use crate::registry::{self, Registry};
use crate::stores::{HttpSettings, SealKeys, Stores};
use std::sync::Arc;

/// Opens the database, reads what is in it, opens a lane of the ledger, and wires the rest.
pub(super) async fn assemble(
    config: &Config,
    mode: Mode,
    clock: Arc<dyn Clock>,
) -> Result<Arc<App>, Error> {
    let keys = config.seal.keys().map(Secret::expose).unwrap_or_default();
    let keys = SealKeys::parse(keys).map_err(Error::Seal)?;
    let url = config.database.url.expose();
    let db = Db::connect(url, config.database.max_connections.get()).await?;
    mode.claim(&db).await?;
    let ids = Arc::new(IdMaker::from_os(Arc::clone(&clock)).map_err(Error::Randomness)?);
    let directory = Directory::load(db.clone(), Arc::clone(&clock)).await?;
    let ledger = Ledger::open(
        db.clone(),
        Arc::clone(&directory),
        Arc::clone(&clock),
        Arc::clone(&ids),
    )
    .await?;
    let mut settings = HttpSettings::from_config(&config.stores);
    settings.addresses.loopback = mode == Mode::Development;
    let stores = Stores::new(keys, Arc::clone(&clock), settings);
    let stores = Arc::new(stores.map_err(Error::Stores)?);
    let broker = Broker::new(
        db.clone(),
        Arc::clone(&ledger),
        Arc::clone(&stores),
        Arc::clone(&clock),
        Arc::clone(&ids),
    );
    let windows = Windows::new(
        config.urls.download_seconds.get(),
        config.urls.part_seconds.get(),
        config.urls.upload_seconds.get(),
    );
    let broker = Arc::new(broker.with_windows(windows));
    let registry = Registry::new(
        registry::Parts {
            db: db.clone(),
            broker: Arc::clone(&broker),
            stores: Arc::clone(&stores),
            ledger: Arc::clone(&ledger),
            clock: Arc::clone(&clock),
            ids: Arc::clone(&ids),
        },
        registry::Settings::default(),
    );
    let admin = Arc::new(Admin::new(
        db.clone(),
        Arc::clone(&directory),
        Arc::clone(&ledger),
        Arc::clone(&broker),
        Arc::clone(&stores),
        Arc::clone(&clock),
        Arc::clone(&ids),
        admin::Settings {
            personal_teams: config.teams.personal,
            browser_origins: config.server.browser_origins.clone(),
        },
    ));
    if let Some((name, token_sha256)) = config.bootstrap.first_admin() {
        let personal_team = config.teams.personal;
        let first = admin::bootstrap(&directory, &ids, name, token_sha256, personal_team).await;
        if first.map_err(Error::Bootstrap)?.is_some() {
            tracing::info!("made the first administrator");
        }
    }
    // What a server before this one committed but did not live to record
    if let Err(error) = ledger.drain_outbox().await {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "events of changes are not yet in the ledger"
        );
    }
    let proxies = config.server.trusted_proxies.clone();
    let trusts = move |address| proxies.iter().any(|network| network.contains(address));
    Ok(Arc::new(App {
        auth: Auth::new(Arc::clone(&directory), Arc::clone(&clock), trusts)
            .with_allowed_networks(&config.network.allowed),
        gate: Arc::new(Gate::new(
            Arc::clone(&ledger),
            Arc::clone(&clock),
            Arc::clone(&ids),
        )),
        broker,
        registry,
        admin,
        ledger,
        directory,
        db,
        clock,
        ids,
        admission: Arc::new(Admission::new(&config.limits)),
        limits: config.limits.clone(),
        loopback_only: mode == Mode::Development,
    }))
}
