//! The live check of a bucket: everything that its URLs are to do, and everything that they must not,
//! tried on the store itself.
//!
//! URLs are signed as those that are handed out, changed or not, and sent by the server. What is
//! written lies beneath `<prefix>.signet-check/<id>/`, which no team's root can be, and is deleted
//! again however the check ends. Nothing that is reported holds a URL or a part of one.

mod bound;
mod cors;
mod findings;
mod fix;
mod forged;
mod name;
mod parts;
mod policy;
mod reading;
mod refusals;
mod subject;
mod wire;
mod write;

use super::Stores;
use super::setup::evaluate::HeldTo;
use crate::ids::IdMaker;
use crate::policy::BucketFacts;
use findings::Findings;
use name::Name;
use protocol::Timestamp;
use protocol::bucket::{
    Attribution, Capabilities, Isolation, NetworkControl, Origin, Probe, Provider, Verdict,
    VerifyReport,
};
use protocol::id::{GrantId, UploadId};
use std::sync::Arc;
use std::time::Duration;
use subject::Subject;

/// The longest time for all probes; less than a request to the API may take.
const PROBES_TIMEOUT: Duration = Duration::from_secs(40);
/// The longest time for deleting what they wrote.
const TIDY_TIMEOUT: Duration = Duration::from_secs(10);
/// An upload URL that lives less is too short for uploads whose client cannot ask for another one, in
/// seconds.
const LONG_UPLOAD_SECONDS: u32 = 86_400;

/// What is to be checked.
#[derive(Debug)]
pub struct Check {
    /// Names the check: in the keys that it writes, and in the store's log as a grant would be.
    pub id: GrantId,
    /// Origins of web pages that use the bucket.
    pub origins: Vec<Origin>,
    uploads: [UploadId; 2],
}

impl Check {
    /// A check for pages of these origins.
    pub fn new(ids: &IdMaker, origins: Vec<Origin>) -> Self {
        Self {
            id: ids.make(),
            origins,
            uploads: [ids.make(), ids.make()],
        }
    }
}

impl Stores {
    /// Checks a bucket, registered or not, on its live store. It goes on to its end, and deletes what it
    /// wrote, also when nobody waits for it any more.
    pub async fn check(&self, bucket: &Arc<BucketFacts>, check: Check) -> VerifyReport {
        let (opened, http) = (self.open_anew(bucket), self.http.clone());
        let (clock, bucket) = (Arc::clone(&self.clock), Arc::clone(bucket));
        let probing = async move {
            let findings = Findings::default();
            let checked_at = clock.now();
            let subject = match opened {
                Ok(opened) => Subject::new(&bucket, &opened, http, clock, &check).await,
                Err(error) => Err(error),
            };
            let capabilities = match subject {
                Ok(mut subject) => {
                    let held = probe(&mut subject, &check, &findings).await;
                    findings
                        .suffice()
                        .then(|| capabilities(&subject, held, &findings, checked_at))
                }
                Err(error) => {
                    findings.failed(Name::Credential, error.to_string(), fix::of_error(&error));
                    None
                }
            };
            VerifyReport {
                bucket: bucket.name.clone(),
                checked_at,
                verdict: findings.verdict(),
                probes: findings.probes(),
                capabilities,
            }
        };
        match self.checks.spawn(probing).await {
            Ok(report) => report,
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is going down, and this with it
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// Ends when no check is going on.
    pub async fn shutdown(&self) {
        self.checks.close();
        self.checks.wait().await;
    }
}

/// The first probe that failed of those that a bucket cannot be used without.
pub fn first_fault(report: &VerifyReport) -> Option<&Probe> {
    let told = report.probes.iter().zip(Name::ALL);
    let mut faults =
        told.filter(|(probe, name)| name.is_essential() && probe.verdict == Verdict::Failed);
    faults.next().map(|(probe, _)| probe)
}

async fn probe(subject: &mut Subject, check: &Check, findings: &Findings) -> HeldTo {
    let probing = async {
        life(subject, findings);
        let reached = write::probe(subject, findings).await;
        let browsers = async {
            if reached.answered {
                cors::probe(subject, &check.origins, reached.written, findings).await;
            }
        };
        if !reached.written {
            browsers.await;
            return HeldTo::default();
        }
        let (held, ..) = tokio::join!(
            policy::probe(subject, findings),
            browsers,
            reading::probe(subject, findings),
            reading::elsewhere(subject, findings),
            bound::probe(subject, findings),
            parts::probe(subject, &check.uploads, findings),
            refusals::harmless(subject, findings),
            refusals::network(subject, findings),
        );
        refusals::harmful(subject, findings).await;
        reading::delete(subject, findings).await;
        refusals::isolation(subject, findings).await;
        held
    };
    let held = tokio::time::timeout(PROBES_TIMEOUT, probing).await;
    if tokio::time::timeout(TIDY_TIMEOUT, subject.tidy(findings))
        .await
        .is_err()
    {
        subject.untidy(findings, "no end in time");
    }
    held.unwrap_or_else(|_| {
        findings.out_of_time(PROBES_TIMEOUT);
        HeldTo::default()
    })
}

/// How long upload URLs can live.
fn life(subject: &Subject, findings: &Findings) {
    let seconds = subject.longest_seconds();
    let evidence = if subject.credential_ends() {
        format!("the credential ends in {seconds} s")
    } else {
        "the credential does not end by itself".to_owned()
    };
    if seconds < LONG_UPLOAD_SECONDS {
        findings.warned(
            Name::Life,
            evidence,
            format!(
                "upload URLs end with the credential, and a stock W&B client cannot renew one; use a credential that lives for {LONG_UPLOAD_SECONDS} s or longer"
            ),
        );
    } else {
        findings.ok(Name::Life, evidence);
    }
}

fn capabilities(
    subject: &Subject,
    held: HeldTo,
    findings: &Findings,
    checked_at: Timestamp,
) -> Capabilities {
    let proven = |name| findings.is_ok(name);
    let attribution = match subject.provider() {
        Provider::S3 if proven(Name::RefusesChangedParameter) => Attribution::SignedParameter,
        Provider::Gcs if proven(Name::RefusesChangedParameter) => Attribution::AuditParameter,
        Provider::Azure
            if subject.signer().correlates() && proven(Name::RefusesChangedParameter) =>
        {
            Attribution::CorrelationId
        }
        _ => Attribution::JoinOnly,
    };
    Capabilities {
        checked_at,
        isolation: if proven(Name::Isolation) {
            Isolation::Store
        } else {
            Isolation::BrokerOnly
        },
        attribution,
        network: if proven(Name::Network) {
            NetworkControl::Store
        } else if held.networks {
            NetworkControl::BucketPolicy
        } else {
            NetworkControl::BrokerOnly
        },
        binds_sha256: proven(Name::BindsSha256),
        binds_part_sha256: proven(Name::BindsPartSha256),
        binds_length: proven(Name::BindsLength),
        writes_once: proven(Name::WritesOnce),
        multipart: [
            Name::MultipartCreate,
            Name::MultipartPart,
            Name::MultipartList,
            Name::MultipartComplete,
        ]
        .into_iter()
        .all(proven),
        longest_upload_url_seconds: held
            .max_signature_age_seconds
            .unwrap_or(u32::MAX)
            .min(subject.longest_seconds()),
        max_signature_age_seconds: held.max_signature_age_seconds,
    }
}
