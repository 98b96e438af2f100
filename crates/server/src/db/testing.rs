//! Databases for tests: a fresh SQLite file always, and a fresh PostgreSQL database where
//! `SIGNET_TEST_POSTGRES` names a server to make it on.
#![expect(
    clippy::expect_used,
    reason = "only tests call this, and a broken test database must fail them"
)]

use super::{Db, Engine};
use protocol::id::{BucketId, PrincipalId, TeamId};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

const CONNECTIONS: u32 = 8;

/// A database of a test's own. Clones share it; it goes with the last of them.
#[derive(Debug, Clone)]
pub struct TestDatabase {
    /// The database.
    pub db: Db,
    /// What [`Db::connect`] takes to open it once more, as a second server does.
    pub url: String,
    _folder: Option<Arc<Folder>>,
}

impl std::ops::Deref for TestDatabase {
    type Target = Db;
    fn deref(&self) -> &Db {
        &self.db
    }
}

impl TestDatabase {
    /// A fresh SQLite database.
    pub async fn sqlite() -> Self {
        let folder = Folder::make();
        let url = format!("sqlite:{}", folder.0.join("signet.db").display());
        Self {
            db: Db::connect(&url, CONNECTIONS)
                .await
                .expect("a SQLite file can be made"),
            url,
            _folder: Some(Arc::new(folder)),
        }
    }

    /// A fresh PostgreSQL database, where a server for tests is named.
    pub async fn postgres() -> Option<Self> {
        let server = postgres_server()?;
        let name = format!("signet_test_{}", unique());
        let mut admin = sqlx::PgConnection::connect(&server)
            .await
            .expect("the named server answers");
        for statement in [
            format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            format!("CREATE DATABASE {name}"),
        ] {
            admin
                .execute(AssertSqlSafe(statement))
                .await
                .expect("databases can be made there");
        }
        admin.close().await.expect("the connection closes");
        let mut url = url::Url::parse(&server).expect("`SIGNET_TEST_POSTGRES` is a URL");
        url.set_path(&name);
        Some(Self {
            db: Db::connect(url.as_str(), CONNECTIONS)
                .await
                .expect("the new database answers"),
            url: url.into(),
            _folder: None,
        })
    }

    /// Puts an object into the index, as if it had been uploaded.
    pub async fn add_object(&self, team: TeamId, bucket: BucketId, by: PrincipalId) {
        let id = format!("obj_{team}");
        sqlx::query(
            "INSERT INTO object (id, team_id, bucket_id, object_key, size_bytes, algorithm, digest,
                 state, created_by, created_at, leased_until)
             VALUES ($1, $2, $3, $4, 1, 'sha256', '', 'verified', $5, 0, 0)",
        )
        .bind(id.clone())
        .bind(team.to_string())
        .bind(bucket.to_string())
        .bind(id)
        .bind(by.to_string())
        .execute(self.pool())
        .await
        .expect("the object's owner exists");
    }

    /// Another pool on the same database, as a second server has it.
    pub async fn connect_again(&self) -> Db {
        Db::connect(&self.url, CONNECTIONS)
            .await
            .expect("the database answers")
    }
}

/// Runs a test on a fresh SQLite database, and on a fresh PostgreSQL database where there is one.
pub async fn for_each_database<F, T>(test: F)
where
    F: Fn(TestDatabase) -> T,
    T: Future<Output = ()>,
{
    let sqlite = TestDatabase::sqlite().await;
    test(sqlite.clone()).await;
    sqlite.close().await;
    if let Some(postgres) = TestDatabase::postgres().await {
        test(postgres.clone()).await;
        postgres.drop_database().await;
    }
}

impl TestDatabase {
    /// Drops a PostgreSQL database.
    pub async fn drop_database(self) {
        self.db.close().await;
        let name = self.name();
        self.administer(&[format!("DROP DATABASE {name} WITH (FORCE)")])
            .await;
    }

    /// Takes a PostgreSQL database from everybody, as an outage does: connections break, and no other
    /// can be made.
    pub async fn take_away(&self) {
        let name = self.name();
        self.administer(&[
            format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"),
            format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            ),
        ])
        .await;
    }

    /// Gives it back.
    pub async fn give_back(&self) {
        let name = self.name();
        self.administer(&[format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")])
            .await;
    }

    fn name(&self) -> &str {
        debug_assert_eq!(self.engine(), Engine::Postgres);
        self.url.rsplit('/').next().unwrap_or_default()
    }

    /// Runs statements as the server's administrator, from outside of this database.
    async fn administer(&self, statements: &[String]) {
        let server = postgres_server().expect("it was named before");
        let mut admin = sqlx::PgConnection::connect(&server)
            .await
            .expect("the named server answers");
        for statement in statements {
            admin
                .execute(AssertSqlSafe(statement.clone()))
                .await
                .expect("our database is ours to change");
        }
    }
}

/// The one place that reads the variable.
#[expect(
    clippy::disallowed_methods,
    reason = "a setting of tests, not of the server"
)]
fn postgres_server() -> Option<String> {
    std::env::var("SIGNET_TEST_POSTGRES")
        .ok()
        .filter(|url| !url.is_empty())
}

/// A number that no test running now has: the process and a count.
fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!(
        "{}_{}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    )
}

/// A folder that is deleted when it is dropped.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn make() -> Self {
        loop {
            let path = std::env::temp_dir().join(format!("signet-test-{}", unique()));
            match std::fs::create_dir(&path) {
                Ok(()) => return Self(path),
                // Left by a killed process that had the same number
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => remove(&path),
                Err(error) => panic!("no folder can be made for a test: {error}"),
            }
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

fn remove(path: &Path) {
    // A leftover in the temporary folder is not worth a failing test
    let _ = std::fs::remove_dir_all(path);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_database_is_fresh_and_answers() {
        for_each_database(|database| async move {
            database.ping().await.unwrap();
            database
                .pool()
                .execute("INSERT INTO instance_setting (name, value) VALUES ('a', 'b')")
                .await
                .unwrap();
            database.connect_again().await.ping().await.unwrap();
        })
        .await;
    }
}
