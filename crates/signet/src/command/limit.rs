//! `signet limit`.

use super::{networks, or_dash};
use crate::arguments::{LimitCommand, LimitSubjectArguments};
use crate::exit::UserError;
use crate::output::Output;
use client::{Api, collect_pages};
use protocol::admin::{LimitRule, LimitSubject, NewLimit};

pub(super) async fn run(api: &Api, command: LimitCommand, output: Output) -> anyhow::Result<()> {
    match command {
        LimitCommand::Set {
            subject,
            max_ttl: max_ttl_seconds,
            urls_per_minute,
            max_object_bytes,
            read_only,
            no_download,
            allowed_networks,
        } => {
            let rule = LimitRule {
                max_ttl_seconds,
                urls_per_minute,
                max_object_bytes,
                read_only,
                no_download,
                allowed_networks: (!allowed_networks.is_empty()).then_some(allowed_networks),
            };
            if rule == LimitRule::default() {
                return Err(UserError::Usage("a limit that narrows nothing; give one of --max-ttl, --urls-per-minute, --max-object-bytes, --read-only, --no-download, --allowed-network".to_owned()).into());
            }
            let limit = api
                .create_limit(&NewLimit {
                    subject: bound(subject)?,
                    rule,
                })
                .await?;
            output.result(&limit, |limit| format!("set {}", limit.id));
        }
        LimitCommand::List => {
            let limits = collect_pages(async |after: Option<String>| {
                api.list_limits(after.as_deref()).await
            })
            .await?;
            output.rows(
                [
                    "LIMIT",
                    "BINDS",
                    "TTL",
                    "URLS/MIN",
                    "BYTES",
                    "READ ONLY",
                    "NO DOWNLOAD",
                    "NETWORKS",
                ],
                &limits,
                |limit| {
                    let yes = |set: bool| if set { "yes" } else { "" }.to_owned();
                    [
                        limit.id.to_string(),
                        match &limit.subject {
                            LimitSubject::Principal(name) => name.to_string(),
                            LimitSubject::Team(name) => format!("team {name}"),
                        },
                        or_dash(limit.rule.max_ttl_seconds),
                        or_dash(limit.rule.urls_per_minute),
                        or_dash(limit.rule.max_object_bytes),
                        yes(limit.rule.read_only),
                        yes(limit.rule.no_download),
                        or_dash(limit.rule.allowed_networks.as_deref().map(networks)),
                    ]
                },
            );
        }
        LimitCommand::Remove { id } => {
            api.delete_limit(id).await?;
            output.tell(format_args!("{id} is lifted"));
        }
    }
    Ok(())
}

fn bound(subject: LimitSubjectArguments) -> anyhow::Result<LimitSubject> {
    match (subject.principal, subject.team) {
        (Some(principal), None) => Ok(LimitSubject::Principal(principal)),
        (None, Some(team)) => Ok(LimitSubject::Team(team)),
        _ => Err(UserError::Usage("a limit binds either --principal or --team".to_owned()).into()),
    }
}
