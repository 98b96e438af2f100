//! Listings: objects, open uploads, parts of an upload.

use std::ops::Bound;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::dto::{
    ChecksumAlgorithm, ChecksumType, CommonPrefix, EncodingType, ListMultipartUploadsInput,
    ListMultipartUploadsOutput, ListObjectsV2Input, ListObjectsV2Output, ListPartsInput,
    ListPartsOutput, MultipartUpload, Object as Listed, ObjectStorageClass, Part as ListedPart,
    StorageClass,
};
use s3s::{S3Error, S3Response, S3Result, s3_error};

use super::{Answer, Extra, page_length, show_sum, size};
use crate::dialect::Dialect;
use crate::folder::bucket::Object;
use crate::folder::listing::{After, page};
use crate::folder::{Folder, timestamp};

/// What `encoding-type=url` leaves as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/');

/// How keys are written: XML 1.0 cannot hold every character that a key can.
struct Encoder(bool);

impl Encoder {
    fn parse(asked: Option<&EncodingType>) -> S3Result<Self> {
        match asked.map(EncodingType::as_str) {
            None => Ok(Self(false)),
            Some(EncodingType::URL) => Ok(Self(true)),
            Some(_) => Err(s3_error!(
                InvalidArgument,
                "Invalid Encoding Method specified in Request"
            )),
        }
    }

    fn encode(&self, text: &str) -> String {
        if self.0 {
            utf8_percent_encode(text, PLAIN).to_string()
        } else {
            text.to_owned()
        }
    }
}

fn listed(object: &Object, encoder: &Encoder, dialect: Dialect) -> S3Result<Listed> {
    let record = &object.record;
    let checksum = dialect.shown(record.checksum.as_ref());
    Ok(Listed {
        key: Some(encoder.encode(&record.key)),
        size: Some(size(record.size_bytes)?),
        e_tag: Some(object.etag()),
        last_modified: Some(timestamp(record.modified_unix_seconds)),
        storage_class: Some(ObjectStorageClass::from_static(
            ObjectStorageClass::STANDARD,
        )),
        checksum_algorithm: checksum
            .map(|sum| vec![ChecksumAlgorithm::from_static(sum.algorithm.name())]),
        checksum_type: checksum.map(|sum| ChecksumType::from_static(sum.kind.name())),
        ..Default::default()
    })
}

pub(super) fn objects(
    folder: &Folder,
    input: ListObjectsV2Input,
    extra: &Extra,
) -> Answer<ListObjectsV2Output> {
    let bucket = folder.bucket(&input.bucket)?;
    let encoder = Encoder::parse(input.encoding_type.as_ref())?;
    let max = page_length(input.max_keys)?;
    let after = match (&input.continuation_token, &input.start_after) {
        (Some(token), _) => Some(After::parse(token).ok_or_else(|| {
            s3_error!(
                InvalidArgument,
                "The continuation token provided is incorrect"
            )
        })?),
        (None, Some(key)) => Some(After::Key(key.clone())),
        (None, None) => None,
    };
    let prefix = input.prefix.as_deref().unwrap_or_default();
    let (contents, groups, next) = bucket.list(|index| {
        let page = page(
            &index.objects,
            prefix,
            input.delimiter.as_deref(),
            after.as_ref(),
            max,
        );
        let contents = page
            .entries
            .into_iter()
            .map(|(_, object)| listed(object, &encoder, extra.dialect))
            .collect::<S3Result<Vec<_>>>()?;
        Ok::<_, S3Error>((contents, page.groups, page.next))
    })?;
    let count = contents.len() + groups.len();
    let groups: Vec<_> = groups
        .iter()
        .map(|group| CommonPrefix {
            prefix: Some(encoder.encode(group)),
        })
        .collect();
    Ok(S3Response::new(ListObjectsV2Output {
        name: Some(input.bucket),
        prefix: Some(encoder.encode(prefix)),
        delimiter: input.delimiter.map(|text| encoder.encode(&text)),
        start_after: input.start_after.map(|text| encoder.encode(&text)),
        continuation_token: input.continuation_token,
        encoding_type: input.encoding_type,
        max_keys: Some(i32::try_from(max).unwrap_or(i32::MAX)),
        key_count: Some(i32::try_from(count).unwrap_or(i32::MAX)),
        is_truncated: Some(next.is_some()),
        next_continuation_token: next.map(|after| after.token()),
        contents: Some(contents),
        common_prefixes: Some(groups),
        ..Default::default()
    }))
}

