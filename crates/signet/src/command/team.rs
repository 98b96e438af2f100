//! `signet team`.

use super::{networks, or_dash};
use crate::arguments::TeamCommand;
use crate::output::Output;
use client::{Api, collect_pages};
use protocol::TeamName;
use protocol::admin::{NewServiceAccount, NewTeam, State, Team, TeamChange};

pub(super) async fn run(api: &Api, command: TeamCommand, output: Output) -> anyhow::Result<()> {
    match command {
        TeamCommand::Create { name, bucket } => {
            let team = api.create_team(&NewTeam { name, bucket }).await?;
            output.result(&team, |team| format!("made the team {}", team.name));
        }
        TeamCommand::List => list(api, output).await?,
        TeamCommand::SetBucket { team, bucket } => {
            let change = TeamChange {
                bucket: Some(bucket),
                ..TeamChange::default()
            };
            changed(&api.change_team(&team, &change).await?, output);
        }
        TeamCommand::SetNetworks { team, allowed } => {
            let change = TeamChange {
                allowed_networks: Some(allowed.into_list()),
                ..TeamChange::default()
            };
            let team = api.change_team(&team, &change).await?;
            output.result(&team, |team| {
                let from = networks(&team.allowed_networks);
                format!("data of {} may be asked for from {from}", team.name)
            });
        }
        TeamCommand::Suspend { team } => set_state(api, &team, State::Suspended, output).await?,
        TeamCommand::Reinstate { team } => set_state(api, &team, State::Active, output).await?,
        TeamCommand::Members { team } => {
            let members = collect_pages(async |after: Option<String>| {
                api.list_members(&team, after.as_deref()).await
            })
            .await?;
            output.rows(["MEMBER", "ROLE"], &members, |member| {
                [member.principal.to_string(), member.role.to_string()]
            });
        }
        TeamCommand::Add {
            team,
            principal,
            role,
        } => {
            let membership = api.set_role(&team, &principal, role).await?;
            output.result(&membership, |m| {
                format!("{} is {} of {}", m.principal, m.role, m.team)
            });
        }
        TeamCommand::Remove { team, principal } => {
            api.remove_member(&team, &principal).await?;
            output.tell(format_args!("{principal} is no longer in {team}"));
        }
        TeamCommand::CreateServiceAccount { team, name, role } => {
            let account = api
                .create_service_account(&team, &NewServiceAccount { name, role })
                .await?;
            output.result(&account, |account| {
                format!("made the service account {}", account.name)
            });
        }
    }
    Ok(())
}

/// Lists the teams that the caller can see.
pub(super) async fn list(api: &Api, output: Output) -> anyhow::Result<()> {
    let teams =
        collect_pages(async |after: Option<String>| api.list_teams(after.as_deref()).await).await?;
    output.rows(["TEAM", "STATE", "BUCKET"], &teams, |team| {
        [
            team.name.to_string(),
            team.state.as_str().to_owned(),
            or_dash(team.bucket.as_ref()),
        ]
    });
    Ok(())
}

async fn set_state(api: &Api, team: &TeamName, state: State, output: Output) -> anyhow::Result<()> {
    let change = TeamChange {
        state: Some(state),
        ..TeamChange::default()
    };
    changed(&api.change_team(team, &change).await?, output);
    Ok(())
}

fn changed(team: &Team, output: Output) {
    output.result(team, |team| {
        format!(
            "{} is {}, bucket {}",
            team.name,
            team.state.as_str(),
            or_dash(team.bucket.as_ref())
        )
    });
}
