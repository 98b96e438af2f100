//! `signet bucket`.

use super::login::read_secret;
use crate::arguments::BucketCommand;
use crate::output::Output;
use client::{Api, collect_pages};
use protocol::admin::{Addressing, NewBucket, Provider};

pub(super) async fn run(api: &Api, command: BucketCommand, output: Output) -> anyhow::Result<()> {
    match command {
        BucketCommand::Create {
            name,
            endpoint,
            region,
            container,
            prefix,
            path_style,
            access_key_id,
            default,
        } => {
            let secret_access_key = read_secret("secret access key: ", false)?;
            let addressing = if path_style {
                Addressing::Path
            } else {
                Addressing::VirtualHost
            };
            let body = NewBucket {
                name,
                provider: Provider::S3,
                endpoint,
                region,
                container,
                prefix,
                addressing,
                access_key_id,
                secret_access_key,
                default,
            };
            let bucket = api.create_bucket(&body).await?;
            output.result(&bucket, |bucket| {
                format!("registered {} at {}", bucket.name, bucket.endpoint)
            });
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
                        bucket.endpoint.clone(),
                        bucket.container.clone(),
                        bucket.prefix.clone(),
                    ]
                },
            );
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