pub(super) fn uploads(
    folder: &Folder,
    input: ListMultipartUploadsInput,
    extra: &Extra,
) -> Answer<ListMultipartUploadsOutput> {
    let bucket = folder.bucket(&input.bucket)?;
    if input.delimiter.is_some() {
        return Err(s3_error!(
            NotImplemented,
            "This store lists open uploads without a delimiter only"
        ));
    }
    let encoder = Encoder::parse(input.encoding_type.as_ref())?;
    let max = page_length(input.max_uploads)?;
    let prefix = input.prefix.clone().unwrap_or_default();
    let start = match (&input.key_marker, &input.upload_id_marker) {
        (None, _) => Bound::Included((prefix.clone(), String::new())),
        (Some(key), Some(id)) => Bound::Excluded((key.clone(), id.clone())),
        // All uploads of the marker's own key are behind us
        (Some(key), None) => Bound::Included((format!("{key}\0"), String::new())),
    };
    let (mut uploads, more) = bucket.list(|index| {
        let mut matching = index
            .uploads
            .range((start, Bound::Unbounded))
            .map(|(_, upload)| &upload.record)
            .filter(|record| record.key.starts_with(&prefix));
        let uploads: Vec<_> = matching.by_ref().take(max).cloned().collect();
        (uploads, max > 0 && matching.next().is_some())
    });
    let last = uploads.last().filter(|_| more);
    let (next_key, next_id) = (
        last.map(|record| encoder.encode(&record.key)),
        last.map(|record| record.id.clone()),
    );
    let uploads = uploads
        .drain(..)
        .map(|record| MultipartUpload {
            key: Some(encoder.encode(&record.key)),
            upload_id: Some(record.id),
            initiated: Some(timestamp(record.initiated_unix_seconds)),
            storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
            checksum_algorithm: extra
                .dialect
                .shown(record.checksum)
                .map(|plan| ChecksumAlgorithm::from_static(plan.0.name())),
            checksum_type: extra
                .dialect
                .shown(record.checksum)
                .map(|plan| ChecksumType::from_static(plan.1.name())),
            ..Default::default()
        })
        .collect();
    Ok(S3Response::new(ListMultipartUploadsOutput {
        bucket: Some(input.bucket),
        prefix: Some(encoder.encode(&prefix)),
        key_marker: input.key_marker.map(|text| encoder.encode(&text)),
        upload_id_marker: input.upload_id_marker,
        encoding_type: input.encoding_type,
        max_uploads: Some(i32::try_from(max).unwrap_or(i32::MAX)),
        is_truncated: Some(more),
        next_key_marker: next_key,
        next_upload_id_marker: next_id,
        uploads: Some(uploads),
        ..Default::default()
    }))
}

pub(super) fn parts(
    folder: &Folder,
    input: ListPartsInput,
    extra: &Extra,
) -> Answer<ListPartsOutput> {
    let bucket = folder.bucket(&input.bucket)?;
    let max = page_length(input.max_parts)?;
    let marker = input.part_number_marker.unwrap_or(0);
    let (parts, more, plan) = bucket.upload(&input.key, &input.upload_id, |upload| {
        let mut rest = upload
            .parts
            .range((Bound::Excluded(marker), Bound::Unbounded))
            .map(|(_, part)| &part.record);
        let parts: Vec<_> = rest.by_ref().take(max).cloned().collect();
        let more = max > 0 && rest.next().is_some();
        (parts, more, upload.record.checksum)
    })?;
    let plan = extra.dialect.shown(plan);
    let next = parts.last().map(|part| part.number);
    let parts = parts
        .into_iter()
        .map(|record| {
            let mut part = ListedPart {
                part_number: Some(record.number),
                size: Some(size(record.piece.size_bytes)?),
                e_tag: Some(s3s::dto::ETag::Strong(record.etag)),
                last_modified: Some(timestamp(record.modified_unix_seconds)),
                ..Default::default()
            };
            show_sum!(part, extra.dialect.shown(record.checksum.as_ref()));
            Ok(part)
        })
        .collect::<S3Result<Vec<_>>>()?;
    Ok(S3Response::new(ListPartsOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        part_number_marker: Some(marker),
        next_part_number_marker: next,
        max_parts: Some(i32::try_from(max).unwrap_or(i32::MAX)),
        is_truncated: Some(more),
        storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
        checksum_algorithm: plan.map(|plan| ChecksumAlgorithm::from_static(plan.0.name())),
        checksum_type: plan.map(|plan| ChecksumType::from_static(plan.1.name())),
        parts: Some(parts),
        ..Default::default()
    }))
}
