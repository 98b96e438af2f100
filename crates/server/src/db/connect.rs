//! Connections, transactions, migrations.

use super::Error;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::Migrator;
use sqlx::{AnyPool, Connection as _, Executor as _, Row as _};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::LazyLock;
use std::time::Duration;

static MAIN: Migrator = sqlx::migrate!("migrations/main");
static LEDGER: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrator = sqlx::migrate!("migrations/ledger");
    // On PostgreSQL both are in one database, and neither knows the other's migrations
    migrator.dangerous_set_table_name("_sqlx_ledger_migrations");
    migrator
});

/// How long a writer waits for another on SQLite.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection, or a transaction on one.
pub type Connection = sqlx::AnyConnection;

/// A transaction; rolled back when dropped.
pub type Tx = sqlx::Transaction<'static, sqlx::Any>;

/// Which database engine is behind the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// One machine, two files, no other process.
    Sqlite,
    /// Any number of servers.
    Postgres,
}

/// The database.
#[derive(Debug, Clone)]
pub struct Db {
    pool: AnyPool,
    engine: Engine,
    /// On SQLite: the ledger's file.
    ledger: Option<String>,
}

impl Db {
    /// Connects, migrates and checks that the engine is durable.
    ///
    /// `url` is `sqlite:PATH` (made when absent; the ledger goes to `PATH` with `-ledger` appended to
    /// its stem) or `postgres://…`.
    ///
    /// # Errors
    /// When it cannot be reached, migrated, or does not write durably.
    pub async fn connect(url: &str, max_connections: u32) -> Result<Self, Error> {
        sqlx::any::install_default_drivers();
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = Path::new(path.trim_start_matches("//"));
            Self::connect_sqlite(path, max_connections).await
        } else {
            Self::connect_postgres(url, max_connections).await
        }
    }

    async fn connect_sqlite(path: &Path, max_connections: u32) -> Result<Self, Error> {
        let ledger = ledger_path(path);
        for (file, migrator) in [(path, &MAIN), (ledger.as_path(), &*LEDGER)] {
            let pool = AnyPoolOptions::new()
                .max_connections(1)
                .connect_with(sqlite_options(file)?)
                .await?;
            // Set once; the mode is a property of the file
            pool.execute("PRAGMA journal_mode = WAL").await?;
            migrator.run(&pool).await.map_err(Error::Migrate)?;
            pool.close().await;
        }
        let ledger = ledger.to_string_lossy().into_owned();
        let attached = ledger.clone();
        let pool = AnyPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(BUSY_TIMEOUT)
            .after_connect(move |connection, _| {
                let ledger = attached.clone();
                Box::pin(async move { prepare_sqlite(connection, ledger).await })
            })
            .connect_with(sqlite_options(path)?)
            .await?;
        Ok(Self {
            pool,
            engine: Engine::Sqlite,
            ledger: Some(ledger),
        })
    }

    async fn connect_postgres(url: &str, max_connections: u32) -> Result<Self, Error> {
        let options = AnyConnectOptions::from_str(url)?;
        let pool = AnyPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(Duration::from_secs(5))
            .connect_with(options)
            .await?;
        MAIN.run(&pool).await.map_err(Error::Migrate)?;
        LEDGER.run(&pool).await.map_err(Error::Migrate)?;
        let db = Self {
            pool,
            engine: Engine::Postgres,
            ledger: None,
        };
        db.check_durable().await?;
        Ok(db)
    }

    async fn check_durable(&self) -> Result<(), Error> {
        for (setting, query) in [
            ("fsync", "SHOW fsync"),
            ("synchronous_commit", "SHOW synchronous_commit"),
        ] {
            let value: String = sqlx::query(query).fetch_one(&self.pool).await?.try_get(0)?;
            if value == "off" {
                return Err(Error::NotDurable(format!(
                    "`{setting}` is off; turn it on in the server's settings"
                )));
            }
        }
        Ok(())
    }

    /// A connection of its own, outside of the pool and on the caller's runtime.
    pub(crate) async fn connect_apart(&self) -> Result<Connection, Error> {
        let mut connection = Connection::connect_with(&self.pool.connect_options()).await?;
        match &self.ledger {
            Some(ledger) => prepare_sqlite(&mut connection, ledger.clone()).await?,
            None => {
                // A transaction whose client is cut off must not hold its rows for hours
                connection
                    .execute("SET idle_in_transaction_session_timeout = '10s'")
                    .await?;
            }
        }
        Ok(connection)
    }

    /// Which engine is behind the pool.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The pool, for reads outside of a transaction.
    pub(crate) fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// Begins a transaction. Its first statement must be a write, unless it only reads.
    pub async fn begin(&self) -> Result<Tx, Error> {
        Ok(self.pool.begin().await?)
    }

    /// Begins a transaction that only reads, and sees one state of the database throughout.
    pub async fn begin_snapshot(&self) -> Result<Tx, Error> {
        let mut tx = self.begin().await?;
        // SQLite's transactions are snapshots anyway
        if self.engine == Engine::Postgres {
            tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                .await?;
        }
        Ok(tx)
    }

    /// A connection, for statements outside of a transaction.
    pub async fn acquire(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Any>, Error> {
        Ok(self.pool.acquire().await?)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), Error> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Connections that are open, and how many of them nobody uses.
    pub fn connections(&self) -> (u32, usize) {
        (self.pool.size(), self.pool.num_idle())
    }

    /// Closes all connections, after what they are doing.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

async fn prepare_sqlite(connection: &mut Connection, ledger: String) -> Result<(), sqlx::Error> {
    sqlx::query("ATTACH DATABASE $1 AS ledger")
        .bind(ledger)
        .execute(&mut *connection)
        .await?;
    connection.execute("PRAGMA busy_timeout = 10000").await?;
    connection.execute("PRAGMA foreign_keys = ON").await?;
    connection.execute("PRAGMA main.synchronous = FULL").await?;
    connection
        .execute("PRAGMA ledger.synchronous = FULL")
        .await?;
    Ok(())
}

fn sqlite_options(path: &Path) -> Result<AnyConnectOptions, Error> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let url = match url::Url::from_file_path(&path) {
        Ok(url) => format!("sqlite://{}?mode=rwc", url.path()),
        Err(()) => format!("sqlite:{}?mode=rwc", path.display()),
    };
    Ok(AnyConnectOptions::from_str(&url)?)
}

/// `signet.db` → `signet-ledger.db`.
fn ledger_path(path: &Path) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_os_string();
    name.push("-ledger");
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}
