//! The story itself.

use super::stage::{Stage, VISION_MEMBER};
use super::{Steps, compare, probe};
use crate::command::{event_row, suspension, verified};
use crate::output::bytes;
use anyhow::{Context as _, bail, ensure};
use client::api::EventFilter;
use client::{Api, GetOptions, NoProgress, PutOptions, collect_pages};
use protocol::ErrorCode;
use protocol::name::ArtifactRef;
use protocol::transfer::{BearerUrl, Reach};
use reqwest::Method;
use std::time::Duration;

const ARTIFACT: &str = "vision/imagenet/train";
/// How many events the printed log shows at its end.
const SHOWN_EVENTS: usize = 12;

/// Tells every step; stops at the first that does not hold.
pub(super) async fn tell(stage: &Stage, steps: &Steps) -> anyhow::Result<()> {
    let artifact: ArtifactRef = ARTIFACT.parse()?;
    transfers(stage, steps, &artifact).await?;
    refusals(stage, steps, &artifact).await?;
    suspend(stage, steps, &artifact).await?;
    audit(stage, steps).await
}

async fn transfers(stage: &Stage, steps: &Steps, artifact: &ArtifactRef) -> anyhow::Result<()> {
    steps
        .step(
            &format!("{VISION_MEMBER} puts the data as {ARTIFACT}"),
            async {
                let put = PutOptions::new(stage.data(), artifact.clone());
                let done = client::put(&stage.vision, put, &NoProgress).await?;
                ensure!(!done.unchanged, "the version was there before");
                let version = done.version;
                Ok((
                    (),
                    format!(
                        "v{}, {} files, {}, {} uploaded",
                        version.index.context("the version has no number")?,
                        version.entry_count,
                        bytes(version.size_bytes),
                        bytes(done.uploaded_bytes)
                    ),
                ))
            },
        )
        .await?;
    steps
        .step(&format!("{VISION_MEMBER} puts it again"), async {
            let put = PutOptions::new(stage.data(), artifact.clone());
            let done = client::put(&stage.vision, put, &NoProgress).await?;
            ensure!(
                done.unchanged,
                "a second version was made of the same content"
            );
            ensure!(
                done.uploaded_bytes == 0,
                "{} were uploaded again",
                bytes(done.uploaded_bytes)
            );
            Ok((
                (),
                "nothing is uploaded, the version is the same".to_owned(),
            ))
        })
        .await?;
    steps
        .step(
            &format!("{VISION_MEMBER} gets it elsewhere, and every byte is compared"),
            async {
                let get = GetOptions::new(artifact.clone(), stage.elsewhere());
                client::get(&stage.vision, get, &NoProgress).await?;
                let (before, after) = (stage.data().to_owned(), stage.elsewhere());
                let equal = tokio::task::spawn_blocking(move || compare::folders(&before, &after))
                    .await??;
                Ok((
                    (),
                    format!("{} files, {} equal", equal.files, bytes(equal.bytes)),
                ))
            },
        )
        .await
}

async fn refusals(stage: &Stage, steps: &Steps, artifact: &ArtifactRef) -> anyhow::Result<()> {
    steps
        .step("the member of language asks for it", async {
            let refusal = stage
                .language
                .list_entry_urls(artifact, None, None, Reach::default())
                .await;
            Ok(((), denied(refusal.map(drop), ErrorCode::NotFound)?))
        })
        .await?;
    let stranger = probe::stranger()?;
    let url = steps
        .step("a URL works without any key", async {
            let (url, size) = smallest(&stage.vision, artifact, 300).await?;
            let got = probe::works(&stranger, &url).await?;
            ensure!(
                got.len() as u64 == size,
                "the store sent {} bytes of {size}",
                got.len()
            );
            Ok((url, bytes(size)))
        })
        .await?;
    steps
        .step("the same URL tampered is refused by the store", async {
            Ok((
                (),
                probe::refused(&stranger, Method::GET, &probe::tampered(&url)?).await?,
            ))
        })
        .await?;
    steps
        .step(
            "the same URL with another method is refused by the store",
            async {
                Ok((
                    (),
                    probe::refused(&stranger, Method::DELETE, url.expose()).await?,
                ))
            },
        )
        .await?;
    steps
        .step("a URL past its expiry is refused by the store", async {
            // A life begins at a whole second, so one of a single second may be over at once
            let (url, _) = smallest(&stage.vision, artifact, 2).await?;
            probe::works(&stranger, &url)
                .await
                .context("before its expiry")?;
            tokio::time::sleep(Duration::from_millis(3_100)).await;
            Ok((
                (),
                probe::refused(&stranger, Method::GET, url.expose()).await?,
            ))
        })
        .await
}

