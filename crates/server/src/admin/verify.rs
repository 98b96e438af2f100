//! Buckets on their live stores: checked when they are registered, and whenever somebody asks.

use super::{Admin, Asked, Error, open};
use crate::db::bucket::BucketRow;
use crate::policy::{BucketFacts, Permit, VerifyBucket};
use crate::stores::{Check, first_fault};
use protocol::BucketName;
use protocol::admin::State;
use protocol::audit::{Action, Event};
use protocol::bucket::{Origin, Verdict, VerifyReport};
use protocol::id::GrantId;
use std::sync::Arc;

/// The most origins that one check asks for.
const MAX_ORIGINS: usize = 16;

/// A check that is done.
#[derive(Debug)]
pub(super) struct Checked {
    id: GrantId,
    pub(super) report: VerifyReport,
}

impl Checked {
    /// The event that tells of it.
    pub(super) fn tell(&self, event: Event) -> Event {
        let failed: Vec<&str> = self
            .report
            .probes
            .iter()
            .filter(|probe| probe.verdict == Verdict::Failed)
            .map(|probe| probe.name.as_str())
            .collect();
        let found = if failed.is_empty() {
            "nothing failed".to_owned()
        } else {
            format!("failed: {}", failed.join(", "))
        };
        Event {
            subject: Some(self.report.bucket.to_string()),
            detail: Some(format!("check `{}`; {found}", self.id)),
            ..event
        }
    }
}

impl Admin {
    /// Checks a bucket, and notes what its store was proven to do.
    pub async fn verify_bucket(&self, permit: Permit<VerifyBucket>) -> Result<VerifyReport, Error> {
        let (VerifyBucket { bucket, request }, asked) = open(permit);
        check_registered(&bucket)?;
        let mut origins = request.origins;
        origins.extend(self.settings.browser_origins.iter().cloned());
        origins.sort_unstable();
        origins.dedup();
        if origins.len() > MAX_ORIGINS {
            return Err(Error::invalid(
                "origins",
                format!("must be at most {MAX_ORIGINS}, those of the server's settings included"),
            ));
        }
        let checked = self.check_bucket(&bucket, origins).await;
        let mut change = self.begin(&asked).await?;
        let current = self.directory.bucket(bucket.id).ok_or(Error::NotFound)?;
        check_registered(&current)?;
        let is_same = current.place == bucket.place
            && current.endpoints == bucket.endpoints
            && current.credential_revision == bucket.credential_revision;
        if !is_same {
            return Err(Error::Outdated);
        }
        change
            .set_capabilities(bucket.id, checked.report.capabilities.as_ref())
            .await?;
        let event = self.event(&asked, Action::BucketVerify, change.at());
        change.add_event(&checked.tell(event)).await?;
        self.commit(change).await?;
        Ok(checked.report)
    }

    /// Checks a bucket that is to be registered.
    ///
    /// # Errors
    /// The first essential probe that failed; the check is on the record then, too.
    pub(super) async fn check_fit(&self, row: &BucketRow, asked: &Asked) -> Result<Checked, Error> {
        let bucket = Arc::new(BucketFacts::from(row.clone()));
        let origins = self.settings.browser_origins.clone();
        let checked = self.check_bucket(&bucket, origins).await;
        if checked.report.capabilities.is_some() {
            return Ok(checked);
        }
        let mut change = self.begin(asked).await?;
        let event = self.event(asked, Action::BucketVerify, change.at());
        change.add_event(&checked.tell(event)).await?;
        self.commit(change).await?;
        let (name, evidence, fix) = match first_fault(&checked.report).cloned() {
            Some(probe) => (probe.name, probe.evidence, probe.fix),
            None => ("put".to_owned(), "it was not tried".to_owned(), None),
        };
        Err(Error::Unfit {
            name,
            evidence,
            fix,
        })
    }

    async fn check_bucket(&self, bucket: &Arc<BucketFacts>, origins: Vec<Origin>) -> Checked {
        let check = Check::new(&self.ids, origins);
        let id = check.id;
        let report = self.stores.check(bucket, check).await;
        log(&bucket.name, &report);
        Checked { id, report }
    }
}

fn check_registered(bucket: &BucketFacts) -> Result<(), Error> {
    if bucket.state == State::Removed {
        return Err(Error::Conflict(format!(
            "bucket `{}` is removed",
            bucket.name
        )));
    }
    Ok(())
}

fn log(bucket: &BucketName, report: &VerifyReport) {
    for probe in &report.probes {
        if probe.verdict == Verdict::Failed {
            tracing::warn!(bucket.name = %bucket, probe = %probe.name, evidence = %probe.evidence, "a bucket's check failed");
        }
    }
}
