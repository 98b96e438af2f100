//! `signet user` and `signet whoami`.

use crate::arguments::UserCommand;
use crate::output::Output;
use client::{Api, collect_pages};
use protocol::admin::{NewUser, PrincipalKind, Suspension};

pub(super) async fn run(api: &Api, command: UserCommand, output: Output) -> anyhow::Result<()> {
    match command {
        UserCommand::Create {
            name,
            instance_admin,
        } => {
            let user = api
                .create_user(&NewUser {
                    name,
                    instance_admin,
                })
                .await?;
            output.result(&user, |user| {
                format!(
                    "made the user {0}\nhint: `signet token create --for {0}`",
                    user.name
                )
            });
        }
        UserCommand::List => {
            let users =
                collect_pages(async |after: Option<String>| api.list_users(after.as_deref()).await)
                    .await?;
            output.rows(["NAME", "KIND", "STATE", "ADMIN"], &users, |user| {
                let kind = match user.kind {
                    PrincipalKind::User => "user",
                    PrincipalKind::ServiceAccount => "service account",
                };
                let admin = if user.instance_admin { "yes" } else { "" };
                [
                    user.name.to_string(),
                    kind.to_owned(),
                    user.state.as_str().to_owned(),
                    admin.to_owned(),
                ]
            });
        }
        UserCommand::Suspend { name } => {
            output.result(&api.suspend_user(&name).await?, suspension);
        }
        UserCommand::Reinstate { name } => {
            let user = api.reinstate_user(&name).await?;
            output.result(&user, |user| {
                format!("{} is {}", user.name, user.state.as_str())
            });
        }
        UserCommand::Remove { name } => {
            output.result(&api.delete_user(&name).await?, suspension);
        }
    }
    Ok(())
}

/// Who the caller is.
pub(super) async fn whoami(api: &Api, output: Output) -> anyhow::Result<()> {
    let me = api.me().await?;
    output.result(&me, |me| {
        let roles: Vec<String> = me
            .memberships
            .iter()
            .map(|m| format!("{} ({})", m.team, m.role))
            .collect();
        let admin = if me.principal.instance_admin {
            ", administrator of the instance"
        } else {
            ""
        };
        format!("{}{admin}; teams: {}", me.principal.name, roles.join(", "))
    });
    Ok(())
}

/// What a suspension stopped, and what it could not.
pub(crate) fn suspension(done: &Suspension) -> String {
    let mut lines = vec![format!(
        "{} is {}; {} open uploads aborted",
        done.principal.name,
        done.principal.state.as_str(),
        done.aborted_uploads
    )];
    if done.failed_aborts > 0 {
        lines.push(format!(
            "{} could not be aborted yet and will be tried again",
            done.failed_aborts
        ));
    }
    lines.push(match done.last_expires_at {
        Some(at) => format!(
            "still accepted by the stores: {} URLs of {} grants, the last until {at}",
            done.live_urls, done.live_grants
        ),
        None => "no URL released before is accepted any more".to_owned(),
    });
    lines.join("\n")
}
