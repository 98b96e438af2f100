//! `signet bucket policy`.

use crate::arguments::BucketPolicyArguments;
use crate::output::Output;
use anyhow::Context as _;
use client::Api;
use protocol::bucket::{PolicyDocument, PolicyDocuments, PolicyRequest};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

pub(super) async fn run(
    api: &Api,
    arguments: BucketPolicyArguments,
    output: Output,
) -> anyhow::Result<()> {
    let existing = arguments
        .existing
        .iter()
        .map(|(kind, file)| Ok((kind.clone(), json(file)?)))
        .collect::<anyhow::Result<BTreeMap<_, _>>>()?;
    let request = PolicyRequest {
        principal: arguments.principal,
        control_principal: arguments.control_principal,
        server_principal: arguments.server_principal,
        networks: arguments.networks,
        vpc_endpoints: arguments.vpc_endpoints,
        subnets: arguments.subnets,
        max_signature_age_seconds: arguments.max_signature_age_seconds,
        kms_key: arguments.kms_key,
        origins: arguments.origins,
        access_log_container: arguments.access_log_container,
        access_log_prefix: arguments.access_log_prefix,
        project: arguments.project,
        subscription: arguments.subscription,
        resource_group: arguments.resource_group,
        existing,
    };
    let told = api.bucket_policy(&arguments.name, &request).await?;
    if arguments.terraform {
        let text = serde_json::to_string_pretty(&told.terraform)?;
        output.result(&told.terraform, |_| text);
        return Ok(());
    }
    if let Some(folder) = &arguments.to {
        for document in &told.documents {
            let path = folder.join(&document.file);
            let text = format!("{}\n", serde_json::to_string_pretty(&document.body)?);
            std::fs::write(&path, text)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    let bodies = arguments.to.is_none();
    output.result(&told, |told| shown(told, bodies));
    Ok(())
}

fn json(file: &Path) -> anyhow::Result<serde_json::Value> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", file.display()))
}

fn shown(told: &PolicyDocuments, bodies: bool) -> String {
    let mut text = String::new();
    for document in &told.documents {
        show(&mut text, document, bodies);
    }
    for note in &told.notes {
        // Writing to a string does not fail
        let _ = writeln!(text, "note: {note}");
    }
    text.truncate(text.trim_end().len());
    text
}

fn show(text: &mut String, document: &PolicyDocument, bodies: bool) {
    let PolicyDocument {
        file, title, apply, ..
    } = document;
    let _ = writeln!(text, "# {file}: {title}");
    for reason in &document.reasons {
        let _ = writeln!(text, "#   {}: {}", reason.part, reason.why);
    }
    for warning in &document.warnings {
        let _ = writeln!(text, "# warning: {warning}");
    }
    if !apply.is_empty() {
        let _ = writeln!(text, "# apply: {apply}");
    }
    if bodies {
        let body = serde_json::to_string_pretty(&document.body).unwrap_or_default();
        let _ = writeln!(text, "{body}");
    }
    text.push('\n');
}
