//! Whole objects: get, head, put, delete.

use std::sync::Arc;

use http::HeaderMap;
use s3s::dto::{
    ChecksumMode, ChecksumType, DeleteObjectInput, DeleteObjectOutput, ETag, ETagCondition,
    GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput, PutObjectInput,
    PutObjectOutput, StreamingBlob, Timestamp,
};
use s3s::{S3Error, S3Response, S3Result, s3_error};

use super::{Answer, Extra, show_headers, show_sum, size, stored_headers, wanted};
use crate::checksum::Checksum;
use crate::dialect::Dialect;
use crate::folder::bucket::{Object, Precondition, failed, no_such_key};
use crate::folder::record::ObjectRecord;
use crate::folder::{Folder, blocking, piece, timestamp};
use crate::google;

/// The conditions of a read (RFC 9110, section 13.2.2).
#[expect(clippy::struct_field_names, reason = "the headers are called so")]
struct Conditions {
    if_match: Option<ETagCondition>,
    if_none_match: Option<ETagCondition>,
    if_modified_since: Option<Timestamp>,
    if_unmodified_since: Option<Timestamp>,
}

impl Conditions {
    fn check(&self, object: &Object) -> S3Result<()> {
        let etag = object.etag();
        let modified = timestamp(object.record.modified_unix_seconds);
        let matches = |condition: &ETagCondition| match condition {
            ETagCondition::Any => true,
            ETagCondition::ETag(other) => etag.weak_cmp(other),
        };
        match (&self.if_match, &self.if_unmodified_since) {
            (Some(condition), _) if !matches(condition) => return Err(failed("If-Match")),
            (None, Some(since)) if modified > *since => {
                return Err(failed("If-Unmodified-Since"));
            }
            _ => {}
        }
        match (&self.if_none_match, &self.if_modified_since) {
            (Some(condition), _) if matches(condition) => Err(not_modified(&etag)),
            (None, Some(since)) if modified <= *since => Err(not_modified(&etag)),
            _ => Ok(()),
        }
    }
}

fn not_modified(etag: &ETag) -> S3Error {
    let mut error = s3_error!(NotModified, "Not Modified");
    if let Ok(value) = etag.to_http_header() {
        error.set_headers(HeaderMap::from_iter([(http::header::ETAG, value)]));
    }
    error
}

/// The checksum, when it was asked for.
fn asked(mode: Option<&ChecksumMode>, object: &Object) -> Option<Checksum> {
    mode.filter(|mode| mode.as_str() == ChecksumMode::ENABLED)
        .and_then(|_| object.record.checksum.clone())
}

fn checksum_type(checksum: Option<&Checksum>) -> Option<ChecksumType> {
    checksum.map(|checksum| ChecksumType::from_static(checksum.kind.name()))
}

/// What Google's answers say of an object.
fn stored(record: &ObjectRecord) -> HeaderMap {
    let md5 = record.upload_id.is_none().then_some(record.etag.as_str());
    google::answers::stored(record.size_bytes, record.checksum.as_ref(), md5)
}

pub(super) fn get(
    folder: &Folder,
    input: GetObjectInput,
    extra: &Extra,
) -> Answer<GetObjectOutput> {
    let bucket = folder.bucket(&input.bucket)?;
    let object = bucket.object(&input.key).ok_or_else(no_such_key)?;
    let conditions = Conditions {
        if_match: input.if_match,
        if_none_match: input.if_none_match,
        if_modified_since: input.if_modified_since,
        if_unmodified_since: input.if_unmodified_since,
    };
    conditions.check(&object)?;
    let whole = object.record.size_bytes;
    let range = match input.range {
        None => 0..whole,
        Some(range) => range
            .check(whole)
            .map_err(|_| s3_error!(InvalidRange, "The requested range is not satisfiable"))?,
    };
    let mut output = GetObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        content_length: Some(size(range.end - range.start)?),
        content_range: input.range.map(|_| {
            let last = range.end.saturating_sub(1);
            format!("bytes {}-{last}/{whole}", range.start)
        }),
        e_tag: Some(object.etag()),
        last_modified: Some(timestamp(object.record.modified_unix_seconds)),
        ..Default::default()
    };
    show_headers!(output, &object.record.headers);
    if range.end - range.start == whole {
        let checksum = asked(input.checksum_mode.as_ref(), &object);
        output.checksum_type = checksum_type(checksum.as_ref());
        show_sum!(output, checksum);
    }
    output.body = Some(StreamingBlob::wrap(piece::read(&object.pieces, range)));
    Ok(extra.answer(output, || stored(&object.record)))
}

