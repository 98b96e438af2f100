//! `signet ls` and `signet alias`.

use super::or_dash;
use crate::arguments::{AliasCommand, Ls};
use crate::exit::UserError;
use crate::output::{Output, bytes};
use client::{Api, collect_pages};
use protocol::name::ArtifactRef;
use protocol::{ProjectName, TeamName};

/// Lists what is beneath the place.
pub(super) async fn ls(api: &Api, ls: &Ls, output: Output) -> anyhow::Result<()> {
    let place = ls.place.as_deref().unwrap_or_default();
    let parts: Vec<&str> = place.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [] => super::team::list(api, output).await,
        [team] => projects(api, &team.parse()?, output).await,
        [team, project] => collections(api, &team.parse()?, &project.parse()?, output).await,
        [_, _, _] => versions(api, &place.parse()?, output).await,
        _ => Err(UserError::Usage(
            "expected team, team/project or team/project/collection".to_owned(),
        )
        .into()),
    }
}

async fn projects(api: &Api, team: &TeamName, output: Output) -> anyhow::Result<()> {
    let projects = collect_pages(async |after: Option<String>| {
        api.list_projects(team, after.as_deref()).await
    })
    .await?;
    output.rows(["PROJECT", "SINCE"], &projects, |project| {
        [project.name.to_string(), project.created_at.to_string()]
    });
    Ok(())
}

async fn collections(
    api: &Api,
    team: &TeamName,
    project: &ProjectName,
    output: Output,
) -> anyhow::Result<()> {
    let collections = collect_pages(async |after: Option<String>| {
        api.list_collections(team, project, after.as_deref()).await
    })
    .await?;
    output.rows(
        ["COLLECTION", "TYPE", "VERSIONS", "SINCE"],
        &collections,
        |collection| {
            [
                collection.name.to_string(),
                collection.kind.clone(),
                collection.version_count.to_string(),
                collection.created_at.to_string(),
            ]
        },
    );
    Ok(())
}

async fn versions(api: &Api, artifact: &ArtifactRef, output: Output) -> anyhow::Result<()> {
    let versions = collect_pages(async |after: Option<String>| {
        api.list_versions(artifact, after.as_deref()).await
    })
    .await?;
    output.rows(
        ["VERSION", "FILES", "SIZE", "ALIASES", "COMMITTED"],
        &versions,
        |version| {
            [
                or_dash(version.index.map(|index| format!("v{index}"))),
                version.entry_count.to_string(),
                bytes(version.size_bytes),
                version
                    .aliases
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(","),
                or_dash(version.committed_at),
            ]
        },
    );
    Ok(())
}

/// Moves or removes an alias.
pub(super) async fn alias(api: &Api, command: &AliasCommand, output: Output) -> anyhow::Result<()> {
    match command {
        AliasCommand::Set { artifact, alias } => {
            let version = api.set_alias(artifact, alias).await?;
            output.result(&version, |version| {
                format!("{alias} now names v{}", or_dash(version.index))
            });
        }
        AliasCommand::Remove { artifact, alias } => {
            api.delete_alias(artifact, alias).await?;
            output.tell(format_args!("{alias} is gone"));
        }
    }
    Ok(())
}
