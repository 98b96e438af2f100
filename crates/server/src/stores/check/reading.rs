//! The object that was written: read, looked at, deleted.

use super::findings::Findings;
use super::fix::{self, Fault, Right};
use super::name::Name;
use super::subject::Subject;
use super::wire::{Ask, NoAnswer, Seen};
use super::write::OBJECT;
use crate::stores::Act;

/// How many bytes the range has.
const RANGE_BYTES: usize = 8;

pub(super) async fn probe(subject: &Subject, findings: &Findings) {
    tokio::join!(
        get(subject, findings),
        range(subject, findings),
        head(subject, findings),
        absent(subject, findings),
    );
}

fn read() -> Act<'static> {
    Act::read()
}

/// Notes what was not a success.
pub(super) fn fail(
    subject: &Subject,
    findings: &Findings,
    name: Name,
    right: Right,
    seen: &Result<Seen, NoAnswer>,
) {
    match seen {
        Ok(seen) => findings.failed(
            name,
            seen.evidence(),
            Fault::of(seen).fix(right, subject.provider()),
        ),
        Err(why) => findings.failed(name, why.to_string(), fix::of_silence(why)),
    }
}

async fn get(subject: &Subject, findings: &Findings) {
    let seen = async { subject.act(&subject.key(OBJECT)?, &read()).await }.await;
    match &seen {
        Ok(got) if got.status == 200 && subject.is_content(got) => {
            findings.ok(Name::Get, got.evidence());
            saved(got, findings);
            if got.header("etag").is_some_and(|etag| !etag.is_empty()) {
                findings.ok(Name::Etag, got.evidence());
            } else {
                findings.failed(
                    Name::Etag,
                    format!("{} without an `ETag`", got.evidence()),
                    "uploads in parts are put together by the tags of their parts; let nothing between strip the header",
                );
            }
        }
        Ok(got) if got.is_success() => findings.failed(
            Name::Get,
            format!("{}, but not the bytes that were written", got.evidence()),
            "what answers is not a store, or changes what it holds; check the endpoint and what is between",
        ),
        _ => fail(subject, findings, Name::Get, Right::Read, &seen),
    }
}

fn saved(got: &Seen, findings: &Findings) {
    let is_attachment = got
        .header("content-disposition")
        .is_some_and(|disposition| disposition.starts_with("attachment"));
    if is_attachment {
        findings.ok(Name::Saved, got.evidence());
    } else {
        findings.warned(
            Name::Saved,
            format!(
                "{} without the `Content-Disposition` asked for",
                got.evidence()
            ),
            "a member's HTML or SVG file runs as a page of the store's host; let that host serve nothing else, no console and no app",
        );
    }
}

async fn range(subject: &Subject, findings: &Findings) {
    let seen = async {
        let mut ask = subject.ask(&subject.key(OBJECT)?, &read()).await?;
        let last = RANGE_BYTES - 1;
        ask.headers
            .push(("range".to_owned(), format!("bytes=0-{last}")));
        subject.send(&ask).await
    }
    .await;
    let content = subject.content();
    match &seen {
        Ok(got) if got.status == 206 && content.get(..RANGE_BYTES) == Some(&got.body[..]) => {
            findings.ok(Name::Range, got.evidence());
        }
        Ok(got) if got.is_success() => findings.warned(
            Name::Range,
            format!("{}, not the part that was asked for", got.evidence()),
            "broken downloads begin anew, and readers of parts get the whole; use a store that answers `Range` with 206",
        ),
        _ => fail(subject, findings, Name::Range, Right::Read, &seen),
    }
}

async fn head(subject: &Subject, findings: &Findings) {
    let seen = async { subject.act(&subject.key(OBJECT)?, &Act::Look).await }.await;
    let length = subject.content().len().to_string();
    match &seen {
        Ok(got) if got.is_success() && got.header("content-length") == Some(&*length) => {
            findings.ok(Name::Head, got.evidence());
        }
        Ok(got) if got.is_success() => findings.failed(
            Name::Head,
            format!("{} without the object's length", got.evidence()),
            "uploads are verified by the length that the store tells; let nothing between change the header",
        ),
        _ => fail(subject, findings, Name::Head, Right::Read, &seen),
    }
}

/// Stores tell that there is nothing only to those who may list.
async fn absent(subject: &Subject, findings: &Findings) {
    let seen = async { subject.act(&subject.key("absent")?, &Act::Look).await }.await;
    match &seen {
        Ok(got) if got.status == 404 => findings.ok(Name::Absent, got.evidence()),
        Ok(got) if got.status == 403 => findings.warned(
            Name::Absent,
            got.evidence(),
            format!(
                "what did not arrive looks like what may not be read; {}",
                Right::List.allow(subject.provider())
            ),
        ),
        Ok(got) if got.is_success() => findings.failed(
            Name::Absent,
            format!("{} for an object that was never written", got.evidence()),
            "what answers is not a store; check the endpoint",
        ),
        _ => fail(subject, findings, Name::Absent, Right::Read, &seen),
    }
}

/// Reads the object at the store's other addresses.
pub(super) async fn elsewhere(subject: &Subject, findings: &Findings) {
    if subject.elsewhere().is_empty() {
        findings.skipped(Name::Addresses, "the store has one address alone");
    }
    for (audience, signer) in subject.elsewhere() {
        let seen = async {
            let key = subject.key(OBJECT)?;
            let ask = subject
                .ask_by(signer, &key, &read(), subject.window()?)
                .await?;
            subject.send(&ask).await
        }
        .await;
        let whose = format!("{audience:?}").to_lowercase();
        match &seen {
            Ok(got) if got.status == 200 && subject.is_content(got) => {
                findings.ok(Name::Addresses, format!("{whose}: {}", got.evidence()));
            }
            Ok(got) => findings.failed(
                Name::Addresses,
                format!("{whose}: {}", got.evidence()),
                format!(
                    "the address for `{whose}` must lead to the same bucket, and what is before the store must pass `Host` on unchanged"
                ),
            ),
            Err(why) => findings.warned(
                Name::Addresses,
                format!("{whose}: {why}"),
                format!(
                    "the server cannot reach the address for `{whose}`; try a URL from where it is for"
                ),
            ),
        }
    }
}

/// Deletes the object: the last thing that is done with it.
pub(super) async fn delete(subject: &Subject, findings: &Findings) {
    let seen = async { subject.act(&subject.key(OBJECT)?, &Act::Delete).await }.await;
    match &seen {
        Ok(got) if got.is_success() => {}
        _ => return fail(subject, findings, Name::Delete, Right::Delete, &seen),
    }
    let after = async {
        let ask: Ask = subject.ask(&subject.key(OBJECT)?, &read()).await?;
        subject.send(&ask).await
    }
    .await;
    match (&seen, &after) {
        (Ok(got), Ok(left)) if left.is_refusal() => findings.ok(Name::Delete, got.evidence()),
        (_, Ok(left)) => findings.failed(
            Name::Delete,
            format!("{} after it was deleted", left.evidence()),
            "the store says that it deletes and does not; nothing that is collected would go",
        ),
        (_, Err(_)) => fail(subject, findings, Name::Delete, Right::Delete, &after),
    }
}
