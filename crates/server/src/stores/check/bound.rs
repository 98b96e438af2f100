//! What URLs bind: the bytes, their number, and that nothing was there before.

use super::findings::Findings;
use super::fix::{Fault, Right};
use super::name::Name;
use super::reading::fail;
use super::subject::{Subject, sha256};
use super::wire::{NoAnswer, Seen};
use crate::stores::Act;
use bytes::Bytes;
use protocol::bucket::Provider;

/// Why nothing is bound on Azure.
pub(super) const NOT_ON_AZURE: &str =
    "a shared access signature binds no header; what arrived is compared afterwards";

pub(super) async fn probe(subject: &Subject, findings: &Findings) {
    let binds = async {
        if subject.provider() == Provider::Azure {
            findings.skipped(Name::BindsSha256, NOT_ON_AZURE);
            findings.skipped(Name::BindsLength, NOT_ON_AZURE);
        } else {
            tokio::join!(bytes(subject, findings), length(subject, findings));
        }
    };
    tokio::join!(binds, once(subject, findings));
}

/// As many bytes, and one of them another.
pub(super) fn damaged(content: &[u8]) -> Bytes {
    let mut body = content.to_vec();
    if let Some(last) = body.last_mut() {
        *last ^= 1;
    }
    body.into()
}

async fn bytes(subject: &Subject, findings: &Findings) {
    let content = subject.content();
    let act = Subject::write(&content, false);
    let seen = put(subject, "sha256", &act, damaged(&content)).await;
    judge(
        subject,
        findings,
        Name::BindsSha256,
        &seen,
        "the store takes other bytes than those of the SHA-256 that the URL binds, so only clients verify objects of this bucket; use a store, or a version of it, that compares them",
    );
}

async fn length(subject: &Subject, findings: &Findings) {
    let content = subject.content();
    let mut longer = content.to_vec();
    longer.push(b'!');
    let act = Act::Write {
        size_bytes: content.len() as u64,
        sha256: sha256(&longer),
        only_new: false,
    };
    let seen = put(subject, "length", &act, longer.into()).await;
    judge(
        subject,
        findings,
        Name::BindsLength,
        &seen,
        "the store takes more bytes than the URL binds, so limits on sizes hold only afterwards; use a store that signs `content-length`",
    );
}

/// Notes whether a binding holds: it does when the store refuses.
pub(super) fn judge(
    subject: &Subject,
    findings: &Findings,
    name: Name,
    seen: &Result<Seen, NoAnswer>,
    fix: &str,
) {
    match seen {
        Ok(seen) if seen.is_refusal() => findings.ok(name, seen.evidence()),
        Ok(seen) if seen.is_success() => findings.warned(name, seen.evidence(), fix),
        _ => fail(subject, findings, name, Right::Write, seen),
    }
}

/// Writes an object where nothing is yet, and then once more.
async fn once(subject: &Subject, findings: &Findings) {
    let content = subject.content();
    let act = Subject::write(&content, true);
    let first = put(subject, "once", &act, content.clone()).await;
    match &first {
        Ok(seen) if seen.is_success() => {}
        Ok(seen) => {
            let fix = match Fault::of(seen) {
                Fault::Other => "artifacts are written only where nothing is yet; use a store, or a version of it, that knows `If-None-Match`".to_owned(),
                fault => fault.fix(Right::Write, subject.provider()),
            };
            return findings.failed(Name::WritesOnce, seen.evidence(), fix);
        }
        Err(_) => return fail(subject, findings, Name::WritesOnce, Right::Write, &first),
    }
    let second = put(subject, "once", &act, content).await;
    match &second {
        Ok(seen) if seen.is_refusal() => findings.ok(Name::WritesOnce, seen.evidence()),
        Ok(seen) if seen.is_success() => {
            let fix = "the store writes over objects though the URL says not to; use a store, or a version of it, that checks conditions of writes";
            if subject.provider() == Provider::Azure {
                // Nothing else keeps the URL from writing other bytes
                findings.failed(Name::WritesOnce, seen.evidence(), fix);
            } else {
                findings.warned(Name::WritesOnce, seen.evidence(), fix);
            }
        }
        _ => fail(subject, findings, Name::WritesOnce, Right::Write, &second),
    }
}

async fn put(subject: &Subject, name: &str, act: &Act<'_>, body: Bytes) -> Result<Seen, NoAnswer> {
    subject.put(&subject.key(name)?, act, body).await
}
