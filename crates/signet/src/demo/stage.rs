//! What the story needs: a server, two buckets, two teams, three people.

use super::Steps;
use crate::arguments::Demo;
use crate::local::{self, Local, Place};
use crate::output::Output;
use anyhow::Context as _;
use client::Api;
use protocol::Role;
use protocol::admin::{NewTeam, NewToken, NewUser};
use std::path::{Path, PathBuf};

/// The name of the member of `vision`.
pub(super) const VISION_MEMBER: &str = "ada";
/// The name of the member of `language`.
pub(super) const LANGUAGE_MEMBER: &str = "noam";

/// Everything that runs, and everybody who takes part.
pub(super) struct Stage {
    local: Local,
    folder: tempfile::TempDir,
    data: PathBuf,
    /// The instance admin.
    pub(super) admin: Api,
    /// The member of `vision`.
    pub(super) vision: Api,
    /// The member of `language`.
    pub(super) language: Api,
    logins: Vec<(&'static str, String)>,
}

impl Stage {
    /// Starts the servers, and makes teams, buckets and people.
    pub(super) async fn set(demo: &Demo, steps: &Steps) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("signet-demo-").tempdir()?;
        let store_keys = demo.store.as_deref().zip(demo.store_keys.as_deref());
        let (local, places) = steps
            .step("start the broker and the store", async {
                let (local, places) = local::for_demo(folder.path(), store_keys).await?;
                let came = format!("broker at {}, store at {}", local.address(), places.store);
                Ok(((local, places), came))
            })
            .await?;
        let data = if let Some(data) = &demo.data {
            data.canonicalize()
                .with_context(|| format!("cannot read {}", data.display()))?
        } else {
            let data = folder.path().join("data");
            let made = data.clone();
            steps
                .step("make a data set", async {
                    tokio::task::spawn_blocking(move || super::dataset::make(&made)).await??;
                    Ok(((), String::new()))
                })
                .await?;
            data
        };
        let admin = Api::new(local.address(), local.admin_token().parse()?)?;
        let mut logins = vec![("admin", local.admin_token().to_owned())];
        let people = steps
            .step(
                "make two teams, each with its own bucket and a member",
                async {
                    let vision = join(&admin, "vision", VISION_MEMBER, places.vision).await?;
                    let language =
                        join(&admin, "language", LANGUAGE_MEMBER, places.language).await?;
                    Ok((
                        [vision, language],
                        format!("{VISION_MEMBER} in vision, {LANGUAGE_MEMBER} in language"),
                    ))
                },
            )
            .await?;
        let [vision, language] = people;
        logins.push((VISION_MEMBER, vision.clone()));
        logins.push((LANGUAGE_MEMBER, language.clone()));
        let vision = Api::new(local.address(), vision.parse()?)?;
        let language = Api::new(local.address(), language.parse()?)?;
        Ok(Self {
            local,
            folder,
            data,
            admin,
            vision,
            language,
            logins,
        })
    }

    /// The data to put.
    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    /// A folder that does not exist yet.
    pub(super) fn elsewhere(&self) -> PathBuf {
        self.folder.path().join("elsewhere")
    }

    pub(super) fn tell_how_to_log_in(&self, output: Output) {
        output.tell(format_args!(
            "\nstill running; Ctrl-C ends it and deletes everything. Log in with:"
        ));
        for (name, token) in &self.logins {
            output.tell(format_args!(
                "  printf %s {token} | signet login --token-stdin {}   # as {name}",
                self.local.address()
            ));
        }
    }

    pub(super) async fn close(self) {
        self.local.shutdown().await;
    }
}

/// Registers the bucket, makes the team and its member; returns the member's token.
async fn join(admin: &Api, team: &str, member: &str, place: Place) -> anyhow::Result<String> {
    let name = place.bucket.name.clone();
    admin.create_bucket(&place.bucket).await?;
    admin
        .create_team(&NewTeam {
            name: team.parse()?,
            bucket: Some(name),
        })
        .await?;
    let user = member.parse()?;
    admin
        .create_user(&NewUser {
            name: member.parse()?,
            instance_admin: false,
        })
        .await?;
    admin.set_role(&team.parse()?, &user, Role::Member).await?;
    let issued = admin
        .create_user_token(
            &user,
            &NewToken {
                label: "demo".to_owned(),
                ttl_seconds: None,
            },
        )
        .await?;
    Ok(issued.secret)
}
