//! `signet put`, `signet get` and `signet url`.

use crate::arguments::{Get, MethodArgument, Put, Url};
use crate::exit::UserError;
use crate::output::{Output, bytes};
use crate::progress::Bar;
use client::{Api, GetOptions, PutOptions};
use protocol::bucket::Audience;
use protocol::transfer::{UrlMethod, UrlsObject, UrlsRequest};
use serde_json::json;

pub(super) async fn put(api: &Api, put: Put, output: Output) -> anyhow::Result<()> {
    if put.artifact.version.is_some() {
        return Err(UserError::Usage(
            "`put` makes a new version: leave out what follows the colon".to_owned(),
        )
        .into());
    }
    let mut options = PutOptions::new(put.path, put.artifact);
    options.kind = put.kind;
    options.aliases = put.aliases;
    options.description = put.description;
    options.reach = put.reach.into();
    let done = client::put(api, options, &Bar::new(!output.is_json())).await?;
    let version = &done.version;
    let name = format!(
        "{}/{}/{}:v{}",
        version.team,
        version.project,
        version.collection,
        super::or_dash(version.index)
    );
    let result = json!({
        "artifact": name,
        "version": version,
        "unchanged": done.unchanged,
        "files": version.entry_count,
        "bytes": version.size_bytes,
        "uploaded_bytes": done.uploaded_bytes,
    });
    output.result(&result, |_| {
        let state = if done.unchanged {
            "has this content already"
        } else {
            "committed"
        };
        format!(
            "{name} {state}: {} files, {}, of which {} were uploaded",
            version.entry_count,
            bytes(version.size_bytes),
            bytes(done.uploaded_bytes)
        )
    });
    Ok(())
}

pub(super) async fn get(api: &Api, get: Get, output: Output) -> anyhow::Result<()> {
    let name = format!(
        "{}/{}/{}",
        get.artifact.team, get.artifact.project, get.artifact.collection
    );
    let mut options = GetOptions::new(get.artifact, get.dir.clone());
    options.reach = get.reach.into();
    let done = client::get(api, options, &Bar::new(!output.is_json())).await?;
    let result = json!({
        "artifact": format!("{name}:v{}", done.index),
        "dir": get.dir,
        "files": done.file_count,
        "bytes": done.size_bytes,
        "downloaded_bytes": done.downloaded_bytes,
    });
    output.result(&result, |_| {
        format!(
            "{name}:v{} is in {}: {} files, {}, of which {} were downloaded",
            done.index,
            get.dir.display(),
            done.file_count,
            bytes(done.size_bytes),
            bytes(done.downloaded_bytes)
        )
    });
    Ok(())
}

/// The one command that prints a signed URL: that is what it was asked for.
pub(super) async fn url(api: &Api, url: &Url, output: Output) -> anyhow::Result<()> {
    let method = match url.method {
        MethodArgument::Get => UrlMethod::Get,
        MethodArgument::Head => UrlMethod::Head,
        MethodArgument::Put => UrlMethod::Put,
        MethodArgument::Delete => UrlMethod::Delete,
    };
    let object = UrlsObject {
        key: url.key.clone(),
        sha256: url.sha256,
        size_bytes: url.size,
    };
    let request = UrlsRequest {
        method,
        objects: vec![object],
        ttl_seconds: url.ttl,
        save_as: None,
        audience: url.audience.map(Audience::from),
        network: url.network,
    };
    let urls = api.create_urls(&url.team, &request).await?;
    if !output.is_json() {
        Output::note(format_args!("{} until {}", urls.grant_id, urls.expires_at));
        for (name, value) in urls
            .headers
            .iter()
            .chain(urls.urls.iter().flat_map(|url| &url.headers))
        {
            Output::note(format_args!("send the header {name}: {value}"));
        }
    }
    output.result(&urls, |urls| {
        urls.urls
            .iter()
            .map(|url| url.url.expose().to_owned())
            .collect::<Vec<_>>()
            .join("\n")
    });
    Ok(())
}