pub(super) fn head(
    folder: &Folder,
    input: HeadObjectInput,
    extra: &Extra,
) -> Answer<HeadObjectOutput> {
    let bucket = folder.bucket(&input.bucket)?;
    let object = bucket.object(&input.key).ok_or_else(no_such_key)?;
    let conditions = Conditions {
        if_match: input.if_match,
        if_none_match: input.if_none_match,
        if_modified_since: input.if_modified_since,
        if_unmodified_since: input.if_unmodified_since,
    };
    conditions.check(&object)?;
    let checksum = asked(input.checksum_mode.as_ref(), &object);
    let mut output = HeadObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        content_length: Some(size(object.record.size_bytes)?),
        e_tag: Some(object.etag()),
        last_modified: Some(timestamp(object.record.modified_unix_seconds)),
        checksum_type: checksum_type(checksum.as_ref()),
        ..Default::default()
    };
    show_headers!(output, &object.record.headers);
    show_sum!(output, checksum);
    let replace = |field: &mut Option<String>, asked: Option<String>| {
        if asked.is_some() {
            *field = asked;
        }
    };
    replace(&mut output.content_type, input.response_content_type);
    replace(
        &mut output.content_encoding,
        input.response_content_encoding,
    );
    replace(
        &mut output.content_language,
        input.response_content_language,
    );
    replace(
        &mut output.content_disposition,
        input.response_content_disposition,
    );
    replace(&mut output.cache_control, input.response_cache_control);
    output.expires = input.response_expires.or(output.expires);
    Ok(extra.answer(output, || stored(&object.record)))
}

pub(super) async fn put(
    folder: &Folder,
    input: PutObjectInput,
    extra: &Extra,
) -> Answer<PutObjectOutput> {
    let bucket = folder.bucket(&input.bucket)?;
    let precondition = Precondition {
        if_match: input.if_match,
        if_none_match: input.if_none_match,
    };
    // Once before the body, to spare it, and once when it replaces what is there by then
    precondition.check(bucket.object(&input.key).as_ref())?;
    let wanted = wanted!(input, extra)?;
    let (piece, digests) = piece::receive(bucket.data_folder(), input.body, wanted).await?;
    let checksum = extra.dialect.shown(digests.checksum.as_ref());
    let mut output = PutObjectOutput {
        e_tag: Some(ETag::Strong(digests.etag.clone())),
        checksum_type: checksum_type(checksum),
        ..Default::default()
    };
    show_sum!(output, checksum);
    let record = ObjectRecord {
        key: input.key,
        size_bytes: digests.size_bytes,
        etag: digests.etag,
        modified_unix_seconds: folder.now_unix_seconds(),
        headers: stored_headers!(input),
        checksum: digests.checksum,
        pieces: vec![piece.record().clone()],
        upload_id: None,
    };
    let answer = extra.answer(output, || stored(&record));
    let pieces = vec![Arc::new(piece)];
    blocking(move || bucket.put(Object { record, pieces }, &precondition)).await?;
    Ok(answer)
}

pub(super) async fn delete(
    folder: &Folder,
    input: DeleteObjectInput,
    extra: &Extra,
) -> Answer<DeleteObjectOutput> {
    let bucket = folder.bucket(&input.bucket)?;
    let precondition = Precondition {
        if_match: input.if_match,
        if_none_match: None,
    };
    let was_there = blocking(move || bucket.delete(&input.key, &precondition)).await?;
    // Google: https://cloud.google.com/storage/docs/xml-api/delete-object
    if !was_there && extra.dialect == Dialect::Google {
        return Err(no_such_key());
    }
    Ok(S3Response::new(DeleteObjectOutput::default()))
}
