//! `signet audit` and `signet grant`.

use super::or_dash;
use crate::arguments::{AuditCommand, GrantCommand};
use crate::output::Output;
use anyhow::bail;
use client::api::{EventFilter, GrantFilter};
use client::{Api, collect_pages};
use protocol::audit::{Event, GrantRecord, LedgerVerification};

pub(super) async fn audit(api: &Api, command: AuditCommand, output: Output) -> anyhow::Result<()> {
    match command {
        AuditCommand::List {
            team,
            principal,
            action,
            from,
            to,
        } => {
            let filter = EventFilter {
                team,
                principal,
                action,
                from,
                to,
                ..EventFilter::default()
            };
            let events = collect_pages(async |after: Option<String>| {
                api.list_events(&EventFilter {
                    after,
                    ..filter.clone()
                })
                .await
            })
            .await?;
            output.rows(["AT", "ACTION", "WHO", "TEAM", "WHAT"], &events, event_row);
            Ok(())
        }
        AuditCommand::Verify => {
            let verification = api.verify_ledger().await?;
            let intact = verification.intact;
            output.result(&verification, verified);
            if !intact {
                bail!("the ledger was changed after it was written");
            }
            Ok(())
        }
    }
}

pub(super) async fn grants(api: &Api, command: GrantCommand, output: Output) -> anyhow::Result<()> {
    match command {
        GrantCommand::List {
            team,
            principal,
            live,
        } => {
            let filter = GrantFilter {
                team,
                principal,
                live,
                ..GrantFilter::default()
            };
            let grants = collect_pages(async |after: Option<String>| {
                api.list_grants(&GrantFilter {
                    after,
                    ..filter.clone()
                })
                .await
            })
            .await?;
            output.rows(
                ["GRANT", "AT", "WHO", "TEAM", "METHOD", "URLS", "UNTIL"],
                &grants,
                |record| {
                    [
                        record.grant.id.to_string(),
                        record.at.to_string(),
                        record.actor.name.to_string(),
                        record.team.to_string(),
                        record.grant.method.clone(),
                        record.grant.url_count().to_string(),
                        record.grant.expires_at.to_string(),
                    ]
                },
            );
        }
        GrantCommand::Show { id } => output.result(&api.get_grant(id).await?, grant_text),
    }
    Ok(())
}

/// An event as a row of a table.
pub(crate) fn event_row(event: &Event) -> [String; 5] {
    let what = [
        event
            .operation
            .clone()
            .filter(|operation| operation != event.action.as_str()),
        event.subject.clone(),
        event.rule.clone(),
        event
            .grant
            .as_ref()
            .map(|grant| format!("{} × {} {}", grant.url_count(), grant.method, grant.id)),
        event.detail.clone(),
    ];
    [
        event.at.to_string(),
        event.action.as_str().to_owned(),
        or_dash(event.actor.as_ref().map(|actor| &actor.name)),
        or_dash(event.team.as_ref()),
        what.into_iter().flatten().collect::<Vec<_>>().join("; "),
    ]
}

/// What verifying said, for people.
pub(crate) fn verified(verification: &LedgerVerification) -> String {
    let mut lines: Vec<String> = verification
        .lanes
        .iter()
        .map(|lane| match &lane.fault {
            Some(fault) => format!("{}: BROKEN: {fault}", lane.lane_id),
            None => format!(
                "{}: {} events in {} segments, head {}",
                lane.lane_id, lane.events, lane.segments, lane.head
            ),
        })
        .collect();
    lines.push(
        if verification.intact {
            "every lane is intact"
        } else {
            "the ledger is NOT intact"
        }
        .to_owned(),
    );
    lines.join("\n")
}

fn grant_text(record: &GrantRecord) -> String {
    let grant = &record.grant;
    let mut lines = vec![
        format!(
            "{} released to {} at {}",
            grant.id, record.actor.name, record.at
        ),
        format!(
            "team {}, bucket {}, {} until {}",
            record.team, grant.bucket_id, grant.method, grant.expires_at
        ),
    ];
    if grant.parts.is_empty() {
        lines.extend(grant.keys.iter().map(|key| format!("  {key}")));
    } else {
        let parts = grant
            .parts
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(",");
        lines.push(format!("  {} parts {parts}", grant.keys.join(",")));
    }
    lines.join("\n")
}
