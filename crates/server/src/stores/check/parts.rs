//! Uploads in parts: one that is put together, one that is dropped.

use super::bound::{NOT_ON_AZURE, damaged, judge};
use super::findings::Findings;
use super::fix::{self, Right};
use super::name::Name;
use super::reading::fail;
use super::subject::{Subject, sha256};
use super::wire::{Ask, NoAnswer, Seen};
use crate::stores::{Act, Error, PartToComplete};
use bytes::Bytes;
use protocol::bucket::Provider;
use protocol::id::UploadId;
use protocol::{ObjectKey, Sha256Digest};

pub(super) async fn probe(subject: &Subject, uploads: &[UploadId; 2], findings: &Findings) {
    let (Ok(whole), Ok(dropped)) = (subject.key("parts"), subject.key("dropped")) else {
        return;
    };
    let [first, second] = *uploads;
    tokio::join!(
        completed(subject, &whole, first, findings),
        aborted(subject, &dropped, second, findings),
    );
}

/// Notes an error of the server's own requests.
fn note(subject: &Subject, findings: &Findings, name: Name, right: Right, error: &Error) {
    findings.failed(
        name,
        fix::evidence(error),
        fix::of_control(error, right, subject.provider()),
    );
}

async fn begin(
    subject: &Subject,
    key: &ObjectKey,
    upload: UploadId,
    findings: &Findings,
) -> Option<Box<str>> {
    let name = Name::MultipartCreate;
    match subject.control().create_multipart(key, upload).await {
        Ok(id) => {
            subject.note_upload(key, &id, true);
            findings.ok(name, "the server's own request was taken");
            Some(id)
        }
        Err(error) => {
            note(subject, findings, name, Right::Parts, &error);
            None
        }
    }
}

async fn completed(subject: &Subject, key: &ObjectKey, upload: UploadId, findings: &Findings) {
    let Some(id) = begin(subject, key, upload, findings).await else {
        return;
    };
    let content = subject.content();
    let sha256 = sha256(&content);
    let sent = send_part(subject, key, &id, sha256, content.clone()).await;
    match &sent {
        Ok(seen) if seen.is_success() => findings.ok(Name::MultipartPart, seen.evidence()),
        _ => return fail(subject, findings, Name::MultipartPart, Right::Write, &sent),
    }
    let control = subject.control();
    let etag =
        match control.list_parts(key, &id).await {
            Ok(parts) => match parts.first() {
                Some(part) if part.number == 1 && part.size_bytes == content.len() as u64 => {
                    findings.ok(Name::MultipartList, "the part is listed with its size");
                    part.etag.clone()
                }
                _ => {
                    return findings.failed(
                    Name::MultipartList,
                    format!("{} parts are listed, not the one that was sent", parts.len()),
                    "uploads are verified by the list of their parts; use a store that tells it",
                );
                }
            },
            Err(error) => {
                return note(
                    subject,
                    findings,
                    Name::MultipartList,
                    Right::ListParts,
                    &error,
                );
            }
        };
    let part = PartToComplete {
        number: 1,
        etag,
        sha256,
    };
    subject.note_written(key);
    match control.complete_multipart(key, &id, &[part]).await {
        Ok(_) => {
            subject.note_upload(key, &id, false);
            findings.ok(
                Name::MultipartComplete,
                "the server's own request was taken",
            );
        }
        Err(error) => note(
            subject,
            findings,
            Name::MultipartComplete,
            Right::Parts,
            &error,
        ),
    }
}

async fn aborted(subject: &Subject, key: &ObjectKey, upload: UploadId, findings: &Findings) {
    let Some(id) = begin(subject, key, upload, findings).await else {
        return;
    };
    if subject.provider() == Provider::Azure {
        findings.skipped(Name::BindsPartSha256, NOT_ON_AZURE);
    } else {
        let content = subject.content();
        let sent = send_part(subject, key, &id, sha256(&content), damaged(&content)).await;
        judge(
            subject,
            findings,
            Name::BindsPartSha256,
            &sent,
            "the store takes other bytes than those of the SHA-256 that a part's URL binds, so only clients verify large objects of this bucket; use a store, or a version of it, that compares them",
        );
    }
    match subject.control().abort_multipart(key, &id).await {
        Ok(()) => {
            subject.note_upload(key, &id, false);
            findings.ok(Name::MultipartAbort, "the server's own request was taken");
        }
        Err(error) => note(
            subject,
            findings,
            Name::MultipartAbort,
            Right::Abort,
            &error,
        ),
    }
}

/// Sends the first part by a URL as clients get it.
async fn send_part(
    subject: &Subject,
    key: &ObjectKey,
    store_upload_id: &str,
    sha256: Sha256Digest,
    body: Bytes,
) -> Result<Seen, NoAnswer> {
    let act = Act::WritePart {
        store_upload_id,
        number: 1,
        size_bytes: body.len() as u64,
        sha256,
    };
    let ask = Ask {
        body,
        ..subject.ask(key, &act).await?
    };
    subject.send(&ask).await
}
