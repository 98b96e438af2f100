//! The first object. What the store says of it tells most of what can be wrong with a registration.

use super::findings::Findings;
use super::fix::{self, Fault, Right};
use super::name::Name;
use super::subject::Subject;
use super::wire::{NoAnswer, Seen};
use std::time::Duration;

/// The object that most probes are about.
pub(super) const OBJECT: &str = "object";
/// Clocks may differ by less than this without a word.
const SKEW_WARNING: Duration = Duration::from_mins(1);
/// Stores refuse URLs when clocks differ by 15 minutes, Azure by any time; from here on some fail.
const SKEW_FAILURE: Duration = Duration::from_mins(5);

/// How far the first object came.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reached {
    /// The store answered.
    pub(super) answered: bool,
    /// It took the object.
    pub(super) written: bool,
}

pub(super) async fn probe(subject: &mut Subject, findings: &Findings) -> Reached {
    let mut before = subject.clock().now();
    let mut answer = put(subject).await;
    if subject.signer().correlates() && answer.as_ref().is_ok_and(Seen::is_refusal) {
        // To a store that reads no correlation id the signature is wrong
        subject.join_only();
        before = subject.clock().now();
        answer = put(subject).await;
    }
    match answer {
        Err(why) => {
            silent(&why, findings);
            Reached::default()
        }
        Ok(seen) => {
            findings.ok(Name::Reach, seen.evidence());
            tls(subject, findings);
            let is_skewed = clock(before, subject, &seen, findings);
            if seen.is_success() {
                for name in [Name::Region, Name::Container, Name::Credential, Name::Put] {
                    findings.ok(name, seen.evidence());
                }
            } else {
                refused(subject, &seen, is_skewed, findings);
            }
            Reached {
                answered: true,
                written: seen.is_success(),
            }
        }
    }
}

async fn put(subject: &Subject) -> Result<Seen, NoAnswer> {
    let content = subject.content();
    let key = subject.key(OBJECT)?;
    let act = Subject::write(&content, false);
    let seen = subject.put(&key, &act, content).await;
    let nothing_came = match &seen {
        Ok(seen) => seen.is_refusal() || (300..400).contains(&seen.status),
        Err(why) => why.is_before_sending(),
    };
    if nothing_came {
        subject.note_refused(&key);
    }
    seen
}

fn silent(why: &NoAnswer, findings: &Findings) {
    findings.failed(Name::Reach, why.to_string(), fix::of_silence(why));
    if matches!(why, NoAnswer::Certificate(_) | NoAnswer::Tls) {
        findings.failed(Name::Tls, why.to_string(), fix::of_silence(why));
    }
}

fn tls(subject: &Subject, findings: &Findings) {
    if subject.is_https() {
        findings.ok(Name::Tls, "https, and the certificate is good");
    } else {
        findings.warned(
            Name::Tls,
            "plain http",
            "whoever is on the network between can read objects and use the URLs that it sees; give the store a certificate and register its `https` endpoint",
        );
    }
}

/// Compares clocks by the store's `Date`; true when they differ too much.
fn clock(before: protocol::Timestamp, subject: &Subject, seen: &Seen, findings: &Findings) -> bool {
    let parser = jiff::fmt::rfc2822::DateTimeParser::new();
    let date = seen
        .header("date")
        .and_then(|date| parser.parse_timestamp(date).ok());
    let Some(date) = date else {
        findings.skipped(Name::Clock, "the store tells no date");
        return false;
    };
    // The store's time lies between the two, and is told in whole seconds
    let date = protocol::Timestamp::from_unix_seconds(date.as_second());
    let after = subject.clock().now();
    let behind = date.since(after);
    let ahead = before.since(date.plus(Duration::from_secs(1)));
    let (skew, way) = if behind > ahead {
        (behind, "behind")
    } else {
        (ahead, "ahead of")
    };
    let evidence = format!(
        "the server's clock is {} s {way} the store's",
        skew.as_secs()
    );
    let fix = "set the clocks of server and store by NTP: URLs begin and end by the store's clock";
    if skew >= SKEW_FAILURE {
        findings.failed(Name::Clock, evidence, fix);
    } else if skew >= SKEW_WARNING {
        findings.warned(Name::Clock, evidence, fix);
    } else {
        findings.ok(
            Name::Clock,
            format!("the clocks differ by {} s", skew.as_secs()),
        );
    }
    skew >= SKEW_FAILURE
}

/// Names what the store's refusal is about.
fn refused(subject: &Subject, seen: &Seen, is_skewed: bool, findings: &Findings) {
    let fault = if is_skewed {
        Fault::Clock
    } else {
        Fault::of(seen)
    };
    let fix = match &seen.region {
        Some(region) if fault == Fault::Region => {
            format!("the store says that the bucket is in region `{region}`; register it so")
        }
        _ => fault.fix(Right::Write, subject.provider()),
    };
    let evidence = seen.evidence();
    let about = match fault {
        Fault::Region => Some(Name::Region),
        Fault::Container => Some(Name::Container),
        Fault::Key | Fault::Secret | Fault::Ended => Some(Name::Credential),
        Fault::Clock => {
            // A store that says so without a date of its own
            findings.failed(Name::Clock, evidence.clone(), fix.clone());
            None
        }
        Fault::Denied | Fault::Other => None,
    };
    if let Some(name) = about {
        findings.failed(name, evidence.clone(), fix.clone());
    }
    findings.failed(Name::Put, evidence, fix);
}
