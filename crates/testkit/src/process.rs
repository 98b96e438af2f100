//! The real broker as a process of its own: started, killed, started again over the same database.

use client::Api;
use sha2::{Digest as _, Sha256};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;
use tempfile::TempDir;

/// The token of the first administrator. Public, and good for nothing but these tests.
pub const ADMIN_TOKEN: &str =
    "signet-7d1f0c3b9a8e64552f90ab3c1de477f6a0b2c4d68e1f39572b8c6d0a4e3f5197";

/// `signet serve` in a folder of its own.
#[derive(Debug)]
pub struct Broker {
    binary: PathBuf,
    folder: TempDir,
    environment: Vec<(String, String)>,
    child: Option<Child>,
    address: Option<SocketAddr>,
    log: Arc<Mutex<String>>,
}

impl Broker {
    /// Prepares a broker on `database`: a URL, or SQLite in the broker's folder.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn new(binary: impl Into<PathBuf>, database: Option<&str>) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let sqlite = format!("sqlite:{}", folder.path().join("signet.db").display());
        let text = format!(
            "version = 1\n[server]\nlisten = \"127.0.0.1:0\"\n[metrics]\nlisten = \"127.0.0.1:0\"\n\
             [stores]\nprivate_networks = [\"127.0.0.0/8\"]\nplain_http_networks = [\"127.0.0.0/8\"]\n\
             [bootstrap]\nadmin = \"root\"\nadmin_token_sha256 = \"{}\"\n",
            hex::encode(Sha256::digest(ADMIN_TOKEN))
        );
        std::fs::File::create(folder.path().join("signet.toml"))?.write_all(text.as_bytes())?;
        let environment = vec![
            (
                "SIGNET_DATABASE__URL".to_owned(),
                database.unwrap_or(&sqlite).to_owned(),
            ),
            (
                "SIGNET_SEAL__KEY".to_owned(),
                format!("test:{}", "5a".repeat(32)),
            ),
        ];
        Ok(Self {
            binary: binary.into(),
            folder,
            environment,
            child: None,
            address: None,
            log: Arc::default(),
        })
    }

    /// Sets a variable of the next start's environment.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The broker's folder: its configuration, and SQLite's files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts it, and waits until it listens.
    ///
    /// # Errors
    /// When it ends instead, or has not come up within 30 seconds; with what it logged.
    pub fn start(&mut self) -> io::Result<()> {
        let mut child = Command::new(&self.binary)
            .args(["serve", "--config"])
            .arg(self.folder.path().join("signet.toml"))
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let stderr = child
            .stderr
            .take()
            .ok_or_else(|| io::Error::other("no standard error"))?;
        let (listening, heard) = mpsc::channel();
        let log = Arc::clone(&self.log);
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if let Some(address) = line
                    .strip_prefix("listening on ")
                    .and_then(|at| at.parse().ok())
                {
                    // Nobody waits any more: the start has timed out
                    let _ = listening.send(address);
                }
                let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
                log.push_str(&line);
                log.push('\n');
            }
        });
        self.child = Some(child);
        let heard = heard.recv_timeout(Duration::from_secs(30));
        self.address =
            Some(heard.map_err(|_| {
                io::Error::other(format!("the broker did not start:\n{}", self.log()))
            })?);
        Ok(())
    }

    /// Where it listens.
    ///
    /// # Panics
    /// When it was not started.
    #[expect(clippy::expect_used, reason = "a test that asks too early is wrong")]
    pub fn address(&self) -> SocketAddr {
        self.address.expect("the broker was started")
    }

    /// A client with this token.
    ///
    /// # Errors
    /// When the token cannot be one.
    pub fn api(&self, token: &str) -> Result<Api, client::Error> {
        Api::new(&format!("http://{}", self.address()), token.parse()?)
    }

    /// Everything that it logged, over all its starts.
    pub fn log(&self) -> String {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Ends it at once, as `kill -9` does.
    ///
    /// # Errors
    /// When there is nothing to kill.
    pub fn kill(&mut self) -> io::Result<()> {
        let mut child = self
            .child
            .take()
            .ok_or_else(|| io::Error::other("the broker does not run"))?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended by itself
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