async fn suspend(stage: &Stage, steps: &Steps, artifact: &ArtifactRef) -> anyhow::Result<()> {
    steps
        .step(&format!("the admin suspends {VISION_MEMBER}"), async {
            let done = stage.admin.suspend_user(&VISION_MEMBER.parse()?).await?;
            Ok(((), suspension(&done).replace('\n', "; ")))
        })
        .await?;
    steps
        .step(
            &format!("{VISION_MEMBER}'s next request is refused"),
            async {
                let refusal = stage
                    .vision
                    .list_entry_urls(artifact, None, None, Reach::default())
                    .await;
                Ok(((), denied(refusal.map(drop), ErrorCode::Suspended)?))
            },
        )
        .await
}

async fn audit(stage: &Stage, steps: &Steps) -> anyhow::Result<()> {
    let events = steps
        .step("the admin reads the audit log", async {
            let events = collect_pages(async |after: Option<String>| {
                stage
                    .admin
                    .list_events(&EventFilter {
                        after,
                        ..EventFilter::default()
                    })
                    .await
            })
            .await?;
            let denials = events.iter().filter(|event| event.rule.is_some()).count();
            ensure!(denials >= 2, "the two refused requests are not in the log");
            let urls: usize = events
                .iter()
                .filter_map(|event| event.grant.as_ref())
                .map(protocol::audit::Grant::url_count)
                .sum();
            let came = format!(
                "{} events, {urls} URLs released, {denials} denials; the last of them:",
                events.len()
            );
            Ok((events, came))
        })
        .await?;
    for event in events
        .iter()
        .skip(events.len().saturating_sub(SHOWN_EVENTS))
    {
        let [at, action, who, team, what] = event_row(event);
        steps.output.tell(format_args!(
            "       {at}  {action:<20} {who:<6} {team:<9} {what}"
        ));
    }
    steps
        .step("the admin verifies the chain of the log", async {
            let verification = stage.admin.verify_ledger().await?;
            ensure!(verification.intact, "{}", verified(&verification));
            Ok(((), verified(&verification).replace('\n', "; ")))
        })
        .await
}

/// The answer is this refusal.
fn denied(answer: Result<(), client::Error>, code: ErrorCode) -> anyhow::Result<String> {
    match answer {
        Ok(()) => bail!("it was allowed"),
        Err(error) if error.code() == Some(code) => Ok(format!(
            "{} {}",
            error.status().unwrap_or_default(),
            code.as_str()
        )),
        Err(error) => Err(error.into()),
    }
}

/// A fresh URL for the smallest file that is not empty, and its size in bytes.
async fn smallest(
    api: &Api,
    artifact: &ArtifactRef,
    ttl_seconds: u32,
) -> anyhow::Result<(BearerUrl, u64)> {
    let page = api
        .list_entry_urls(artifact, None, Some(ttl_seconds), Reach::default())
        .await?;
    let smallest = page
        .entries
        .into_iter()
        .filter(|entry| entry.size_bytes > 0)
        .min_by_key(|entry| entry.size_bytes);
    let entry = smallest.context("the artifact has no file with bytes in it")?;
    Ok((entry.url, entry.size_bytes))
}
