//! `signet bucket`.

use super::login::read_secret;
use super::networks;
use crate::arguments::{BucketCommand, NewBucketArguments};
use crate::exit::UserError;
use crate::output::Output;
use anyhow::Context as _;
use client::{Api, collect_pages};
use protocol::SecretText;
use protocol::bucket::{
    Addressing, BucketChange, CredentialPlan, NewBucket, StorePlace, Verdict, VerifyBucket,
    VerifyReport,
};
use std::fmt::Write as _;
use std::path::Path;

pub(super) async fn run(api: &Api, command: BucketCommand, output: Output) -> anyhow::Result<()> {
    match command {
        BucketCommand::Create(arguments) => {
            let bucket = api.create_bucket(&new_bucket(*arguments)?).await?;
            output.result(&bucket, |bucket| {
                format!("registered {} at {}", bucket.name, bucket.place.endpoint())
            });
        }
        BucketCommand::Policy(arguments) => {
            super::bucket_policy::run(api, *arguments, output).await?;
        }
        BucketCommand::List => {
            let buckets = collect_pages(async |after: Option<String>| {
                api.list_buckets(after.as_deref()).await
            })
            .await?;
            output.rows(
                [
                    "BUCKET",
                    "STATE",
                    "DEFAULT",
                    "STORE",
                    "ENDPOINT",
                    "CONTAINER",
                    "PREFIX",
                ],
                &buckets,
                |bucket| {
                    [
                        bucket.name.to_string(),
                        bucket.state.as_str().to_owned(),
                        if bucket.default { "yes" } else { "" }.to_owned(),
                        bucket.place.provider().to_string(),
                        bucket.place.endpoint(),
                        bucket.place.container().to_owned(),
                        bucket.prefix.clone(),
                    ]
                },
            );
        }
        BucketCommand::Verify { name, origins } => {
            let report = api.verify_bucket(&name, &VerifyBucket { origins }).await?;
            output.result(&report, lines);
            if report.verdict == Verdict::Failed {
                return Err(UserError::Storage(format!("bucket {name} failed its check")).into());
            }
        }
        BucketCommand::SetNetworks { name, allowed } => {
            let change = BucketChange {
                allowed_networks: Some(allowed.into_list()),
            };
            let bucket = api.change_bucket(&name, &change).await?;
            output.result(&bucket, |bucket| {
                let from = networks(&bucket.allowed_networks);
                format!("what is in {} may be asked for from {from}", bucket.name)
            });
        }
        BucketCommand::Remove { name } => {
            api.delete_bucket(&name).await?;
            output.tell(format_args!(
                "{name} is no longer registered; nothing in it was deleted"
            ));
        }
    }
    Ok(())
}

/// A line a probe, and beneath it what to do.
fn lines(report: &VerifyReport) -> String {
    let width = report.probes.iter().map(|probe| probe.name.len()).max();
    let width = width.unwrap_or_default();
    let mut text = String::new();
    for probe in &report.probes {
        let verdict = match probe.verdict {
            Verdict::Ok => "ok",
            Verdict::Skipped => "skip",
            Verdict::Warning => "warn",
            Verdict::Failed => "FAIL",
        };
        let name = &probe.name;
        // Writing to a `String` cannot fail
        let _ = writeln!(text, "{verdict:<4} {name:<width$}  {}", probe.evidence);
        if let Some(fix) = &probe.fix {
            let _ = writeln!(text, "     {:<width$}  hint: {fix}", "");
        }
    }
    text.truncate(text.trim_end().len());
    text
}

fn new_bucket(arguments: NewBucketArguments) -> anyhow::Result<NewBucket> {
    let mut bucket = NewBucket {
        name: arguments.name,
        address: None,
        place: None,
        prefix: arguments.prefix,
        credential: None,
        endpoints: [].into(),
        default: arguments.default,
        verify: !arguments.no_verify,
    };
    if arguments.address {
        bucket.address = Some(SecretText::new(read_secret("address: ", false)?));
    } else if let Some(file) = arguments.file {
        let given = given(&file)?;
        bucket.place = Some(given.place);
        bucket.credential = Some(given.credential);
        bucket.endpoints = given.endpoints;
    } else if let (Some(endpoint), Some(container), Some(id)) = (
        arguments.endpoint,
        arguments.container,
        arguments.access_key_id,
    ) {
        bucket.place = Some(StorePlace::S3 {
            endpoint,
            region: arguments.region,
            container,
            addressing: if arguments.path_style {
                Addressing::Path
            } else {
                Addressing::VirtualHost
            },
        });
        let secret = read_secret("secret access key: ", false)?;
        bucket.credential = Some(CredentialPlan::access_key(id, secret));
    }
    Ok(bucket)
}

/// What `--file` holds.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    place: StorePlace,
    credential: CredentialPlan,
    #[serde(default)]
    endpoints: protocol::bucket::AudienceEndpoints,
}

fn given(file: &Path) -> anyhow::Result<Given> {
    let text = if file == Path::new("-") {
        std::io::read_to_string(std::io::stdin()).context("cannot read standard input")?
    } else {
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?
    };
    // The parser's own message could quote a key
    serde_json::from_str(&text).map_err(|error| {
        UserError::Usage(format!(
            "{} is not of the form {{\"place\": {{\"provider\": …}}, \"credential\": {{\"plan\": …}}}}: line {}",
            file.display(),
            error.line()
        ))
        .into()
    })
}
