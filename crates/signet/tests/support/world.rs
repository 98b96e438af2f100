//! What the end-to-end tests share: a broker process, a store, a team with a member.
#![allow(dead_code, reason = "every test binary uses its own part of this")]

use client::Api;
use devstore::DevStore;
use protocol::admin::{NewTeam, NewToken, NewUser};
use protocol::bucket::{Audience, NewBucket};
use protocol::{Role, TeamName};
use std::path::Path;
use std::process::{Command, Stdio};
use testkit::process::{ADMIN_TOKEN, Broker};
use testkit::store::embedded;

/// The binary under test.
pub(crate) const SIGNET: &str = env!("CARGO_BIN_EXE_signet");

/// A broker, the embedded store with one container, and the team `vision` with the member `ada`.
pub(crate) struct World {
    pub(crate) broker: Broker,
    pub(crate) store: DevStore,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) token: String,
}

impl World {
    pub(crate) async fn begin(database: Option<&str>) -> Self {
        install_crypto();
        let folder = tempfile::tempdir().unwrap();
        let (store, containers) = embedded(folder.path(), &["team-vision"]).await.unwrap();
        let mut broker = Broker::new(SIGNET, database).unwrap();
        broker.start().unwrap();
        let mut registration = containers[0].registration("vision").unwrap();
        // The same store by another name, for those who ask for it
        let other = store.endpoint().replace("127.0.0.1", "localhost");
        registration.endpoints.insert(Audience::Vpc, other);
        let token = join(&broker, &registration, "ada").await;
        Self {
            broker,
            store,
            folder,
            token,
        }
    }

    pub(crate) fn admin(&self) -> Api {
        self.broker.api(ADMIN_TOKEN).unwrap()
    }

    pub(crate) fn member(&self) -> Api {
        self.broker.api(&self.token).unwrap()
    }

    /// The store's access log so far.
    pub(crate) fn access_log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("access.log")).unwrap_or_default()
    }

    /// `signet` as the member would call it.
    pub(crate) fn signet(&self, arguments: &[&str]) -> Command {
        signet(&self.broker, &self.token, arguments)
    }
}

/// Registers the bucket, makes the team of its name and a member; returns the member's token.
pub(crate) async fn join(broker: &Broker, registration: &NewBucket, member: &str) -> String {
    let admin = broker.api(ADMIN_TOKEN).unwrap();
    let bucket = admin.create_bucket(registration).await.unwrap();
    let team: TeamName = bucket.name.as_str().parse().unwrap();
    admin
        .create_team(&NewTeam {
            name: team.clone(),
            bucket: Some(bucket.name),
        })
        .await
        .unwrap();
    enlist(broker, &team, member).await
}

/// Makes a member of the team; returns its token.
pub(crate) async fn enlist(broker: &Broker, team: &TeamName, member: &str) -> String {
    let admin = broker.api(ADMIN_TOKEN).unwrap();
    let user = member.parse().unwrap();
    admin
        .create_user(&NewUser {
            name: member.parse().unwrap(),
            instance_admin: false,
        })
        .await
        .unwrap();
    admin.set_role(team, &user, Role::Member).await.unwrap();
    let issued = admin
        .create_user_token(&user, &NewToken::default())
        .await
        .unwrap();
    issued.secret
}

/// `signet ARGUMENTS` against the broker, with the token.
pub(crate) fn signet(broker: &Broker, token: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(SIGNET);
    command
        .args(arguments)
        .env_clear()
        .env("SIGNET_SERVER", format!("http://{}", broker.address()))
        .env("SIGNET_TOKEN", token)
        .env("HOME", broker.folder())
        .stdin(Stdio::null());
    command
}

/// Bytes that look like nothing, the same for the same seed.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

pub(crate) fn write(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

pub(crate) fn install_crypto() {
    // A second test of the same process finds it installed
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}
